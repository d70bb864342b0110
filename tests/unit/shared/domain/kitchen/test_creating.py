"""A fire becomes tickets: one for each station, each exactly once, numbered without gaps, every one knowing the others."""

from datetime import timedelta

import msgspec
import pytest

from shared.domain.check import SendCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import Meta
from shared.domain.kitchen.creating import TicketCreated
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.state import FiredLine, ItemStatus, TicketStatus
from shared.domain.registry import decode_event, evolve
from shared.domain.site import SERIES, Series
from tests.unit.shared.domain.kitchen.scene import BY_PREP, WITH_EXPO, held, modifier, scene
from tests.unit.shared.domain.world import NOON, name_id


def test_a_burger_of_two_stations_stands_on_both_tickets_and_each_knows_the_other() -> None:
    world = scene()
    grill, fry = world.fired("7", held("burger", also_stations=("fry",)), held("steak"))
    assert (grill.station, [line.name for line in grill.lines]) == ("grill", ["Burger", "Steak"])
    assert (fry.station, [line.name for line in fry.lines]) == ("fry", ["Burger"])
    assert grill.lines[0].stations == fry.lines[0].stations == ("grill", "fry")
    assert grill.lines[1].stations == ()
    assert grill.fire_id == fry.fire_id != ""


def test_a_station_named_twice_by_an_item_gets_it_once() -> None:
    world = scene()
    [ticket] = world.fired("7", held("steak", also_stations=("grill", "grill")))
    assert [(line.name, line.stations) for line in ticket.lines] == [("Steak", ())]


def test_the_ticket_says_what_cook_and_runner_must_know() -> None:
    world = scene()
    line = held(
        "pizza", quantity=2, note="well done", seat=3, course="mains", weight="0.350", weight_unit="kg", prep_s=600, allergens=("gluten",),
        modifiers=(modifier("olives", "left"), modifier("cheese"), modifier("extra", depth=1)),
    )  # fmt: skip
    [ticket] = world.fired("7", line, covers=4, service="tab", name="Ada", order_number=12, dining_option="take_away", owner_id="anna")
    said = (ticket.covers, ticket.service, ticket.name, ticket.order_number, ticket.dining_option, ticket.owner_id, ticket.course)
    assert said == (4, "tab", "Ada", 12, "take_away", "anna", "mains")
    [shown] = ticket.lines
    assert (shown.item_id, shown.modifiers, shown.portions, shown.depths) == (
        "pizza", ("olives", "cheese", "extra"), ("left", "whole", "whole"), (0, 0, 1),
    )  # fmt: skip
    assert (shown.quantity, shown.note, shown.seat, shown.course, shown.weight, shown.weight_unit) == (
        2, "well done", 3, "mains", "0.350", "kg",
    )  # fmt: skip
    assert (shown.prep_s, shown.allergens, shown.status) == (600, ("gluten",), ItemStatus.SENT)


def test_what_is_whole_and_not_nested_is_not_said() -> None:
    world = scene()
    [ticket] = world.fired("7", held("pizza", modifiers=(modifier("olives"),)))
    assert (ticket.lines[0].modifiers, ticket.lines[0].portions, ticket.lines[0].depths) == (("olives",), (), ())


def test_a_fire_of_two_courses_is_of_none() -> None:
    world = scene()
    [ticket] = world.fired("7", held("soup", course="starters"), held("steak", course="mains"))
    assert (ticket.course, [line.course for line in ticket.lines]) == ("", ["starters", "mains"])


def test_numbers_begin_anew_with_the_business_date_and_have_no_gap_in_it() -> None:
    world = scene()
    numbers: list[tuple[str, int]] = []
    for day in range(2):
        for name in ("a", "b", "c"):
            [ticket] = world.fired(f"{day}{name}", held(f"steak#{day}{name}"))
            numbers.append((ticket.business_date, ticket.number))
        world.now += timedelta(days=1)
    assert numbers == [(date, number) for date in ("2026-03-02", "2026-03-03") for number in (1, 2, 3)]


def test_after_the_turn_of_the_day_a_table_that_stayed_is_numbered_on_its_own_date() -> None:
    """Its ticket says that date, and so do its numbers: at a station and date there are no two of one number."""
    world = scene()
    world.fired("late", held("steak#1"))
    world.now += timedelta(hours=20)
    [fresh] = world.fired("early", held("steak#2"))
    [late] = world.fired("late", held("steak#3"))
    assert (fresh.business_date, fresh.number) == ("2026-03-03", 1)
    assert (late.business_date, late.number) == ("2026-03-02", 2)


def test_numbers_in_a_new_epoch_begin_anew() -> None:
    world = scene()
    world.fired("a", held("steak#1"))
    world.epoch = 2
    [ticket] = world.fired("b", held("steak#2"))
    assert (ticket.epoch, ticket.number) == (2, 1)


