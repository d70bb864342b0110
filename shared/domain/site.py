"""The site as a whole: its identity, its business date, its number series and the menu in force.

What lives here: the aggregates that every other feature leans on, and the commands of the box itself. Checks, tickets
and devices are not known here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from shared.domain.day import business_date
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.problems import MENU_ERRORS
from shared.domain.text import Note, ensure_text

__all__ = [
    "AcceptClock", "ApplyMenu", "BusinessDayTurned", "ClockAccepted", "EpochStarted", "FEATURE", "MenuApplied", "ScheduledMenu", "Series",
    "SiteState", "StartEpoch", "TurnBusinessDay", "ensure_menu_fits", "ensure_menu_held", "next_number", "numbered", "site_changed", "site_of",
    "today",
]  # fmt: skip

SITE = "site"
SERIES = "series"


class StartEpoch(Command, frozen=True):
    """The box begins (or goes on) writing this site's journal under its claim. Said by the box itself, once an epoch."""

    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code")]
    time_zone: Annotated[str, msgspec.Meta(max_length=64, description="IANA name")]
    cut_over_minutes: Annotated[int, msgspec.Meta(ge=0, lt=24 * 60)] = 240


class ApplyMenu(Command, frozen=True):
    """Put a menu that the box already holds in force, by its content hash. Where it was made from another version, `replaces` names
    that one, and what somebody else has put in force since is not overwritten."""

    version: str
    replaces: str | None = None


class AcceptClock(Command, frozen=True):
    """A manager confirms that the clock of the box is right although it is behind the last entry."""

    reason: Note = ""


class TurnBusinessDay(Command, frozen=True):
    """The date in force turns. The box says it before it decides the first command of the new date, as an entry of its
    own: within the device's command it would shift the ordinals by which effects are keyed (Law 3)."""

    business_date: str


class EpochStarted(Event, frozen=True):
    org_id: str
    currency: str
    time_zone: str
    cut_over_minutes: int


class BusinessDayTurned(Event, frozen=True):
    """The first entry of a business date; `previous` is empty on the first day of a journal."""

    business_date: str
    previous: str = ""


class MenuApplied(Event, frozen=True):
    """A menu is in force; `effective_at` (naive local time) is that of the schedule by which it came, None for one that came at once."""

    version: str
    effective_at: datetime | None = None


class ClockAccepted(Event, frozen=True):
    behind_s: int
    reason: str = ""


