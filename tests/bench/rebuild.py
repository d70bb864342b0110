"""`edge.rebuild`: how long a box needs to build its projections anew from the journal, and in how much memory.

What lives here: the rounds and the figures. The journals are long_journal.py's, the two programs that are measured rebuilt.py's.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure, Value, at_most, figure
from tests.bench.long_journal import DAY_CHECKS, make_journal
from tests.bench.rebuilt import Measured, measure
from tests.bench.run import Run

__all__ = ["bench_rebuild"]

_TIMES = 10  # the long journal is so many days
_LIMIT = "reading and JSON-decoding the same entries"
_MB = 1024 * 1024


def bench_rebuild(run: Run) -> Iterator[Figure]:
    """Seconds for a day of 5,000 checks beside the raw limit; the peak of memory for ten of them beside that for one."""
    checks = DAY_CHECKS // 10 if run.quick else DAY_CHECKS
    directory = run.fresh("rebuild")
    run.say(f"edge.rebuild: making journals of {checks:,} and {checks * _TIMES:,} checks")
    day, days = directory / "day.db", directory / "days.db"
    make_journal(day, checks)
    make_journal(days, checks * _TIMES)
    rounds = [_round(run, day) for _ in range(run.rounds)]
    long, _ = _round(run, days)
    times, limits = [each.seconds for each, _ in rounds], [raw.seconds for _, raw in rounds]
    one = rounds[0][0]
    setting: dict[str, Value] = run.setting | {"checks": checks, "entries": one.entries, "aggregates": one.aggregates}
    setting["file_mb"] = round(day.stat().st_size / _MB)
    yield figure("edge.rebuild", times, "s", limit_name=_LIMIT, limits=limits, setting=setting, aim=at_most(20))
    peaks = [each.peak_bytes / _MB for each, _ in rounds]
    longer: dict[str, Value] = run.setting | {
        "checks": checks * _TIMES, "entries": long.entries, "seconds": long.seconds, "file_mb": round(days.stat().st_size / _MB),
    }  # fmt: skip
    yield figure(
        "edge.rebuild.memory", [long.peak_bytes / _MB], "MB", limit_name=f"the same for {checks:,} checks", limits=peaks, setting=longer
    )
    share = [long.peak_bytes / _MB / peak for peak in peaks]
    yield figure("edge.rebuild.memory_growth", share, "times", setting=longer, aim=at_most(1.2))


def _round(run: Run, path: Path) -> tuple[Measured, Measured]:
    raw, done = measure("raw", path), measure("rebuild", path)
    run.say(f"  {done.entries:,} entries in {done.seconds:.1f} s, raw {raw.seconds:.1f} s, at most {done.peak_bytes / _MB:.0f} MB")
    return done, raw
