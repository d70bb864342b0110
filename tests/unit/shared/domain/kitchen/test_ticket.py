"""Kitchen tickets: made by a send, one for each station, each exactly once."""

from shared.domain.check import SendCheck
from shared.domain.ids import derived_id
from shared.domain.kitchen.ticket import BumpTicket, TicketStatus
from tests.unit.shared.domain.world import World, begun, name_id


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
    from shared.domain.check import ChosenModifier

    world = begun()
    world.open()
    world.add("pizza", modifiers=(ChosenModifier(group_id="size", modifier_id="big"),), note="well done", quantity=2)
    world.do(SendCheck(check_id=name_id("a")))
    [ticket] = world.tickets()
    [line] = ticket.lines
    assert (line.name, line.quantity, line.modifiers, line.note) == ("Pizza", 2, ("Big",), "well done")
