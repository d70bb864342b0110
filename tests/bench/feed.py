"""`edge.feed`: from a command to the kitchen's screens.

What lives here: the rounds and the figures. The screens ask for what the kitchen's do, tickets only, so the commands that count
are those that make or bump tickets. Each counts from the moment it was meant to be sent until a frame that
holds it has reached a screen, for every screen by itself.
"""

import re
import sys
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from provisioning.process import Child, free_port, is_listening
from tests.bench.figures import Figure, Value, at_most, figure, quantile
from tests.bench.load import ROOT, Measured, Plan, measure
from tests.bench.machine import cpu_s
from tests.bench.run import Run
from tests.bench.screens import Seen, Watch, WatchPlan
from tests.bench.site import PROGRAM_ENV, serving

__all__ = ["bench_feed"]

_SCREENS = 20
_RATE = 200.0  # commands a second
_DEVICES = 16
_SEQUENCE = re.compile(rb'("position":"1\.)\d+\.')
_LIMIT = "bare uvicorn, same bytes"


def bench_feed(run: Run) -> Iterator[Figure]:
    """p50 and p99 of command to screen, beside a server that only fans the same bytes out."""
    ours: list[list[float]] = []
    bare: list[list[float]] = []
    answered: list[float] = []
    setting: dict[str, Value] = run.setting | {"screens": _SCREENS, "commands_per_s": _RATE, "devices": _DEVICES, "loop": "open, Poisson"}
    shares: dict[str, list[float]] = {"server_cpu": [], "generator_cpu": [], "screens_cpu": []}
    kept = run.directory / "frames"
    with serving(run.fresh("box")) as box, _fanout(run) as limit_port:
        measure(Plan(port=box.port, devices=_DEVICES, seconds=run.seconds(1.0)))
        for number in range(run.rounds):
            cpu = cpu_s(box.serve.pid)
            measured, seen = _watched(run, box.port, "/v1/feed?view=screens&checks=false", number, keep=kept)
            shares["server_cpu"].append(round((cpu_s(box.serve.pid) - cpu) / (measured.seconds + 1), 2))
            shares["generator_cpu"].append(measured.cpu_share)
            shares["screens_cpu"].append(seen.cpu_share)
            ours.append(_latencies_ms(measured, seen))
            answered.append(measured.latency_ms(0.99))
            _number_frames(kept, int(2 * _RATE * (run.seconds(8.0) + 1)))
            bare.append(_latencies_ms(*_watched(run, limit_port, "/", number, frames=kept, rate=len(measured.sent) / measured.seconds)))
            run.say(f"edge.feed: round {number + 1}: p99 {quantile(ours[-1], 0.99):.1f} ms, bare {quantile(bare[-1], 0.99):.1f} ms")
    setting |= dict(shares) | {"deliveries": sum(map(len, ours)), "frame_bytes": _mean_size(kept)}
    peers = {"answer to the command, p99": sorted(answered)[len(answered) // 2]}
    for name, share, aim in (("edge.feed", 0.99, at_most(20)), ("edge.feed.p50", 0.5, None)):
        values, limits = ([quantile(each, share) for each in rounds] for rounds in (ours, bare))
        yield figure(name, values, "ms", limit_name=_LIMIT, limits=limits, peers=peers if share > 0.9 else {}, setting=setting, aim=aim)


def _watched(
    run: Run, port: int, path: str, number: int, *, keep: Path | None = None, frames: Path | None = None, rate: float = _RATE
) -> tuple[Measured, Seen]:
    """Commands at the rate, or frames posted instead of them, while the screens watch."""
    seconds = run.seconds(8.0)
    watch = Watch(WatchPlan(port=port, path=path, screens=_SCREENS, keep=str(keep or "")))
    plan = Plan(port=port, devices=_DEVICES, seconds=seconds, rate=_RATE, seed=number, note='"Ticket')
    if frames is not None:
        plan = replace(plan, path="/", frames=str(frames), devices=1, rate=rate, note='"position"')
    try:
        measured = measure(plan)
        return measured, watch.seen()
    finally:
        watch.stop()


def _latencies_ms(measured: Measured, seen: Seen) -> list[float]:
    """For each command and screen, how long until the first frame that holds the command; sorted. All must have arrived."""
    found: list[float] = []
    for frames in seen.frames:
        sequences = [sequence for _, sequence in frames]
        for intended, sequence in measured.sent:
            at = bisect_left(sequences, sequence)
            if at == len(frames):
                raise RuntimeError(f"the entry {sequence} never came to a screen")
            found.append((frames[at][0] - intended) * 1_000)
    return sorted(found)


def _number_frames(kept: Path, count: int) -> None:
    """Make the frames of a round fit to be posted: `count` lines, over and over the same, each with a sequence of its own.

    A bare server hands them on in the order in which they are posted, over one connection.
    """
    frames = [line for line in kept.read_bytes().splitlines() if line.startswith(b'{"type":"changes"')]
    kept.write_bytes(b"\n".join(_SEQUENCE.sub(rb"\g<1>%d." % number, frames[number % len(frames)], count=1) for number in range(1, count)))


def _mean_size(kept: Path) -> int:
    lines = kept.read_bytes().splitlines()
    return sum(map(len, lines)) // max(1, len(lines))


@contextmanager
def _fanout(run: Run) -> Iterator[int]:
    """The bare server; its port."""
    port = free_port()
    log = run.directory / "fanout.log"
    server = Child("fanout", [sys.executable, "-m", "tests.bench.fanout", str(port)], log, cwd=ROOT, env=PROGRAM_ENV)
    server.start()
    try:
        server.wait_ready(lambda: is_listening(port))
        yield port
    finally:
        server.stop()
