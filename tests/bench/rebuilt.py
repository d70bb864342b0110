"""Programs that `edge.rebuild` measures: one rebuild of a journal file, and the raw limit on the same entries.

What lives here: each in a process of its own, so that the peak of its memory is its own. What they are compared with is not known here.
"""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from edge.journal import queries
from edge.journal.rebuild import rebuild
from edge.journal.store import SqliteStore
from shared.limits import VERIFY_PAGE_ENTRIES
from tests.bench.load import ROOT

__all__ = ["Measured", "measure"]

_TIMEOUT_S = 600.0


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, the peak of resident memory (bytes), and what was gone through."""

    seconds: float
    peak_bytes: int
    entries: int
    aggregates: int = 0


def _peak_bytes() -> int:
    """The high-water mark of this program's memory. (What getrusage tells may be that of the process that started it.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _rebuild(path: Path) -> Measured:
    """Fold the journal into new projections, as `comanda edge rebuild` and a box after an update do."""
    with closing(SqliteStore(path)) as store:
        began = time.perf_counter()
        done = rebuild(store.connection, swap=True)
        seconds = time.perf_counter() - began
    return Measured(seconds=seconds, peak_bytes=_peak_bytes(), entries=done.entries, aggregates=done.aggregates)


def _raw(path: Path) -> Measured:
    """Read the same entries and decode their JSON, and do nothing with them."""
    began, last, count = time.perf_counter(), 0, 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        while page := connection.execute(queries.ENTRIES_AFTER, (last, VERIFY_PAGE_ENTRIES)).fetchall():
            for row in page:
                json.loads(row[3])
            last, count = page[-1][1], count + len(page)
    return Measured(seconds=time.perf_counter() - began, peak_bytes=_peak_bytes(), entries=count)


def measure(what: Literal["rebuild", "raw"], path: Path) -> Measured:
    """Run one of them on a journal file, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rebuilt", what, str(path)], stdout=subprocess.PIPE, cwd=ROOT, timeout=_TIMEOUT_S, check=True
    )
    return msgspec.json.decode(done.stdout, type=Measured)


if __name__ == "__main__":
    print(msgspec.json.encode({"rebuild": _rebuild, "raw": _raw}[sys.argv[1]](Path(sys.argv[2]))).decode())
