"""Commands that another box acknowledged are played: as at the time of then, once, and never out of the present or the past."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.check import AddLine, OpenCheck
from shared.domain.menu import menu_document, menu_version
from shared.domain.menu.schedule import ScheduleMenu
from tests.unit.edge.app.test_site_schedule import DEARER, SIX
from tests.unit.edge.site_kit import POS, SiteKit, device, refusal, submit
from tests.unit.shared.domain.world import NOON, name_id

OPEN = OpenCheck(check_id=name_id("a"))


def line(name: str) -> AddLine:
    return AddLine(check_id=name_id("a"), line_id=name_id(name), item_id="soup")


@pytest.fixture
def kit(tmp_path: Path) -> SiteKit:
    kit = SiteKit(tmp_path)
    kit.load_menu()
    return kit


def test_a_line_is_played_the_next_morning_at_the_price_that_was_told_in_the_evening(kit: SiteKit) -> None:
    kit.one(OPEN)
    kit.site.put_menu(menu_version(DEARER), menu_document(DEARER))
    kit.one(ScheduleMenu(version=menu_version(DEARER), effective_at=SIX), by=device("manager"))
    kit.wait(hours=20)
    kit.site.play(POS, submit(line("1")), NOON + timedelta(hours=8))
    kit.one(line("2"))
    told = [(entry["event"]["unit_price_minor"], entry["at"][:13]) for _, _, entry in kit.entries() if "unit_price_minor" in entry["event"]]
    assert told == [(650, "2026-03-02T19"), (750, "2026-03-03T07")]
    turned = [entry["at"][:13] for _, _, entry in kit.entries() if entry["event"]["type"] in ("BusinessDayTurned", "MenuApplied")]
    assert turned[-2:] == ["2026-03-03T07", "2026-03-03T07"], "the night had not passed when the line was told"


def test_a_command_that_the_journal_holds_gets_its_first_answer_and_writes_nothing(kit: SiteKit) -> None:
    first = kit.one(OPEN)
    head = kit.site.head
    kit.wait(hours=1)
    assert kit.site.play(POS, submit(OPEN), NOON) == (first,)
    assert kit.site.head == head
    assert refusal(kit.site.play(POS, submit(line("1"), id=submit(OPEN).id), NOON)) == "command.id_reused"


def test_a_time_before_the_journals_end_or_after_the_clock_is_none(kit: SiteKit) -> None:
    kit.one(OPEN)
    kit.wait(hours=1)
    kit.one(line("1"))
    kit.wait(hours=1)
    kit.site.play(POS, submit(line("2")), NOON - timedelta(days=300))
    kit.site.play(POS, submit(line("3")), NOON + timedelta(days=300))
    times = [entry["at"][:19] for _, _, entry in kit.entries() if entry["event"]["type"] == "LineAdded"]
    assert times == [(NOON + timedelta(hours=hours)).isoformat()[:19] for hours in (1, 1, 2)]


def test_what_is_played_is_decided_with_the_permissions_of_who_hands_it_in(kit: SiteKit) -> None:
    assert refusal(kit.site.play(device("kds"), submit(OPEN), NOON)) == "permission.missing"
