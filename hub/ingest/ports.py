"""What the apply step needs of the world, as protocols.

What lives here: the ports, and the values that pass through them. Postgres implements them in hub/db, a test or a simulator in
memory. Nothing here knows SQL, NATS or clocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

import msgspec

from shared.protocol.claim import Claim
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.envelope import DocumentPart, Hello, SiteCommand
from shared.protocol.subjects import Address

__all__ = [
    "Append", "Branch", "Contact", "Contradiction", "ContradictionKind", "Found", "Hole", "Registration", "Registry", "Shard", "ShardTransaction",
    "Standing", "Unavailable", "Unstorable",
]  # fmt: skip


class Unavailable(Exception):
    """A shard or the control database cannot be used now; nothing of the transaction was kept."""


class Unstorable(Exception):
    """The shard is well and will not store this; nothing of the transaction was kept."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub knows of a site: where it is placed, under which epoch of the placement, and whose keys speak for it.

    `boxes` maps the public key of each box that was ever claimed to the highest epoch it was given; `claim` is the token of the
    claim in force, empty when the box was enrolled before there were tokens.
    """

    shard: str
    placement_epoch: int
    boxes: Mapping[str, int]
    claim: str = ""

    @property
    def epoch(self) -> int:
        """The epoch in force: that of the last claim, 0 before the first."""
        return max(self.boxes.values(), default=0)

    def proof(self, box_epoch: int) -> str:
        """The token that proves to a box of `box_epoch` that it was replaced; empty where we have none."""
        return self.claim if box_epoch < self.epoch else ""


class ContradictionKind(StrEnum):
    FORK = "fork"  # other entries than ours at sequences that we hold
    FENCED = "fenced"  # entries of a box whose epoch has ended


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """A signed frame that cannot be appended and must not be lost (Laws 2 and 6)."""

    address: Address
    kind: ContradictionKind
    epoch: int
    first: int
    last: int
    after: bytes
    frame: bytes


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A hello, as it is kept. `box_epoch` is that of the key that signed it."""

    address: Address
    box_epoch: int
    hello: Hello


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the hub stands with a site: its watermark, the epoch of the last claim that the shard was told of, the last sequence that
    is in a backup, and whether commands wait for it."""

    watermark: Position
    granted: int = 0
    backed_up: int = 0
    has_commands: bool = False


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """What a replaced box wrote after its journal `parted` from that of the site, `kept` so far. Nothing is when both are the same."""

    parted: Position
    kept: Position


class Hole(msgspec.Struct, frozen=True, kw_only=True):
    """Entries after `before`, up to and with `last`, that the hub does not have and no box holds any more."""

    address: Address
    before: Position
    last: Position


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """What a present box, of `box_epoch`, adds to the journal of its site, which is believed to stand at `before`: `rows`, never empty, in order."""

    address: Address
    before: Position
    box_epoch: int
    rows: Sequence[StoredEntry]


class Found(msgspec.Struct, frozen=True):
    """The registrations that were found, and the sites of which nothing is known because they cannot be looked up now. A site that is in
    neither does not exist."""

    registrations: Mapping[Address, Registration]
    out_of_reach: frozenset[Address] = frozenset()


class Registry(Protocol):
    """Registrations of sites, cached."""

    async def find(self, wanted: Iterable[tuple[Address, str]]) -> Found:
        """The registrations of the sites; each comes with the key that was used, so that a new one is looked up at once.

        Never raises Unavailable: one site that is not cached stops none that is (Law 11).
        """
        ...

    def forget(self, addresses: Iterable[Address]) -> None:
        """What is cached of these has proved to be out of date."""
        ...

    async def learn(self, claim: Claim, token: str) -> bool:
        """Register again what a box has proved with the token of its claim: the hub was restored and had forgotten it (Law 6).

        False when the epoch is another box's, or the site is none: nothing is changed then. Raises Unavailable.
        """
        ...


class ShardTransaction(Protocol):
    """One transaction of a shard. All of it is kept when the context ends well, nothing otherwise."""

    async def lock_placements(self, epochs: Mapping[str, int]) -> set[str]:
        """Of the organisations, given with the placement epoch that the writer knows: those that live here under it."""
        ...

    async def lock_watermarks(self, addresses: Sequence[Address]) -> dict[Address, Position]:
        """The watermark of every site, locked until the transaction ends; START for one that is new."""
        ...

    def granted(self, address: Address) -> int:
        """The epoch of the last claim that the shard was told of, 0 before the first; the site is locked."""
        ...

    async def note_claims(self, epochs: Mapping[Address, int]) -> None:
        """Of these sites claims of these epochs are known: `granted` is not below them from the commit on, for every writer."""
        ...

    async def stored_hash(self, address: Address, sequence: int) -> bytes | None:
        """The hash held at a sequence, or None."""
        ...

    async def append(self, rows: Mapping[Address, Sequence[StoredEntry]], watermarks: Mapping[Address, Position]) -> None:
        """Append rows, none of which is held yet, and set the watermarks of their sites."""
        ...

    async def keep(self, contradictions: Sequence[Contradiction]) -> None:
        """Keep frames apart; one that is kept already changes nothing."""
        ...

    async def record_contacts(self, contacts: Sequence[Contact]) -> dict[Address, Standing]:
        """Record hellos, at most one a site; where the hub stands with these sites, not locked."""
        ...

    # --- replaced boxes ----------------------------------------------------------------------------

    async def branch(self, address: Address, epoch: int, watermark: Position) -> Branch:
        """The branch of the box that was given `epoch`. Where nothing of it is kept yet, it parts from the site's journal after the
        last entry of an epoch that is not higher; `watermark` is the site's."""
        ...

    async def orphan_hash(self, address: Address, epoch: int, sequence: int) -> bytes | None:
        """The hash kept at a sequence of a branch, or None."""
        ...

    async def keep_orphans(self, address: Address, epoch: int, branch: Branch, entries: Sequence[StoredEntry]) -> None:
        """Keep entries, none of which is kept yet, and the branch as it stands with them."""
        ...

    async def supersede(self, address: Address, begins: Position) -> bool:
        """Move the entries of a locked site after `begins` to the branch of the epoch that its watermark is of, and set the watermark to
        `begins`; nothing behind that counts as backed up, and the site is projected anew. False, with nothing changed, where its journal
        does not hold `begins`, where they are more than SUPERSEDED_ENTRIES_MAX, where a hole lies among them, or where that branch parted
        elsewhere than at the watermark."""
        ...

    # --- holes -------------------------------------------------------------------------------------

    async def declare_hole(self, hole: Hole) -> None:
        """Record the hole and set the watermark of its site, which is locked, behind it."""
        ...

    # --- documents of boxes ------------------------------------------------------------------------

    async def keepsakes(self, addresses: Sequence[Address]) -> dict[Address, frozenset[str]]:
        """The versions of the documents held of each site."""
        ...

    async def keep_part(self, address: Address, part: DocumentPart) -> Sequence[bytes]:
        """Keep a part; all parts of its document, in order, once none is missing, else none. Of one site only the parts of the
        DOCUMENTS_PENDING_MAX documents begun last are kept."""
        ...

    async def forget_parts(self, address: Address, version: str) -> None: ...

    async def keep_document(self, address: Address, kind: str, version: str, document: bytes) -> None:
        """Keep a whole document; of one site and kind only the KEEPSAKES_KEPT_MAX that came last."""
        ...

    # --- commands for sites ------------------------------------------------------------------------

    async def open_commands(self, addresses: Sequence[Address]) -> dict[Address, list[SiteCommand]]:
        """The commands that wait for these sites, the oldest first, those that have expired left out; sites without any are left out."""
        ...

    async def waiting_ids(self, addresses: Sequence[Address]) -> dict[Address, frozenset[str]]:
        """The ids of all commands of these sites that are neither done nor refused, expired ones too; sites without any are left out.
        The sites are locked, and where none has any nothing is asked."""
        ...

    async def commands_done(self, address: Address, ids: Iterable[str]) -> None:
        """Their entries stand in the site's journal."""
        ...

    async def commands_refused(self, address: Address, refused: Mapping[str, str]) -> None:
        """The site refused these, by id, with these codes. One that is done already stays so."""
        ...


class Shard(Protocol):
    """A shard, as lane owners see it. Every method may raise Unavailable or Unstorable."""

    @property
    def name(self) -> str: ...

    def transaction(self) -> AbstractAsyncContextManager[ShardTransaction]: ...

    async def append_if(self, org_id: str, placement_epoch: int, appends: Sequence[Append]) -> bool:
        """Append to sites of one organisation and move their watermarks, in a transaction of its own, if all is as the writer believes:
        the organisation lives here under that epoch, every watermark stands at `before`, and no site has heard of a claim above
        `box_epoch` or has a command that waits. False, with nothing changed, otherwise."""
        ...

    async def incarnation(self) -> str:
        """The shard's incarnation, as answers state it."""
        ...
