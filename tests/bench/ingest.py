"""`hub.ingest`: entries a second of one ingest process whose lanes are full before it begins.

What lives here: envelopes made and published beforehand, and the clock from the moment at which the process says that it is ready to the
one at which every watermark in Postgres stands at the head. No box runs meanwhile. The hub is hub_stack.py's, the limit raw_copy.py's.
"""

import asyncio
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import nats

from edge.box import read_box, read_signer
from edge.journal.store import SqliteStore
from shared.limits import ENVELOPE_ENTRIES_MAX, UPLINK_LANES
from shared.protocol.entry import START
from shared.protocol.envelope import pack_envelope, seal_envelope
from shared.protocol.subjects import journal, lane_stream
from tests.bench.catchup import arrivals
from tests.bench.figures import Figure, Value, at_least, figure
from tests.bench.hub_stack import BenchHub
from tests.bench.journals import fill
from tests.bench.machine import cpu_s, family_cpu_s, peak_mb
from tests.bench.raw_copy import raw_rows
from tests.bench.run import Run
from tests.support.waiting import eventually, eventually_async

__all__ = ["bench_ingest"]

_ENTRIES = 100_000  # of all sites together
_SITES = 8
_READY = "ingest is ready"
Message = tuple[str, bytes]


def bench_ingest(run: Run) -> Iterator[Figure]:
    """At a tenth of the entries, and in full."""
    with BenchHub(run) as hub:
        paths = [hub.enroll(run.fresh("box")) for _ in range(_SITES)]
        hub.start_ingest()  # it makes the lanes
        hub.ingest.stop()
        for share in (10,) if run.quick else (10, 1):
            entries = _ENTRIES // share
            run.say(f"hub.ingest: making {entries:,} entries for {_SITES} sites")
            heads = fill([(path, entries // _SITES) for path in paths])
            wanted = {hub.site_of(path): head for path, head in zip(paths, heads, strict=True)}
            in_turn = zip_longest(*(_frames(path) for path in paths))
            messages = [message for several in in_turn for message in several if message is not None]
            yield from _measure(run, hub, share, wanted, messages)


def _frames(path: Path) -> list[Message]:
    """(subject, signed envelope) of the whole journal of a box, as its link would send it."""
    box = read_box(path)
    sign = read_signer(path, box.public_key)
    store = SqliteStore(path / "journal.db")
    made: list[Message] = []
    before, at = START.hash, 0
    while run := store.entries(at, ENVELOPE_ENTRIES_MAX):
        envelope = pack_envelope(box.org_id, box.site_id, 1, before, run)
        made.append((journal(box.org_id, box.site_id), seal_envelope(envelope, box.public_key, sign)))
        before, at = run[-1].hash, run[-1].sequence
    store.close()
    return made


def _measure(run: Run, hub: BenchHub, share: int, wanted: dict[str, int], messages: list[Message]) -> Iterator[Figure]:
    entries = sum(wanted.values())
    rates: list[float] = []
    limits: list[float] = []
    cpu: list[dict[str, float]] = []
    peaks: list[float] = []
    for number in range(run.rounds):
        hub.forget()
        asyncio.run(_publish(hub, messages))
        before = (family_cpu_s(hub.postgres.server.child.pid), cpu_s(hub.broker.server.child.pid))
        hub.ingest.log.unlink(missing_ok=True)
        hub.ingest.start()
        eventually(lambda: _READY in hub.ingest.log_text(), "ingest is ready")
        began, own = time.monotonic(), cpu_s(hub.ingest.pid)
        _, arrived = asyncio.run(arrivals(hub, wanted, began))
        rates.append(entries / (time.monotonic() - began))
        cpu.append({
            "ingest": cpu_s(hub.ingest.pid) - own,
            "postgres": family_cpu_s(hub.postgres.server.child.pid) - before[0],
            "nats": cpu_s(hub.broker.server.child.pid) - before[1],
        })  # fmt: skip
        peaks.append(peak_mb(hub.ingest.pid))
        hub.ingest.stop()
        assert arrived == wanted
        limits.append(asyncio.run(raw_rows(hub)))
        run.say(f"  round {number + 1}: {rates[-1]:,.0f} entries/s of {limits[-1]:,.0f} raw, CPU seconds {cpu[-1]}")
    name = "hub.ingest" if share == 1 or run.quick else "hub.ingest.tenth"
    setting: dict[str, Value] = run.setting | {
        "sites": _SITES, "entries": entries, "envelopes": len(messages), "shards": 2, "lanes": UPLINK_LANES, "ingest_processes": 1,
        "fsync": True, "projector": False, "peak_mb": peaks, "clock": "from 'ingest is ready' to the last commit",
    }  # fmt: skip
    setting |= {f"cpu_s_{who}": [round(each[who], 2) for each in cpu] for who in cpu[0]}
    aim = at_least(20_000) if share == 1 or run.quick else None
    yield figure(name, rates, "entries/s", limit_name="asyncpg COPY, same rows", limits=limits, setting=setting, aim=aim)


async def _publish(hub: BenchHub, messages: list[Message]) -> None:
    """Fill the lanes, and return when the broker has taken everything."""
    client = await nats.connect(hub.broker.url, user_credentials=str(hub.broker.hub_creds))
    try:
        jetstream = client.jetstream()

        async def held() -> int:
            infos = [await jetstream.stream_info(lane_stream(lane)) for lane in range(UPLINK_LANES)]
            return sum(info.state.messages for info in infos)

        for lane in range(UPLINK_LANES):
            await jetstream.purge_stream(lane_stream(lane))
        for subject, data in messages:
            await client.publish(subject, data)
        await client.flush()

        async def is_taken() -> bool:
            return await held() == len(messages)

        await eventually_async(is_taken, "the broker holds every envelope")
    finally:
        await client.close()
