"""What becomes of a ticket after it was fired: the kitchen hears of it, wherever the line stands by then."""

import pytest

from shared.domain.kitchen.changes import (
    MarkChangesSeen,
    TicketChanged,
    TicketChangesSeen,
    TicketLinesMoved,
    line_noted,
    line_seated,
    line_voided,
    lines_moved,
    relabelled,
)
from shared.domain.kitchen.making import BumpItem, BumpTicket, TicketBumped
from shared.domain.kitchen.state import ItemStatus, TicketStatus, tickets_of
from shared.limits import TICKET_CHANGES_MAX
from tests.unit.shared.domain.kitchen.scene import WITH_EXPO, Scene, held, refusal, scene
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
    from shared.domain.errors import Refused

    with pytest.raises(Refused) as refused:
        list(line_noted(world, A, STEAK, "one more"))
    assert refused.value.code == "ticket.too_many_changes"


def test_a_party_moves_to_the_terrace_and_its_open_tickets_go_there_without_bothering_the_cook() -> None:
    world = scene()
    [made] = world.fired("a", held("steak"))
    world.cook(BumpTicket(ticket_id=made.ticket_id))
    [ticket] = world.fired("a", held("chips"))
    world.told(*relabelled(world, A, "terrace", owner_id="ben", covers=5))
    moved = world.ticket(ticket.ticket_id)
    assert (moved.table_id, moved.moved_from, moved.owner_id, moved.covers, moved.unseen) == ("terrace", "a", "ben", 5, ())
    assert world.ticket(made.ticket_id).table_id == "a", "whoever looks for it looks where it went"
    assert list(relabelled(world, A, "terrace", owner_id="ben")) == []
    world.told(*relabelled(world, A, "terrace", 77))
    assert (world.ticket(ticket.ticket_id).check_number, world.ticket(ticket.ticket_id).moved_from) == (77, "a")
    world.told(*relabelled(world, A, "terrace", dining_option="take_away"))
    assert world.ticket(ticket.ticket_id).dining_option == "take_away"


def test_a_guest_changes_seats_and_the_runner_sees_it() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak", seat=1), held("chips", seat=1))
    world.told(*line_seated(world, A, STEAK, 4))
    assert [line.seat for line in world.ticket(ticket.ticket_id).lines] == [4, 1]
    assert list(line_seated(world, A, STEAK, 4)) == []


def moved(world: Scene, *lines: str) -> None:
    world.told(*lines_moved(world, A, B, lines, 2, "b"))


def test_two_checks_become_one_and_a_later_void_finds_the_line() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"), held("chips"))
    world.open("b", table_id="b")
    moved(world, STEAK, CHIPS, name_id("never fired"))
    now = world.ticket(ticket.ticket_id)
    assert (now.check_id, now.check_number, now.table_id, now.moved_from) == (B, 2, "b", "a")
    assert {line.check_id for line in now.lines} == {""}
    assert (tickets_of(world, A), tickets_of(world, B)) == ([], [now])
    assert list(line_voided(world, A, STEAK, "")) == []
    world.told(*line_voided(world, B, STEAK, "gone"))
    assert world.ticket(ticket.ticket_id).lines[0].status is ItemStatus.VOIDED


def test_one_line_moves_to_another_table_and_its_ticket_serves_two() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"), held("chips"))
    moved(world, STEAK)
    now = world.ticket(ticket.ticket_id)
    assert (now.check_id, now.table_id) == (A, "a")
    assert [(line.check_id, line.check_number, line.table_id) for line in now.lines] == [(B, 2, "b"), ("", 0, "")]
    assert tickets_of(world, A) == tickets_of(world, B) == [now]
    world.told(*relabelled(world, B, "bar", 3))
    assert [(line.table_id, line.check_number) for line in world.ticket(ticket.ticket_id).lines] == [("bar", 3), ("", 0)]
    world.told(*lines_moved(world, B, A, [STEAK], 1, "a"))  # and back
    back = world.ticket(ticket.ticket_id)
    assert ([line.check_id for line in back.lines], tickets_of(world, B)) == (["", ""], [])
    moved(world, STEAK)
    moved(world, CHIPS)  # the last one takes the ticket along
    gone = world.ticket(ticket.ticket_id)
    assert (gone.check_id, [line.check_id for line in gone.lines], tickets_of(world, A)) == (B, ["", ""], [])


def test_what_is_made_follows_too_because_it_may_come_back() -> None:
    from shared.domain.kitchen.recalling import RecallTicket

    world = scene()
    [ticket] = world.fired("a", held("steak"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    moved(world, STEAK)
    assert tickets_of(world, B, live_only=True) == []
    world.cook(RecallTicket(ticket_id=ticket.ticket_id))
    assert [each.table_id for each in tickets_of(world, B, live_only=True)] == ["b"]


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
    with pytest.raises(LookupError):
        world.told(TicketLinesMoved(ticket_id=id, line_ids=(CHIPS,), to_check_id=B, to_check_number=2, to_table_id="b"))
    with pytest.raises(ValueError, match="has 0"):
        world.told(TicketChangesSeen(ticket_id=id, count=1))
    world.told(*line_voided(world, A, STEAK, ""))
    with pytest.raises(LookupError):
        world.told(TicketChanged(ticket_id=id, kind="voided", line_ids=(STEAK,)))
