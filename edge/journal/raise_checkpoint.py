"""After an update: the states of a checkpoint that an older release made, brought up to this release's format beside the old ones.

What lives here: the copy, the putting in place, and the refusal where there is no way up. What a step means is the domain's business
(shared/domain/upgrade.py); when it is taken is that of rebuild.py and store.py.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import msgspec

from edge.journal import queries
from edge.journal.checkpoint import Row, has_checkpoint, read_checkpoint, state_hash
from edge.journal.rows import insert_rows
from edge.journal.schema import create_projections
from shared.domain.registry import AGGREGATES, STATE_FORMAT
from shared.domain.upgrade import StateRow, Upgrade, brought_up, steps_between
from shared.limits import REBUILD_FLUSH_AGGREGATES
from shared.operator_error import OperatorError

__all__ = ["RAISED", "drop_raised", "ensure_way", "ensure_way_of_file", "put_raised_in_place", "raise_beside", "raise_now"]

RAISED = "raised_"
_TABLES = ("commands", "aggregates")
_SAVE = queries.SAVE.format(prefix=RAISED, rows="{rows}")


def ensure_way(connection: sqlite3.Connection) -> list[Upgrade]:
    """The steps that bring the checkpoint to this release's format: none if it is in it. Raises OperatorError
    `journal.checkpoint_format` where there is no way; nothing was touched then."""
    found = read_checkpoint(connection).format
    steps = steps_between(found, STATE_FORMAT)
    if steps is None:
        raise OperatorError(
            "journal.checkpoint_format",
            f"This box has trimmed its journal, what older entries come to is kept in state format {found}, and this release, of format "
            f"{STATE_FORMAT}, cannot read that. Nothing was touched.",
            "Install the release from before again. To go on with this one bring the whole journal back: claim the site anew, and "
            "`comanda edge restore` into an empty directory (docs/runbooks/swap.md).",
        )
    return list(steps)


def ensure_way_of_file(path: Path) -> None:
    """The same of a journal's file, if there is one, before anything opens it to write. Raises sqlite3.Error too."""
    if path.exists():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            if has_checkpoint(connection):
                ensure_way(connection)


def drop_raised(connection: sqlite3.Connection) -> None:
    """Forget what was not put in place, in the transaction that is open."""
    for table in _TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {RAISED}{table}")


def raise_beside(connection: sqlite3.Connection, transaction: Callable[[], AbstractContextManager[None]]) -> bool:
    """Make tables beside those of the checkpoint that hold it in this release's format; False where it is in it already.

    Each bounded run of rows is written in a `transaction()`. Raises OperatorError like `ensure_way`, and LookupError or ValueError for
    a step that leads to states that this release cannot read.
    """
    steps = ensure_way(connection)
    if not steps:
        return False
    with transaction():
        drop_raised(connection)
        create_projections(connection, RAISED)
    pending: list[Row] = []
    for row in _raised_rows(connection, steps):
        pending.append(row)
        if len(pending) >= REBUILD_FLUSH_AGGREGATES:
            with transaction():
                insert_rows(connection, _SAVE, pending)
            pending.clear()
    with transaction():
        insert_rows(connection, _SAVE, pending)
        connection.execute(queries.COPY_CHECKPOINT.format(prefix=RAISED, source="checkpoint_", table="commands"))
    return True


def put_raised_in_place(connection: sqlite3.Connection) -> None:
    """Put what was made beside in the place of the checkpoint, in the transaction that is open; its hash is reckoned anew. Where the old
    one did not agree with its rows, it stays: `verify` must go on showing the damage."""
    before = read_checkpoint(connection)
    is_whole = state_hash(connection) == before.state_hash
    for table in _TABLES:
        connection.execute(f"DROP TABLE checkpoint_{table}")
        connection.execute(f"ALTER TABLE {RAISED}{table} RENAME TO checkpoint_{table}")
    last = before.position
    total = state_hash(connection) if is_whole else before.state_hash
    connection.execute(queries.PUT_CHECKPOINT, (last.epoch, last.sequence, last.hash, total, STATE_FORMAT))


def raise_now(connection: sqlite3.Connection) -> None:
    """All of it in the transaction that is open. Raises like `raise_beside`."""
    if raise_beside(connection, nullcontext):
        put_raised_in_place(connection)


def _raised_rows(connection: sqlite3.Connection, steps: list[Upgrade]) -> Iterator[Row]:
    """Rows as the table has them. One that a step has added is as old as the checkpoint."""
    begins = read_checkpoint(connection).position.sequence
    for kind, id, state in brought_up(_Kept(connection), steps):
        aggregate = msgspec.json.decode(msgspec.json.encode(state), type=AGGREGATES[kind])
        found = connection.execute(queries.CHECKPOINT_AGGREGATE, (kind, id)).fetchone()
        updated_sequence = begins if found is None else found[3]
        yield kind, id, int(aggregate.is_live), updated_sequence, msgspec.json.encode(aggregate).decode()


class _Kept:
    """The rows of the checkpoint as it is kept, a page at a time: they can be gone through again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __iter__(self) -> Iterator[StateRow]:
        kind, id = "", ""
        while page := self._connection.execute(queries.CHECKPOINT_PAGE, (kind, id, REBUILD_FLUSH_AGGREGATES)).fetchall():
            for kind, id, state in page:
                yield StateRow(kind, id, msgspec.json.decode(state))
