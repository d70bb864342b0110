"""The raw limit of a site: plain SQLite transactions of the very rows that the edge writes, in groups of the same size.

What lives here: a program that first lets the product decide what a workload writes, without syncing, and then times
nothing but those statements on a fresh file with the product's tables and pragmas. Plan in on standard input, commands a second out.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from edge.app.ports import Write
from edge.app.site import Request
from edge.journal.rows import insert_rows
from edge.journal.store import SqliteStore, connect, rows_of
from shared.protocol.session import Batch, Submit
from tests.bench.journals import DEVICE, open_site
from tests.bench.load import ROOT, WORKLOADS

__all__ = ["RawPlan", "raw_commands"]

_PREPARED = 4_000  # requests whose rows are made before the clock runs


class RawPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`group` requests go into one transaction, on average; the clock runs for `seconds` or until all rows are written."""

    directory: str
    devices: int
    group: float
    seconds: float
    workload: Literal["commands", "tables"] = "commands"


class _Recorder(SqliteStore):
    """A store that also keeps what it is told to write."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writes: list[Write] = []

    def commit(self, write: Write) -> None:
        super().commit(write)
        self.writes.append(write)


def _cut(count: int, group: float) -> list[int]:
    """Sizes of whole groups that together hold `count` and on average `group`."""
    edges = [round(number * group) for number in range(int(count / group) + 1)]
    return [after - before for before, after in pairwise(edges) if after > before]


def _prepare(path: Path, plan: RawPlan) -> tuple[list[Write], list[int]]:
    """The writes of a workload, and how many requests each holds."""
    devices, group = plan.devices, plan.group
    store = _Recorder(path)
    store.connection.execute("PRAGMA synchronous = OFF")
    site = open_site(store)
    store.writes.clear()
    tablets = [WORKLOADS[plan.workload](number) for number in range(devices)]
    sizes = _cut(_PREPARED, group)
    turn = 0
    for size in sizes:
        requests = []
        for _ in range(size):
            requests.append(Request(device=DEVICE, commands=_submits(next(tablets[turn % devices])[1])))
            turn += 1
        site.execute(requests)
    store.close()
    return store.writes, sizes


def _submits(body: bytes) -> tuple[Submit, ...]:
    """The commands of a request, be it one or a batch."""
    if body.startswith(b'{"commands":'):
        return msgspec.json.decode(body, type=Batch).commands
    return (msgspec.json.decode(body, type=Submit),)


def _time(connection: sqlite3.Connection, writes: Sequence[Write], sizes: Sequence[int], seconds: float) -> float:
    prepared = [rows_of(write) for write in writes]
    done = 0
    began = time.perf_counter()
    for statements, size in zip(prepared, sizes, strict=True):
        connection.execute("BEGIN IMMEDIATE")
        for sql, rows in statements:
            insert_rows(connection, sql, rows)
        connection.execute("COMMIT")
        done += size
        if time.perf_counter() - began > seconds:
            break
    return done / (time.perf_counter() - began)


def _run(plan: RawPlan) -> float:
    with tempfile.TemporaryDirectory(dir=plan.directory) as directory:
        writes, sizes = _prepare(Path(directory) / "prepared.db", plan)
        SqliteStore(Path(directory) / "raw.db").close()
        connection = connect(Path(directory) / "raw.db")
        try:
            return _time(connection, writes, sizes, plan.seconds)
        finally:
            connection.close()


def raw_commands(plan: RawPlan, env: Mapping[str, str]) -> float:
    """Commands a second, measured in a process of its own with `env` (which may slow its disk)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.raw_sqlite"], input=msgspec.json.encode(plan), stdout=subprocess.PIPE, cwd=ROOT, env=dict(env),
        timeout=120, check=True,
    )  # fmt: skip
    return float(done.stdout)


if __name__ == "__main__":
    print(_run(msgspec.json.decode(sys.stdin.buffer.read(), type=RawPlan)))
