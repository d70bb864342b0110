"""What waits for a person at the hub, and what a person may see of it: entries in quarantine, orphans of replaced boxes, holes, backups.

What lives here: the port of the store behind it, and its facts. Postgres implements it in hub/db/operate_store.py; what is done about
a thing is said in the module of its name (orphans.py, quarantine.py, holes.py).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from hub.app.ports import Quarantined, Scope
from shared.protocol.entry import Position

__all__ = [
    "Backup", "BranchView", "Hole", "Operations", "OrphanRow", "QuarantineCount", "QuarantinedEntry", "SentCommand",
]  # fmt: skip


class QuarantineCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries of a site are in quarantine, and since when the first (UTC)."""

    org_id: str
    site_id: str
    entries: int
    since: datetime


class QuarantinedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the journal, its bytes, and what it holds back and why, nothing where it is not in quarantine. `correction` is the
    entry that a person put in its place; decided without one, it is left out. `decided_by` is empty where nobody did."""

    sequence: int
    epoch: int
    received_at: datetime
    entry: bytes
    held: tuple[Quarantined, ...] = ()
    correction: bytes | None = None
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


class BranchView(msgspec.Struct, frozen=True, kw_only=True):
    """What a replaced box of `epoch` still held: after `parted` it went on by itself, and up to `kept` the hub has it. `compared`
    is how far both the branch and the site's journal have been compared, (0, 0) for never."""

    epoch: int
    parted: Position
    kept: Position
    begun_at: datetime
    received_at: datetime
    compared: tuple[int, int]


class OrphanRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a branch as it is kept; `state` is held, adopted, set_aside or in_effect."""

    sequence: int
    entry_epoch: int
    hash: bytes
    entry: bytes
    state: str
    reason: str
    decided_by: str
    decided_at: datetime | None


class SentCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the hub to a site: `state` is open, done or refused (`result` is the code)."""

    command_id: str
    state: str
    result: str
    is_expired: bool
    asked_by: str
    asked_at: datetime


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that the hub has lost. What fills it leads from `before` to `last`."""

    org_id: str
    site_id: str
    first: int
    before: Position
    last: Position
    declared_at: datetime
    filled_at: datetime | None


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup of a shard: its positions are those when it began; sites may trim once it is done."""

    shard: str
    backup_id: str
    begun_at: datetime
    done_at: datetime | None
    sites: int


class Operations(Protocol):
    """A shard, as operators use it. Every method may raise HubRefused `shard.unavailable`."""

    # --- quarantine ---

    async def quarantine_counts(self, scope: Scope, limit: int) -> Sequence[QuarantineCount]: ...

    async def quarantined_entry(self, org_id: str, site_id: str, sequence: int) -> QuarantinedEntry | None:
        """None for an entry that is not in the journal."""
        ...

    async def quarantine_following(self, org_id: str, site_id: str, sequence: int, limit: int) -> Sequence[Quarantined]:
        """What is held back because that entry is, in order."""
        ...

    # --- orphans ---

    async def branched_sites(self, scope: Scope) -> Sequence[tuple[str, str]]:
        """(org, site) of every site that has a branch."""
        ...

    async def branches(self, org_id: str, site_id: str) -> Sequence[BranchView]: ...

    async def orphans(self, org_id: str, site_id: str, epoch: int, after: int, limit: int) -> Sequence[OrphanRow]:
        """Entries of the branch after a sequence, in order."""
        ...

    async def journal_after(self, org_id: str, site_id: str, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """(sequence, bytes) of entries of the site's journal, in order."""
        ...

    async def decide(
        self, org_id: str, site_id: str, epoch: int, sequences: Sequence[int], state: str, reason: str, decided_by: str
    ) -> int:
        """Give orphans that are held another state; how many were."""
        ...

    async def compared(self, org_id: str, site_id: str, epoch: int, kept: int, journal: int) -> None:
        """Remember how far a branch and the journal have been compared."""
        ...

    async def sent_commands(self, org_id: str, site_id: str, command_ids: Sequence[str]) -> Sequence[SentCommand]: ...

    async def send_command(self, org_id: str, site_id: str, command_id: str, command: bytes, ttl_s: float, asked_by: str) -> None:
        """Keep a command for the site until it has it or `ttl_s` seconds are over; one that was refused, or has expired, anew."""
        ...

    # --- holes and backups ---

    async def holes(self, scope: Scope) -> Sequence[Hole]: ...

    async def begin_backup(self, backup_id: str) -> int:
        """Note the watermark of every site; how many. Raises HubRefused `backup.exists`."""
        ...

    async def finish_backup(self, backup_id: str) -> int | None:
        """What was noted is backed up; how many sites. None for a backup that was not begun, or is done."""
        ...

    async def backups(self, limit: int) -> Sequence[Backup]:
        """The latest first."""
        ...

    async def restored(self) -> str:
        """Give the shard a new incarnation, and return it."""
        ...
