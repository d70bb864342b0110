"""Promotions: discounts that give themselves, and never surprise whoever adds one more."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arithmetic.types import Tax
from shared.domain.check.promotions import promotions_of
from shared.domain.check.reckoning import sums_of
from shared.domain.check.selection import ChosenComponent, ChosenModifier
from shared.domain.check.state import Check, CheckStatus, GivenDiscount, Line, LineStatus
from shared.domain.menu.document import Menu
from shared.domain.menu.rules import Promotion
from tests.unit.shared.domain.check.tavern import (
    HAPPY,
    MEAL,
    TAVERN,
    THREE_TWO,
    TWO_FOR_ONE,
    promoted,
    promotions,
    ruled,
    tavern,
    total,
    void,
)  # fmt: skip
from tests.unit.shared.domain.world import BERLIN, NOON, name_id

TRUFFLE = ChosenModifier(group_id="extras", modifier_id="truffle")
PLAIN = ChosenModifier(group_id="extras", modifier_id="plain")
EVENING = NOON.replace(hour=16, minute=30)  # 17:30 in Berlin


# --- buy x get y ---


def test_of_two_pizzas_the_cheaper_one_is_free_and_the_bill_says_so() -> None:
    world = tavern(TWO_FOR_ONE)
    world.add("pizza")
    assert promoted(world) == {}
    calzone = world.add("calzone")
    assert total(world) == 1500
    [given] = promotions(world)
    assert (given.name, given.line_ids, given.parts_minor) == ("Two for one", (calzone,), (1100,))


def test_a_line_of_many_is_so_many_units() -> None:
    world = tavern(TWO_FOR_ONE)
    world.add("pizza", quantity=5)
    assert promoted(world) == {"two": 2 * 1500}
    world.add("slice")
    assert promoted(world) == {"two": 2 * 1500 + 500}


def test_a_slice_more_does_not_make_the_free_pizza_cost_again() -> None:
    """Counted from the cheapest up, the slice would be free in place of a pizza: it costs 5, and the guest would pay 15 more."""
    world = tavern(TWO_FOR_ONE)
    world.add("pizza", quantity=2)
    assert total(world) == 1500
    world.add("slice")
    assert total(world) == 2000


def test_half_price_is_rounded_once_over_all_units() -> None:
    world = tavern(THREE_TWO)
    world.add("stout", quantity=9)  # 3 x 617 at half price: 925.5
    assert promoted(world) == {"three": 926}


def test_buying_two_gets_two_off_as_far_as_they_were_ordered() -> None:
    world = tavern(msgspec.structs.replace(TWO_FOR_ONE, buy=2, get=2))
    world.add("slice", quantity=3)
    assert promoted(world) == {"two": 500}
    world.add("slice", quantity=2)
    assert promoted(world) == {"two": 1000}


def test_a_category_is_named_with_all_below_it() -> None:
    world = tavern(THREE_TWO)
    world.add("cola", quantity=2)
    world.add("beer")
    assert promoted(world) == {"three": 150}  # half a cola, the cheapest of the three


def test_a_promotion_that_names_nothing_is_for_everything() -> None:
    world = tavern(msgspec.structs.replace(TWO_FOR_ONE, item_ids=()))
    world.add("beer")
    world.add("slice")
    assert promoted(world) == {"two": 500}


def test_what_is_voided_is_not_promoted_and_who_loses_his_pair_pays_again() -> None:
    world = tavern(TWO_FOR_ONE)
    pizza, calzone = world.add("pizza"), world.add("calzone")
    void(world, calzone)
    assert (promoted(world), total(world)) == ({}, 1500)
    world.add("slice")
    void(world, pizza)
    assert (promoted(world), total(world)) == ({}, 500)


# --- happy hour ---


def test_in_the_happy_hour_drinks_are_off_by_the_rate_and_keep_it_afterwards() -> None:
    world = tavern(HAPPY)
    early = world.add("beer")
    world.now = EVENING
    beer, stout = world.add("beer"), world.add("stout")
    world.add("pizza")
    assert promoted(world) == {"happy": 223}  # 20 % of 11.17
    world.now = EVENING.replace(hour=19)
    world.add("beer")
    [given] = promotions(world)
    assert set(given.line_ids) == {beer, stout}
    assert early not in given.line_ids
    assert sum(given.parts_minor) == given.amount_minor == 223


# --- bundles ---


def test_a_bundle_comes_together_however_it_was_ordered() -> None:
    world = tavern(MEAL)
    world.add("burger", quantity=2)
    world.add("cola", quantity=3)
    assert promoted(world) == {}
    fries = world.add("fries", quantity=2)
    assert promoted(world) == {"meal": 2 * (1700 - 1200)}
    assert total(world) == 2400 + 300
    void(world, fries)
    assert promoted(world) == {}


def test_extras_are_paid_on_top_of_a_bundle_and_what_is_left_out_is_not_given_back_twice() -> None:
    world = tavern(MEAL)
    world.add("burger", modifiers=(TRUFFLE,))
    world.add("fries")
    world.add("cola")
    assert total(world) == 1200 + 2000
    other = tavern(MEAL)
    other.add("burger", modifiers=(PLAIN,))  # 6.00
    other.add("fries")
    other.add("cola")
    assert total(other) == 1200


def test_a_bundle_that_saves_nothing_is_none() -> None:
    world = tavern(msgspec.structs.replace(MEAL, amount_minor=1700))
    for item in ("burger", "fries", "cola"):
        world.add(item)
    assert promoted(world) == {}


def test_a_bundle_may_want_two_of_one() -> None:
    world = tavern(msgspec.structs.replace(MEAL, item_ids=("burger", "beer", "beer"), amount_minor=1500))
    world.add("burger", quantity=2)
    for _ in range(3):
        world.add("beer")
    assert promoted(world) == {"meal": 500}
    world.add("beer", quantity=2)
    assert promoted(world) == {"meal": 1000}


def test_the_saving_falls_on_the_units_of_the_bundle_not_on_the_whole_line() -> None:
    """Ten burgers and one cola: the tax at 19 % must not vanish behind nine burgers that are in no bundle."""
    world = tavern(MEAL)
    burger = world.add("burger", quantity=10)
    fries, cola = world.add("fries"), world.add("cola")
    [given] = promotions(world)
    assert dict(zip(given.line_ids, given.parts_minor, strict=True)) == {burger: 294, fries: 118, cola: 88}


# --- several at once ---


def test_a_unit_is_in_one_promotion_and_the_first_listed_comes_first() -> None:
    world = tavern(MEAL, THREE_TWO, HAPPY)
    world.now = EVENING
    for item in ("burger", "fries"):
        world.add(item)
    world.add("cola", quantity=5)
    assert promoted(world) == {"meal": 500, "three": 150, "happy": 60}  # 1 in the bundle, 3 for two and a half, 1 happy
    assert total(world) == 1000 + 400 + 5 * 300 - 710


def test_what_has_a_price_of_its_own_takes_no_part() -> None:
    world = tavern(msgspec.structs.replace(TWO_FOR_ONE, item_ids=()))
    world.add("roast", weight="0.5")
    world.add("roast", weight="0.5")
    world.add("card", quantity=2)
    choice = (ChosenComponent(slot_id="main", item_id="pizza"), ChosenComponent(slot_id="drink", item_id="beer"))
    for _ in range(2):
        world.add("lunch", components=choice)
    assert promoted(world) == {}


def test_who_was_promised_two_for_one_keeps_it_when_the_menu_turns() -> None:
    world = tavern(TWO_FOR_ONE)
    world.add("pizza", quantity=2)
    world.menu = ruled(THREE_TWO)
    world.add("beer", quantity=3)
    assert promoted(world) == {"two": 1500, "three": 250}
    world.menu = TAVERN
    world.add("beer")
    assert promoted(world) == {"two": 1500, "three": 250}
    world.menu = ruled(msgspec.structs.replace(TWO_FOR_ONE, rate="50%"))
    world.add("beer")
    assert promoted(world) == {"two": 750, "three": 250}


def test_what_a_split_granted_stands_and_its_lines_take_part_in_nothing_else() -> None:
    lines = (a_line("pizza", 1), a_line("slice", 2), a_line("slice", 3))
    granted = GivenDiscount(
        discount_id=name_id("granted"), name="Two for one", scope="promotion", amount_minor=700, line_ids=(lines[0].line_id,),
        rule_id="two", parts_minor=(700,), granted=True,
    )  # fmt: skip
    check = a_check(lines, (granted,))
    first, again = promotions_of(check, ruled(TWO_FOR_ONE), BERLIN)
    assert first == granted
    assert (again.line_ids, again.amount_minor) == ((lines[2].line_id,), 500)
    assert again.discount_id != granted.discount_id
    assert promotions_of(check, TAVERN, BERLIN) == (granted,)


def test_a_rate_that_nobody_can_read_gives_nothing_and_stops_no_waiter() -> None:
    world = tavern(msgspec.structs.replace(TWO_FOR_ONE, rate="half"), THREE_TWO)
    world.add("pizza", quantity=2)
    world.add("beer", quantity=3)
    assert promoted(world) == {"three": 250}


def test_a_menu_without_promotions_is_not_asked() -> None:
    assert promotions_of(a_check((a_line("pizza", 1),)), TAVERN, BERLIN) == ()


# --- for every check ---

UNITS = st.lists(st.tuples(st.sampled_from(["pizza", "calzone", "slice", "burger", "fries", "cola", "beer", "stout"]), st.integers(1, 6),
                           st.booleans(), st.sampled_from([0, 0, 0, 2000, -400])), max_size=9)  # fmt: skip
RULES = st.lists(
    st.sampled_from([
        TWO_FOR_ONE, THREE_TWO, HAPPY, MEAL,
        Promotion(id="any", name="Any", kind="buy_get", buy=3, get=2, rate="1/3"),
        Promotion(id="hour", name="Hour", kind="happy_hour", daypart_ids=("evening",), rate="7%"),
        Promotion(id="pair", name="Pair", kind="bundle", item_ids=("pizza", "beer", "beer"), amount_minor=1999),
    ]),
    unique=True,
    max_size=4,
)  # fmt: skip


def a_line(item_id: str, number: int, quantity: int = 1, happy: bool = False, extra: int = 0) -> Line:
    item = TAVERN.items_by_id[item_id]
    named = [TAVERN.taxes_by_id[id] for id in item.tax_ids]
    taxes = tuple(Tax(id=tax.id, rate=tax.rate, inclusive=tax.inclusive) for tax in named)
    return Line(
        line_id=name_id(f"line {number}"), item_id=item_id, name=item.name, category=item.category, quantity=quantity,
        unit_price_minor=item.price_minor + max(0, extra), station="kitchen", status=LineStatus.HELD, taxes=taxes,
        added_at=EVENING if happy else NOON,
    )  # fmt: skip


def a_check(lines: tuple[Line, ...], discounts: tuple[GivenDiscount, ...] = ()) -> Check:
    return Check(
        check_id=name_id("a"), number=1, epoch=1, business_date="2026-03-02", currency="EUR", status=CheckStatus.OPEN, opened_at=NOON,
        lines=lines, discounts=discounts,
    )  # fmt: skip


def with_promotions(lines: tuple[Line, ...], menu: Menu) -> Check:
    check = a_check(lines)
    return msgspec.structs.replace(check, discounts=promotions_of(check, menu, BERLIN))


def lines_of(units: list[tuple[str, int, bool, int]]) -> tuple[Line, ...]:
    return tuple(a_line(item, number, quantity, happy, extra) for number, (item, quantity, happy, extra) in enumerate(units))


@settings(max_examples=200)
@given(UNITS, RULES, st.randoms(use_true_random=False))
def test_adding_lines_in_any_order_gives_the_same_promotions_and_totals(units: Any, rules: list[Promotion], random: Any) -> None:
    lines, menu = lines_of(units), ruled(*rules)
    one, other = with_promotions(lines, menu), with_promotions(tuple(random.sample(lines, len(lines))), menu)
    assert one.discounts == other.discounts
    first, second = sums_of(one), sums_of(other)
    assert {(group.tax.id, group.tax_minor) for group in first.taxes} == {(group.tax.id, group.tax_minor) for group in second.taxes}
    assert (first.total_minor, first.discount_minor) == (second.total_minor, second.discount_minor)


@settings(max_examples=200)
@given(UNITS, RULES)
def test_promotions_take_off_what_they_say_and_no_more_than_their_units_cost(units: Any, rules: list[Promotion]) -> None:
    check = with_promotions(lines_of(units), ruled(*rules))
    applied = {each.id: each for each in sums_of(check).discounts}
    for each in check.discounts:
        assert sum(each.parts_minor) == each.amount_minor > 0
        assert (applied[each.discount_id].applied_minor, applied[each.discount_id].unapplied_minor) == (each.amount_minor, 0)
    assert len(applied) == len(check.discounts)


@settings(max_examples=200)
@given(UNITS, st.integers(1, 4), st.integers(1, 4), st.sampled_from(["100%", "50%", "1/3"]))
def test_one_unit_more_costs_its_price_at_most_and_never_less_than_nothing(units: Any, buy: int, get: int, rate: str) -> None:
    menu = ruled(Promotion(id="p", name="P", kind="buy_get", buy=buy, get=get, rate=rate))
    totals = [sums_of(with_promotions(lines, menu)) for lines in (lines_of(units[:-1]), lines_of(units))]
    off = [sums.gross_minor - sums.discount_minor for sums in totals]
    added = totals[1].gross_minor - totals[0].gross_minor
    assert 0 <= off[1] - off[0] <= added


@settings(max_examples=100)
@given(UNITS, RULES)
def test_promotions_that_stand_are_those_that_are_found_anew(units: Any, rules: list[Promotion]) -> None:
    menu = ruled(*rules)
    check = with_promotions(lines_of(units), menu)
    assert promotions_of(check, menu, BERLIN) == check.discounts


@pytest.mark.parametrize("count", [9_999])
def test_a_line_of_ten_thousand_is_counted_not_walked(count: int) -> None:
    [given] = with_promotions((a_line("pizza", 1, count), a_line("slice", 2, count)), ruled(TWO_FOR_ONE)).discounts
    assert given.amount_minor == 4_999 * 1500 + 5_000 * 500  # the odd pizza is paired with a slice
