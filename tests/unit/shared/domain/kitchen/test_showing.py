"""Tickets reach the kitchen: shown once, printed once, whatever the order."""

from datetime import timedelta

from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.showing import MarkPrinted, MarkShown, TicketShown
from shared.domain.kitchen.state import ItemStatus
from tests.unit.shared.domain.kitchen.scene import held, refusal, scene
from tests.unit.shared.domain.world import NOON, name_id


def test_a_screen_that_comes_up_shows_all_its_tickets_with_one_word() -> None:
    world = scene()
    tickets = world.fired("7", held("steak"), held("wine", "bar"))
    world.wait(seconds=2)
    events = world.cook(MarkShown(ticket_ids=tuple(ticket.ticket_id for ticket in tickets)))
    assert events == [TicketShown(ticket_id=ticket.ticket_id) for ticket in tickets]
    for ticket in world.tickets():
        assert (ticket.shown_at, ticket.lines[0].status) == (NOON + timedelta(seconds=2), ItemStatus.DISPLAYED)


def test_a_second_screen_is_told_only_of_what_is_new() -> None:
    world = scene()
    [first] = world.fired("7", held("steak"))
    world.cook(MarkShown(ticket_ids=(first.ticket_id,)))
    [second] = world.fired("8", held("chips"))
    both = (first.ticket_id, second.ticket_id, second.ticket_id)
    assert world.cook(MarkShown(ticket_ids=both)) == [TicketShown(ticket_id=second.ticket_id)]
    refused = refusal(world, MarkShown(ticket_ids=both))
    assert (refused.code, refused.facts["ticket_ids"]) == ("ticket.already_shown", list(both[:2]))


def test_what_was_bumped_before_a_screen_showed_it_and_what_nobody_knows_is_passed_over() -> None:
    world = scene()
    [made] = world.fired("7", held("steak"))
    [fresh] = world.fired("8", held("chips"))
    world.cook(BumpTicket(ticket_id=made.ticket_id))
    ghost = name_id("ghost")
    assert world.cook(MarkShown(ticket_ids=(ghost, made.ticket_id, fresh.ticket_id))) == [TicketShown(ticket_id=fresh.ticket_id)]
    assert refusal(world, MarkShown(ticket_ids=(made.ticket_id,))).code == "ticket.already_shown"
    assert refusal(world, MarkShown(ticket_ids=(ghost,))).code == "ticket.unknown"


def test_a_ticket_may_be_on_paper_and_on_a_screen() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    world.cook(MarkPrinted(ticket_id=ticket.ticket_id))
    printed = world.ticket(ticket.ticket_id)
    assert (printed.printed_at, printed.shown_at, printed.lines[0].status) == (NOON, None, ItemStatus.SENT)
    world.cook(MarkShown(ticket_ids=(ticket.ticket_id,)))
    shown = world.ticket(ticket.ticket_id)
    assert (shown.printed_at, shown.shown_at, shown.lines[0].status) == (NOON, NOON, ItemStatus.DISPLAYED)
    assert refusal(world, MarkPrinted(ticket_id=ticket.ticket_id)).code == "ticket.already_printed"


def test_an_item_that_was_started_before_it_was_marked_as_shown_stays_started() -> None:
    from shared.domain.kitchen.making import StartItem

    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.cook(StartItem(ticket_id=ticket.ticket_id, line_id=name_id("steak")))
    world.cook(MarkShown(ticket_ids=(ticket.ticket_id,)))
    assert [line.status for line in world.ticket(ticket.ticket_id).lines] == [ItemStatus.STARTED, ItemStatus.DISPLAYED]