def test_a_ticket_of_the_first_release_runs_in_its_old_series() -> None:
    body = b'{"type":"TicketCreated","ticket_id":"t","station":"bar","number":4,"check_id":"c","check_number":1,"table_id":"7",'
    body += b'"lines":[{"line_id":"l","name":"Wine","quantity":1}]}'
    event = decode_event(body)
    assert isinstance(event, TicketCreated)
    meta = Meta(at=NOON, date="2026-03-02", command_id="x", ordinal=1, epoch=1, sequence=1, device_id="", actor_id="")
    changes = evolve(scene(), event, meta)
    assert changes[SERIES, "1/ticket/bar"] == Series(last=4)
    world = scene()
    world.states.update(changes)
    world.cook(BumpTicket(ticket_id="t"))
    ticket = world.ticket("t")
    assert (ticket.status, ticket.lines[0].status, ticket.is_live) == (TicketStatus.BUMPED, ItemStatus.READY, False)


def test_the_same_fire_played_on_another_box_makes_the_same_tickets() -> None:
    worlds = [scene(), scene(epoch=2)]
    for world in worlds:
        world.table("7", held("burger", also_stations=("fry",)), held("wine", "bar"))
        world.send("7", command_id=name_id("send"))
    first, second = ([(t.ticket_id, t.fire_id, t.lines) for t in world.tickets()] for world in worlds)
    assert first == second
    assert [id for id, _, _ in first] == [derived_id(name_id("send"), ordinal) for ordinal in (1, 2, 3)]


def test_a_second_round_while_the_first_is_open_is_an_addition_that_must_be_seen() -> None:
    world = scene()
    [first] = world.fired("7", held("steak"))
    [second] = world.fired("7", held("chips"))
    assert (second.number, second.adds_to) == (2, first.number)
    [change] = world.ticket(first.ticket_id).unseen
    assert (change.kind, change.ticket_id, change.number, change.line_ids) == ("added", second.ticket_id, 2, (name_id("chips"),))
    [third] = world.fired("7", held("sauce"))
    assert third.adds_to == first.number, "additions are to the first"
    assert len(world.ticket(first.ticket_id).unseen) == 2
    assert world.ticket(second.ticket_id).unseen == ()


def test_a_second_round_after_the_first_was_bumped_or_for_another_table_adds_to_nothing() -> None:
    world = scene(WITH_EXPO)
    [first] = world.fired("7", held("steak"))
    world.cook(BumpTicket(ticket_id=first.ticket_id))
    [second] = world.fired("7", held("chips"))
    [elsewhere] = world.fired("8", held("salad"))
    assert (second.adds_to, elsewhere.adds_to) == (0, 0)
    assert world.ticket(first.ticket_id).changes == ()


def test_where_stations_fire_by_prep_time_the_whole_fire_is_ready_together() -> None:
    world = scene(BY_PREP)
    grill, fry, bar = world.fired(
        "7", held("steak", prep_s=900), held("chips", "fry", prep_s=300), held("wine", "bar", prep_s=60), held("egg", prep_s=120)
    )
    begins = {line.name: line.fire_at for ticket in (grill, fry, bar) for line in ticket.lines}
    assert begins == {
        "Steak": NOON, "Chips": NOON + timedelta(seconds=600), "Egg": NOON + timedelta(seconds=780), "Wine": NOON,
    }  # fmt: skip
    assert grill.ready_by == fry.ready_by == NOON + timedelta(seconds=900)
    assert bar.ready_by == NOON + timedelta(seconds=60), "the bar does not wait for the grill"


def test_the_time_to_begin_stands_in_the_event_so_that_a_follower_says_the_same_later() -> None:
    world = scene(BY_PREP)
    world.table("7", held("steak", prep_s=900), held("chips", "fry", prep_s=300))
    events = [event for event in world.send("7") if isinstance(event, TicketCreated)]
    assert [line.fire_at for event in events for line in event.lines] == [NOON, NOON + timedelta(seconds=600)]
    assert msgspec.json.decode(msgspec.json.encode(events[1]), type=TicketCreated) == events[1]


def test_while_the_clock_of_the_box_is_behind_nothing_is_to_begin_before_its_ticket_came() -> None:
    world = scene(BY_PREP)
    world.table("7", held("steak", prep_s=900))
    world.head_at = NOON + timedelta(seconds=90)
    [created] = [event for event in world.send("7") if isinstance(event, TicketCreated)]
    assert created.lines[0].fire_at == NOON + timedelta(seconds=90)


def test_with_an_expo_tickets_await_it() -> None:
    assert scene(WITH_EXPO).fired("7", held("steak"))[0].awaits_expo
    assert not scene(BY_PREP).fired("7", held("steak"))[0].awaits_expo


def test_a_ticket_created_twice_is_noticed() -> None:
    world = scene()
    world.fired("7", held("steak"))
    created = next(event for event, _ in world.journal if isinstance(event, TicketCreated))
    with pytest.raises(ValueError, match="created twice"):
        world.told(created)


def test_the_events_of_a_fire_are_the_sending_then_tickets_then_what_others_are_told() -> None:
    world = scene()
    world.fired("7", held("steak"), held("wine", "bar"))
    world.table("7", held("chips"), held("beer", "bar"))
    names = [type(event).__name__ for event in world.do(SendCheck(check_id=name_id("7")))]
    assert names == ["LinesSent", "TicketCreated", "TicketCreated", "TicketChanged", "TicketChanged"]


def test_an_event_carries_no_state_of_the_line_only_what_was_fired() -> None:
    world = scene()
    world.fired("7", held("steak"))
    created = next(event for event, _ in world.journal if isinstance(event, TicketCreated))
    assert type(created.lines[0]) is FiredLine
