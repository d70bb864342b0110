"""Kitchen tickets: made by a send, one for each station, each exactly once; and what acts on checks make of them."""

import msgspec

from shared.domain.check import ChosenModifier, SendCheck, VoidLine
from shared.domain.check.firing import FireCourse
from shared.domain.check.merging import MergeChecks
from shared.domain.check.moving import MoveLines
from shared.domain.check.seating import MoveChecks
from shared.domain.ids import derived_id
from shared.domain.kitchen.counts import ingredient_counts
from shared.domain.kitchen.state import ItemStatus
from shared.domain.kitchen.ticket import BumpTicket, TicketStatus
from shared.domain.menu.document import Category, Course, IngredientUse, Menu, MenuItem
from shared.domain.menu.floor import Station
from tests.unit.shared.domain.world import MENU, World, begun, name_id

GRILL_HOUSE: Menu = msgspec.structs.replace(
    MENU,
    items=(
        MenuItem(id="burger", name="Burger", category="mains", price_minor=900, station="", also_stations=("fry",), prep_s=600, course="main",
                 ingredients=(IngredientUse(name="bun"),)),
        MenuItem(id="salad", name="Salad", category="mains", price_minor=500, station="cold", prep_s=120),
        MenuItem(id="sorbet", name="Sorbet", category="sweets", price_minor=500, station=""),
    ),
    categories=(Category(id="mains", name="Mains", station="grill"), Category(id="sweets", name="Sweets")),
    courses=(Course(id="main", name="Mains", waits=True),),
    stations=(Station(id="grill", name="Grill", fires_by_prep=True), Station(id="cold", name="Cold", fires_by_prep=True)),
    default_station="cold",
)  # fmt: skip


def sent(world: World, *items: str, name: str = "a") -> None:
    world.open(name, table_id="7")
    for item in items:
        world.add(item, name)
    world.do(SendCheck(check_id=name_id(name)), command_id=name_id(f"send {name}"))


def test_each_station_gets_its_own_lines_in_the_order_they_were_added() -> None:
    world = begun()
    sent(world, "soup", "wine", "soup")
    kitchen, bar = world.tickets()
    assert (kitchen.station, [line.name for line in kitchen.lines]) == ("kitchen", ["Soup", "Soup"])
    assert (bar.station, [line.name for line in bar.lines]) == ("bar", ["Wine"])
    assert (kitchen.table_id, kitchen.check_number, kitchen.business_date) == ("7", 1, "2026-03-02")


def test_the_same_send_played_on_another_box_makes_the_same_tickets() -> None:
    """A swapped box plays the tablets' commands again, in the next epoch: what was fired must not be fired anew."""
    first, second = begun(), begun(epoch=2)
    for world in (first, second):
        sent(world, "soup", "wine")
    ids = [ticket.ticket_id for ticket in first.tickets()]
    assert ids == [derived_id(name_id("send a"), 1), derived_id(name_id("send a"), 2)]
    assert [ticket.ticket_id for ticket in second.tickets()] == ids


def test_ticket_numbers_run_without_a_gap_in_each_station() -> None:
    world = begun()
    for name in ("a", "b", "c"):
        sent(world, "soup", *(["wine"] if name != "b" else []), name=name)
    assert [ticket.number for ticket in world.tickets() if ticket.station == "kitchen"] == [1, 2, 3]
    assert [ticket.number for ticket in world.tickets() if ticket.station == "bar"] == [1, 2]


def test_a_bumped_ticket_leaves_the_screen() -> None:
    world = begun()
    sent(world, "soup")
    [ticket] = world.tickets()
    assert ticket.is_live
    world.wait(minutes=8)
    world.do(BumpTicket(ticket_id=ticket.ticket_id), role="kds")
    [ticket] = world.tickets()
    assert (ticket.status, ticket.bumped_at, ticket.is_live) == (TicketStatus.BUMPED, world.now, False)


def test_a_ticket_shows_what_the_cook_must_know() -> None:
    world = begun()
    world.open()
    world.add("pizza", modifiers=(ChosenModifier(group_id="size", modifier_id="big"),), note="well done", quantity=2)
    world.do(SendCheck(check_id=name_id("a")))
    [ticket] = world.tickets()
    [line] = ticket.lines
    assert (line.name, line.quantity, line.modifiers, line.note) == ("Pizza", 2, ("Big",), "well done")


# --- what acts on checks make of tickets ---


def test_what_the_menu_says_of_an_item_reaches_its_stations() -> None:
    """Routing by item, by its group, by default; a course that waits; prep times; ingredients."""
    world = begun(menu=GRILL_HOUSE)
    world.open()
    for item in ("burger", "salad", "sorbet"):
        world.add(item)
    world.do(SendCheck(check_id=name_id("a")))
    assert {ticket.station: [line.name for line in ticket.lines] for ticket in world.tickets()} == {"cold": ["Salad", "Sorbet"]}
    world.do(FireCourse(check_id=name_id("a"), course="main"))
    assert [(ticket.station, ticket.course) for ticket in world.tickets()[1:]] == [("grill", "main"), ("fry", "main")]
    assert [(need.name, need.thousandths) for need in ingredient_counts(world.tickets())] == [("bun", 1_000)]
    assert world.tickets()[1].ready_by is not None
    assert world.folded_anew().states == world.states


def test_a_manager_voids_a_dish_and_its_station_is_told() -> None:
    world = begun()
    sent(world, "soup", "wine")
    line_id = world.check().lines[0].line_id
    world.do(VoidLine(check_id=name_id("a"), line_id=line_id, reason="hair"), role="manager")
    kitchen, bar = world.tickets()
    assert ([line.status for line in kitchen.lines], [change.text for change in kitchen.unseen]) == ([ItemStatus.VOIDED], ["hair"])
    assert bar.changes == ()


def test_parties_that_move_and_merge_are_followed_by_what_is_cooked_for_them() -> None:
    world = begun()
    sent(world, "soup", "wine")
    sent(world, "soup", name="b")
    soup, wine = (line.line_id for line in world.check().lines)
    world.do(MoveChecks(check_ids=(name_id("a"),), table_id="2"))
    assert {(ticket.check_number, ticket.table_id) for ticket in world.tickets()} == {(1, "2"), (2, "7")}
    world.do(MoveLines(check_id=name_id("a"), to_check_id=name_id("b"), line_ids=(wine,)))
    assert [(ticket.check_number, ticket.table_id, ticket.moved_from) for ticket in world.tickets()][1] == (2, "7", "2")
    world.do(MergeChecks(into_check_id=name_id("b"), check_ids=(name_id("a"),)))
    assert {ticket.check_number for ticket in world.tickets()} == {2}
    world.do(VoidLine(check_id=name_id("b"), line_id=soup, reason="left"), role="manager")
    assert world.tickets()[0].lines[0].status is ItemStatus.VOIDED
    assert world.folded_anew().states == world.states
