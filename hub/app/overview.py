"""Sites with how far they are: what a person at headquarters looks at first.

What lives here: joining what the control database and the shards know. A shard that does not answer in time is named, and
what it knows is left out: an incomplete answer says so (DESIGN.md, Reads across shards).
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from hub.app.errors import HubRefused
from hub.app.ports import Control, ReadShard, Scope, Site, SitePosition
from shared.limits import CLOUD_BEHIND_ALARM_S, SHARD_READ_TIMEOUT_S, SITE_BEHIND_ALARM_ENTRIES, SITE_SILENT_ALARM_S
from shared.protocol.envelope import Figures

__all__ = ["Lag", "SiteView", "Sites", "lag_of", "list_sites", "view_site"]

log = logging.getLogger(__name__)


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """A position in a journal; `hash` in hexadecimal."""

    epoch: int
    sequence: int
    hash: str


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """A site and how far it is. What only its shard knows is null while that does not answer.

    `position` is the watermark: everything up to there is in the cloud. `lag_entries` is what the site had beyond it when it
    last said hello, `oldest_pending_age_s` how old the first of that is by now. Times are UTC, by the hub's clock but for
    `oldest_pending_at`, which is the site's.

    `alarms` are those of the box, `site.silent` for one that has not said a word for minutes, and `cloud.behind` for one whose entries
    are late. What waits for a person here: `quarantined` entries, `orphans_held` of replaced boxes, and `holes_open`.
    """

    org_id: str
    site_id: str
    name: str
    currency: str
    time_zone: str
    position: PositionView | None = None
    received_at: datetime | None = None
    head_sequence: int | None = None
    lag_entries: int | None = None
    oldest_pending_at: datetime | None = None
    oldest_pending_age_s: int | None = None
    last_contact_at: datetime | None = None
    projected_sequence: int | None = None
    open_checks: int | None = None
    business_date: str | None = None
    alarms: tuple[str, ...] = ()
    quarantined: int | None = None
    orphans_held: int | None = None
    holes_open: int | None = None


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """Sites by id. `missing_shards` did not answer; `next` is the site to ask on from, null at the end."""

    sites: tuple[SiteView, ...]
    missing_shards: tuple[str, ...]
    next: str | None


async def list_sites(
    control: Control, shards: Mapping[str, ReadShard], scope: Scope, *, org_id: str | None, after: str | None, limit: int
) -> Sites:
    """Up to `limit` sites that the scope may see. Raises HubRefused when the control database is down."""
    found = await control.sites(scope, org_id, after, limit)
    positions, missing = await _positions(shards, scope, found)
    return Sites(
        sites=tuple(_view(site, positions.get(site.site_id), is_known=site.shard not in missing) for site in found),
        missing_shards=tuple(sorted(missing)),
        next=found[-1].site_id if len(found) == limit else None,
    )


async def view_site(shards: Mapping[str, ReadShard], scope: Scope, site: Site) -> SiteView:
    """One site and how far it is."""
    positions, missing = await _positions(shards, scope, [site])
    return _view(site, positions.get(site.site_id), is_known=not missing)


async def _positions(shards: Mapping[str, ReadShard], scope: Scope, sites: Sequence[Site]) -> tuple[dict[str, SitePosition], set[str]]:
    """(positions by site id, shards that did not answer in time)."""
    by_shard: dict[str, list[Site]] = {}
    for site in sites:
        by_shard.setdefault(site.shard, []).append(site)

    async def ask(name: str, group: list[Site]) -> Mapping[str, SitePosition] | None:
        try:
            async with asyncio.timeout(SHARD_READ_TIMEOUT_S):
                return await shards[name].positions(scope, group)
        except (KeyError, HubRefused, TimeoutError) as error:
            log.warning("shard %s is missing from an answer: %s", name, error or type(error).__name__)
            return None

    answers = await asyncio.gather(*(ask(name, group) for name, group in by_shard.items()))
    found: dict[str, SitePosition] = {}
    missing: set[str] = set()
    for name, answer in zip(by_shard, answers, strict=True):
        if answer is None:
            missing.add(name)
        else:
            found.update(answer)
    return found, missing


def _view(site: Site, known: SitePosition | None, *, is_known: bool) -> SiteView:
    view = SiteView(org_id=site.org_id, site_id=site.site_id, name=site.name, currency=site.currency, time_zone=site.time_zone)
    if not is_known:
        return view
    if known is None:
        start = PositionView(epoch=0, sequence=0, hash="00" * 32)
        return msgspec.structs.replace(
            view, position=start, head_sequence=0, lag_entries=0, projected_sequence=0, quarantined=0, orphans_held=0, holes_open=0
        )
    figures, head, lag, age_s, alarms = lag_of(known)
    contacts = [moment for moment in (known.contact_at, known.received_at if known.position.sequence else None) if moment is not None]
    pending = figures.oldest_pending_at_ms if lag else None
    return msgspec.structs.replace(
        view,
        position=PositionView(epoch=known.position.epoch, sequence=known.position.sequence, hash=known.position.hash.hex()),
        received_at=known.received_at if known.position.sequence else None,
        head_sequence=head,
        lag_entries=lag,
        oldest_pending_at=_moment(pending),
        oldest_pending_age_s=age_s,
        last_contact_at=max(contacts, default=None),
        projected_sequence=known.projected_sequence,
        open_checks=figures.open_checks,
        business_date=figures.business_date or None,
        alarms=alarms,
        quarantined=known.quarantined,
        orphans_held=known.orphans_held,
        holes_open=known.holes_open,
    )


class Lag(NamedTuple):
    """How far a site is behind: what it last said, its head, entries beyond the cloud, seconds since the first of them, alarms."""

    figures: Figures
    head: int
    entries: int
    age_s: int | None
    alarms: tuple[str, ...]


def lag_of(known: SitePosition) -> Lag:
    """How far the site is behind, by what it last said and how long ago that was."""
    figures = _figures(known.figures)
    head = max(known.head_sequence, known.position.sequence)
    entries = head - known.position.sequence
    age_s = _age_s(known, _moment(figures.oldest_pending_at_ms)) if entries else None
    return Lag(figures, head, entries, age_s, _alarms(figures, known, entries, age_s))


def _age_s(known: SitePosition, oldest: datetime | None) -> int:
    """Seconds since the first entry that is not in the cloud was written. It was already there when the site last spoke; a clock of the
    site that is ahead of ours makes it no younger than that."""
    said_s = (known.as_of - (known.contact_at or known.as_of)).total_seconds()
    written_s = (known.as_of - oldest).total_seconds() if oldest is not None else 0.0
    return round(max(said_s, written_s, 0.0))


def _alarms(figures: Figures, known: SitePosition, lag: int, age_s: int | None) -> tuple[str, ...]:
    found = dict.fromkeys(figures.alarms)
    if known.contact_at is not None and (known.as_of - known.contact_at).total_seconds() > SITE_SILENT_ALARM_S:
        found["site.silent"] = None
    if lag > SITE_BEHIND_ALARM_ENTRIES or (age_s or 0) > CLOUD_BEHIND_ALARM_S:
        found["cloud.behind"] = None
    return tuple(found)


def _figures(data: bytes) -> Figures:
    """Live figures as the site sent them; those of a newer release that cannot be read are none."""
    try:
        return msgspec.json.decode(data, type=Figures)
    except msgspec.MsgspecError:
        return Figures()


def _moment(milliseconds: int | None) -> datetime | None:
    """UTC from milliseconds since 1970; None for a time that no calendar holds."""
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
