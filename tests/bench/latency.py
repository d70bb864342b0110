"""`sync.latency`: from a command at a till to its commit at the hub, and to the till's word that it is in the cloud.

What lives here: the sites, the rounds and the figures. The tills are in tills.py, the boxes fleet.py's, the hub hub_stack.py's, the raw
limit raw_path.py's.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.figures import Figure, Value, at_most, figure, quantile
from tests.bench.fleet import Fleet
from tests.bench.hub_stack import BenchHub
from tests.bench.journals import fill
from tests.bench.machine import cpu_s, family_cpu_s, foreign_cpu_share, machine_cpu
from tests.bench.raw_path import raw_path_ms
from tests.bench.run import Run
from tests.bench.tills import TillPlan, TillTimes, watch_tills
from tests.support.leftovers import free_block

__all__ = ["bench_latency"]

_SITES = {10: 5, 100: 25}  # number of sites: how many share a process of each kind
_ENTRIES_PER_SITE = 3.0  # entries a second of one site: 300 a second of a hundred
_ENTRIES_PER_COMMAND = 1.231  # of the workload
_AIMS = {"": 10.0, ".p99": 50.0}  # milliseconds


def bench_latency(run: Run) -> Iterator[Figure]:
    """Ten sites and a hundred, three entries a second each."""
    with BenchHub(run) as hub:
        hub.start_ingest()
        for count, together in _SITES.items():
            if run.quick and count != min(_SITES):
                continue
            run.say(f"sync.latency: enrolling {count} sites")
            paths = [hub.enroll(run.fresh("box")) for _ in range(count)]
            fill([(path, 1) for path in paths])  # the menu is in force
            yield from _measure(run, hub, paths, together)


def _measure(run: Run, hub: BenchHub, paths: list[Path], together: int) -> Iterator[Figure]:
    ports = free_block(len(paths))
    fleet = Fleet(run.fresh("fleet"), paths, together=together, ports=range(ports, ports + len(paths)))
    rounds: list[TillTimes] = []
    limits: list[tuple[float, float]] = []
    cpu: list[dict[str, float]] = []
    with ExitStack() as stack:
        stack.callback(fleet.stop)
        fleet.start_serves()
        fleet.start_links("connected")
        for number in range(run.rounds):
            limits.append(asyncio.run(raw_path_ms(hub, run.directory)))
            plan = TillPlan(
                sites=[(hub.site_of(path), ports + place) for place, path in enumerate(paths)],
                rate=len(paths) * _ENTRIES_PER_SITE / _ENTRIES_PER_COMMAND, seconds=run.seconds(12.0), warm_s=3.0, seed=number + 1,
                nats_url=hub.broker.url, creds=str(hub.broker.hub_creds),
            )  # fmt: skip
            before, busy = _cpu(hub, fleet), machine_cpu()
            times = watch_tills(plan)
            wall = plan.seconds + plan.warm_s
            took = {who: now - before[who] for who, now in _cpu(hub, fleet).items()}
            took["tills"] = times.cpu_share * wall
            cpu.append({who: round(each / wall, 2) for who, each in took.items()})
            cpu[-1]["foreign"] = foreign_cpu_share(machine_cpu() - busy, took.values(), wall)
            rounds.append(times)
            run.say(
                f"  round {number + 1}: {times.entries / plan.seconds:.0f} entries/s; committed p50 {quantile(times.committed_ms, 0.5):.1f} ms,"
                f" p99 {quantile(times.committed_ms, 0.99):.1f} ms; shown p50 {quantile(times.shown_ms, 0.5):.1f} ms,"
                f" p99 {quantile(times.shown_ms, 0.99):.1f} ms; answered p50 {quantile(times.answered_ms, 0.5):.1f} ms; CPU {cpu[-1]}"
            )
    yield from _figures(run, fleet, len(paths), rounds, limits, cpu)


def _cpu(hub: BenchHub, fleet: Fleet) -> dict[str, float]:
    return {
        "edges": cpu_s(*(each.pid for each in fleet.serves)),
        "links": cpu_s(*(each.pid for each in fleet.links)),
        "ingest": cpu_s(hub.ingest.pid),
        "nats": cpu_s(hub.broker.server.child.pid),
        "postgres": family_cpu_s(hub.postgres.server.child.pid),
    }


def _per_entry(run: Run, shares: list[float], rounds: list[TillTimes]) -> float:
    """Milliseconds of a core for one entry, over all rounds: what others do to the machine changes it less than any time."""
    return round(1_000 * sum(shares) * run.seconds(12.0) / sum(each.entries for each in rounds), 2)


def _figures(
    run: Run, fleet: Fleet, count: int, rounds: list[TillTimes], limits: list[tuple[float, float]], cpu: list[dict[str, float]]
) -> Iterator[Figure]:
    is_full = count == max(_SITES) or run.quick
    name = "sync.latency" if is_full else "sync.latency.tenth"
    setting: dict[str, Value] = run.setting | fleet.setting | {
        "sites": count, "entries_per_s": round(sum(each.entries for each in rounds) / len(rounds) / run.seconds(12.0)),
        "loop": "open, Poisson, from the moment a command was due", "shards": 2, "ingest_processes": 1, "fsync": True, "projector": False,
    }  # fmt: skip
    setting |= {f"cpu_{who}": [each[who] for each in cpu] for who in cpu[0]}
    setting |= {f"cpu_ms_per_entry_{who}": _per_entry(run, [each[who] for each in cpu], rounds) for who in cpu[0] if who != "foreign"}
    for what, shares in (("committed", 0), ("shown", 1), ("answered", 2)):
        of = [(each.committed_ms, each.shown_ms, each.answered_ms)[shares] for each in rounds]
        for suffix, share, limit in (("", 0.5, 0), (".p99", 0.99, 1)):
            aim = at_most(_AIMS[suffix]) if is_full and what != "answered" else None
            yield figure(
                f"{name}.{what}{suffix}", [quantile(times, share) for times in of], "ms", limit_name="SQLite, NATS, Postgres, NATS, idle",
                limits=[each[limit] for each in limits], setting=setting, aim=aim,
            )  # fmt: skip
