"""SQLite over a disk on which faults are injected: a VFS that tells a `FaultyDisk` of every step, and a connection that looks like
sqlite3's to the store.

What lives here: the two adapters. The engine is the SQLite that apsw brings, since Python's own module takes no VFS; that files which
it leaves are read by the shipped engine is the business of the suites. What is in the journal is not known here.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import apsw

from edge.journal.store import SqliteStore, make_durable
from tests.sim.store import PowerCut
from tests.support.faulty_disk import Fault, FaultyDisk

__all__ = ["ENGINE", "FaultyStore"]

ENGINE = apsw.sqlite_lib_version()
_names = itertools.count(1)
_FAULTS: dict[tuple[str, Fault], int] = {
    ("write", "full"): apsw.SQLITE_FULL,
    ("write", "error"): apsw.SQLITE_IOERR_WRITE,
    ("truncate", "error"): apsw.SQLITE_IOERR_TRUNCATE,
    ("sync", "error"): apsw.SQLITE_IOERR_FSYNC,
    ("sync", "full"): apsw.SQLITE_FULL,
    ("delete", "error"): apsw.SQLITE_IOERR_DELETE,
}
_UNSEEN = ("-shm",)  # the index of the WAL is made anew when the power is back


class _File(apsw.VFSFile):
    def __init__(self, vfs: str, name: Any, flags: list[int], disk: FaultyDisk) -> None:
        super().__init__(vfs, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._disk, self._name = disk, Path(path or "").name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        _try(self._disk, "write", self._name)
        super().xWrite(data, offset)
        self._disk.written(self._name, offset, data)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        _try(self._disk, "truncate", self._name)
        super().xTruncate(newsize)
        self._disk.truncated(self._name, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        _sync(self._disk, self._name)


class _Vfs(apsw.VFS):
    """The system's VFS with our steps in between. `xSync` is not handed on: the disk under the test is ours."""

    def __init__(self, name: str, disk: FaultyDisk) -> None:
        self._disk, self._vfs_name = disk, name
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _File("", name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        name = Path(filename).name
        if name.endswith(_UNSEEN):
            super().xDelete(filename, syncdir)
            return
        _try(self._disk, "delete", name)
        super().xDelete(filename, syncdir)
        self._disk.deleted(name, is_synced=bool(syncdir))


def _try(disk: FaultyDisk, kind: str, name: str) -> None:
    """Begin a step. Raises what SQLite is told when it goes wrong."""
    fault = disk.step(kind, name)
    if fault == "power":
        raise apsw.IOError("the power is off")
    if fault is not None:
        raise apsw.exception_for(_FAULTS.get((kind, fault), apsw.SQLITE_IOERR))


def _sync(disk: FaultyDisk, name: str) -> None:
    fault = disk.step("sync", name)
    if fault == "power":
        raise apsw.IOError("the power is off")
    if fault == "lie":
        return
    if fault is not None:
        disk.sync_failed(name)
        raise apsw.exception_for(_FAULTS.get(("sync", fault), apsw.SQLITE_IOERR_FSYNC))
    disk.synced(name)


class _Rows:
    """A cursor that has been read to its end."""

    def __init__(self, rows: list[Any], description: Any, changes: int, row_id: int) -> None:
        self._rows = iter(rows)
        self.description, self.rowcount, self.lastrowid = description, changes, row_id

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)


class _Connection:
    """As much of `sqlite3.Connection` as the journal uses, on apsw, with sqlite3's errors. Where the power went, it says so."""

    def __init__(self, path: Path, vfs: str, disk: FaultyDisk) -> None:
        self._disk = disk
        self._connection = self._told(lambda: apsw.Connection(str(path), vfs=vfs))

    def execute(self, sql: str, parameters: Any = ()) -> _Rows:
        return self._told(lambda: self._run(sql, parameters))

    def _run(self, sql: str, parameters: Any) -> _Rows:
        described: list[Any] = []

        def note(cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
            described[:] = cursor.get_description()  # apsw knows it no longer when the last row was read
            return True

        cursor = self._connection.cursor()
        cursor.exec_trace = note
        rows = list(cursor.execute(sql, parameters if isinstance(parameters, dict) else tuple(parameters)))
        return _Rows(rows, described, self._connection.changes(), self._connection.last_insert_rowid())

    def executemany(self, sql: str, rows: Sequence[Any]) -> None:
        for row in rows:
            self.execute(sql, row)

    def cursor(self) -> "_Connection":
        return self

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def close(self) -> None:
        self._told(self._connection.close)

    def _told(self, act: Callable[[], Any]) -> Any:
        """What `act` returns. Raises PowerCut or an error of sqlite3's with its code."""
        try:
            return act()
        except apsw.Error as error:
            if self._disk.is_off:
                raise PowerCut from error
            kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
            raised = kind(str(error))
            raised.sqlite_errorcode = getattr(error, "extendedresult", 0) or getattr(error, "result", 0)
            raise raised from error


class FaultyStore(SqliteStore):
    """The shipped store over `disk`. The directory holds what the operating system shows; `disk.leave` says what a power cut leaves."""

    def __init__(self, path: Path, disk: FaultyDisk, *, checkpoint_pages: int = 0) -> None:
        """`checkpoint_pages` makes SQLite move pages out of the WAL more often than the product does."""
        self._disk = disk
        self._reader: apsw.Connection | None = None
        self._vfs_name = name = f"faulty-{next(_names)}"
        self._vfs = _Vfs(name, disk)

        def connect(path: Path) -> sqlite3.Connection:
            self.connection = connection = cast("sqlite3.Connection", _Connection(path, name, disk))
            make_durable(connection)
            if checkpoint_pages:
                connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")
            return connection

        def sync_file(path: Path) -> None:
            if path.exists():
                _sync_by_hand(disk, path.name)

        try:
            super().__init__(path, connect=connect, sync_file=sync_file)
        except BaseException:
            self.let_go()
            raise

    def show_a_screen(self) -> None:
        """Let a reader hold the file open, as in a box that serves: then a store that is reopened is not the last to close it."""
        flags = apsw.SQLITE_OPEN_READONLY
        self._reader = apsw.Connection(str(self.path), flags=flags, vfs=self._vfs_name)
        self._reader.execute("SELECT count(*) FROM journal").fetchall()

    def let_go(self) -> None:
        """The process ends, or the box has no power: the files are closed, whatever the disk says to that."""
        with contextlib.suppress(sqlite3.Error, PowerCut):
            self.connection.close()
        if self._reader is not None:
            with contextlib.suppress(apsw.Error):
                self._reader.close()

    def abandon(self) -> None:
        """The power goes, if it has not gone yet."""
        self._disk.is_off = True
        self.let_go()


def _sync_by_hand(disk: FaultyDisk, name: str) -> None:
    """A sync that the store asks the operating system for itself."""
    fault = disk.step("sync", name)
    if fault == "power":
        raise PowerCut
    if fault == "lie":
        return
    if fault is not None:
        disk.sync_failed(name)
        raise OSError("the disk says no")
    disk.synced(name)
