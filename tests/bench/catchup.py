"""`sync.catchup`: how fast the journals of sites that were offline reach the hub.

What lives here: the rounds and the figures. The clock runs from the start of the links to the moment at which the watermark of
every site in Postgres stands at the head of its journal. The hub is hub_stack.py's, the raw limit raw_copy.py's.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.bench.figures import Figure, Value, at_least, at_most, figure
from tests.bench.hub_stack import BenchHub
from tests.bench.journals import fill
from tests.bench.machine import cpu_s, family_cpu_s
from tests.bench.raw_copy import raw_rows
from tests.bench.run import Run
from tests.bench.site import PROGRAM_ENV
from tests.support.programs import EdgeBox

__all__ = ["bench_catchup"]

_ENTRIES = 100_000  # in all, whatever the number of sites
_SITES = (1, 8)
_DEADLINE_S = 120.0
_LIMIT = "asyncpg COPY, same rows"


@dataclass
class _Point:
    """What was measured for one number of sites, a value a round."""

    rates: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    last_first_s: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    cpu: list[dict[str, float]] = field(default_factory=list)
    entries: int = 0


def bench_catchup(run: Run) -> Iterator[Figure]:
    """Entries a second and seconds to the first, for one site and for eight that share the same total."""
    entries = _ENTRIES // 10 if run.quick else _ENTRIES
    with BenchHub(run) as hub:
        for count in _SITES:
            run.say(f"sync.catchup: making {entries:,} entries for {count} site(s)")
            paths = [hub.enroll(run.fresh("box")) for _ in range(count)]
            heads = fill([(path, entries // count) for path in paths])
            wanted = {hub.site_of(path): head for path, head in zip(paths, heads, strict=True)}
            point = _Point(entries=sum(heads))
            with ExitStack() as stack:
                boxes = [EdgeBox(path, env=PROGRAM_ENV) for path in paths]
                for box in boxes:
                    stack.callback(box.stop)
                    box.start_serve()
                for number in range(run.rounds):
                    _round(hub, boxes, wanted, point)
                    run.say(
                        f"  round {number + 1}: {point.rates[-1]:,.0f} entries/s of {point.limits[-1]:,.0f} raw,"
                        f" the first after {point.first_s[-1]:.2f} s, CPU seconds {point.cpu[-1]}"
                    )
            yield from _figures(run, count, point)


def _round(hub: BenchHub, boxes: Sequence[EdgeBox], wanted: Mapping[str, int], point: _Point) -> None:
    """A hub that knows nothing, all links started at once, then the raw limit on the rows that arrived."""
    hub.forget()
    hub.start_ingest()
    before = _cpu(hub, boxes)
    began = time.monotonic()
    for box in boxes:
        box.link.start()
    try:
        first, arrived = asyncio.run(_arrivals(hub, wanted, began))
        took = time.monotonic() - began
        after = _cpu(hub, boxes)
    finally:
        for box in boxes:
            box.link.stop()
        hub.ingest.stop()
    point.rates.append(sum(wanted.values()) / took)
    point.first_s.append(min(first.values()))
    point.last_first_s.append(max(first.values()))
    point.cpu.append({name: round(after[name] - before.get(name, 0.0), 1) for name in after})
    assert arrived == dict(wanted), "a watermark went past the head of its journal"
    point.limits.append(asyncio.run(raw_rows(hub)))


async def _arrivals(hub: BenchHub, wanted: Mapping[str, int], began: float) -> tuple[dict[str, float], dict[str, int]]:
    """(seconds until the first entry of each site was committed, watermarks), once every watermark is where it is wanted.

    Looks whenever a shard tells of a commit.
    """
    first: dict[str, float] = {}
    marks: dict[str, int] = {}
    async with hub.listening() as news:
        while any(marks.get(site, 0) < head for site, head in wanted.items()):
            left = began + _DEADLINE_S - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"after {_DEADLINE_S:g} s the hub has {sum(marks.values()):,} of {sum(wanted.values()):,} entries")
            marks = await news(left)
            now = time.monotonic() - began
            for site, sequence in marks.items():
                if sequence and site not in first:
                    first[site] = now
    return first, marks


def _cpu(hub: BenchHub, boxes: Sequence[EdgeBox]) -> dict[str, float]:
    """CPU seconds so far, by who took them."""
    links = [box.link.pid for box in boxes if box.link.is_running]
    return {
        "edges": cpu_s(*(box.serve.pid for box in boxes)),
        "links": cpu_s(*links),
        "ingest": cpu_s(hub.ingest.pid),
        "nats": cpu_s(hub.broker.server.child.pid),
        "postgres": family_cpu_s(hub.postgres.server.child.pid),
    }


def _figures(run: Run, count: int, point: _Point) -> Iterator[Figure]:
    is_headline = count == max(_SITES)
    name = "sync.catchup" if is_headline else f"sync.catchup.{count}site"
    setting: dict[str, Value] = run.setting | {
        "sites": count, "entries": point.entries, "entries_per_site": point.entries // count, "shards": 2, "ingest_processes": 1,
        "fsync": True, "clock": "from the start of the links' processes",
    }  # fmt: skip
    cpu: dict[str, Value] = {f"cpu_s_{who}": [each[who] for each in point.cpu] for who in point.cpu[0]}
    aims = (at_least(15_000), at_most(2.0)) if is_headline else (None, None)
    yield figure(name, point.rates, "entries/s", limit_name=_LIMIT, limits=point.limits, setting=setting | cpu, aim=aims[0])
    if count > 1:
        yield figure(f"{name}.per_site", [rate / count for rate in point.rates], "entries/s", setting=setting)
    sustained = [point.entries / (point.entries / rate - first) for rate, first in zip(point.rates, point.first_s, strict=True)]
    yield figure(
        f"{name}.sustained", sustained, "entries/s", limit_name=_LIMIT, limits=point.limits,
        setting=setting | {"clock": "from the first commit, when processes have started"},
    )  # fmt: skip
    yield figure(f"{name}.first", point.first_s, "s", setting=setting, aim=aims[1])
    if count > 1:
        yield figure(f"{name}.first_of_last_site", point.last_first_s, "s", setting=setting)
