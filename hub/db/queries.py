"""Loads SQL that is written as SQL: files in `sql/` with one commented statement after each `-- name:` line.

What lives here: the reader of such files. What the statements mean stands in them, what is done with the rows in the stores.
"""

from functools import cache
from pathlib import Path

__all__ = ["load"]

_MARK = "-- name: "


@cache
def load(name: str) -> dict[str, str]:
    """The statements of `sql/<name>.sql` by name. Raises ValueError when a name stands twice."""
    statements: dict[str, list[str]] = {}
    comments: list[str] = []  # they belong to what follows them
    current: list[str] = []
    for line in (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8").splitlines():
        if line.startswith(_MARK):
            key = line.removeprefix(_MARK).strip()
            if key in statements:
                raise ValueError(f"{name}.sql names {key!r} twice")
            current = statements.setdefault(key, [])
        if line.startswith("--"):
            comments.append(line)
        elif line.strip():
            current += [*comments, line]
            comments = []
    return {key: "\n".join(lines) for key, lines in statements.items()}
