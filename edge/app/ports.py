"""The ports between the use cases of the edge and what they stand on.

What lives here: the `Store` of a journal with its records and errors, which SQLite implements (edge/journal), and so does the
simulator; and the `CardPort` to a card network. One contract suite for each runs over all that implement it. No HTTP, SQL or NATS
is known here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.domain.kernel import Key
from shared.protocol.entry import Position, StoredEntry

__all__ = [
    "AggregateRow", "CardApproval", "CardCharge", "CardDeclinedError", "CardKeyReusedError", "CardOutcomeUnknownError", "CardPort",
    "CardsUnreachableError", "CommandRecord", "CommitUnknownError", "Head", "Store", "StorageFullError", "Write",
]  # fmt: skip


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

    def begins(self) -> Position:
        """The position after which entries are held: START, or the checkpoint behind which the journal was trimmed."""
        ...

    def trim(self, through: int) -> Position:
        """Fold a bounded run of whole commands, none of them after sequence `through` nor the last entry, into the checkpoint, and forget
        their entries, in one synced transaction; where the journal now begins. Raises as `commit` does, and ValueError for a
        chain that does not hold: then nothing was forgotten."""
        ...

    def reopen(self) -> None:
        """Let go of the file and open it anew, after a commit that failed. What is read afterwards is on disk, synced."""
        ...


# --- cards ---------------------------------------------------------------------------------------


class CardsUnreachableError(Exception):
    """No card network is there. Nothing was asked, and nothing has happened. Said within CARD_REFUSAL_S (Law 7)."""


class CardDeclinedError(Exception):
    """The network said no; `reason` is its word for why. Nothing has happened."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CardOutcomeUnknownError(Exception):
    """The network was asked and gave no answer in time: nobody can say what happened. The same key asked again finds out."""


class CardKeyReusedError(Exception):
    """The key was used to ask for something else."""


class CardCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a card: `amount_minor` of a currency, under an idempotency key, answered within `deadline_s` seconds."""

    key: str
    amount_minor: int
    currency: str
    deadline_s: float


class CardApproval(msgspec.Struct, frozen=True, kw_only=True):
    """What the network said: its approval code, and its own reference for what was done."""

    approval_code: str
    reference: str


class CardPort(Protocol):
    """A card network. Whatever is asked has a key: the same key asks for the same thing and happens once (Law 3).

    Every method raises CardsUnreachableError, CardDeclinedError, CardOutcomeUnknownError or CardKeyReusedError, and nothing else.
    """

    async def authorise(self, charge: CardCharge) -> CardApproval:
        """Let the card pay. It can be cancelled; what was cancelled is declined when it is asked again."""
        ...

    async def preauthorise(self, charge: CardCharge) -> CardApproval:
        """Hold the amount on the card without taking it."""
        ...

    async def capture(self, charge: CardCharge, held_key: str) -> CardApproval:
        """Take the amount from what is held under `held_key`, which then is held no longer."""
        ...

    async def refund(self, charge: CardCharge, paid_key: str) -> CardApproval:
        """Give the amount back to the card that paid under `paid_key`, whether by `authorise` or by `capture`."""
        ...

    async def cancel(self, key: str, deadline_s: float) -> None:
        """Undo what was asked under the key, or see to it that it never happens. What was never asked, or is cancelled already, is fine."""
        ...
