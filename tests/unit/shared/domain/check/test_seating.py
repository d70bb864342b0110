"""Who sits where, and whose check it is."""

from typing import Any

import msgspec
import pytest

from shared.domain.check import (
    AddLine,
    AssignCheck,
    ChangeCheck,
    CheckAssigned,
    CheckChanged,
    CheckMoved,
    MoveChecks,
    OpenCheck,
    PayCash,
    SendCheck,
    SplitCheck,
    sums_of,
)  # fmt: skip
from shared.domain.kernel import Command
from shared.domain.menu import Menu
from shared.domain.menu.document import LevelPrice
from shared.domain.menu.floor import Floor, Table
from shared.domain.menu.pricing import PriceLevel
from shared.domain.menu.rules import SellingRules, ServiceChargeRule
from shared.limits import CHECKS_MOVED_MAX
from tests.unit.shared.domain.check.parties import at_table, bears, by_seats, ensure_followed, totals
from tests.unit.shared.domain.check.till import close, refused
from tests.unit.shared.domain.world import MENU, World, begun, name_id

A, B, C = name_id("a"), name_id("b"), name_id("c")


def house(**fields: Any) -> Menu:
    """A house with two floors and a price level for friends, who get soup for 5.00."""
    soup, *others = MENU.items
    return msgspec.structs.replace(
        MENU,
        items=(msgspec.structs.replace(soup, prices=(LevelPrice(level="friends", price_minor=500),)), *others),
        floors=(
            Floor(id="hall", name="Hall", tables=(Table(id="1"), Table(id="2"))),
            Floor(id="terrace", name="Terrace", tables=(Table(id="t1"),)),
        ),
        price_levels=(PriceLevel(id="friends", name="Friends"),),
        **fields,
    )


def seated(**fields: Any) -> World:
    """Two guests at table 1, whose soup is in the kitchen."""
    world = begun(menu=house(**fields))
    world.open(table_id="1", covers=2)
    world.add("soup", line="soup")
    world.do(SendCheck(check_id=A))
    return world


# --- guests, names, price levels ---


def test_a_third_guest_comes_and_the_kitchen_reads_it() -> None:
    world = seated()
    [changed, *_] = world.do(ChangeCheck(check_id=A, covers=3, name="Ann"))
    assert changed == CheckChanged(check_id=A, covers=3, name="Ann")
    assert (world.check().covers, world.check().name) == (3, "Ann")
    assert [(ticket.covers, ticket.name) for ticket in world.tickets()] == [(3, "Ann")]
    ensure_followed(begun(menu=world.menu), world)


def test_the_sixth_guest_brings_the_automatic_gratuity_and_takes_it_away_again() -> None:
    world = seated(rules=SellingRules(service_charges=(ServiceChargeRule(id="six", name="Service", rate="10%", from_covers=6),)))
    world.do(ChangeCheck(check_id=A, covers=6))
    assert sums_of(world.check()).service_minor == 65
    world.do(ChangeCheck(check_id=A, covers=5))
    assert sums_of(world.check()).service_minor == 0


def test_a_price_level_holds_for_what_is_added_from_then_on() -> None:
    world = seated()
    world.do(ChangeCheck(check_id=A, price_level="friends"))
    world.add("soup")
    world.do(ChangeCheck(check_id=A, price_level=""))
    world.add("soup")
    assert [line.unit_price_minor for line in world.check().lines] == [650, 500, 650]


def test_what_is_known_of_the_sums_and_an_even_split_survives_another_name() -> None:
    world = at_table()
    by_seats(world, "b", (1,), (2,))
    world.do(ChangeCheck(check_id=A, name="Ann", covers=4))
    assert world.check().given is not None
    assert totals(world.check())["total"] == 1300


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ChangeCheck(check_id=A, price_level="enemies"), "price_level.unknown"),
        (ChangeCheck(check_id=A), "check.unchanged"),
        (ChangeCheck(check_id=A, covers=2, name=""), "check.unchanged"),
        (ChangeCheck(check_id=A, name="Ann\x00"), "text.control_character"),
        (ChangeCheck(check_id=A, covers=3, revision=0), "check.changed"),
        (ChangeCheck(check_id=B, covers=3), "check.unknown"),
        (AssignCheck(check_id=A, device_id="tablet"), "check.unchanged"),
        (AssignCheck(check_id=A, owner_id="bob", revision=99), "check.changed"),
        (AssignCheck(check_id=A, owner_id="bob\x07"), "text.control_character"),
        (MoveChecks(check_ids=(A,), table_id="1"), "check.unchanged"),
        (MoveChecks(check_ids=(A,), table_id="9"), "table.unknown"),
        (MoveChecks(check_ids=(A, B), table_id="2"), "check.unknown"),
        (MoveChecks(check_ids=(A,), table_id="2", from_table_id="t1"), "check.changed"),
    ],
)  # fmt: skip
def test_what_changes_nothing_or_cannot_be_is_refused(command: Command, code: str) -> None:
    world = seated()
    before = dict(world.states)
    with pytest.raises(Exception, match=code):
        world.do(command)
    assert world.states == before


