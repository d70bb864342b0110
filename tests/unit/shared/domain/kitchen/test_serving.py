"""The expo hands over what is ready, and now and then what is not."""

import pytest

from shared.domain.kitchen.changes import MarkChangesSeen, line_voided
from shared.domain.kitchen.making import BumpItem, BumpTicket, TicketBumped
from shared.domain.kitchen.serving import ServeItems, ServeTicket, TicketItemsServed, TicketServed
from shared.domain.kitchen.state import ItemStatus, TicketStatus
from tests.unit.shared.domain.kitchen.scene import PLAIN, WITH_EXPO, held, refusal, scene
from tests.unit.shared.domain.world import NOON, name_id

STEAK, CHIPS = name_id("steak"), name_id("chips")


def test_a_ticket_waits_at_the_pass_until_it_is_served() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    assert world.ticket(ticket.ticket_id).is_live
    world.cook(ServeTicket(ticket_id=ticket.ticket_id))
    served = world.ticket(ticket.ticket_id)
    assert (served.status, served.served_at, served.served_early, served.is_live) == (TicketStatus.SERVED, NOON, False, False)
    assert (served.lines[0].status, served.lines[0].served_at) == (ItemStatus.SERVED, NOON)
    assert refusal(world, ServeTicket(ticket_id=ticket.ticket_id)).code == "ticket.already_served"
    assert refusal(world, ServeItems(ticket_id=ticket.ticket_id, line_ids=(STEAK,))).code == "ticket.already_served"


def test_without_an_expo_a_bumped_ticket_is_gone_and_a_runner_may_still_say_that_it_was_served() -> None:
    world = scene(PLAIN)
    [ticket] = world.fired("7", held("steak"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    assert not world.ticket(ticket.ticket_id).is_live
    world.cook(ServeTicket(ticket_id=ticket.ticket_id))
    assert world.ticket(ticket.ticket_id).served_at == NOON


def test_the_expo_takes_a_ticket_before_the_cook_has_bumped_it_and_the_fact_is_kept() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.cook(BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    assert world.cook(ServeTicket(ticket_id=ticket.ticket_id)) == [TicketServed(ticket_id=ticket.ticket_id, early=True)]
    served = world.ticket(ticket.ticket_id)
    assert (served.served_early, [line.served_early for line in served.lines]) == (True, [False, True])


def test_with_the_last_item_the_ticket_is_served() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"), held("chips"), held("salad"))
    id = ticket.ticket_id
    world.cook(BumpTicket(ticket_id=id))
    two = (STEAK, CHIPS)
    assert world.cook(ServeItems(ticket_id=id, line_ids=(*two, STEAK))) == [TicketItemsServed(ticket_id=id, line_ids=two)]
    assert refusal(world, ServeItems(ticket_id=id, line_ids=(STEAK,))).code == "ticket.item_served"
    last = (name_id("salad"),)
    assert world.cook(ServeItems(ticket_id=id, line_ids=last)) == [
        TicketItemsServed(ticket_id=id, line_ids=last), TicketServed(ticket_id=id),
    ]  # fmt: skip
    assert not world.ticket(id).is_live


def test_taking_the_last_thing_that_was_to_be_made_bumps_the_ticket_with_what_is_ready() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.cook(BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    events = world.cook(ServeItems(ticket_id=ticket.ticket_id, line_ids=(CHIPS,)))
    assert events == [
        TicketItemsServed(ticket_id=ticket.ticket_id, line_ids=(CHIPS,), early_line_ids=(CHIPS,)), TicketBumped(ticket_id=ticket.ticket_id),
    ]  # fmt: skip
    waiting = world.ticket(ticket.ticket_id)
    assert (waiting.status, waiting.is_live, [line.status for line in waiting.lines]) == (
        TicketStatus.BUMPED, True, [ItemStatus.READY, ItemStatus.SERVED],
    )  # fmt: skip
    world.cook(ServeItems(ticket_id=ticket.ticket_id, line_ids=(STEAK,)))
    assert world.ticket(ticket.ticket_id).served_early


def test_what_was_voided_at_the_pass_is_not_carried_out() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"), held("chips"))
    id = ticket.ticket_id
    world.cook(BumpTicket(ticket_id=id))
    world.told(*line_voided(world, name_id("7"), STEAK, "sent back the order"))
    assert refusal(world, ServeTicket(ticket_id=id)).code == "ticket.changes_unseen"
    assert refusal(world, ServeItems(ticket_id=id, line_ids=(STEAK,))).code == "ticket.item_voided"
    assert refusal(world, ServeItems(ticket_id=id, line_ids=(CHIPS,))).code == "ticket.changes_unseen", "it would be the last"
    world.cook(MarkChangesSeen(ticket_id=id))
    world.cook(ServeTicket(ticket_id=id))
    assert [line.status for line in world.ticket(id).lines] == [ItemStatus.VOIDED, ItemStatus.SERVED]


def test_a_ticket_at_the_pass_of_which_everything_was_voided_goes_once_it_was_seen() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    world.told(*line_voided(world, name_id("7"), STEAK, "left"))
    assert world.ticket(ticket.ticket_id).is_live
    world.cook(MarkChangesSeen(ticket_id=ticket.ticket_id))
    assert not world.ticket(ticket.ticket_id).is_live


def test_an_item_that_is_not_there_is_not_served() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"))
    assert refusal(world, ServeItems(ticket_id=ticket.ticket_id, line_ids=(CHIPS,))).code == "ticket.item_unknown"
    with pytest.raises(LookupError):
        world.told(TicketItemsServed(ticket_id=ticket.ticket_id, line_ids=(CHIPS,)))
