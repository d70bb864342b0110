"""The checkpoint: what the entries come to that a box has trimmed (Law 4).

What lives here: the step that folds the oldest entries into the checkpoint's tables and forgets them, in one transaction, and the
hash that the checkpoint stands under. How far may be trimmed is decided in edge/app/retention.py, never here.

The hash of a state of many rows must follow from the one before and the rows that changed: it is the sum, modulo 2^256, of the
SHA-256 of every row. A row that was changed on disk, added or lost shows, in any order of the rows.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from edge.app.retention import may_begin_after
from edge.journal import queries
from edge.journal.rows import insert_rows
from shared.domain.kernel import Aggregate, Key
from shared.domain.registry import AGGREGATES, STATE_FORMAT
from shared.limits import EVENTS_PER_COMMAND_MAX, TRIM_CHUNK_ENTRIES
from shared.protocol.entry import START, Entry, Position, StoredEntry, decode_entry, entry_hash
from shared.protocol.fold import fold

__all__ = ["Checkpoint", "Row", "begins", "has_checkpoint", "read_checkpoint", "state_hash", "trim_step"]

A = TypeVar("A", bound=Aggregate)
PREFIX = "checkpoint_"
_LOAD = queries.LOAD.format(prefix=PREFIX)
_SAVE = queries.SAVE.format(prefix=PREFIX, rows="{rows}")
_ADD_COMMAND = queries.ADD_COMMAND.format(prefix=PREFIX, rows="{rows}")
_MODULUS = 1 << 256

Row = tuple[object, ...]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The position behind which entries were forgotten, what they come to as a hash (32 bytes), and the state format of that."""

    position: Position = START
    state_hash: bytes = bytes(32)
    format: int = STATE_FORMAT


def read_checkpoint(connection: sqlite3.Connection) -> Checkpoint:
    """The checkpoint of a journal; one at START for a journal that was never trimmed."""
    row = connection.execute(queries.CHECKPOINT).fetchone()
    return Checkpoint() if row is None else Checkpoint(position=Position(*row[:3]), state_hash=row[3], format=row[4])


def has_checkpoint(connection: sqlite3.Connection) -> bool:
    """Whether there is a table for it: a file that no release since 0.3 has served has none."""
    return connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'checkpoint'").fetchone()[0] > 0


def begins(connection: sqlite3.Connection) -> Position:
    """The position after which the journal holds entries."""
    return read_checkpoint(connection).position


def state_hash(connection: sqlite3.Connection) -> bytes:
    """The hash of what stands in the checkpoint's tables, reckoned from every row."""
    total = 0
    for sql in (queries.CHECKPOINT_AGGREGATES, queries.CHECKPOINT_COMMANDS):
        total += sum(_row_hash(row) for row in connection.execute(sql))
    return (total % _MODULUS).to_bytes(32)


def trim_step(connection: sqlite3.Connection, through: int) -> Position:
    """Fold whole commands up to sequence `through` into the checkpoint, at most about TRIM_CHUNK_ENTRIES entries, and forget them, in the
    transaction that is open; where the journal now begins. The last entry is never forgotten: the chain goes on from it.

    Raises ValueError for a chain that does not hold or a checkpoint of another state format, and what `fold` raises.
    """
    before = read_checkpoint(connection)
    if before.position.sequence and before.format != STATE_FORMAT:
        raise ValueError(f"the checkpoint is in format {before.format}, this release's is {STATE_FORMAT}")
    run = _run(connection, before.position, through)
    if not run:
        return before.position
    view = _View(connection)
    commands: list[Row] = []
    for stored, entry in run:
        if entry.ordinal == 0:
            commands.append((UUID(entry.command).bytes, bytes.fromhex(entry.digest), entry.sequence, entry.of))
        for key, aggregate in (fold(view, entry) or {}).items():
            view.put(key, aggregate, stored.sequence)
    total = int.from_bytes(before.state_hash) + sum(_row_hash(row) for row in commands) + view.save()
    insert_rows(connection, _ADD_COMMAND, commands)
    last = run[-1][0].position
    connection.execute(queries.FORGET_ENTRIES, (last.sequence,))
    connection.execute(queries.PUT_CHECKPOINT, (last.epoch, last.sequence, last.hash, (total % _MODULUS).to_bytes(32), STATE_FORMAT))
    return last


def _run(connection: sqlite3.Connection, after: Position, through: int) -> list[tuple[StoredEntry, Entry]]:
    """The entries to forget: whole commands, so that an answer is there as a whole or not at all."""
    head = connection.execute(queries.HEAD).fetchone()
    through = min(through, head[1] - 1 if head else 0)
    rows = connection.execute(queries.ENTRIES_AFTER, (after.sequence, TRIM_CHUNK_ENTRIES + EVENTS_PER_COMMAND_MAX)).fetchall()
    run: list[tuple[StoredEntry, Entry]] = []
    whole, last = 0, after
    for row in rows:
        stored = StoredEntry(*row)
        if stored.sequence > through:
            break
        if stored.sequence != last.sequence + 1 or entry_hash(last.hash, stored.entry) != stored.hash:
            raise ValueError(f"the chain is broken at sequence {stored.sequence}: nothing is forgotten")
        last = stored.position
        entry = decode_entry(stored.entry)
        run.append((stored, entry))
        if may_begin_after(entry):
            whole = len(run)
            if whole >= TRIM_CHUNK_ENTRIES:
                break
    return run[:whole]


class _View:
    """State at the checkpoint: what this step changes, over the tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._changed: dict[Key, tuple[Aggregate, int]] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        key = (kind, id)
        if key in self._changed:
            found = self._changed[key][0]
        else:
            row = self._connection.execute(_LOAD, key).fetchone()
            if row is None:
                return None
            found = msgspec.json.decode(row[0], type=AGGREGATES[kind])
        assert isinstance(found, cls)
        return found

    def put(self, key: Key, aggregate: Aggregate, sequence: int) -> None:
        self._changed[key] = (aggregate, sequence)

    def save(self) -> int:
        """Write what has changed; by how much the sum of the rows' hashes changes with it."""
        rows: list[Row] = [
            (*key, int(aggregate.is_live), sequence, msgspec.json.encode(aggregate).decode())
            for key, (aggregate, sequence) in sorted(self._changed.items(), key=lambda item: item[0])
        ]
        gone = _sum_of(lambda key: self._connection.execute(queries.CHECKPOINT_AGGREGATE, key), self._changed)
        insert_rows(self._connection, _SAVE, rows)
        return sum(_row_hash(row) for row in rows) - gone


def _sum_of(select: Callable[[Key], Iterable[Sequence[object]]], keys: Iterable[Key]) -> int:
    return sum(_row_hash(row) for key in keys for row in select(key))


def _row_hash(row: Sequence[object]) -> int:
    return int.from_bytes(hashlib.sha256(msgspec.msgpack.encode(row)).digest())
