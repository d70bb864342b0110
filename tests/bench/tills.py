"""Tills of many sites: a program of its own that sends commands and notes when the hub has them and when the till says so.

What lives here: for each site one keep-alive connection for commands and one feed, as a till has them, and one subscription to the hub's
answers, which are sent after its commit. Plan in as JSON on standard input, `TillTimes` out as JSON on standard output.

An open loop: commands are due at random (Poisson) moments of a given rate, at whichever site's till is free, and count from the moment
at which they were due.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from random import Random

import msgspec
import nats
import uvloop
from nats.aio.msg import Msg
from websockets.asyncio.client import connect

from shared.protocol.envelope import decode_answer
from tests.bench.load import ROOT
from tests.bench.workload import commands_of
from tests.support.waiting import eventually_async

__all__ = ["TillPlan", "TillTimes", "watch_tills"]

_DRAIN_S = 15.0  # seconds in which the last commands must be in the cloud
_CLOUD = re.compile(r'"cloud":\{"sequence":(\d+)')


class TillPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`sites` are pairs of (site id, TCP port of its box); `rate` is commands a second over all of them."""

    sites: list[tuple[str, int]]
    rate: float
    seconds: float
    warm_s: float
    seed: int
    nats_url: str
    creds: str


class TillTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from the moment a command was due, sorted: until it was answered, committed at the hub (as its answer to the site
    says), and shown as "in the cloud" at the till."""

    answered_ms: list[float]
    committed_ms: list[float]
    shown_ms: list[float]
    entries: int
    cpu_share: float


class _Site:
    """One till."""

    def __init__(self, site_id: str, port: int, seed: int) -> None:
        self.site_id, self.port = site_id, port
        self.commands = commands_of(seed)
        self.sent: list[tuple[float, float, int, int]] = []  # due, answered, last sequence, entries
        self.committed: list[tuple[int, float]] = []
        self.shown: list[tuple[int, float]] = []

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._feed = await connect(f"ws://127.0.0.1:{self.port}/v1/feed?view=screens", compression=None, max_size=None)

    async def close(self) -> None:
        self._writer.close()
        await self._feed.close()

    async def command(self, due: float) -> None:
        """Send the next command and note its answer. Raises RuntimeError when it is refused."""
        body = next(self.commands)[1]
        head = f"POST /v1/commands HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        told = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        size = int(told.partition(b"content-length:")[2].split(b"\r", 1)[0])
        answer = json.loads(await self._reader.readexactly(size))
        if not told.startswith(b"http/1.1 200"):
            raise RuntimeError(f"a command was refused: {answer}")
        self.sent.append((due, time.monotonic(), int(answer["position"].split(".")[1]), len(answer["events"])))

    async def watch(self) -> None:
        """Note what the till is shown of the cloud."""
        async for frame in self._feed:
            found = _CLOUD.search(frame if isinstance(frame, str) else frame.decode())
            if found is not None:
                _note(self.shown, int(found[1]))

    @property
    def is_drained(self) -> bool:
        last = self.sent[-1][2] if self.sent else 0
        return all(bool(seen) and seen[-1][0] >= last for seen in (self.committed, self.shown)) or not last


def _note(seen: list[tuple[int, float]], sequence: int) -> None:
    if not seen or sequence > seen[-1][0]:
        seen.append((sequence, time.monotonic()))


async def _run(plan: TillPlan) -> TillTimes:
    sites = {site_id: _Site(site_id, port, plan.seed * 1_000 + number) for number, (site_id, port) in enumerate(plan.sites)}
    client = await nats.connect(plan.nats_url, user_credentials=plan.creds)

    async def on_answer(message: Msg) -> None:
        site = sites.get(message.subject.rpartition(".")[2])
        if site is not None:
            _note(site.committed, decode_answer(message.data).watermark.sequence)

    await client.subscribe("answers.*.*", cb=on_answer)
    for site in sites.values():
        await site.open()
    watching = [asyncio.ensure_future(site.watch()) for site in sites.values()]
    cpu, began = time.process_time(), time.monotonic()
    await _send(plan, list(sites.values()))
    await eventually_async(lambda: all(site.is_drained for site in sites.values()), "every command is in the cloud", deadline_s=_DRAIN_S)
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    for task in watching:
        task.cancel()
    await client.close()
    return _times(sites.values(), began + plan.warm_s, share)


async def _send(plan: TillPlan, sites: list[_Site]) -> None:
    random, free, due = Random(plan.seed), deque(sites), deque[float]()
    random.shuffle(free)
    running: set[asyncio.Task[None]] = set()
    freed = asyncio.Event()

    async def one(site: _Site, at: float) -> None:
        await site.command(at)
        free.append(site)
        freed.set()

    following = time.monotonic()
    until = following + plan.warm_s + plan.seconds
    while following < until or due:
        now = time.monotonic()
        while following <= now and following < until:
            due.append(following)
            following += random.expovariate(plan.rate)
        while due and free:
            running.add(asyncio.ensure_future(one(free.popleft(), due.popleft())))
        freed.clear()
        try:
            async with asyncio.timeout(max(0.0, following - time.monotonic()) if following < until else 1.0):
                await freed.wait()
        except TimeoutError:
            continue
        finally:
            for task in [task for task in running if task.done()]:
                running.discard(task)
                task.result()
    await asyncio.gather(*running)


def _times(sites: Iterable[_Site], begins: float, share: float) -> TillTimes:
    answered: list[float] = []
    committed: list[float] = []
    shown: list[float] = []
    entries = 0
    for site in sites:
        for due, at, sequence, count in site.sent:
            if due < begins:
                continue
            entries += count
            answered.append((at - due) * 1_000)
            for seen, found in ((site.committed, committed), (site.shown, shown)):
                found.append((seen[bisect_left(seen, (sequence, 0.0))][1] - due) * 1_000)
    return TillTimes(
        answered_ms=sorted(answered), committed_ms=sorted(committed), shown_ms=sorted(shown), entries=entries, cpu_share=round(share, 3)
    )


def watch_tills(plan: TillPlan) -> TillTimes:
    """Carry out a plan in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.tills"], input=msgspec.json.encode(plan), stdout=subprocess.PIPE, cwd=ROOT, env=os.environ,
        timeout=plan.warm_s + plan.seconds + 3 * _DRAIN_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the tills ended with {done.returncode}")
    return msgspec.json.decode(done.stdout, type=TillTimes)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(_run(msgspec.json.decode(sys.stdin.buffer.read(), type=TillPlan)))))
