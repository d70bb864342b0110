"""What becomes of the cooking after a ticket was fired: the kitchen hears of it, and nothing is bumped before somebody has seen it."""

import pytest

from shared.domain.errors import Refused
from shared.domain.kitchen.changes import MarkChangesSeen, TicketChanged, TicketChangesSeen, line_noted, line_voided
from shared.domain.kitchen.making import BumpItem, BumpTicket, TicketBumped
from shared.domain.kitchen.state import ItemStatus, TicketStatus
from shared.limits import TICKET_CHANGES_MAX
from tests.unit.shared.domain.kitchen.scene import WITH_EXPO, held, refusal, scene
from tests.unit.shared.domain.world import NOON, name_id

A, B = name_id("a"), name_id("b")
STEAK, CHIPS, BURGER = name_id("steak"), name_id("chips"), name_id("burger")


def test_a_voided_burger_is_struck_on_the_tickets_of_both_its_stations() -> None:
    world = scene()
    grill, fry = world.fired("a", held("burger", also_stations=("fry",)), held("steak"))
    world.told(*line_voided(world, A, BURGER, "allergy"))
    for ticket in (world.ticket(grill.ticket_id), world.ticket(fry.ticket_id)):
        assert ticket.lines[0].status is ItemStatus.VOIDED
        assert [(change.kind, change.text, change.at, change.seen_at) for change in ticket.unseen] == [("voided", "allergy", NOON, None)]
    assert world.ticket(grill.ticket_id).lines[1].status is ItemStatus.SENT
    assert list(line_voided(world, A, BURGER, "again")) == []


def test_of_a_line_that_was_never_fired_the_kitchen_says_nothing() -> None:
    world = scene()
    world.fired("a", held("steak"))
    assert list(line_voided(world, A, CHIPS, "")) == []
    assert list(line_voided(world, B, STEAK, "")) == []


def test_when_all_that_was_left_is_voided_the_ticket_goes_once_somebody_has_seen_it() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"), held("chips"))
    id = ticket.ticket_id
    world.cook(BumpItem(ticket_id=id, line_id=STEAK))
    world.told(*line_voided(world, A, CHIPS, "too late"))
    assert world.ticket(id).status is TicketStatus.OPEN
    assert world.cook(MarkChangesSeen(ticket_id=id)) == [TicketChangesSeen(ticket_id=id, count=1), TicketBumped(ticket_id=id)]
    assert [line.status for line in world.ticket(id).lines] == [ItemStatus.READY, ItemStatus.VOIDED]


def test_a_change_that_came_while_the_cook_tapped_is_still_unseen() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"), held("chips"), held("salad"))
    world.told(*line_voided(world, A, STEAK, "first"))
    world.told(*line_voided(world, A, CHIPS, "while the finger was on its way"))
    world.cook(MarkChangesSeen(ticket_id=ticket.ticket_id, count=1))
    assert [change.text for change in world.ticket(ticket.ticket_id).unseen] == ["while the finger was on its way"]
    refused = refusal(world, MarkChangesSeen(ticket_id=ticket.ticket_id, count=1))
    assert refused.code == "ticket.changes_seen"
    world.cook(MarkChangesSeen(ticket_id=ticket.ticket_id, count=1_000))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    assert refusal(world, MarkChangesSeen(ticket_id=ticket.ticket_id)).code == "ticket.changes_seen"


def test_a_note_that_comes_later_must_be_seen_before_its_item_is_bumped() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"), held("chips"))
    world.told(*line_noted(world, A, STEAK, "no pepper: allergy"))
    assert world.ticket(ticket.ticket_id).lines[0].note == "no pepper: allergy"
    assert list(line_noted(world, A, STEAK, "no pepper: allergy")) == [], "it says so already"
    assert refusal(world, BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK)).code == "ticket.changes_unseen"
    world.cook(MarkChangesSeen(ticket_id=ticket.ticket_id))
    world.cook(BumpItem(ticket_id=ticket.ticket_id, line_id=STEAK))
    assert list(line_noted(world, A, STEAK, "too late")) == [], "it is made"


def test_notes_without_end_are_refused() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"))
    for count in range(TICKET_CHANGES_MAX):
        world.told(TicketChanged(ticket_id=ticket.ticket_id, kind="noted", line_ids=(STEAK,), text=str(count)))
    with pytest.raises(Refused) as refused:
        list(line_noted(world, A, STEAK, "one more"))
    assert refused.value.code == "ticket.too_many_changes"


def test_a_kind_of_change_that_this_release_does_not_know_is_kept_and_stops_nobody() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("a", held("steak"))
    world.told(TicketChanged(ticket_id=ticket.ticket_id, kind="blessed", line_ids=("?",), text="amen"))
    now = world.ticket(ticket.ticket_id)
    assert ([change.kind for change in now.changes], now.unseen) == (["blessed"], ())
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))


def test_events_that_do_not_fit_are_noticed() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"))
    id = ticket.ticket_id
    with pytest.raises(LookupError):
        world.told(TicketChanged(ticket_id=id, kind="voided", line_ids=(CHIPS,)))
    with pytest.raises(LookupError):
        world.told(TicketChanged(ticket_id=CHIPS, kind="voided", line_ids=(CHIPS,)))
    with pytest.raises(ValueError, match="has 0"):
        world.told(TicketChangesSeen(ticket_id=id, count=1))
    world.told(*line_voided(world, A, STEAK, ""))
    with pytest.raises(LookupError):
        world.told(TicketChanged(ticket_id=id, kind="voided", line_ids=(STEAK,)))
