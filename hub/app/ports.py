"""What the hub's use cases need of the world, as protocols, and the facts that pass through them.

What lives here: ports and values. Postgres implements the ports in hub/db. Nothing here knows SQL or HTTP.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from hub.records.books import DaySales, DayTax, DayTender
from hub.records.checks import ChargeRecord, CheckSummary, DiscountRecord, LineRecord, PaymentRecord, RefundRecord, TaxRecord
from hub.records.kitchen import TicketRecord
from shared.protocol.entry import Position
from shared.protocol.envelope import FetchPage

__all__ = [
    "FIRST_CHECK", "BoxCredentials", "CheckContents", "CheckCursor", "ChecksAsked", "Claimed", "Control", "Organisation", "Placement", "Quarantined",
    "ReadShard", "Scope", "SealClaim", "Site", "SitePosition", "StationTimes", "Token", "UsedClaim",
]  # fmt: skip


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
    """How far a site is, as its shard knows it at `as_of`; times are UTC by the shard's clock, `figures` is the JSON of the last hello.
    `quarantined` entries, `orphans_held` and `holes_open` wait for a person."""

    position: Position
    received_at: datetime | None
    contact_at: datetime | None
    head_sequence: int
    figures: bytes
    projected_sequence: int
    as_of: datetime
    quarantined: int = 0
    orphans_held: int = 0
    holes_open: int = 0


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that could not be projected: `kind` and `id` name what is held back with it."""

    sequence: int
    kind: str
    id: str
    code: str
    detail: str
    quarantined_at: datetime


class CheckCursor(msgspec.Struct, frozen=True):
    """The place of a check in the order of lists: business date, epoch, number, id."""

    business_date: str
    epoch: int
    number: int
    check_id: str

    def __str__(self) -> str:
        return f"{self.business_date}.{self.epoch}.{self.number}.{self.check_id}"


FIRST_CHECK = CheckCursor("0001-01-01", 0, 0, "00000000-0000-0000-0000-000000000000")
"""Before every check."""


class ChecksAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which checks: of these business dates (ISO, inclusive), of this status and table where they are named, and of training or not
    where that is said; up to `limit` of them after `after`."""

    first: str
    last: str
    status: str | None = None
    table_id: str | None = None
    training: bool | None = None
    after: CheckCursor = FIRST_CHECK
    limit: int


class CheckContents(msgspec.Struct, frozen=True, kw_only=True):
    """A check with everything that stands on it and, as of the same moment, the tickets that were made for it."""

    check: CheckSummary
    lines: tuple[LineRecord, ...]
    discounts: tuple[DiscountRecord, ...]
    charges: tuple[ChargeRecord, ...]
    taxes: tuple[TaxRecord, ...]
    payments: tuple[PaymentRecord, ...]
    refunds: tuple[RefundRecord, ...]
    tickets: tuple[TicketRecord, ...]


class StationTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long a station takes: tickets, those that are bumped and served, those that came back, and those bumped after they should
    have been ready.

    Times are seconds, the median and what nine of ten do not exceed (p90), null where nothing was timed: to the first showing on a
    screen, from the creation of the ticket; to its start, bump and serving, from when the station was to begin it.
    """

    station: str
    tickets: int
    bumped: int
    served: int
    recalled: int
    late: int
    shown_median_s: float | None
    shown_p90_s: float | None
    started_median_s: float | None
    started_p90_s: float | None
    bumped_median_s: float | None
    bumped_p90_s: float | None
    served_median_s: float | None
    served_p90_s: float | None


SealClaim = Callable[[str, str, int, str], str]
"""(org id, site id, epoch, public key of the box) -> the token of its claim, signed. Raises HubRefused `claims.disabled`."""


class BoxCredentials(msgspec.Struct, frozen=True):
    """What makes the credentials of boxes: `jwt` (org id, site id, public key of the box) -> its NATS user JWT; `claim`; and the public
    keys whose claims boxes should believe, ours first."""

    jwt: Callable[[str, str, str], str]
    claim: SealClaim
    issuers: tuple[str, ...] = ()


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What a used claim gives a box, its credentials apart. `token` is the claim, signed."""

    site: Site
    epoch: int
    token: str


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

    async def box_keys(self, org_id: str, site_id: str) -> set[str]:
        """The public keys of all boxes that were ever claimed for the site."""
        ...

    async def add_claim(self, site_id: str, code_sha256: bytes, ttl_s: float, above: int = 0) -> datetime | None:
        """When the claim, which grants an epoch higher than `above`, runs out; None when there is no such site."""
        ...

    async def site_of_code(self, code_sha256: bytes) -> Site | None:
        """The site that a code claims, whether or not it still can; None when no claim was made with it."""
        ...

    async def use_claim(self, code_sha256: bytes, public_key: str, epoch_seen: int, seal: SealClaim) -> UsedClaim:
        """Give the box that holds `public_key` the next epoch of the site, once; the same again to the same key.

        The epoch is higher than all that were granted and than `epoch_seen`, by EPOCHS_LEFT_OUT more where grants may be forgotten, and
        than what the claim was asked to lie above;
        `seal` makes its token, which is kept. Whoever listens for claims is told, once it is committed.
        """
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

    async def epoch_seen(self, org_id: str, site_id: str) -> int:
        """The highest epoch that the shard knows of a site, from its journal or from `grant`; 0 for one that was never heard of."""
        ...

    async def grant(self, org_id: str, site_id: str, epoch: int) -> None:
        """From now on what boxes of lower epochs send is kept apart, and not one entry of theirs goes into the journal any more."""
        ...

    async def positions(self, scope: Scope, sites: Sequence[Site]) -> Mapping[str, SitePosition]:
        """By site id; sites that were never heard of are left out."""
        ...

    async def page(self, org_id: str, site_id: str, after: int, limit: int, bytes_max: int, version: str) -> FetchPage:
        """What a replacement is told: entries after a sequence, up to `limit` and about `bytes_max`, or the keepsake of that version."""
        ...

    async def is_current(self, org_id: str, site_id: str) -> bool:
        """Whether everything of the site that has arrived is in the read models, as this release makes them."""
        ...

    async def sales(self, org_id: str, site_id: str, first: str, last: str) -> Sequence[DaySales]:
        """By business date, from `first` to `last` (ISO, inclusive), and currency; dates without sales are left out."""
        ...

    async def tenders(self, org_id: str, site_id: str, first: str, last: str) -> Sequence[DayTender]:
        """The same, by tender as well."""
        ...

    async def taxes(self, org_id: str, site_id: str, first: str, last: str) -> Sequence[DayTax]:
        """The same, by tax and rate as well."""
        ...

    async def checks(self, org_id: str, site_id: str, asked: ChecksAsked) -> Sequence[CheckSummary]:
        """In the order of business date, epoch, number and id."""
        ...

    async def check(self, org_id: str, site_id: str, check_id: str) -> CheckContents | None: ...

    async def ticket_times(self, org_id: str, site_id: str, first: str, last: str, limit: int) -> Sequence[tuple[str, StationTimes]]:
        """(business date, times) of each station, and over all dates with "" for the date."""
        ...

    async def quarantined(self, org_id: str, site_id: str, limit: int) -> Sequence[Quarantined]: ...
