"""`sync.catchup`: how fast the journals of sites that went on without the hub reach it once it is back.

What lives here: the rounds and the figures. The clock runs from the moment that the broker is started to the one at which the watermark
of every site in Postgres stands at the head of its journal: links and ingest run all the while and notice by themselves. The hub is
hub_stack.py's, the boxes fleet.py's, the raw limit raw_copy.py's.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.bench.figures import Figure, Value, at_least, at_most, figure
from tests.bench.fleet import Fleet
from tests.bench.hub_stack import BenchHub
from tests.bench.journals import fill
from tests.bench.machine import cpu_s, family_cpu_s, peak_mb
from tests.bench.raw_copy import raw_rows
from tests.bench.run import Run

__all__ = ["arrivals", "bench_catchup"]

_ENTRIES = 100_000  # in all, whatever the number of sites
_SITES = {1: 1, 8: 1, 64: 16}  # number of sites: how many share a process of each kind
_HEADLINE = 8
_DEADLINE_S = 120.0
_LIMIT = "asyncpg COPY, same rows"
_AWAY = "nats: "  # how a link begins to speak of a broker that is not there


@dataclass
class _Point:
    """What was measured for one number of sites, a value a round."""

    entries: int = 0
    rates: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    last_first_s: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    cpu: list[dict[str, float]] = field(default_factory=list)
    peaks: dict[str, Value] = field(default_factory=dict)


def bench_catchup(run: Run) -> Iterator[Figure]:
    """Entries a second and seconds to the first, for one site, for eight and for 64 that share the same total, at a tenth and in full."""
    with BenchHub(run) as hub:
        for count, together in _SITES.items():
            paths = [hub.enroll(run.fresh("box")) for _ in range(count)]
            for share in (10,) if run.quick else (10, 1):
                entries = _ENTRIES // share
                run.say(f"sync.catchup: making {entries:,} entries for {count} site(s)")
                heads = fill([(path, entries // count) for path in paths])
                wanted = {hub.site_of(path): head for path, head in zip(paths, heads, strict=True)}
                fleet = Fleet(run.fresh("fleet"), paths, together=together)
                point = _measure(run, hub, fleet, wanted)
                yield from _figures(run, count, share, point, fleet)


def _measure(run: Run, hub: BenchHub, fleet: Fleet, wanted: Mapping[str, int]) -> _Point:
    point = _Point(entries=sum(wanted.values()))
    with ExitStack() as stack:
        stack.callback(fleet.stop)
        stack.callback(hub.come_back)  # a broker for whoever comes next
        hub.go_away()
        fleet.start_serves()
        fleet.start_links(_AWAY)
        for number in range(run.rounds):
            _round(hub, fleet, wanted, point)
            run.say(
                f"  round {number + 1}: {point.rates[-1]:,.0f} entries/s of {point.limits[-1]:,.0f} raw,"
                f" the first after {point.first_s[-1]:.2f} s, CPU seconds {point.cpu[-1]}"
            )
        point.peaks = {"peak_mb_ingest": peak_mb(hub.ingest.pid), "peak_mb_links": peak_mb(*(each.pid for each in fleet.links))}
    return point


def _round(hub: BenchHub, fleet: Fleet, wanted: Mapping[str, int], point: _Point) -> None:
    """A hub that is away and comes back knowing nothing; then the raw limit on the rows that arrived."""
    hub.go_away()
    hub.forget()
    before = _cpu(hub, fleet)
    began = time.monotonic()
    hub.come_back()
    before["nats"] = 0.0  # a new process
    first, arrived = asyncio.run(arrivals(hub, wanted, began))
    took = time.monotonic() - began
    after = _cpu(hub, fleet)
    point.rates.append(sum(wanted.values()) / took)
    point.first_s.append(min(first.values()))
    point.last_first_s.append(max(first.values()))
    point.cpu.append({name: round(after[name] - before[name], 1) for name in after})
    assert arrived == dict(wanted), "a watermark went past the head of its journal"
    point.limits.append(asyncio.run(raw_rows(hub)))


async def arrivals(hub: BenchHub, wanted: Mapping[str, int], began: float) -> tuple[dict[str, float], dict[str, int]]:
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
            marks = {site: sequence for site, sequence in (await news(left)).items() if site in wanted}
            now = time.monotonic() - began
            for site, sequence in marks.items():
                if sequence and site not in first:
                    first[site] = now
    return first, marks


def _cpu(hub: BenchHub, fleet: Fleet) -> dict[str, float]:
    """CPU seconds so far, by who took them."""
    return {
        "edges": cpu_s(*(each.pid for each in fleet.serves)),
        "links": cpu_s(*(each.pid for each in fleet.links)),
        "ingest": cpu_s(hub.ingest.pid),
        "nats": cpu_s(hub.broker.server.child.pid),
        "postgres": family_cpu_s(hub.postgres.server.child.pid),
    }


def _figures(run: Run, count: int, share: int, point: _Point, fleet: Fleet) -> Iterator[Figure]:
    is_headline = count == _HEADLINE and (share == 1 or run.quick)
    name = "sync.catchup" + ("" if count == _HEADLINE else f".{count}sites") + ("" if share == 1 else ".tenth")
    setting: dict[str, Value] = run.setting | fleet.setting | {
        "sites": count, "entries": point.entries, "entries_per_site": point.entries // count, "shards": 2, "ingest_processes": 1,
        "fsync": True, "projector": False, "clock": "from the start of the broker; links and ingest run and wait for it",
    }  # fmt: skip
    told: dict[str, Value] = {f"cpu_s_{who}": [each[who] for each in point.cpu] for who in point.cpu[0]}
    told |= point.peaks
    aims = (at_least(20_000), at_least(0.2), at_most(2.0)) if is_headline else (None, None, None)
    yield figure(name, point.rates, "entries/s", limit_name=_LIMIT, limits=point.limits, setting=setting | told, aim=aims[0])
    ratios = [rate / limit for rate, limit in zip(point.rates, point.limits, strict=True)]
    yield figure(f"{name}.of_copy", ratios, "times", setting=setting, aim=aims[1])
    sustained = [point.entries / (point.entries / rate - first) for rate, first in zip(point.rates, point.first_s, strict=True)]
    yield figure(
        f"{name}.sustained", sustained, "entries/s", limit_name=_LIMIT, limits=point.limits,
        setting=setting | {"clock": "from the first commit, when every link has found the hub again"},
    )  # fmt: skip
    yield figure(f"{name}.first", point.first_s, "s", setting=setting, aim=aims[2])
    if count > 1:
        yield figure(f"{name}.first_of_last_site", point.last_first_s, "s", setting=setting)
