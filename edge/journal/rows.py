"""Many rows in one statement.

What lives here: filling in the `{rows}` of a statement. Python's sqlite3 lets go of the interpreter's lock at every step and
has to win it back from the event loop; a statement for each row would do so hundreds of times a group.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["insert_rows", "select_rows"]

# Rows in one statement: few sizes, so that SQLite's prepared statements are found again.
_SIZES = (64, 16, 4, 1)


@lru_cache(maxsize=128)
def _insert(sql: str, size: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return sql.format(rows=", ".join([row] * size))


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
        some = keys[at : at + _SIZES[0]]
        size = next(size for size in reversed(_SIZES) if size >= len(some))
        yield from connection.execute(_select(sql, size), [*some, *[some[0]] * (size - len(some))])
