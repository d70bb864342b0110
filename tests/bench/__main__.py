"""`make bench`, `python -m tests.bench [--quick] [NAME …]`: measure, print a table, write .bench/latest.json.

What lives here: the list of benches and the order of a run. Exit status 1 when something could not be measured; a missed aim is
told, and fails nothing.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.catchup import bench_catchup
from tests.bench.commands import bench_commands
from tests.bench.decide import bench_decide
from tests.bench.feed import bench_feed
from tests.bench.figures import Figure, save, table
from tests.bench.ingest import bench_ingest
from tests.bench.latency import bench_latency
from tests.bench.machine import describe
from tests.bench.rebuild import bench_rebuild
from tests.bench.run import Run
from tests.bench.tables import bench_tables
from tests.support.programs import ROOT

BENCHES: dict[str, Callable[[Run], Iterator[Figure]]] = {
    "domain.decide": bench_decide,
    "edge.commands": bench_commands,
    "edge.order": bench_tables,
    "edge.feed": bench_feed,
    "edge.rebuild": bench_rebuild,
    "sync.catchup": bench_catchup,
    "sync.latency": bench_latency,
    "hub.ingest": bench_ingest,
}
_OUT = ROOT / ".bench"
_SOCKET_DIRECTORY_MAX = 60  # characters: sockets of boxes and Postgres lie below, and their paths are limited


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(BENCHES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="a short run, to see that everything works; its figures mean little")
    given = parser.parse_args(argv)
    unknown = set(given.names) - set(BENCHES)
    if unknown:
        parser.error(f"no bench is named {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops what runs, as Ctrl-C does
    _OUT.mkdir(exist_ok=True)
    figures: list[Figure] = []
    # Beside the checkout, on the same disk, where paths are short enough; a memory disk under /tmp would flatter every figure.
    home = _OUT if len(str(_OUT)) < _SOCKET_DIRECTORY_MAX else None
    with tempfile.TemporaryDirectory(prefix="run-", dir=home, ignore_cleanup_errors=True) as directory:
        os.environ["PYTHONUNBUFFERED"] = "1"
        run = Run(Path(directory), describe(Path(directory)), quick=given.quick)
        for name, bench in BENCHES.items():
            if given.names and name not in given.names:
                continue
            try:
                figures += bench(run)
            except Exception as error:  # one bench that fails must not cost the figures of the others
                run.fail(f"{name}: {type(error).__name__}: {error}")
    if figures:
        print(table(figures))
        save(figures, _OUT / "latest.json")
    for failure in run.failures:
        print(f"not measured: {failure}", file=sys.stderr)
    return 1 if run.failures or not figures else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