def test_a_tab_keeps_a_name() -> None:
    world = begun()
    world.do(OpenCheck(check_id=A, service="tab", name="Ann"))
    assert refused(world, ChangeCheck(check_id=A, name=" ")).code == "tab.name_missing"
    world.do(ChangeCheck(check_id=A, name="Ann B."))


def test_a_closed_check_stays_as_it_was() -> None:
    world = seated()
    world.do(PayCash(check_id=A, tendered_minor=1_000))
    close(world)
    for command in (ChangeCheck(check_id=A, covers=3), MoveChecks(check_ids=(A,), table_id="2"), AssignCheck(check_id=A, owner_id="bob")):
        assert refused(world, command).code == "check.closed"


# --- tables ---


def test_a_party_moves_to_the_terrace_with_all_of_its_checks_and_the_dishes_follow() -> None:
    world = seated()
    world.open("b", table_id="1")
    world.open("c", table_id="t1")
    events = world.do(MoveChecks(check_ids=(A, B, C, A), table_id="t1", from_table_id=None))
    assert [event.check_id for event in events if isinstance(event, CheckMoved)] == [A, B]
    assert {world.check(name).table_id for name in "abc"} == {"t1"}
    assert [(ticket.table_id, ticket.moved_from) for ticket in world.tickets()] == [("t1", "1")]
    ensure_followed(begun(menu=world.menu), world)


def test_one_check_that_was_closed_keeps_all_of_them_where_they_are() -> None:
    world = seated()
    world.open("b", table_id="1")
    close(world, "b")
    assert refused(world, MoveChecks(check_ids=(A, B), table_id="2")).code == "check.closed"
    assert world.check().table_id == "1"


def test_two_waiters_move_one_party_to_two_tables_and_the_second_is_told() -> None:
    world = seated()
    world.do(MoveChecks(check_ids=(A,), table_id="2", from_table_id="1"))
    assert refused(world, MoveChecks(check_ids=(A,), table_id="t1", from_table_id="1")).code == "check.changed"


def test_a_guest_leaves_the_table_for_the_bar_where_there_are_none() -> None:
    world = seated()
    world.do(MoveChecks(check_ids=(A,), table_id=""))
    assert world.check().table_id == ""


def test_a_bus_of_fifty_checks_moves_at_once() -> None:
    world = begun(menu=house())
    names = [f"bus {n}" for n in range(CHECKS_MOVED_MAX)]
    for name in names:
        world.open(name, table_id="1")
    world.do(MoveChecks(check_ids=tuple([name_id(name) for name in names]), table_id="2"))
    assert {world.check(name).table_id for name in names} == {"2"}


# --- owners and tablets ---


def test_a_waiter_goes_home_and_another_takes_the_table_on_a_tablet_of_his_own() -> None:
    world = seated()
    [assigned, *_] = world.do(AssignCheck(check_id=A, owner_id="bob", device_id="tablet 2"))
    assert assigned == CheckAssigned(check_id=A, owner_id="bob", device_id="tablet 2")
    assert (world.check().owner_id, world.check().device_id) == ("bob", "tablet 2")
    assert [ticket.owner_id for ticket in world.tickets()] == ["bob"]
    world.add("soup")
    assert world.check().owner_id == "bob"


def test_two_waiters_take_one_table_and_the_second_is_told_who_has_it() -> None:
    world = seated()
    seen = world.check().revision
    world.do(AssignCheck(check_id=A, owner_id="bob", revision=seen))
    assert refused(world, AssignCheck(check_id=A, owner_id="cat", revision=seen)).code == "check.changed"


def test_a_line_is_added_while_the_table_is_handed_over_and_both_stand() -> None:
    world = seated()
    world.do(AssignCheck(check_id=A, owner_id="bob"))
    world.do(AddLine(check_id=A, line_id=B, item_id="wine"))
    world.do(SplitCheck(check_id=A, into=(C,), assignments=(bears("soup", 0, 1),)))
    assert (world.check().owner_id, world.check("c").owner_id) == ("bob", "bob")
