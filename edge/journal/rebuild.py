"""Building the projections anew from the journal, beside the old ones, and proving both equal (Law 2).

What lives here: the fold into `rebuilt_…` tables, the comparison and the swap. The caller holds the directory's lock, so
nobody else writes. Memory stays bounded however long the journal is.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import msgspec

from edge.journal import queries
from edge.journal.rows import insert_rows
from edge.journal.schema import INDEXES, PROJECTIONS, create_projections
from shared.domain.kernel import Aggregate, Key
from shared.domain.registry import AGGREGATES
from shared.limits import AGGREGATES_CACHED_MAX, REBUILD_DIFFERENCES_MAX, VERIFY_PAGE_ENTRIES
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
        self._cache: OrderedDict[Key, Aggregate] = OrderedDict()
        self.changed: dict[Key, int] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        key = (kind, id)
        found = self._cache.get(key)
        if found is None:
            row = self._connection.execute(_LOAD, (kind, id)).fetchone()
            if row is None:
                return None
            found = msgspec.json.decode(row[0], type=AGGREGATES[kind])
            self._cache[key] = found
        self._cache.move_to_end(key)
        assert isinstance(found, cls)
        return found

    def put(self, key: Key, aggregate: Aggregate, sequence: int) -> None:
        self._cache[key] = aggregate
        self._cache.move_to_end(key)
        self.changed[key] = sequence
        if len(self.changed) >= AGGREGATES_CACHED_MAX:
            self.flush()

    def flush(self) -> None:
        rows: list[tuple[object, ...]] = []
        for (kind, id), sequence in self.changed.items():
            aggregate = self._cache[kind, id]
            rows.append((kind, id, aggregate.is_live, sequence, msgspec.json.encode(aggregate).decode()))
        insert_rows(self._connection, _SAVE, rows)
        self.changed.clear()
        while len(self._cache) > AGGREGATES_CACHED_MAX:
            self._cache.popitem(last=False)


def rebuild(connection: sqlite3.Connection, *, swap: bool, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
    """Fold the whole journal into new projections, compare, and put them in place of the old ones unless `swap` is off.

    One transaction: a crash leaves everything as it was. Raises what `fold` raises for an entry that does not fit.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        create_projections(connection, PREFIX)
        entries, unknown = _fold_all(connection, progress)
        differences = _differences(connection)
        counts = [connection.execute(f"SELECT count(*) FROM {PREFIX}{table}").fetchone()[0] for table in PROJECTIONS]
        if swap:
            _swap(connection)
        else:
            for table in PROJECTIONS:
                connection.execute(f"DROP TABLE {PREFIX}{table}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return Rebuilt(entries=entries, commands=counts[0], aggregates=counts[1], unknown_events=unknown, differences=differences, swapped=swap)


def _fold_all(connection: sqlite3.Connection, progress: Callable[[int], None]) -> tuple[int, int]:
    view, last, unknown = _View(connection), 0, 0
    while page := connection.execute(queries.ENTRIES_AFTER, (last, VERIFY_PAGE_ENTRIES)).fetchall():
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
        insert_rows(connection, _ADD_COMMAND, commands)
        progress(last)
    view.flush()
    return last, unknown


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


def _swap(connection: sqlite3.Connection) -> None:
    for table in PROJECTIONS:
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE {PREFIX}{table} RENAME TO {table}")
    for index in INDEXES:
        connection.execute(f"DROP INDEX {PREFIX}{index}")
    create_projections(connection, tables=False)
