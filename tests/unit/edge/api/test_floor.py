"""The house as reads show it: floors with the checks open at their tables, and what sits elsewhere."""

from edge.api.floor import tables_of
from shared.domain.check import OpenCheck
from shared.domain.menu import Menu
from shared.domain.menu.floor import Floor, Table
from tests.unit.shared.domain.world import MENU, begun, name_id


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
