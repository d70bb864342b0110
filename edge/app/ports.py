"""The ports between the use cases of the edge and what they stand on.

What lives here: the `Store` of a journal with its records and errors. SQLite implements it (edge/journal), and so does the
simulator; one contract suite runs over both. No HTTP, SQL or NATS is known here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.domain.kernel import Key
from shared.protocol.entry import Position, StoredEntry

__all__ = ["AggregateRow", "CommandRecord", "CommitUnknownError", "Head", "Store", "StorageFullError", "Write"]


class CommitUnknownError(Exception):
    """A commit failed and nobody can say whether it is on disk: the store must be reopened and the state read anew (Law 1)."""


class StorageFullError(Exception):
    """The disk is full; nothing of the write is in the journal."""


class Head(msgspec.Struct, frozen=True):
    """The end of a journal: the last entry's position and its time (UTC), None for an empty journal."""

    position: Position
    at: datetime | None


class CommandRecord(msgspec.Struct, frozen=True, gc=False):
    """An accepted command: which entries it made, and the SHA-256 of what the device sent."""

    command_id: str
    digest: str
    first_sequence: int
    count: int


class AggregateRow(msgspec.Struct, frozen=True, gc=False):
    """An aggregate after the write: its JSON, whether screens still show it, and the last entry that changed it."""

    state: bytes
    is_live: bool
    updated_sequence: int


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: contiguous entries, the commands that made them, the aggregates they changed, the last entry's time."""

    entries: Sequence[StoredEntry]
    commands: Sequence[CommandRecord]
    aggregates: Mapping[Key, AggregateRow]
    at: datetime


class Store(Protocol):
    """A site's journal and its projections. Used by one thread; every method may raise OSError-like trouble of its engine."""

    def head(self) -> Head: ...

    def find_commands(self, command_ids: Collection[str]) -> dict[str, CommandRecord]:
        """Those of the commands (UUIDs) that were accepted before, by id."""
        ...

    def entries(self, after_sequence: int, limit: int) -> list[StoredEntry]:
        """Up to `limit` entries after a sequence, in order."""
        ...

    def load(self, kind: str, id: str) -> bytes | None:
        """The JSON of an aggregate, or None."""
        ...

    def document(self, version: str) -> bytes | None:
        """A received document by its content hash, or None."""
        ...

    def put_document(self, version: str, kind: str, body: bytes) -> None:
        """Keep a received document durably; the same twice is no change. Raises as `commit` does."""
        ...

    def commit(self, write: Write) -> None:
        """Put the write on disk, synced, as a whole. Raises StorageFullError or CommitUnknownError, and then needs `reopen`."""
        ...

    def reopen(self) -> None:
        """Let go of the file and open it anew, after a commit that failed. What is read afterwards is on disk, synced."""
        ...
