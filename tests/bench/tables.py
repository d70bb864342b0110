"""`edge.order`: how many whole tables a second a site serves, and how long each request of one takes at 60 % of that.

What lives here: the rounds and the figures. A table is workload.py's: eight lines with modifiers in one round trip, its tickets
bumped, the check split in two, both paid and closed. The load is load.py's, the raw limit raw_sqlite.py's.
"""

import os
from collections.abc import Iterator

from tests.bench.figures import Figure, Value, figure
from tests.bench.load import Plan, measure
from tests.bench.raw_sqlite import RawPlan, raw_commands
from tests.bench.run import Run
from tests.bench.shim import disk_env
from tests.bench.site import metric, serving
from tests.bench.workload import TABLE_REQUESTS
from tests.support.programs import EdgeBox

__all__ = ["bench_tables"]

_DEVICES = 16
_DISK_US = 2_000
_SHARE = 0.6  # of the closed-loop rate, at which latency is measured
_LIMIT = "SQLite, same rows in same groups"


def bench_tables(run: Run) -> Iterator[Figure]:
    """Tables a second beside plain SQLite, and the median and p99 of a request in the open loop."""
    env = disk_env(_DISK_US, run.directory)
    run.say(f"edge.order: {_DEVICES} devices, {_DISK_US / 1000:g} ms a sync")
    rates: list[float] = []
    limits: list[float] = []
    p50: list[float] = []
    p99: list[float] = []
    offered: list[float] = []
    with serving(run.fresh("box"), env) as box:
        measure(_plan(box, run.seconds(1.0), 99))
        for number in range(run.rounds):
            groups, accepted = metric(box, "comanda_edge_writer_groups"), metric(box, "comanda_edge_commands_accepted_total")
            closed = measure(_plan(box, run.seconds(3.0), number))
            commands = metric(box, "comanda_edge_commands_accepted_total") - accepted
            written = max(1.0, metric(box, "comanda_edge_writer_groups") - groups)
            rates.append(closed.rate / TABLE_REQUESTS)
            group = max(1.0, commands / written / _COMMANDS_A_REQUEST)
            raw = RawPlan(directory=str(run.directory), devices=_DEVICES, group=group, seconds=run.seconds(1.0), workload="tables")
            limits.append(raw_commands(raw, os.environ | env) / TABLE_REQUESTS)
            offered.append(_SHARE * closed.rate)
            at_share = measure(_plan(box, run.seconds(4.0), number, rate=offered[-1]))
            p50.append(at_share.latency_ms(0.5))
            p99.append(at_share.latency_ms(0.99))
            run.say(f"  round {number + 1}: {rates[-1]:,.0f} tables/s of {limits[-1]:,.0f} raw, p99 {p99[-1]:.1f} ms at {_SHARE:.0%}")
    setting: dict[str, Value] = run.setting | {"devices": _DEVICES, "sync_added_us": _DISK_US, "lines": 8, "requests": TABLE_REQUESTS}
    yield figure("edge.order", rates, "tables/s", limit_name=_LIMIT, limits=limits, setting=setting)
    timed = setting | {"loop": "open, Poisson", "offered_requests_per_s": [round(each, 1) for each in offered]}
    yield figure("edge.order.p50", p50, "ms", setting=timed)
    yield figure("edge.order.p99", p99, "ms", setting=timed)


_COMMANDS_A_REQUEST = 18 / TABLE_REQUESTS  # 10 of the order, 3 bumps at most, the split, 4 of the payments


def _plan(box: EdgeBox, seconds: float, seed: int, rate: float | None = None) -> Plan:
    return Plan(port=box.port, devices=_DEVICES, seconds=seconds, seed=seed, rate=rate, path="/v1/batches", workload="tables")
