"""`edge.commands`: how many commands a second a site accepts, and how long each takes at 60 % of that.

What lives here: the rounds, the disks and the figures. The load is load.py's, the raw limit raw_sqlite.py's.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from tests.bench.figures import Figure, Value, at_least, at_most, figure
from tests.bench.load import Plan, measure
from tests.bench.machine import cpu_s, foreign_cpu_share, machine_cpu
from tests.bench.raw_sqlite import RawPlan, raw_commands
from tests.bench.run import Run
from tests.bench.shim import DISKS, disk_env
from tests.bench.site import metric, serving
from tests.support.programs import EdgeBox

__all__ = ["bench_commands"]

_DEVICES = (1, 16, 64)
_HEADLINE = (2_000, 64)  # disk, devices
_SHARE = 0.6  # of the closed-loop rate, at which latency is measured
_LIMIT = "SQLite, same rows in same groups"


@dataclass
class _Point:
    """What was measured for one disk and number of devices, a value a round."""

    rates: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    groups: list[float] = field(default_factory=list)
    closed_p99: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    offered: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    generator_cpu: list[float] = field(default_factory=list)
    foreign_cpu: list[float] = field(default_factory=list)


def bench_commands(run: Run) -> Iterator[Figure]:
    """Figures for every disk that this machine can show."""
    for disk, label in DISKS.items():
        try:
            env = disk_env(disk, run.directory)
        except Exception as error:  # whatever the compiler says: the other disks are measured, and the run ends as failed
            run.fail(f"edge.commands with {label} a sync is not measured: {error}")
            continue
        run.say(f"edge.commands: {label} a sync")
        points = {devices: _Point() for devices in _DEVICES}
        with serving(run.fresh("box"), env) as box:
            measure(Plan(port=box.port, devices=16, seconds=run.seconds(1.0), warm_s=0.5))
            for number, (devices, point) in product(range(run.rounds), points.items()):
                _round(run, box, devices, point, env, number)
                run.say(
                    f"  round {number + 1}, {devices} devices: {point.rates[-1]:,.0f}/s of {point.limits[-1]:,.0f} raw,"
                    f" groups of {point.groups[-1]:.1f}, p99 {point.p99[-1]:.1f} ms at {_SHARE:.0%}"
                )
        for devices, point in points.items():
            yield from _figures(run, disk, label, devices, point)


def _round(run: Run, box: EdgeBox, devices: int, point: _Point, env: dict[str, str], number: int) -> None:
    """The closed loop, the raw limit in the groups it made, the open loop."""
    plan = Plan(port=box.port, devices=devices, seconds=run.seconds(2.5), seed=number)
    pid = box.serve.pid
    groups, accepted, cpu, busy, began = _written(box), _accepted(box), cpu_s(pid), machine_cpu(), time.monotonic()
    measured = measure(plan)
    elapsed, wall = time.monotonic() - began, plan.seconds + plan.warm_s  # the first includes the start of the generator
    spent = cpu_s(pid) - cpu
    point.foreign_cpu.append(foreign_cpu_share(machine_cpu() - busy, (spent, measured.cpu_share * wall), elapsed))
    point.server_cpu.append(round(spent / wall, 2))
    point.generator_cpu.append(measured.cpu_share)
    point.rates.append(measured.rate)
    point.closed_p99.append(measured.latency_ms(0.99))
    point.groups.append((_accepted(box) - accepted) / max(1, _written(box) - groups))
    raw = RawPlan(directory=str(run.directory), devices=devices, group=point.groups[-1], seconds=run.seconds(1.0))
    point.limits.append(raw_commands(raw, os.environ | env))
    point.offered.append(_SHARE * measured.rate)
    at_share = measure(Plan(port=box.port, devices=devices, seconds=run.seconds(4.0), seed=number, rate=point.offered[-1]))
    point.p50.append(at_share.latency_ms(0.5))
    point.p99.append(at_share.latency_ms(0.99))


def _accepted(box: EdgeBox) -> float:
    return metric(box, "comanda_edge_commands_accepted_total")


def _written(box: EdgeBox) -> float:
    return metric(box, "comanda_edge_writer_groups")


def _figures(run: Run, disk: int, label: str, devices: int, point: _Point) -> Iterator[Figure]:
    is_headline = (disk, devices) == _HEADLINE
    name = "edge.commands" if is_headline else f"edge.commands.{devices}dev.{label.replace(' ', '_')}"
    setting: dict[str, Value] = run.setting | {
        "devices": devices, "sync_added_us": disk, "loop": "closed", "group": _short(point.groups), "p99_ms": _short(point.closed_p99),
        "server_cpu": point.server_cpu, "generator_cpu": point.generator_cpu, "foreign_cpu": point.foreign_cpu,
    }  # fmt: skip
    aims = (at_least(2_500), at_most(50)) if is_headline else (None, None)
    yield figure(name, point.rates, "commands/s", limit_name=_LIMIT, limits=point.limits, setting=setting, aim=aims[0])
    timed: dict[str, Value] = run.setting | {
        "devices": devices,
        "sync_added_us": disk,
        "loop": "open, Poisson",
        "offered_per_s": _short(point.offered),
    }
    yield figure(f"{name}.p50", point.p50, "ms", setting=timed)
    yield figure(f"{name}.p99", point.p99, "ms", setting=timed, aim=aims[1])


def _short(values: list[float]) -> list[float]:
    return [round(value, 1) for value in values]
