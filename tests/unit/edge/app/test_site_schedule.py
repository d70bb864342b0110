"""A scheduled menu comes into force on time, whoever asks next, and whatever became of the box meanwhile."""

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from edge.app.site import BOX, Request
from shared.domain.check import AddLine, OpenCheck
from shared.domain.ids import derived_id
from shared.domain.menu import Menu, menu_document, menu_version
from shared.domain.menu.schedule import ScheduleMenu
from tests.unit.edge.site_kit import SiteKit, device, submit
from tests.unit.shared.domain.world import MENU, SITE, name_id

DEARER = msgspec.structs.replace(MENU, items=tuple(msgspec.structs.replace(item, price_minor=750) for item in MENU.items))
SIX = datetime(2026, 3, 3, 6, 0)
OPEN = OpenCheck(check_id=name_id("a"))


@pytest.fixture
def kit(tmp_path: Path) -> SiteKit:
    kit = SiteKit(tmp_path)
    kit.load_menu()
    return kit


def schedule(kit: SiteKit, menu: Menu = DEARER, at: datetime = SIX) -> None:
    kit.site.put_menu(menu_version(menu), menu_document(menu))
    kit.one(ScheduleMenu(version=menu_version(menu), effective_at=at), by=device("manager"))


def news(kit: SiteKit, before: int) -> list[tuple[str, str, str]]:
    return [(entry["event"]["type"], entry["device"], entry["date"]) for _, _, entry in kit.entries()[before:]]


def test_the_first_line_after_the_hour_is_sold_at_the_new_price(kit: SiteKit) -> None:
    kit.one(OPEN)
    schedule(kit)
    before = len(kit.entries())
    kit.wait(hours=17, minutes=59)
    kit.one(AddLine(check_id=name_id("a"), line_id=name_id("1"), item_id="soup"))
    kit.wait(minutes=1)
    kit.one(AddLine(check_id=name_id("a"), line_id=name_id("2"), item_id="soup"))
    entries = [entry for _, _, entry in kit.entries()[before:]]
    assert [entry["event"]["type"] for entry in entries] == ["BusinessDayTurned", "LineAdded", "MenuApplied", "LineAdded"]
    assert [entry["event"]["unit_price_minor"] for entry in entries if entry["event"]["type"] == "LineAdded"] == [650, 750]
    assert entries[2]["event"]["effective_at"] == "2026-03-03T06:00:00"
    assert (entries[2]["device"], entries[2]["ordinal"], entries[2]["of"]) == ("box", 0, 1)


def test_nobody_sends_anything_and_the_menu_is_in_force_all_the_same(kit: SiteKit) -> None:
    schedule(kit)
    before = len(kit.entries())
    nobody = Request(device=BOX, commands=())
    assert kit.group(nobody) == ([()], None)
    kit.wait(days=1)
    _, committed = kit.group(nobody)
    assert committed is not None
    assert news(kit, before) == [("BusinessDayTurned", "box", "2026-03-03"), ("MenuApplied", "box", "2026-03-03")]
    assert kit.site.menu == (menu_version(DEARER), DEARER)
    assert kit.group(nobody) == ([()], None)


def test_time_that_brought_no_menu_turns_no_day(kit: SiteKit) -> None:
    schedule(kit, at=datetime(2027, 1, 1))
    kit.wait(days=1)
    assert kit.group(Request(device=BOX, commands=())) == ([()], None)


def test_a_refused_command_applies_no_menu_and_the_next_accepted_one_does(kit: SiteKit) -> None:
    schedule(kit)
    kit.wait(days=1)
    assert kit.refused(AddLine(check_id=name_id("a"), line_id=name_id("1"), item_id="soup")) == "check.unknown"
    assert kit.site.menu[1] == MENU
    kit.one(OPEN)
    assert kit.site.menu[1] == DEARER


def test_a_box_that_was_off_at_the_hour_sells_at_the_new_price_when_it_is_back(kit: SiteKit) -> None:
    schedule(kit)
    kit.wait(days=3)
    again = kit.restart()
    again.one(OPEN)
    assert again.site.menu[1] == DEARER
    again.close()


def test_a_box_without_the_document_sells_on_from_the_menu_it_has(kit: SiteKit) -> None:
    """A replacement box plays the journal again and may not have received the document yet; an empty menu would close the house."""
    schedule(kit)
    kit.store.connection.execute("DELETE FROM documents WHERE version = ?", (menu_version(DEARER),))
    kit.wait(days=1)
    again = kit.restart()
    again.one(OPEN)
    assert again.site.menu[1] == MENU
    again.site.put_menu(menu_version(DEARER), menu_document(DEARER))
    again.one(OpenCheck(check_id=name_id("b")))
    assert again.site.menu[1] == DEARER
    again.close()


def test_a_device_that_takes_the_id_of_the_menus_command_cannot_stop_it(kit: SiteKit) -> None:
    schedule(kit)
    kit.one(submit(OPEN, derived_id(SITE, "menu", SIX.isoformat(), menu_version(DEARER))))
    kit.wait(days=1)
    kit.one(OpenCheck(check_id=name_id("b")))
    assert kit.site.menu[1] == DEARER
