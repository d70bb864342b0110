"""Filling a journal with entries that others kept of it, while nobody serves the file.

What lives here: appending runs of entries whose chain the caller has proven, and making the projections that belong to them. A power
cut in between leaves a journal that is shorter, and projections marked as of no format, which the next start builds anew. Where
entries come from is not known here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from edge.app.keepsakes import KeptDevice
from edge.journal import queries
from edge.journal.rebuild import rebuild
from edge.journal.rows import insert_rows
from edge.journal.schema import format_of
from edge.journal.store import SqliteStore
from shared.domain.registry import STATE_FORMAT
from shared.protocol.entry import START, Position, StoredEntry

__all__ = ["Refill"]


class Refill:
    """A journal file that is being filled. Raises sqlite3.Error as the disk does."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file."""
        self.store = SqliteStore(path)
        self.head = self.store.head().position
        self.begins = self.store.begins()

    def entry(self, sequence: int) -> StoredEntry | None:
        """The entry at a sequence; None for one that is not there, or was trimmed."""
        row = self.store.connection.execute(queries.ENTRY_AT, (sequence,)).fetchone()
        return None if row is None else StoredEntry(*row)

    def append(self, run: Sequence[StoredEntry]) -> None:
        """Put entries that follow `head` on disk, synced, in one transaction that also marks the projections as void."""
        connection = self.store.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("PRAGMA user_version = 0")
            insert_rows(connection, queries.APPEND, [(each.sequence, each.epoch, each.hash, each.entry) for each in run])
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.head = run[-1].position

    def last_before(self, epoch: int) -> Position:
        """The last position of an earlier epoch than that; START where there is none."""
        row = self.store.connection.execute(queries.LAST_BEFORE_EPOCH, (epoch,)).fetchone()
        return START if row is None else StoredEntry(*row).position

    def project(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Make the projections of the whole journal, unless they are there. Raises what `fold` raises for an entry that does not fit."""
        if format_of(self.store.connection) != STATE_FORMAT:
            rebuild(self.store.connection, swap=True, compare=False, progress=progress)

    def keep_devices(self, devices: Sequence[KeptDevice]) -> int:
        """Know those devices that the file does not know yet; how many there are then. Raises ValueError for a hash that is none."""
        known = {str(row[0]) for row in self.store.connection.execute(queries.DEVICES)}
        for each in devices:
            if each.device_id not in known:
                self.store.add_device(each.device_id, each.name, each.role, bytes.fromhex(each.token_hash))
                known.add(each.device_id)
        return len(known)

    def device_names(self) -> dict[str, str]:
        """The names of devices by their ids."""
        return {str(row[0]): str(row[1]) for row in self.store.connection.execute(queries.DEVICE_ROWS)}

    def close(self) -> None:
        self.store.close()
