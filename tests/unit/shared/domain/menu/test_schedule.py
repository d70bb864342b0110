"""Menus that take effect at a local time."""

from datetime import datetime, timedelta

import msgspec
import pytest

from shared.domain.errors import Refused
from shared.domain.kernel import Command
from shared.domain.menu import menu_version
from shared.domain.menu.schedule import ApplyScheduledMenu, ScheduleMenu, UnscheduleMenu, due_menu, menu_in_force
from shared.domain.registry import decode_command
from shared.domain.site import ApplyMenu, ScheduledMenu, SiteState, site_of
from shared.limits import SCHEDULED_MENUS_MAX
from tests.unit.shared.domain.world import MENU, World, begun

SUMMER = msgspec.structs.replace(MENU, name="Summer")
VERSION, LATER = menu_version(MENU), menu_version(SUMMER)
SIX = datetime(2026, 3, 3, 6, 0)  # tomorrow morning at the site


def selling() -> World:
    """A site that sells from MENU and now looks at SUMMER."""
    world = begun()
    world.do(ApplyMenu(version=VERSION), role="manager")
    world.menu = SUMMER
    return world


def refused(world: World, command: Command, code: str, role: str = "manager") -> None:
    before = len(world.journal)
    with pytest.raises(Refused) as error:
        world.do(command, role=role)
    assert (error.value.code, len(world.journal)) == (code, before)


def test_a_menu_for_tomorrow_is_in_force_from_its_minute_on() -> None:
    world = selling()
    world.do(ScheduleMenu(version=LATER, effective_at=SIX), role="manager")
    site = site_of(world)
    assert menu_in_force(site, SIX - timedelta(microseconds=1)) == VERSION
    assert menu_in_force(site, SIX) == LATER
    world.wait(hours=18)
    world.do(ApplyScheduledMenu(version=LATER, effective_at=SIX), role="box")
    assert (site_of(world).menu_version, site_of(world).scheduled) == (LATER, ())
    assert menu_in_force(site_of(world), SIX - timedelta(hours=1)) == LATER  # the clocks go back: what was said stays said


def test_a_box_that_was_off_for_two_menus_puts_only_the_last_in_force() -> None:
    site = SiteState(
        menu_version="a", scheduled=tuple(ScheduledMenu(version=version, effective_at=SIX + timedelta(days=n)) for n, version in enumerate("bcd"))
    )  # fmt: skip
    due = due_menu(site, SIX + timedelta(days=1, hours=1))
    assert due is not None
    assert due.version == "c"
    assert due_menu(site, SIX - timedelta(minutes=1)) is None


def test_applying_the_last_due_menu_forgets_those_before_it_and_keeps_those_to_come() -> None:
    world = selling()
    for day in range(3):
        world.do(ScheduleMenu(version=LATER, effective_at=SIX + timedelta(days=day)), role="manager")
    world.wait(days=2)
    refused(world, ApplyScheduledMenu(version=LATER, effective_at=SIX), "menu.not_due", role="box")
    world.do(ApplyScheduledMenu(version=LATER, effective_at=SIX + timedelta(days=1)), role="box")
    assert [each.effective_at for each in site_of(world).scheduled] == [SIX + timedelta(days=2)]
    assert world.folded_anew().states == world.states


def test_a_menu_put_in_force_at_once_leaves_the_schedule_alone() -> None:
    world = selling()
    world.do(ScheduleMenu(version=LATER, effective_at=SIX), role="manager")
    world.do(ApplyMenu(version=LATER), role="manager")
    assert [each.version for each in site_of(world).scheduled] == [LATER]


def test_menus_are_scheduled_in_any_order_and_stand_in_that_of_their_times() -> None:
    world = selling()
    for day in (2, 0, 1):
        world.do(ScheduleMenu(version=LATER, effective_at=SIX + timedelta(days=day)), role="manager")
    assert [each.effective_at.day for each in site_of(world).scheduled] == [3, 4, 5]


def test_what_cannot_be_scheduled_is_refused() -> None:
    world = selling()
    refused(world, ScheduleMenu(version="0" * 64, effective_at=SIX), "menu.version_unknown")
    refused(world, ScheduleMenu(version=LATER, effective_at=datetime(2026, 3, 2, 12, 0)), "menu.effective_at_past")
    world.do(ScheduleMenu(version=LATER, effective_at=SIX), role="manager")
    refused(world, ScheduleMenu(version=LATER, effective_at=SIX), "menu.already_scheduled")
    for n in range(1, SCHEDULED_MENUS_MAX):
        world.do(ScheduleMenu(version=LATER, effective_at=SIX + timedelta(days=n)), role="manager")
    refused(world, ScheduleMenu(version=LATER, effective_at=SIX + timedelta(days=99)), "menu.too_many_scheduled")


def test_a_menu_in_another_currency_is_not_scheduled() -> None:
    world = selling()
    world.menu = msgspec.structs.replace(MENU, currency="JPY")
    refused(world, ScheduleMenu(version=menu_version(world.menu), effective_at=SIX), "menu.currency_differs")


def test_a_menu_is_taken_back_before_its_time_once() -> None:
    world = selling()
    world.do(ScheduleMenu(version=LATER, effective_at=SIX), role="manager")
    refused(world, UnscheduleMenu(version=VERSION, effective_at=SIX), "menu.not_scheduled")
    world.do(UnscheduleMenu(version=LATER, effective_at=SIX), role="manager")
    assert site_of(world).scheduled == ()
    refused(world, UnscheduleMenu(version=LATER, effective_at=SIX), "menu.not_scheduled")


def test_a_time_with_a_zone_is_no_local_time() -> None:
    body = b'{"type":"ScheduleMenu","version":"x","effective_at":"2026-03-03T06:00:00+01:00"}'
    with pytest.raises(Refused) as error:
        decode_command(body)
    assert error.value.code == "command.malformed"


def test_a_menu_made_from_one_that_is_no_longer_in_force_is_not_put_over_the_other() -> None:
    world = selling()
    refused(world, ApplyMenu(version=LATER, replaces="0" * 64), "menu.changed")
    world.do(ApplyMenu(version=LATER, replaces=VERSION), role="manager")
    assert site_of(world).menu_version == LATER
