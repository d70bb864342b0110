"""Checking a journal: is it whole, and is every entry the one that was written?

What lives here: the walk over the chain. It reads only, so it may run beside a serving edge.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge.journal import queries
from edge.journal.checkpoint import Checkpoint, has_checkpoint, read_checkpoint, state_hash
from shared.limits import VERIFY_PAGE_ENTRIES
from shared.operator_error import OperatorError
from shared.protocol.entry import START, Position, StoredEntry, decode_entry, entry_hash

__all__ = ["Verified", "open_read_only", "verify"]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. `bad_sequence` is the first entry at fault, None for a whole journal; `problem` says what is wrong.

    `begins` is the checkpoint behind which the journal was trimmed, or the beginning. `ahead` names followers that have seen more than
    the journal holds: its tail was cut (Law 2).
    """

    entries: int
    head: str
    bad_sequence: int | None = None
    problem: str = ""
    begins: str = str(START)
    ahead: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.bad_sequence is None and not self.ahead


def open_read_only(path: Path) -> sqlite3.Connection:
    """A read-only connection. Raises OperatorError `journal.missing`."""
    if not path.exists():
        raise OperatorError("journal.missing", f"{path} does not exist.", "Name the right directory with --data-dir.")
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)


def verify(path: Path, site_id: str, progress: Callable[[int], None] = lambda _: None) -> Verified:
    """Walk the chain of a journal file from its checkpoint, if it was trimmed, else from its first entry. `progress` is told the sequence reached.

    Checks that sequences have no gap, epochs never go back, each hash follows from the one before, and each entry's own
    header agrees with its place and site. Raises OperatorError `journal.missing` or `journal.unusable`.
    """
    connection = open_read_only(path)
    try:
        connection.execute("BEGIN")
        checkpoint = read_checkpoint(connection) if has_checkpoint(connection) else Checkpoint()
        last = checkpoint.position
        if last.sequence and state_hash(connection) != checkpoint.state_hash:
            problem = "what it comes to, with all before it, is not what was kept of it when it was trimmed"
            return Verified(entries=0, head=str(last), bad_sequence=last.sequence, problem=problem, begins=str(last))
        begins = str(last)
        while page := connection.execute(queries.ENTRIES_AFTER, (last.sequence, VERIFY_PAGE_ENTRIES)).fetchall():
            for row in page:
                entry = StoredEntry(*row)
                problem = _problem(last, entry, site_id)
                if problem:
                    return Verified(
                        entries=last.sequence, head=str(last), bad_sequence=last.sequence + 1, problem=problem, begins=begins
                    )  # fmt: skip
                last = entry.position
            progress(last.sequence)
        return Verified(entries=last.sequence, head=str(last), ahead=_ahead(connection, last), begins=begins)
    except sqlite3.Error as error:
        raise OperatorError("journal.unusable", f"{path} cannot be read: {error}", "Restore the box from hub or mirror.") from error
    finally:
        connection.close()


def _problem(last: Position, entry: StoredEntry, site_id: str) -> str:
    """What is wrong with the entry that follows `last`, or nothing."""
    if entry.sequence != last.sequence + 1:
        return f"entries {last.sequence + 1} to {entry.sequence - 1} are missing"
    if entry.epoch < last.epoch:
        return f"epoch {entry.epoch} follows epoch {last.epoch}"
    if entry_hash(last.hash, entry.entry) != entry.hash:
        return "its hash does not follow from its bytes and the entry before"
    try:
        said = decode_entry(entry.entry)
    except msgspec.DecodeError as error:
        return f"it cannot be read: {error}"
    if (said.site, said.epoch, said.sequence) != (site_id, entry.epoch, entry.sequence):
        return f"it says that it is entry {said.epoch}.{said.sequence} of site {said.site}"
    return ""


def _ahead(connection: sqlite3.Connection, last: Position) -> tuple[str, ...]:
    found: list[str] = []
    for name, position in connection.execute(queries.FOLLOWERS):
        if position and Position.parse(position).sequence > last.sequence:  # what fenced the box is kept there too, and has none
            found.append(name)
    return tuple(found)
