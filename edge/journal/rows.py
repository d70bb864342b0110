"""Many rows in one statement.

What lives here: filling in the `{rows}` of a statement. Python's sqlite3 lets go of the interpreter's lock at every step and
has to win it back from the event loop; a statement for each row would do so hundreds of times a group.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["insert_rows", "select_rows", "select_statement"]

# Rows in one statement: few sizes, so that SQLite's prepared statements are found again.
_SIZES = (64, 16, 4, 1)


@lru_cache(maxsize=128)
def _insert(sql: str, size: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return sql.format(rows=", ".join([row] * size))


def select_statement(sql: str, keys: Sequence[object]) -> tuple[str, list[object]]:
    """A statement that says `IN {rows}`, for at least one key, with its parameters: of few sizes, the last key filling up."""
    size = -(-len(keys) // _SIZES[0]) * _SIZES[0] if len(keys) > _SIZES[0] else next(size for size in reversed(_SIZES) if size >= len(keys))
    return _select(sql, size), [*keys, *[keys[-1]] * (size - len(keys))]


@lru_cache(maxsize=32)
def _select(sql: str, size: int) -> str:
    return sql.format(rows=f"({', '.join('?' * size)})")


def insert_rows(connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert every row by a statement that says `VALUES {rows}`. Raises sqlite3.Error."""
    at = 0
    for size in _SIZES:
        while len(rows) - at >= size:
            values = [value for row in rows[at : at + size] for value in row]
            connection.execute(_insert(sql, size, len(rows[at])), values)
            at += size


def select_rows(connection: sqlite3.Connection, sql: str, keys: Sequence[object]) -> Iterator[Any]:
    """The rows for `keys` by a statement that says `IN {rows}`. Raises sqlite3.Error."""
    for at in range(0, len(keys), _SIZES[0]):
        yield from connection.execute(*select_statement(sql, keys[at : at + _SIZES[0]]))