class ScheduledMenu(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A version of the menu that takes effect at a naive local time of the site."""

    version: str
    effective_at: datetime


class SiteState(Aggregate, frozen=True):
    """What is in force at the site. `business_date` never goes back (DESIGN.md, Business day). `scheduled` are the menus to come,
    in order of their times; shared/domain/menu/schedule.py has their rules."""

    epoch: int = 0
    currency: str = "XXX"
    time_zone: str = "UTC"
    cut_over_minutes: int = 240
    business_date: str = ""
    menu_version: str = ""
    scheduled: tuple[ScheduledMenu, ...] = ()


class Series(Aggregate, frozen=True):
    """A run of document numbers without gaps, by epoch and kind."""

    last: int = 0


def site_of(view: View) -> SiteState:
    """The site's state; that of a journal without entries if there is none."""
    return view.find(SiteState, SITE, "") or SiteState()


def _series_id(epoch: int, name: str) -> str:
    return f"{epoch}/{name}"


def next_number(view: View, epoch: int, name: str, ahead: int = 0) -> int:
    """The next number of a series; `ahead` counts those that this decision has already taken."""
    series = view.find(Series, SERIES, _series_id(epoch, name))
    return (series.last if series else 0) + 1 + ahead


def numbered(epoch: int, name: str, number: int) -> dict[Key, Aggregate]:
    """The change that marks `number` of a series as used."""
    return {(SERIES, _series_id(epoch, name)): Series(last=number)}


def today(site: SiteState, now: datetime, zone: ZoneInfo) -> str:
    """The business date in force at `now`: it turns at the cut-over and never goes back."""
    return max(site.business_date, business_date(now, zone, site.cut_over_minutes))


def _start_epoch(view: View, command: StartEpoch, context: Context) -> Iterable[Event]:
    site = site_of(view)
    if context.epoch <= site.epoch:
        raise Refused("epoch.already_started", f"Epoch {context.epoch} of this site has begun; the journal is at epoch {site.epoch}.")
    try:
        ZoneInfo(command.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused("day.unknown_zone", f"No time zone {command.time_zone!r} is known to this box.") from error
    yield EpochStarted(
        org_id=context.org_id, currency=command.currency, time_zone=command.time_zone, cut_over_minutes=command.cut_over_minutes
    )


def _turn_day(view: View, command: TurnBusinessDay, context: Context) -> Iterable[Event]:
    current = site_of(view).business_date
    if command.business_date <= current:
        raise Refused("day.already_turned", f"The business date is {current}; it never goes back.")
    if command.business_date != context.today:  # what is not the date of this moment, perhaps no date at all, would be in force for ever
        raise Refused("day.not_today", f"The business date of this moment is {context.today}, not {command.business_date[:64]!r}.")
    yield BusinessDayTurned(business_date=command.business_date, previous=current)


def _apply_menu(view: View, command: ApplyMenu, context: Context) -> Iterable[Event]:
    site = site_of(view)
    ensure_menu_held(command.version, context)
    if site.menu_version == command.version:
        raise Refused("menu.already_applied", f"Menu {context.menu.name!r} is in force already.")
    if command.replaces is not None and command.replaces != site.menu_version:
        raise Refused("menu.changed", "Another menu has been put in force meanwhile.", version=site.menu_version)
    ensure_menu_fits(site, context)
    yield MenuApplied(version=command.version)


def ensure_menu_held(version: str, context: Context) -> None:
    """Raises Refused `menu.version_unknown` where the box does not hold the menu of a command."""
    if version != context.menu_version:
        raise Refused("menu.version_unknown", f"This box holds no menu of version {version[:64]!r}.")


def ensure_menu_fits(site: SiteState, context: Context) -> None:
    """Raises Refused `menu.currency_differs` for a menu with prices in another currency than the site's."""
    if context.menu.currency != site.currency:
        raise Refused("menu.currency_differs", f"The menu has prices in {context.menu.currency}, the site sells in {site.currency}.")


def _accept_clock(view: View, command: AcceptClock, context: Context) -> Iterable[Event]:
    ensure_text(command.reason)
    behind = (context.head_at - context.now).total_seconds() if context.head_at else 0.0
    yield ClockAccepted(behind_s=max(0, round(behind)), reason=command.reason)


def site_changed(view: View, **fields: object) -> Mapping[Key, Aggregate]:
    """The change of these fields of the site's state."""
    return {(SITE, ""): msgspec.structs.replace(site_of(view), **fields)}


def _epoch_started(view: View, event: EpochStarted, meta: Meta) -> Mapping[Key, Aggregate]:
    return site_changed(view, epoch=meta.epoch, currency=event.currency, time_zone=event.time_zone, cut_over_minutes=event.cut_over_minutes)


def _day_turned(view: View, event: BusinessDayTurned, meta: Meta) -> Mapping[Key, Aggregate]:
    return site_changed(view, business_date=event.business_date)


def _menu_applied(view: View, event: MenuApplied, meta: Meta) -> Mapping[Key, Aggregate]:
    """What was scheduled up to the time of a scheduled menu is past; one that came at once leaves what is to come."""
    scheduled = site_of(view).scheduled
    if event.effective_at is not None:
        scheduled = tuple(each for each in scheduled if each.effective_at > event.effective_at)
    return site_changed(view, menu_version=event.version, scheduled=scheduled)


def _clock_accepted(view: View, event: ClockAccepted, meta: Meta) -> Mapping[Key, Aggregate]:
    return {}  # its entry carries the time of the accepted clock, which is what later times are held against


FEATURE = Feature(
    name="site",
    deciders={
        StartEpoch: ("box", _start_epoch),
        TurnBusinessDay: ("box", _turn_day),
        ApplyMenu: ("manage", _apply_menu),
        AcceptClock: ("manage", _accept_clock),
    },
    evolvers={
        EpochStarted: _epoch_started,
        BusinessDayTurned: _day_turned,
        MenuApplied: _menu_applied,
        ClockAccepted: _clock_accepted,
    },
    aggregates={SITE: SiteState, SERIES: Series},
    errors=MENU_ERRORS
    | {
        "epoch.already_started": ErrorInfo(409, "This epoch of the site has begun already.", "Nothing needs to be done."),
        "day.already_turned": ErrorInfo(409, "The business date has turned already.", "Nothing needs to be done."),
        "day.not_today": ErrorInfo(
            422, "That is not the business date of this moment.", "Leave the turn to the box, which says it by itself."
        ),
    },
)
