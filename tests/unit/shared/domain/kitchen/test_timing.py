"""When to begin, so that a table's dishes are ready together; and when somebody has to look why no screen shows a ticket."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.kitchen.changes import line_voided
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.showing import MarkPrinted, MarkShown
from shared.domain.kitchen.timing import UNSHOWN, begins_at, due_at, fire_at, ready_by, unshown
from shared.limits import KITCHEN_UNSHOWN_ALARM_S, PREP_S_MAX
from tests.unit.shared.domain.kitchen.scene import BY_PREP, held, scene
from tests.unit.shared.domain.world import NOON, name_id

BOUND = timedelta(seconds=KITCHEN_UNSHOWN_ALARM_S)
TICK = timedelta(milliseconds=1)
preps = st.lists(st.integers(1, PREP_S_MAX), min_size=1, max_size=20)


@given(preps)
def test_a_fire_by_prep_time_is_ready_all_at_once(times: list[int]) -> None:
    longest = max(times)
    begins = [fire_at(NOON, prep_s, longest, by_prep=True) for prep_s in times]
    assert {begin + timedelta(seconds=prep_s) for begin, prep_s in zip(begins, times, strict=True)} == {NOON + timedelta(seconds=longest)}
    assert min(begins) == NOON
    assert ready_by(zip(begins, times, strict=True)) == NOON + timedelta(seconds=longest)


@given(preps)
def test_a_station_that_does_not_fire_by_prep_time_begins_at_once(times: list[int]) -> None:
    assert {fire_at(NOON, prep_s, max(times), by_prep=False) for prep_s in times} == {NOON}


def test_what_has_no_prep_time_begins_at_once_and_says_nothing_of_when_it_is_ready() -> None:
    assert fire_at(NOON, 0, 900, by_prep=True) == NOON
    assert ready_by([(NOON, 0)]) is None
    assert ready_by([]) is None


def test_a_ticket_that_no_screen_shows_is_missed_after_the_bound_and_not_before() -> None:
    world = scene()
    [ticket] = world.fired("a", held("steak"))
    assert unshown([ticket], NOON + BOUND) == ()
    assert unshown([ticket], NOON + BOUND + TICK) == (ticket,)
    assert UNSHOWN == "kitchen.unshown"


def test_a_ticket_that_waits_is_missed_only_once_its_time_has_come() -> None:
    world = scene(BY_PREP)
    grill, fry = world.fired("a", held("steak", prep_s=900), held("chips", "fry", prep_s=300))
    due = NOON + timedelta(seconds=600)
    assert (due_at(grill), due_at(fry), begins_at(fry, fry.lines[0])) == (NOON, due, due)
    assert unshown([fry, grill], NOON + BOUND + TICK) == (grill,)
    assert unshown([fry, grill], due + BOUND + TICK) == (grill, fry)


def test_what_was_shown_printed_made_or_voided_is_not_missed() -> None:
    world = scene()
    tickets = [world.fired(name, held(f"steak#{name}"))[0] for name in "abcd"]
    world.cook(MarkShown(ticket_ids=(tickets[0].ticket_id,)))
    world.cook(MarkPrinted(ticket_id=tickets[1].ticket_id))
    world.cook(BumpTicket(ticket_id=tickets[2].ticket_id))
    world.told(*line_voided(world, name_id("d"), name_id("steak#d"), "gone"))
    assert unshown(world.tickets(), NOON + timedelta(hours=1)) == ()


def test_lines_of_the_first_release_begin_when_their_ticket_came() -> None:
    import msgspec

    world = scene()
    [ticket] = world.fired("a", held("steak"))
    old = msgspec.structs.replace(ticket, lines=(msgspec.structs.replace(ticket.lines[0], fire_at=None),))
    assert begins_at(old, old.lines[0]) == due_at(old) == NOON
    assert due_at(msgspec.structs.replace(old, lines=())) == NOON
