"""What was bumped comes back with the clock it had: the guest has been waiting since then."""

from datetime import timedelta

import pytest

from shared.domain.kitchen.changes import MarkChangesSeen, line_voided
from shared.domain.kitchen.making import BumpItem, BumpTicket, StartItem
from shared.domain.kitchen.recalling import RecallItem, RecallLast, RecallTicket, TicketItemRecalled, TicketRecalled
from shared.domain.kitchen.serving import ServeItems, ServeTicket
from shared.domain.kitchen.showing import MarkShown
from shared.domain.kitchen.state import STATION, ItemStatus, StationLog, TicketStatus
from shared.limits import KITCHEN_RECALL_MAX_S, STATION_RECENT_MAX
from tests.unit.shared.domain.kitchen.scene import WITH_EXPO, held, refusal, scene
from tests.unit.shared.domain.world import NOON, name_id

STEAK, CHIPS = name_id("steak"), name_id("chips")


def test_a_wet_finger_bumps_the_wrong_ticket_and_it_comes_back_as_it_was() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    id = ticket.ticket_id
    world.cook(MarkShown(ticket_ids=(id,)))
    world.cook(StartItem(ticket_id=id, line_id=STEAK))
    before = world.ticket(id)
    world.wait(minutes=9)
    world.cook(BumpTicket(ticket_id=id))
    world.wait(minutes=1)
    world.cook(RecallTicket(ticket_id=id))
    after = world.ticket(id)
    assert (after.created_at, after.started_at, after.recalls, after.is_live) == (NOON, NOON, 1, True)
    assert (after.lines, after.status, after.bumped_at) == (before.lines, TicketStatus.OPEN, None)
    assert refusal(world, RecallTicket(ticket_id=id)).code == "ticket.not_bumped"


def test_a_dish_comes_back_from_the_table() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("7", held("steak"), held("chips"))
    id = ticket.ticket_id
    world.cook(BumpTicket(ticket_id=id))
    world.cook(ServeTicket(ticket_id=id))
    world.wait(minutes=10)
    world.cook(RecallItem(ticket_id=id, line_id=STEAK))
    back = world.ticket(id)
    assert (back.status, back.served_at, back.created_at, back.recalls) == (TicketStatus.OPEN, None, NOON, 1)
    assert [line.status for line in back.lines] == [ItemStatus.DISPLAYED, ItemStatus.SERVED], "nobody fries the chips again"
    world.cook(BumpItem(ticket_id=id, line_id=STEAK))
    assert world.ticket(id).status is TicketStatus.BUMPED
    world.cook(ServeItems(ticket_id=id, line_ids=(STEAK,)))
    assert world.ticket(id).status is TicketStatus.SERVED


def test_one_item_of_an_open_ticket_is_taken_back() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.cook(BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    world.cook(RecallItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    back = world.ticket(ticket.ticket_id)
    assert (back.lines[0].status, back.lines[0].bumped_at, back.recalls) == (ItemStatus.DISPLAYED, None, 0)
    assert refusal(world, RecallItem(ticket_id=ticket.ticket_id, line_id=STEAK)).code == "ticket.item_pending"
    assert refusal(world, RecallItem(ticket_id=ticket.ticket_id, line_id=name_id("x"))).code == "ticket.item_unknown"


def test_the_recall_key_brings_back_the_last_ticket_of_its_station_then_the_one_before() -> None:
    world = scene()
    tickets = [world.fired(name, held(f"steak#{name}"))[0] for name in "abc"]
    [wine] = world.fired("d", held("wine", "bar"))
    for ticket in (tickets[1], tickets[0], wine):
        world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    assert world.cook(RecallLast(station="grill")) == [TicketRecalled(ticket_id=tickets[0].ticket_id)]
    assert world.cook(RecallLast(station="grill")) == [TicketRecalled(ticket_id=tickets[1].ticket_id)]
    assert refusal(world, RecallLast(station="grill")).code == "ticket.none_recent"
    assert refusal(world, RecallLast(station="nowhere")).code == "ticket.none_recent"
    assert world.cook(RecallLast(station="bar")) == [TicketRecalled(ticket_id=wine.ticket_id)]


def test_a_ticket_of_the_lunch_does_not_come_back_at_dinner() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    world.wait(seconds=KITCHEN_RECALL_MAX_S)
    world.cook(RecallTicket(ticket_id=ticket.ticket_id))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    world.wait(seconds=KITCHEN_RECALL_MAX_S + 1)
    assert refusal(world, RecallTicket(ticket_id=ticket.ticket_id)).code == "ticket.too_old"
    assert refusal(world, RecallItem(ticket_id=ticket.ticket_id, line_id=STEAK)).code == "ticket.too_old"
    assert refusal(world, RecallLast(station="grill")).code == "ticket.none_recent"


def test_what_was_voided_meanwhile_is_not_made_again_and_must_be_seen() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"), held("chips"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    world.told(*line_voided(world, name_id("7"), CHIPS, "cold"))
    assert not world.ticket(ticket.ticket_id).is_live, "it is made: a void is no news for the cook"
    world.cook(RecallTicket(ticket_id=ticket.ticket_id))
    assert [line.status for line in world.ticket(ticket.ticket_id).lines] == [ItemStatus.DISPLAYED, ItemStatus.VOIDED]
    assert refusal(world, BumpTicket(ticket_id=ticket.ticket_id)).code == "ticket.changes_unseen"
    assert refusal(world, RecallItem(ticket_id=ticket.ticket_id, line_id=CHIPS)).code == "ticket.item_voided"


def test_a_ticket_of_which_everything_was_voided_stays_away() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    world.told(*line_voided(world, name_id("7"), STEAK, "left"))
    world.cook(MarkChangesSeen(ticket_id=ticket.ticket_id))
    assert refusal(world, RecallTicket(ticket_id=ticket.ticket_id)).code == "ticket.all_voided"
    assert refusal(world, RecallLast(station="grill")).code == "ticket.none_recent"


def test_a_station_remembers_its_last_tickets_and_no_more() -> None:
    world = scene()
    ids: list[str] = []
    for count in range(STATION_RECENT_MAX + 2):
        [ticket] = world.fired(str(count), held(f"steak#{count}"))
        world.cook(BumpTicket(ticket_id=ticket.ticket_id))
        ids.append(ticket.ticket_id)
    log = world.find(StationLog, STATION, "grill")
    assert log is not None
    assert list(log.recent) == ids[2:]
    world.cook(RecallTicket(ticket_id=ids[0]))  # by hand, that still goes


def test_an_event_that_recalls_what_is_not_there_is_noticed() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    with pytest.raises(LookupError):
        world.told(TicketItemRecalled(ticket_id=ticket.ticket_id, line_id=CHIPS))
    with pytest.raises(LookupError):
        world.told(TicketRecalled(ticket_id=ticket.ticket_id))


def test_two_recalls_of_one_ticket_are_counted() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak"))
    for _ in range(2):
        world.wait(minutes=1)
        world.cook(BumpTicket(ticket_id=ticket.ticket_id))
        world.cook(RecallLast(station="grill"))
    back = world.ticket(ticket.ticket_id)
    assert (back.recalls, back.created_at, world.now - NOON) == (2, NOON, timedelta(minutes=2))
