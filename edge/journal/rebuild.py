"""Building the projections anew from the journal, beside the old ones, and proving both equal (Law 2).

What lives here: the fold into `rebuilt_…` tables, the comparison and the swap. The caller holds the directory's lock, so
nobody else writes. Memory and the WAL stay bounded however long the journal is: the new tables are written in many transactions,
and put in place of the old ones in one. A crash before that leaves tables that nobody reads, and the next rebuild begins anew.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import msgspec

from edge.app.cache import StateCache
from edge.journal import queries
from edge.journal.checkpoint import read_checkpoint
from edge.journal.raise_checkpoint import RAISED, drop_raised, ensure_way, put_raised_in_place, raise_beside
from edge.journal.rows import insert_rows
from edge.journal.schema import PROJECTIONS, create_indexes, create_projections, mark_format
from shared.domain.kernel import Aggregate, Key
from shared.domain.registry import AGGREGATES
from shared.limits import (
    AGGREGATES_CACHED_MAX,
    REBUILD_CACHED_BYTES_MAX,
    REBUILD_DIFFERENCES_MAX,
    REBUILD_FLUSH_AGGREGATES,
    REBUILD_SORT_KIB,
    VERIFY_PAGE_ENTRIES,
)  # fmt: skip
from shared.protocol.entry import StoredEntry, decode_entry
from shared.protocol.fold import fold

__all__ = ["Rebuilt", "rebuild"]

A = TypeVar("A", bound=Aggregate)
PREFIX = "rebuilt_"
_LOAD = queries.LOAD.format(prefix=PREFIX)
_SAVE = queries.SAVE.format(prefix=PREFIX, rows="{rows}")
_ADD_COMMAND = queries.ADD_COMMAND.format(prefix=PREFIX, rows="{rows}")


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `differences` names rows that the old projections had otherwise, at most REBUILD_DIFFERENCES_MAX."""

    entries: int
    aggregates: int
    commands: int
    unknown_events: int
    differences: tuple[str, ...]
    swapped: bool


