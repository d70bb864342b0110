"""A guest thinks again: lines are changed before they are fired, and as far as it still helps afterwards."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import AddLine, ChangeLine, Check, Line, LineChanged, PayCash, SendCheck, VoidLine, sums_of
from shared.domain.check.firing import HoldLines
from shared.domain.check.state import Share
from shared.domain.errors import Refused
from shared.domain.kitchen.changes import MarkChangesSeen, TicketChanged
from shared.domain.kitchen.labels import TicketRelabelled
from shared.domain.kitchen.ticket import BumpTicket
from shared.domain.menu import EMPTY_MENU
from shared.domain.menu.overrides import EightySixItem, ItemOverride, SetCountdown
from tests.unit.shared.domain.check.bistro import BEER, BISTRO, BURGER, COFFEE, FRIES, at_the_bistro, mod, prices
from tests.unit.shared.domain.world import World, name_id

A = name_id("a")


def change(world: World, line_id: str, role: str = "pos", **fields: object) -> list[object]:
    return list(world.do(ChangeLine(check_id=A, line_id=line_id, **fields), role=role))


def refusal(world: World, line_id: str, role: str = "pos", **fields: object) -> Refused:
    before = (dict(world.states), len(world.journal))
    with pytest.raises(Refused) as refused:
        change(world, line_id, role, **fields)
    assert (world.states, len(world.journal)) == before
    assert refused.value.facts.get("check_id", A) == A
    msgspec.json.encode(refused.value.facts)
    return refused.value


def line(world: World, line_id: str) -> Line:
    found = world.check().line(line_id)
    assert found is not None
    return found


def left(world: World, item_id: str) -> int | None:
    override = world.find(ItemOverride, "override", item_id)
    return override.left if override else None


# --- before fire ---


def test_three_instead_of_two_with_salad_at_seat_four() -> None:
    world = at_the_bistro()
    burger = world.add("burger", modifiers=(FRIES,), quantity=2)
    change(world, burger, quantity=3, modifiers=(mod("side/salad"),), seat=4, note="rare")
    after = line(world, burger)
    assert (after.quantity, after.seat, after.note, after.amount_minor, after.revision) == (3, 4, "rare", 3 * 1550, 1)
    assert [each.name for each in after.modifiers] == ["Salad"]
    assert after.allergens == ("gluten",)
    assert world.folded_anew().check() == world.check()


def test_a_line_keeps_the_price_it_was_added_at_and_new_modifiers_cost_what_they_cost_now() -> None:
    world = at_the_bistro()
    pizza = world.add("pizza", modifiers=(mod("extras/egg"),))
    extras = BISTRO.groups_by_id["extras"]
    dearer = tuple(msgspec.structs.replace(each, price_minor=each.price_minor + 100) for each in extras.modifiers)
    items = tuple(msgspec.structs.replace(item, price_minor=9_999) for item in BISTRO.items)
    groups = tuple(group if group.id != "extras" else msgspec.structs.replace(group, modifiers=dearer) for group in BISTRO.modifier_groups)
    world.menu = msgspec.structs.replace(BISTRO, items=items, modifier_groups=groups)
    change(world, pizza, quantity=2, modifiers=(mod("extras/egg"),))
    assert line(world, pizza).amount_minor == 2 * (1200 + 111), "the same egg is not bought again"
    change(world, pizza, modifiers=(mod("extras/rocket"),))
    assert line(world, pizza).amount_minor == 2 * (1200 + 190)


def test_a_steak_is_weighed_again() -> None:
    world = at_the_bistro()
    steak = world.add("steak", weight="0.300")
    change(world, steak, weight="0.250")
    assert prices(world) == [2000]
    assert refusal(world, steak, weight="3").code == "line.weight_too_large"
    assert refusal(world, steak, weight="").code == "line.weight_missing"
    assert refusal(world, steak, quantity=2).code == "line.weighed_quantity"
    assert refusal(world, world.add("soup"), weight="1").code == "line.weight_not_asked"


def test_another_course_waits_or_not_as_that_course_does_unless_somebody_had_said_so() -> None:
    world = at_the_bistro()
    soup, kept = world.add("soup"), world.add("soup")
    world.do(HoldLines(check_id=A, line_ids=(kept,)))
    change(world, soup, course="mains")
    assert (line(world, soup).course, line(world, soup).on_hold) == ("mains", True)
    change(world, soup, course="")
    assert (line(world, soup).course, line(world, soup).on_hold) == ("starters", False)
    change(world, kept, course="mains")
    change(world, kept, course="starters")
    assert line(world, kept).on_hold is False
    assert refusal(world, soup, course="dessert").code == "course.unknown"


def test_what_changes_nothing_is_refused() -> None:
    world = at_the_bistro()
    soup = world.add("soup", seat=1)
    assert refusal(world, soup).code == "line.unchanged"
    assert refusal(world, soup, quantity=1, seat=1, note="", course="", modifiers=()).code == "line.unchanged"


def test_two_waiters_change_one_line_and_the_second_is_told() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    change(world, soup, quantity=2, line_revision=0)
    error = refusal(world, soup, quantity=3, line_revision=0)
    assert (error.code, error.facts["line_revision"]) == ("line.changed", 1)
    change(world, soup, quantity=3, line_revision=1)


def test_a_line_that_is_not_there_or_was_voided_is_not_changed() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    assert refusal(world, name_id("ghost"), quantity=2).code == "line.unknown"
    world.do(VoidLine(check_id=A, line_id=soup))
    assert refusal(world, soup, seat=2).code == "line.already_voided"


def test_a_note_with_a_control_character_is_refused() -> None:
    world = at_the_bistro()
    assert refusal(world, world.add("soup"), note="\x07").code == "text.control_character"


def test_a_line_that_is_paid_for_does_not_become_cheaper() -> None:
    world = at_the_bistro()
    soup = world.add("soup", quantity=2)
    world.do(PayCash(check_id=A, amount_minor=700, tendered_minor=700))
    assert refusal(world, soup, quantity=1).code == "check.overpaid"
    change(world, soup, quantity=3)


def test_a_line_does_not_grow_beyond_what_a_check_can_hold() -> None:
    world = at_the_bistro()
    assert refusal(world, world.add("gold"), quantity=2).code == "amount.too_large"


# --- after the menu has changed ---


def test_a_dish_that_has_left_the_menu_can_still_be_moved_and_made_fewer_but_not_more() -> None:
    world = at_the_bistro()
    soup, pizza = world.add("soup", quantity=3), world.add("pizza")
    world.menu = EMPTY_MENU
    change(world, soup, quantity=2, seat=3, note="hot", course="")
    assert (line(world, soup).quantity, line(world, soup).course) == (2, "starters")
    assert refusal(world, soup, quantity=4).code == "item.unknown"
    assert refusal(world, pizza, modifiers=(mod("extras/egg"),)).code == "item.unknown"


# --- countdown ---


def test_the_countdown_follows_a_change_of_quantity() -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=5))
    soup = world.add("soup", quantity=2)
    change(world, soup, quantity=4)
    assert left(world, "soup") == 1
    error = refusal(world, soup, quantity=6)
    assert (error.code, error.facts["left"]) == ("item.sold_out", 1)
    change(world, soup, quantity=1)
    assert left(world, "soup") == 4
    world.do(EightySixItem(item_id="soup"))
    assert refusal(world, soup, quantity=2).code == "item.eighty_sixed"
    change(world, soup, note="extra hot")
    assert world.folded_anew().states == world.states


def test_what_was_ordered_before_anybody_counted_is_not_given_back_to_the_count() -> None:
    world = at_the_bistro()
    soup = world.add("soup", quantity=3)
    world.do(SetCountdown(item_id="soup", left=5))
    change(world, soup, quantity=4)
    change(world, soup, quantity=1)
    assert left(world, "soup") == 5


def test_an_import_changes_its_lines_whatever_is_left() -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=1))
    world.do(AddLine(check_id=A, line_id=name_id("l"), item_id="soup", unit_price_minor=1), role="import")
    change(world, name_id("l"), role="import", quantity=9)
    assert left(world, "soup") == 1


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_a_line_changed_back_and_forth_is_what_it_was(quantities: list[int]) -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=10))
    soup = world.add("soup", quantity=2)
    total, count = sums_of(world.check()), left(world, "soup")
    for quantity in (*quantities, 2):
        if quantity != line(world, soup).quantity:
            change(world, soup, quantity=quantity)
            assert left(world, "soup") == 10 - quantity
    assert (sums_of(world.check()), left(world, "soup")) == (total, count)


# --- combos ---


def test_a_combo_changes_as_a_whole_and_counts_as_one() -> None:
    world = at_the_bistro()
    for item_id in ("lunch", "beer"):
        world.do(SetCountdown(item_id=item_id, left=5))
    lunch = world.add("lunch", components=(BURGER, BEER))
    events = change(world, lunch, quantity=3, seat=2, note="no onions", course="mains")
    assert [type(event) for event in events] == [LineChanged, LineChanged]
    assert {(each.quantity, each.seat, each.note, each.course) for each in world.check().lines} == {(3, 2, "no onions", "mains")}
    assert (left(world, "lunch"), left(world, "beer"), sum(prices(world))) == (2, 2, 3 * 1600)
    change(world, lunch, quantity=1)
    assert (left(world, "lunch"), left(world, "beer")) == (4, 4)
    assert world.folded_anew().states == world.states


def test_a_component_has_its_own_side_and_note_and_not_its_own_quantity() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE))
    burger = world.check().lines[0].line_id
    error = refusal(world, burger, quantity=2)
    assert (error.code, error.facts["combo_id"]) == ("combo.not_whole", lunch)
    assert refusal(world, lunch, modifiers=(mod("side/salad"),)).code == "combo.modifiers_misplaced"
    change(world, burger, modifiers=(mod("side/salad"),), note="well done")
    assert prices(world) == [1235 + 150, 265]
    assert [each.note for each in world.check().lines] == ["well done", ""]


def test_the_revision_of_a_combo_is_that_of_its_latest_component() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE))
    change(world, world.check().lines[0].line_id, note="rare")
    assert refusal(world, lunch, quantity=2, line_revision=0).code == "line.changed"
    change(world, lunch, quantity=2, line_revision=1)


def test_half_of_a_combo_is_in_the_kitchen_and_the_rest_of_it_waits_for_another_course() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE))
    world.do(SendCheck(check_id=A))  # the coffee; the burger waits for its course
    assert refusal(world, lunch, quantity=2).code == "line.already_sent"
    change(world, lunch, course="starters")
    assert [each.course for each in world.check().lines] == ["starters", ""]


# --- after fire ---


def sent_soup(world: World) -> str:
    soup = world.add("soup", quantity=2, note="hot", seat=1)
    world.do(SendCheck(check_id=A))
    return soup


@pytest.mark.parametrize("fields", [{"quantity": 3}, {"course": "mains"}, {"modifiers": (mod("milk/oat"),)}, {"weight": "1"}])
def test_what_is_in_the_kitchen_stays_what_it_is(fields: dict[str, object]) -> None:
    world = at_the_bistro()
    assert refusal(world, sent_soup(world), **fields).code == "line.already_sent"


def test_a_guest_moves_and_whoever_carries_the_plate_is_told() -> None:
    world = at_the_bistro()
    soup = sent_soup(world)
    changed, relabelled = change(world, soup, seat=4, quantity=2)
    assert isinstance(changed, LineChanged)
    assert isinstance(relabelled, TicketRelabelled)
    assert (line(world, soup).seat, world.tickets()[0].lines[0].seat) == (4, 4)
    world.do(BumpTicket(ticket_id=world.tickets()[0].ticket_id), role="kds")
    assert len(change(world, soup, seat=5)) == 1, "the plate is gone from the kitchen; the bill is still split by seats"


def test_a_note_reaches_the_cook_as_long_as_there_is_something_to_cook() -> None:
    world = at_the_bistro()
    soup = sent_soup(world)
    _, noted = change(world, soup, note="no cream, allergic")
    assert isinstance(noted, TicketChanged)
    ticket = world.tickets()[0]
    assert (ticket.lines[0].note, [each.kind for each in ticket.unseen]) == ("no cream, allergic", ["noted"])
    world.do(MarkChangesSeen(ticket_id=ticket.ticket_id), role="kds")
    world.do(BumpTicket(ticket_id=ticket.ticket_id), role="kds")
    assert refusal(world, soup, note="and no salt").code == "line.already_made"
    assert world.folded_anew().states == world.states


def test_in_training_a_note_to_no_kitchen_is_kept() -> None:
    world = at_the_bistro(training=True)
    soup = sent_soup(world)
    assert len(change(world, soup, note="hotter", seat=2)) == 1


def test_a_combo_takes_a_note_while_any_of_it_is_being_made() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE), hold=False)
    world.do(SendCheck(check_id=A))
    bar = next(ticket for ticket in world.tickets() if ticket.station == "bar")
    world.do(BumpTicket(ticket_id=bar.ticket_id), role="kds")
    change(world, lunch, note="in a hurry")
    assert [each.note for each in world.check().lines] == ["in a hurry", ""]


# --- what a split has given ---


def with_share(world: World, soup: str) -> Check:
    check = world.check()
    share = Share(source_line_id=name_id("source"), part="1/2", amount_minor=325)
    lines = tuple(msgspec.structs.replace(each, share=share) if each.line_id == soup else each for each in check.lines)
    split = msgspec.structs.replace(check, lines=lines)
    split = msgspec.structs.replace(split, given=sums_of(split))
    world.states["check", A] = split
    return split


def test_a_share_of_a_line_moves_to_another_seat_and_keeps_the_sums_that_the_split_gave() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    before = with_share(world, soup)
    for fields in ({"quantity": 2}, {"note": "hot"}, {"course": "mains"}):
        assert refusal(world, soup, **fields).code == "line.is_share"
    change(world, soup, seat=2)
    after = world.check()
    assert after.given is not None
    assert before.given is not None
    assert (after.given.total_minor, [each.seat for each in after.given.lines]) == (before.given.total_minor, [2])


def test_the_sums_know_the_seat_that_a_line_has_moved_to() -> None:
    """A split by seats asks the sums; they are kept beside the state, and once kept the old seat."""
    world = at_the_bistro()
    soup = world.add("soup", seat=1)
    assert [each.seat for each in sums_of(world.check()).lines] == [1]
    change(world, soup, seat=2)
    assert [each.seat for each in sums_of(world.check()).lines] == [2]


# --- events that no decision made ---


def test_an_event_that_changes_what_cannot_be_changed_is_noticed() -> None:
    from shared.domain.registry import evolve

    world = at_the_bistro()
    soup = sent_soup(world)
    meta = world.journal[-1][1]
    for event in (
        LineChanged(check_id=A, line_id=name_id("ghost"), quantity=1),
        LineChanged(check_id=A, line_id=soup, quantity=3, note="hot", seat=1, course="starters"),
    ):
        with pytest.raises((LookupError, ValueError)):
            evolve(world, event, meta)
