"""Cooks start and bump, item by item or all at once; what has changed under their hands must be seen first."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.kitchen.changes import line_voided
from shared.domain.kitchen.making import (
    BumpItem,
    BumpTicket,
    PrioritizeTicket,
    StartItem,
    TicketBumped,
    TicketItemBumped,
    TicketItemStarted,
)
from shared.domain.kitchen.serving import ServeTicket
from shared.domain.kitchen.state import ItemStatus, TicketStatus
from tests.unit.shared.domain.kitchen.scene import WITH_EXPO, held, refusal, scene
from tests.unit.shared.domain.world import NOON, name_id

STEAK, CHIPS = name_id("steak"), name_id("chips")


def test_a_cook_starts_a_steak_and_the_times_are_kept() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.wait(minutes=1)
    world.cook(StartItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    world.wait(minutes=1)
    world.cook(StartItem(ticket_id=ticket.ticket_id, line_id=CHIPS))
    now = world.ticket(ticket.ticket_id)
    assert now.started_at == now.lines[0].started_at == NOON + timedelta(minutes=1), "the ticket began with its first item"
    assert now.lines[1].started_at == NOON + timedelta(minutes=2)
    refused = refusal(world, StartItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    assert (refused.code, refused.facts["status"]) == ("ticket.item_started", ItemStatus.STARTED)


def test_with_the_last_item_the_ticket_is_bumped() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    id = ticket.ticket_id
    assert world.cook(BumpItem(ticket_id=id, line_id=STEAK)) == [TicketItemBumped(ticket_id=id, line_id=STEAK)]
    assert world.ticket(id).status is TicketStatus.OPEN
    assert refusal(world, BumpItem(ticket_id=id, line_id=STEAK)).code == "ticket.item_ready"
    world.wait(minutes=3)
    assert world.cook(BumpItem(ticket_id=id, line_id=CHIPS)) == [TicketItemBumped(ticket_id=id, line_id=CHIPS), TicketBumped(ticket_id=id)]
    done = world.ticket(id)
    assert (done.status, done.bumped_at, [line.bumped_at for line in done.lines]) == (
        TicketStatus.BUMPED, NOON + timedelta(minutes=3), [NOON, NOON + timedelta(minutes=3)],
    )  # fmt: skip


def test_a_bump_of_the_ticket_bumps_what_is_left_and_keeps_the_times_of_the_rest() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.cook(BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    world.wait(minutes=2)
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    assert [line.bumped_at for line in world.ticket(ticket.ticket_id).lines] == [NOON, NOON + timedelta(minutes=2)]
    assert refusal(world, BumpTicket(ticket_id=ticket.ticket_id)).code == "ticket.already_bumped"
    assert refusal(world, BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK)).code == "ticket.already_bumped"
    assert refusal(world, StartItem(ticket_id=ticket.ticket_id, line_id=STEAK)).code == "ticket.already_bumped"


def test_a_void_that_nobody_has_seen_stops_the_bump() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"), held("salad"))
    id = ticket.ticket_id
    world.told(*line_voided(world, name_id("7"), CHIPS, "changed her mind"))
    refused = refusal(world, BumpTicket(ticket_id=id))
    assert refused.code == "ticket.changes_unseen"
    changes: Any = refused.facts["changes"]
    [change] = changes
    assert (change["kind"], change["line_ids"], change["text"]) == ("voided", (CHIPS,), "changed her mind")
    assert refusal(world, BumpItem(ticket_id=id, line_id=CHIPS)).code == "ticket.item_voided"
    world.cook(BumpItem(ticket_id=id, line_id=STEAK))  # which has not changed
    assert refusal(world, BumpItem(ticket_id=id, line_id=name_id("salad"))).code == "ticket.changes_unseen", "it would be the last"


def test_an_item_that_the_ticket_does_not_have_is_not_bumped() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    assert refusal(world, BumpItem(ticket_id=ticket.ticket_id, line_id=CHIPS)).code == "ticket.item_unknown"
    assert refusal(world, StartItem(ticket_id=ticket.ticket_id, line_id=CHIPS)).code == "ticket.item_unknown"
    assert refusal(world, StartItem(ticket_id=CHIPS, line_id=CHIPS)).code == "ticket.unknown"


def test_a_ticket_goes_first_and_takes_its_turn_again() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    world.cook(PrioritizeTicket(ticket_id=ticket.ticket_id))
    assert world.ticket(ticket.ticket_id).priority == 1
    assert refusal(world, PrioritizeTicket(ticket_id=ticket.ticket_id)).code == "ticket.priority_unchanged"
    world.cook(PrioritizeTicket(ticket_id=ticket.ticket_id, priority=0))
    assert world.ticket(ticket.ticket_id).priority == 0


def test_what_was_served_is_neither_bumped_nor_hurried() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"))
    world.cook(ServeTicket(ticket_id=ticket.ticket_id))
    assert refusal(world, BumpTicket(ticket_id=ticket.ticket_id)).code == "ticket.already_served"
    assert refusal(world, PrioritizeTicket(ticket_id=ticket.ticket_id)).code == "ticket.already_served"


@pytest.mark.parametrize("event", [TicketItemStarted, TicketItemBumped])
def test_an_event_on_an_item_that_is_not_there_is_noticed(event: type) -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    with pytest.raises(LookupError):
        world.told(event(ticket_id=ticket.ticket_id, line_id=CHIPS))
    with pytest.raises(LookupError):
        world.told(event(ticket_id=CHIPS, line_id=CHIPS))


def test_an_event_that_bumps_twice_is_noticed() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    world.told(TicketBumped(ticket_id=ticket.ticket_id))
    with pytest.raises(LookupError):
        world.told(TicketBumped(ticket_id=ticket.ticket_id))