class _View:
    """State while folding: what changed since the last flush, a bounded cache, and the table below."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cache = StateCache(AGGREGATES_CACHED_MAX, REBUILD_CACHED_BYTES_MAX)
        self._changed: dict[Key, tuple[Aggregate, int]] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        key = (kind, id)
        changed = self._changed.get(key)
        found = changed[0] if changed is not None else self._cache.get(key)
        if found is None:
            row = self._connection.execute(_LOAD, key).fetchone()
            if row is None:
                return None
            found = msgspec.json.decode(row[0], type=AGGREGATES[kind])
            self._cache.put(key, found, len(row[0]))
        assert isinstance(found, cls)
        return found

    def put(self, key: Key, aggregate: Aggregate, sequence: int) -> None:
        self._changed[key] = (aggregate, sequence)
        if len(self._changed) >= REBUILD_FLUSH_AGGREGATES:
            self.flush()

    def flush(self) -> None:
        """Write what has changed, in the order of the table, so that neighbours share a page."""
        rows: list[tuple[object, ...]] = []
        for key, (aggregate, sequence) in sorted(self._changed.items(), key=lambda item: item[0]):
            state = msgspec.json.encode(aggregate).decode()
            rows.append((*key, aggregate.is_live, sequence, state))
            self._cache.put(key, aggregate, len(state))
        insert_rows(self._connection, _SAVE, rows)
        self._changed.clear()


def rebuild(
    connection: sqlite3.Connection, *, swap: bool, compare: bool = True, progress: Callable[[int], None] = lambda _: None
) -> Rebuilt:
    """Fold the whole journal into new projections, compare them (unless `compare` is off), and put them in place of the old
    ones unless `swap` is off. `progress` is told the sequence reached.

    What a checkpoint holds in an older state format is brought up to this one, and put in place with the rest. A crash or an error leaves
    everything as it was. Raises what `fold` raises for an entry that does not fit, and OperatorError `journal.checkpoint_format`.
    """
    ensure_way(connection)
    _drop(connection)
    try:
        # In WAL this loses nothing: the swap below is synced, and with it whatever stands before it in the WAL.
        connection.execute("PRAGMA synchronous = NORMAL")
        with _transaction(connection):
            create_projections(connection, PREFIX)
        is_raised = raise_beside(connection, lambda: _transaction(connection))
        entries, unknown = _fold_all(connection, progress, RAISED if is_raised else "checkpoint_")
        differences = _differences(connection) if compare else ()
        counts = [connection.execute(f"SELECT count(*) FROM {PREFIX}{table}").fetchone()[0] for table in PROJECTIONS]
        connection.execute("PRAGMA synchronous = FULL")
        if swap:
            _swap(connection, is_raised)
    finally:
        connection.execute("PRAGMA synchronous = FULL")
        _drop(connection)
    return Rebuilt(entries=entries, commands=counts[0], aggregates=counts[1], unknown_events=unknown, differences=differences, swapped=swap)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _drop(connection: sqlite3.Connection) -> None:
    """Forget new tables that were not put in place: of this rebuild, or of one that was cut short."""
    with _transaction(connection):
        for table in PROJECTIONS:
            connection.execute(f"DROP TABLE IF EXISTS {PREFIX}{table}")
        drop_raised(connection)


def _fold_all(connection: sqlite3.Connection, progress: Callable[[int], None], source: str) -> tuple[int, int]:
    """(last sequence, entries of an unknown type). What was trimmed is taken from the checkpoint, in the tables that `source` prefixes."""
    view, last, unknown = _View(connection), _begin(connection, source), 0
    while page := connection.execute(queries.ENTRIES_AFTER, (last, VERIFY_PAGE_ENTRIES)).fetchall():
        with _transaction(connection):
            commands: list[tuple[object, ...]] = []
            for row in page:
                stored = StoredEntry(*row)
                entry = decode_entry(stored.entry)
                if entry.ordinal == 0:
                    commands.append((UUID(entry.command).bytes, bytes.fromhex(entry.digest), entry.sequence, entry.of))
                changes = fold(view, entry)
                unknown += changes is None
                for key, aggregate in (changes or {}).items():
                    view.put(key, aggregate, entry.sequence)
                last = stored.sequence
            insert_rows(connection, _ADD_COMMAND, sorted(commands))
            view.flush()
        progress(last)
    return last, unknown


def _begin(connection: sqlite3.Connection, source: str) -> int:
    """The sequence after which the journal holds entries; what those before it came to is put into the new tables."""
    with _transaction(connection):
        for table in PROJECTIONS:
            connection.execute(queries.COPY_CHECKPOINT.format(prefix=PREFIX, source=source, table=table))
    return read_checkpoint(connection).position.sequence


def _differences(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What differs, in words. States are compared as what they mean: an older release wrote fewer fields."""
    found: list[str] = []
    for sql, name in ((queries.AGGREGATES_DIFFER, "aggregate"), (queries.COMMANDS_DIFFER, "command")):
        for row in connection.execute(sql):
            if name == "aggregate" and _means_the_same(*row):
                continue
            found.append(f"{name} {row[0]} {row[1] if name == 'aggregate' else ''}".rstrip())
            if len(found) >= REBUILD_DIFFERENCES_MAX:
                return tuple(found)
    return tuple(found)


def _means_the_same(kind: str, id: str, old: str | None, new: str | None, same_cursor: int) -> bool:
    if old is None or new is None or not same_cursor:
        return False
    return msgspec.json.decode(old, type=AGGREGATES[kind]) == msgspec.json.decode(new, type=AGGREGATES[kind])


def _swap(connection: sqlite3.Connection, is_raised: bool) -> None:
    """Put the new tables in place, in one transaction: before it the old ones stand, after it the new."""
    cache = connection.execute("PRAGMA cache_size").fetchone()[0]
    connection.execute(f"PRAGMA cache_size = -{REBUILD_SORT_KIB}")  # an index is sorted in as much memory as the cache may take, beside it
    try:
        _put_in_place(connection, is_raised)
    finally:
        connection.execute(f"PRAGMA cache_size = {cache}")


def _put_in_place(connection: sqlite3.Connection, is_raised: bool) -> None:
    with _transaction(connection):
        if is_raised:
            put_raised_in_place(connection)
        for table in PROJECTIONS:
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE {PREFIX}{table} RENAME TO {table}")
        create_indexes(connection)
        mark_format(connection)
