"""Menus that take effect at a local time of their own: scheduled, taken back, and put in force when their time has come.

What lives here: the commands of the schedule, and which version is in force at a moment. A version is immutable and named by its
content hash, so what is scheduled today is what is sold then, with or without the hub. The box puts a due menu in force by a command
of its own before it decides the next one; who wakes it is not known here.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.effective import local_time
from shared.domain.site import (
    MenuApplied,
    ScheduledMenu,
    SiteState,
    ensure_menu_fits,
    ensure_menu_held,
    site_changed,
    site_of,
)  # fmt: skip
from shared.domain.text import ShortId
from shared.limits import SCHEDULED_MENUS_MAX

__all__ = [
    "FEATURE",
    "ApplyScheduledMenu",
    "MenuScheduled",
    "MenuUnscheduled",
    "ScheduleMenu",
    "UnscheduleMenu",
    "due_menu",
    "menu_in_force",
]

LocalTime = Annotated[datetime, msgspec.Meta(tz=False, description="local wall time of the site, without a zone")]


class ScheduleMenu(Command, frozen=True):
    """Put a menu that the box already holds in force at a local time to come."""

    version: ShortId
    effective_at: LocalTime


class UnscheduleMenu(Command, frozen=True):
    """Take a menu back that is scheduled for that local time."""

    version: ShortId
    effective_at: LocalTime


class ApplyScheduledMenu(Command, frozen=True):
    """The time of a scheduled menu has come. The box says it before it decides the next command, as an entry of its own: within
    the device's command it would shift the ordinals by which effects are keyed (Law 3)."""

    version: ShortId
    effective_at: LocalTime


class MenuScheduled(Event, frozen=True):
    version: str
    effective_at: datetime


class MenuUnscheduled(Event, frozen=True):
    version: str
    effective_at: datetime


def due_menu(site: SiteState, local_now: datetime) -> ScheduledMenu | None:
    """The latest of the scheduled menus whose time has come and which is not in force yet; those before it were never sold."""
    return next((each for each in reversed(site.scheduled) if each.effective_at <= local_now), None)


def menu_in_force(site: SiteState, local_now: datetime) -> str:
    """The version of the menu in force at a naive local time, "" for none: what is due counts from its minute on, even while
    nobody has said so in the journal."""
    due = due_menu(site, local_now)
    return due.version if due else site.menu_version


def _schedule(view: View, command: ScheduleMenu, context: Context) -> Iterable[Event]:
    site = site_of(view)
    ensure_menu_held(command.version, context)
    ensure_menu_fits(site, context)
    local = local_time(context)
    if command.effective_at <= local:
        raise Refused("menu.effective_at_past", f"It is {local:%Y-%m-%d %H:%M} at the site.", local_time=local.isoformat())
    if any(each.effective_at == command.effective_at for each in site.scheduled):
        raise Refused("menu.already_scheduled", f"A menu is scheduled for {command.effective_at:%Y-%m-%d %H:%M} already.")
    if len(site.scheduled) >= SCHEDULED_MENUS_MAX:
        raise Refused("menu.too_many_scheduled", f"{SCHEDULED_MENUS_MAX} menus are scheduled.", maximum=SCHEDULED_MENUS_MAX)
    yield MenuScheduled(version=command.version, effective_at=command.effective_at)


def _unschedule(view: View, command: UnscheduleMenu, context: Context) -> Iterable[Event]:
    if _scheduled(command) not in site_of(view).scheduled:
        raise Refused("menu.not_scheduled", f"No menu of that version is scheduled for {command.effective_at:%Y-%m-%d %H:%M}.")
    yield MenuUnscheduled(version=command.version, effective_at=command.effective_at)


def _apply_scheduled(view: View, command: ApplyScheduledMenu, context: Context) -> Iterable[Event]:
    site = site_of(view)
    ensure_menu_held(command.version, context)
    if due_menu(site, local_time(context)) != _scheduled(command):
        raise Refused("menu.not_due", f"The menu of {command.effective_at:%Y-%m-%d %H:%M} is not the one that is due.")
    ensure_menu_fits(site, context)
    yield MenuApplied(version=command.version, effective_at=command.effective_at)


def _scheduled(said: ScheduleMenu | UnscheduleMenu | ApplyScheduledMenu | MenuScheduled | MenuUnscheduled) -> ScheduledMenu:
    return ScheduledMenu(version=said.version, effective_at=said.effective_at)


def _menu_scheduled(view: View, event: MenuScheduled, meta: Meta) -> Mapping[Key, Aggregate]:
    scheduled = sorted((*site_of(view).scheduled, _scheduled(event)), key=lambda each: each.effective_at)
    return site_changed(view, scheduled=tuple(scheduled))


def _menu_unscheduled(view: View, event: MenuUnscheduled, meta: Meta) -> Mapping[Key, Aggregate]:
    scheduled = site_of(view).scheduled
    if _scheduled(event) not in scheduled:
        raise LookupError(f"an event takes back a menu that is not scheduled for {event.effective_at}")
    return site_changed(view, scheduled=tuple(each for each in scheduled if each != _scheduled(event)))


FEATURE = Feature(
    name="menu.schedule",
    deciders={
        ScheduleMenu: ("manage", _schedule),
        UnscheduleMenu: ("manage", _unschedule),
        ApplyScheduledMenu: ("box", _apply_scheduled),
    },
    evolvers={MenuScheduled: _menu_scheduled, MenuUnscheduled: _menu_unscheduled},
    errors={
        "menu.effective_at_past": ErrorInfo(
            422, "That time has passed at the site.", "Give a local time to come, or put it in force at once."
        ),
        "menu.already_scheduled": ErrorInfo(
            409, "A menu is scheduled for that time already.", "Take it back first, or choose another time."
        ),
        "menu.too_many_scheduled": ErrorInfo(409, "Too many menus are scheduled.", "Take back some that are not needed."),
        "menu.not_scheduled": ErrorInfo(404, "That menu is not scheduled for that time.", "Look at what is scheduled."),
        "menu.not_due": ErrorInfo(422, "That menu is not due.", "Leave it to the box, which puts it in force by itself."),
    },
)
