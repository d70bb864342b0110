"""What the hub's use cases need of the world, as protocols, and the facts that pass through them.

What lives here: ports and values. Postgres implements the ports in hub/db. Nothing here knows SQL or HTTP.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shared.domain.check.books import Sales
from shared.protocol.entry import Position

__all__ = [
    "Claimed",
    "Control",
    "Organisation",
    "Placement",
    "Quarantined",
    "ReadShard",
    "Scope",
    "Site",
    "SitePosition",
    "Token",
    "UsedClaim",
]


class Scope(msgspec.Struct, frozen=True):
    """On whose behalf something is asked: one organisation's, or, where `org_id` is None, the operator's."""

    org_id: str | None


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    org_id: str
    name: str
    shard: str


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """The shard of an organisation, and the epoch of its bucket in the directory."""

    shard: str
    epoch: int


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A site as the control database knows it. `cut_over_minutes` after local midnight the business date turns."""

    org_id: str
    site_id: str
    name: str
    currency: str
    time_zone: str
    cut_over_minutes: int
    shard: str


class SitePosition(msgspec.Struct, frozen=True, kw_only=True):
    """How far a site is, as its shard knows it; times are UTC by the shard's clock, `figures` is the JSON of the last hello."""

    position: Position
    received_at: datetime | None
    contact_at: datetime | None
    head_sequence: int
    figures: bytes
    projected_sequence: int


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that could not be projected: `kind` and `id` name what is held back with it."""

    sequence: int
    kind: str
    id: str
    code: str
    detail: str
    quarantined_at: datetime


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What a used claim gives a box, its credentials apart."""

    site: Site
    epoch: int


class UsedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of using a code: exactly one of `claimed` and `refused` (a code of HUB_ERRORS) is set."""

    claimed: Claimed | None = None
    refused: str = ""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token, by whom it speaks for."""

    name: str
    scope: Scope


class Control(Protocol):
    """The control database. Every method may raise HubRefused `control.unavailable`."""

    async def placement(self, org_id: str) -> Placement:
        """Where the organisation lives, or will live: it need not exist."""
        ...

    async def add_organisation(self, org_id: str, name: str) -> None: ...

    async def add_site(self, site: Site) -> bool:
        """False when there is no such organisation."""
        ...

    async def organisations(self, scope: Scope) -> Sequence[Organisation]: ...

    async def sites(self, scope: Scope, org_id: str | None, after: str | None, limit: int) -> Sequence[Site]:
        """Sites that the scope may see, by id, from after one of them."""
        ...

    async def site(self, scope: Scope, site_id: str) -> Site | None: ...

    async def add_claim(self, site_id: str, code_sha256: bytes, ttl_s: float) -> datetime | None:
        """When the claim runs out; None when there is no such site."""
        ...

    async def use_claim(self, code_sha256: bytes, public_key: str) -> UsedClaim:
        """Give the box that holds `public_key` the next epoch of the site, once; the same again to the same key."""
        ...

    async def add_token(self, token_sha256: bytes, org_id: str | None, name: str) -> bool:
        """False when there is no such organisation."""
        ...

    async def token(self, token_sha256: bytes) -> Token | None: ...


class ReadShard(Protocol):
    """A shard, as it is read. Every method may raise HubRefused `shard.unavailable`."""

    async def place(self, org_id: str, epoch: int) -> None:
        """Let the organisation live here; nothing happens when it does."""
        ...

    async def positions(self, scope: Scope, sites: Sequence[Site]) -> Mapping[str, SitePosition]:
        """By site id; sites that were never heard of are left out."""
        ...

    async def sales(self, org_id: str, site_id: str, currency: str, first: str, last: str) -> Mapping[str, Sales]:
        """By business date, from `first` to `last` (ISO, inclusive); dates without sales are left out."""
        ...

    async def quarantined(self, org_id: str, site_id: str, limit: int) -> Sequence[Quarantined]: ...
