"""Parties move, merge and change their minds about where they eat: what is being cooked finds them."""

import pytest

from shared.domain.kitchen.acts import tickets_of
from shared.domain.kitchen.changes import line_noted, line_voided
from shared.domain.kitchen.labels import TicketLinesMoved, TicketRelabelled, line_seated, lines_moved, lines_packed, relabelled
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.recalling import RecallTicket
from shared.domain.kitchen.state import ItemStatus
from tests.unit.shared.domain.kitchen.scene import Scene, held, scene
from tests.unit.shared.domain.world import name_id

A, B, C = name_id("a"), name_id("b"), name_id("c")
STEAK, CHIPS = name_id("steak"), name_id("chips")


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
    world = scene()
    [ticket] = world.fired("a", held("steak"))
    world.cook(BumpTicket(ticket_id=ticket.ticket_id))
    moved(world, STEAK)
    assert tickets_of(world, B, live_only=True) == []
    world.cook(RecallTicket(ticket_id=ticket.ticket_id))
    assert [each.table_id for each in tickets_of(world, B, live_only=True)] == ["b"]


def test_one_dish_is_packed_to_go_and_then_the_whole_check() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"), held("chips", dining_option="take_away"))
    options = [line.dining_option for line in ticket.lines]
    assert (ticket.dining_option, options) == ("dine_in", ["", "take_away"])
    world.told(*lines_packed(world, A, [STEAK, CHIPS], "take_away"))
    assert [line.dining_option for line in world.ticket(ticket.ticket_id).lines] == ["take_away", "take_away"]
    assert list(lines_packed(world, A, [STEAK, CHIPS], "take_away")) == []
    world.told(*relabelled(world, A, "a", dining_option="take_away"), *lines_packed(world, A, [STEAK, CHIPS], ""))
    now = world.ticket(ticket.ticket_id)
    assert (now.dining_option, [line.dining_option for line in now.lines], now.unseen) == ("take_away", ["", ""], ())


def test_what_is_packed_as_the_rest_of_its_check_says_nothing_of_it() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak", dining_option="dine_in"))
    assert ticket.lines[0].dining_option == ""


def test_labels_of_lines_that_are_not_there_are_noticed() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"))
    with pytest.raises(LookupError):
        world.told(TicketLinesMoved(ticket_id=ticket.ticket_id, line_ids=(CHIPS,), to_check_id=B, to_check_number=2, to_table_id="b"))
    with pytest.raises(LookupError):
        world.told(TicketRelabelled(ticket_id=ticket.ticket_id, of_check_id=A, line_ids=(CHIPS,), seat=2))


def test_a_line_that_went_to_another_table_is_not_touched_when_a_tablet_uses_its_id_again() -> None:
    world = scene()
    world.fired("a", held("chips"), held("salad"))
    chips = name_id("chips")
    world.told(*lines_moved(world, A, B, [chips], 2, "b"))
    assert list(line_voided(world, A, chips, "dropped")) == [], "that would strike the chips of table b"
    assert list(line_noted(world, A, chips, "no salt")) == []
    assert list(line_seated(world, A, chips, 3)) == []
    assert list(lines_packed(world, A, [chips], "take_away")) == []
    assert list(lines_moved(world, A, C, [chips], 3, "c")) == []
    assert len(list(line_voided(world, B, chips, "dropped"))) == 1
