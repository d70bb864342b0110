"""The kitchen as reads show it: tickets by fire, and who is an expo."""

from edge.api.kitchen import fires_of, is_expo, stations_of
from shared.domain.check import SendCheck
from shared.domain.kitchen.making import BumpTicket
from shared.domain.menu import Menu, MenuItem
from shared.domain.menu.document import Category
from shared.domain.menu.floor import Station
from tests.unit.shared.domain.world import World, begun, name_id


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


def test_a_station_is_known_by_whatever_sends_anything_to_it() -> None:
    menu = Menu(
        name="M", currency="EUR", default_station="kitchen", stations=(Station(id="pass", name="Pass", kind="expo"),),
        categories=(Category(id="drinks", name="Drinks", station="bar"), Category(id="food", name="Food")),
        items=(
            MenuItem(id="a", name="A", category="food", price_minor=1, station="", also_stations=("grill",)),
            MenuItem(id="b", name="B", category="food", price_minor=1, station="oven"),
        ),
    )  # fmt: skip
    assert stations_of(menu) == {"kitchen", "pass", "bar", "grill", "oven"}
