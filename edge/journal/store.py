"""The journal in SQLite: the one connection that writes and checkpoints.

What lives here: `SqliteStore`, the `Store` port over a file. It knows tables and durability, but no command, no HTTP and no
NATS. WAL with `synchronous=FULL`: a commit that returns is on disk (Law 1). Only this connection writes and checkpoints,
because SQLite before 3.51.3 can corrupt a WAL when two do at once; readers (reader.py) open read-only.
"""

import os
import sqlite3
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from edge.app.ports import CommandRecord, CommitUnknownError, Head, StorageFullError, Write
from edge.journal import checkpoint, queries
from edge.journal.raise_checkpoint import raise_now
from edge.journal.rows import insert_rows, select_rows
from edge.journal.schema import migrate
from shared.limits import JOURNAL_CHECKPOINT_PAGES, SQLITE_BUSY_TIMEOUT_S
from shared.protocol.entry import START, Position, StoredEntry, decode_entry

__all__ = ["SqliteStore", "connect", "make_durable", "sync_file"]


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write: WAL, FULL, explicit transactions, usable from the thread it is handed to."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=SQLITE_BUSY_TIMEOUT_S)
    try:
        make_durable(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """Set up a fresh connection so that what it commits is on disk (Law 1)."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16000")  # kilobytes
    connection.execute(f"PRAGMA wal_autocheckpoint = {JOURNAL_CHECKPOINT_PAGES}")


def sync_file(path: Path) -> None:
    """Put what the operating system holds of a file on disk; a file that is not there needs nothing."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(file)
    finally:
        os.close(file)


class SqliteStore:
    """A journal file. One thread at a time uses it."""

    def __init__(
        self, path: Path, *, connect: Callable[[Path], sqlite3.Connection] = connect, sync_file: Callable[[Path], None] = sync_file
    ) -> None:
        """Opens or creates the file and brings its tables up to date. Raises sqlite3.Error.

        A test of faults passes a `connect` and a `sync_file` over a disk of its own.
        """
        self.path = path
        self._connect, self._sync_file = connect, sync_file
        self.connection = connect(path)
        migrate(self.connection)

    def close(self) -> None:
        self.connection.close()

    def reopen(self) -> None:
        """Close, open, and let SQLite recover from the WAL. Raises sqlite3.Error or OSError while that cannot be done.

        What is found afterwards is on disk: a commit that failed in its sync may show entries that only the operating system
        holds, and the next repeat of their command would be answered from them (Law 1).
        """
        self.connection.close()
        self._sync_file(self.path.with_name(f"{self.path.name}-wal"))
        self.connection = self._connect(self.path)

    def head(self) -> Head:
        row = self.connection.execute(queries.HEAD).fetchone()
        if row is None:
            return Head(START, None)
        stored = StoredEntry(*row)
        return Head(stored.position, decode_entry(stored.entry).at)

    def find_commands(self, command_ids: Collection[str]) -> dict[str, CommandRecord]:
        ids = {_id_bytes(command_id): command_id for command_id in command_ids}
        found: dict[str, CommandRecord] = {}
        for rows in select_rows(self.connection, queries.FIND_COMMANDS, list(ids)):
            found[ids[rows[0]]] = CommandRecord(ids[rows[0]], rows[1].hex(), rows[2], rows[3])
        return found

    def entries(self, after_sequence: int, limit: int) -> list[StoredEntry]:
        return [StoredEntry(*row) for row in self.connection.execute(queries.ENTRIES_AFTER, (after_sequence, limit))]

    def load(self, kind: str, id: str) -> bytes | None:
        row = self.connection.execute(_LOAD, (kind, id)).fetchone()
        return None if row is None else row[0].encode()

    def document(self, version: str) -> bytes | None:
        row = self.connection.execute(queries.DOCUMENT, (version,)).fetchone()
        return None if row is None else row[0]

    def put_document(self, version: str, kind: str, body: bytes) -> None:
        self._transaction([(queries.PUT_DOCUMENT, [(version, kind, body, datetime.now(UTC).isoformat())])])

    def put_follower(self, name: str, position: str, info: str, updated_at: datetime) -> None:
        """Keep where a follower stands."""
        self._transaction([(queries.PUT_FOLLOWER, [(name, position, info, updated_at.isoformat())])])

    def forget_follower(self, name: str) -> None:
        """Keep no more where a follower stands."""
        self._transaction([(queries.FORGET_FOLLOWER, [(name,)])])

    def add_device(self, device_id: str, name: str, role: str, token_hash: bytes) -> None:
        """Keep a device and the SHA-256 of its token."""
        self._transaction([(queries.ADD_DEVICE, [(device_id, name, role, token_hash, datetime.now(UTC).isoformat())])])

    def commit(self, write: Write) -> None:
        """One transaction, synced. See the port for its errors."""
        self._transaction(rows_of(write))

    def begins(self) -> Position:
        return checkpoint.begins(self.connection)

    def trim(self, through: int) -> Position:
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                raise_now(connection)
                position = checkpoint.trim_step(connection, through)
            except Exception:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _trouble(error) from error
        return position

    def _transaction(self, statements: list[tuple[str, list[tuple[object, ...]]]]) -> None:
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for sql, rows in statements:
                insert_rows(connection, sql, rows)
            connection.execute("COMMIT")
        except sqlite3.IntegrityError:
            connection.execute("ROLLBACK")
            raise  # two entries at one sequence: a defect, or a second writer; never to be papered over
        except sqlite3.Error as error:
            raise _trouble(error) from error


def _trouble(error: sqlite3.Error) -> StorageFullError | CommitUnknownError:
    """The trouble of a transaction, as the port names it."""
    is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL  # not every error has a code
    return StorageFullError(str(error)) if is_full else CommitUnknownError(str(error))


_LOAD = queries.LOAD.format(prefix="")
_SAVE = queries.SAVE.format(prefix="", rows="{rows}")
_ADD_COMMAND = queries.ADD_COMMAND.format(prefix="", rows="{rows}")


def _id_bytes(command_id: str) -> bytes:
    """The 16 bytes of a UUID in canonical form."""
    return bytes.fromhex(command_id.replace("-", ""))


def rows_of(write: Write) -> list[tuple[str, list[tuple[object, ...]]]]:
    """The statements of a write with their rows."""
    return [
        (queries.APPEND, [(entry.sequence, entry.epoch, entry.hash, entry.entry) for entry in write.entries]),
        (_ADD_COMMAND, [(_id_bytes(c.command_id), bytes.fromhex(c.digest), c.first_sequence, c.count) for c in write.commands]),
        (
            _SAVE,
            [(kind, id, row.is_live, row.updated_sequence, row.state.decode()) for (kind, id), row in write.aggregates.items()],
        ),
    ]
