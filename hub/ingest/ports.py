"""What the apply step needs of the world, as protocols.

What lives here: the ports, and the values that pass through them. Postgres implements them in hub/db, a test or a simulator in
memory. Nothing here knows SQL, NATS or clocks.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

import msgspec

from shared.protocol.entry import Position, StoredEntry
from shared.protocol.envelope import Hello
from shared.protocol.subjects import Address

__all__ = [
    "Contact",
    "Contradiction",
    "ContradictionKind",
    "Registration",
    "Registry",
    "Shard",
    "ShardTransaction",
    "Unavailable",
    "Unstorable",
]


class Unavailable(Exception):
    """A shard or the control database cannot be used now; nothing of the transaction was kept."""


class Unstorable(Exception):
    """The shard is well and will not store this; nothing of the transaction was kept."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub knows of a site: where it is placed, under which epoch of the placement, and whose keys speak for it.

    `boxes` maps the public key of each box that was ever claimed to the highest epoch it was given.
    """

    shard: str
    placement_epoch: int
    boxes: Mapping[str, int]

    @property
    def epoch(self) -> int:
        """The epoch in force: that of the last claim, 0 before the first."""
        return max(self.boxes.values(), default=0)


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


class Registry(Protocol):
    """Registrations of sites, cached."""

    async def find(self, wanted: Iterable[tuple[Address, str]]) -> Mapping[Address, Registration]:
        """The registrations of the sites; each comes with the key that was used, so that a new one is looked up at once.

        Sites that do not exist are left out. Raises Unavailable when a site is not cached and cannot be looked up.
        """
        ...

    def forget(self, addresses: Iterable[Address]) -> None:
        """What is cached of these has proved to be out of date."""
        ...


class ShardTransaction(Protocol):
    """One transaction of a shard. All of it is kept when the context ends well, nothing otherwise."""

    async def lock_placements(self, epochs: Mapping[str, int]) -> set[str]:
        """Of the organisations, given with the placement epoch that the writer knows: those that live here under it."""
        ...

    async def lock_watermarks(self, addresses: Sequence[Address]) -> dict[Address, Position]:
        """The watermark of every site, locked until the transaction ends; START for one that is new."""
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

    async def record_contacts(self, contacts: Sequence[Contact]) -> dict[Address, Position]:
        """Record hellos, at most one a site; the watermarks of their sites, not locked."""
        ...


class Shard(Protocol):
    """A shard, as lane owners see it. Every method may raise Unavailable or Unstorable."""

    @property
    def name(self) -> str: ...

    def transaction(self) -> AbstractAsyncContextManager[ShardTransaction]: ...

    async def incarnation(self) -> str:
        """The shard's incarnation, as answers state it."""
        ...
