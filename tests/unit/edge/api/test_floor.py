"""The house and the kitchen as reads show them: floors with open checks, and tickets by fire."""

from edge.api.floor import tables_of
from edge.api.kitchen import fires_of, is_expo
from shared.domain.check import OpenCheck, SendCheck
from shared.domain.kitchen.making import BumpTicket
from shared.domain.menu import Menu
from shared.domain.menu.floor import Floor, Station, Table
from tests.unit.shared.domain.world import MENU, World, begun, name_id


def test_a_floor_plan_shows_tables_with_their_open_checks_and_what_sits_elsewhere() -> None:
    world = begun()
    world.open("a", table_id="2", covers=3)
    world.add("soup", "a")
    world.wait(minutes=5)
    world.open("b", table_id="2")
    world.do(OpenCheck(check_id=name_id("bar"), service="tab", name="Ben"))
    world.open("gone", table_id="terrace 9")
    told = tables_of(MENU, [world.check(name) for name in ("gone", "bar", "b", "a")])
    assert [[each.table.id for each in floor.tables] for floor in told.floors] == [["1", "2"]]
    free, taken = told.floors[0].tables
    assert free.checks == ()
    assert [(each.check_id, each.covers, each.total_minor, each.unsent) for each in taken.checks] == [
        (name_id("a"), 3, 650, 1), (name_id("b"), 0, 0, 0),
    ]  # fmt: skip
    assert [each.check_id for each in told.elsewhere] == [name_id("bar"), name_id("gone")]


def test_floors_of_the_menu_come_in_its_order() -> None:
    floors = (Floor(id="t", name="Terrace", tables=(Table(id="t1"),)), Floor(id="h", name="Hall", tables=(Table(id="h1"), Table(id="h2"))))
    told = tables_of(Menu(name="M", currency="EUR", floors=floors), [])
    assert [(floor.name, [each.table.id for each in floor.tables]) for floor in told.floors] == [
        ("Terrace", ["t1"]),
        ("Hall", ["h1", "h2"]),
    ]


def fired(world: World, name: str) -> None:
    world.open(name)
    world.add("soup", name)
    world.add("wine", name)
    world.do(SendCheck(check_id=name_id(name)))


def test_what_was_fired_together_stands_together_and_is_ready_when_all_of_it_is() -> None:
    world = begun()
    fired(world, "a")
    fired(world, "b")
    together = fires_of(world.tickets())
    assert [(each.check_id, len(each.tickets), each.is_ready) for each in together] == [(name_id("a"), 2, False), (name_id("b"), 2, False)]
    for ticket in together[0].tickets:
        world.do(BumpTicket(ticket_id=ticket.ticket_id), role="kds")
    assert [each.is_ready for each in fires_of(world.tickets())] == [True, False]


def test_an_expo_is_one_by_the_menu_and_not_by_its_name() -> None:
    menu = Menu(name="M", currency="EUR", stations=(Station(id="pass", name="Pass", kind="expo"), Station(id="expo", name="A grill")))
    assert [is_expo(menu, name) for name in ("pass", "expo", "nowhere", "")] == [True, False, False, False]
