"""What follows by rule: promotions and charges come and go with the lines, and never stand in a waiter's way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.check.changing import ChangeLine
from shared.domain.check.closing import CloseCheck
from shared.domain.check.firing import SendCheck
from shared.domain.check.reckoning import due_minor, sums_of
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.settling import ChargesApplied, PromotionsApplied
from shared.domain.check.splitting import LineWeights, SplitCheck
from shared.domain.check.voiding import VoidLine
from shared.domain.errors import Refused
from tests.unit.shared.domain.check.tavern import (
    MEAL,
    SENIOR,
    SERVICE,
    TAXED,
    THREE_TWO,
    TWO_FOR_ONE,
    A,
    give,
    pay,
    promoted,
    tavern,
    total,
    void,
)  # fmt: skip
from tests.unit.shared.domain.world import World, name_id


def settled(world: World, since: int) -> list[str]:
    """What was applied by rule since so many entries."""
    return [type(event).__name__ for event, _ in world.journal[since:] if isinstance(event, PromotionsApplied | ChargesApplied)]


def test_nothing_is_said_where_nothing_changes_by_rule() -> None:
    world = tavern(TWO_FOR_ONE, SERVICE, covers=6)
    world.add("beer")
    assert settled(world, 0) == ["ChargesApplied"]
    before = len(world.journal)
    pizza = world.add("pizza")
    world.do(ChangeLine(check_id=A, line_id=pizza, note="no basil"))
    assert settled(world, before) == []
    world.do(ChangeLine(check_id=A, line_id=pizza, quantity=2))
    assert settled(world, before) == ["PromotionsApplied"]


def test_a_replica_that_only_reads_comes_to_the_same() -> None:
    world = tavern(TWO_FOR_ONE, MEAL, SERVICE, covers=6)
    for item in ("pizza", "burger", "slice", "fries", "cola"):
        world.add(item)
    give(world, SENIOR)
    again = world.folded_anew()
    assert again.states == world.states
    assert sums_of(again.check()) == sums_of(world.check())


def test_a_bundle_that_comes_together_after_it_was_paid_does_not_give_money_back() -> None:
    """12.00 is due for the meal of 17.00; 14.00 of it were paid before the cola came."""
    world = tavern(MEAL)
    world.add("burger")
    world.add("fries")
    pay(world, 1400)
    world.add("cola")
    assert (promoted(world), due_minor(world.check())) == ({}, 300)
    world.add("beer")  # with the next round there is room for it
    assert (promoted(world), due_minor(world.check())) == ({"meal": 500}, 300)


def test_a_waiter_voids_the_paid_pizza_that_another_came_free_with_and_is_not_refused_for_it() -> None:
    world = tavern(TWO_FOR_ONE)
    pizza = world.add("pizza")
    world.add("calzone", quantity=2)
    assert total(world) == 1500 + 1100
    pay(world, 1000)
    void(world, pizza)  # of the calzones, one is free: 11.00 are left
    assert (promoted(world), due_minor(world.check())) == ({"two": 1100}, 100)


def test_where_a_promotion_no_longer_fits_what_was_paid_it_goes_before_the_waiter_is_refused() -> None:
    world = tavern(TWO_FOR_ONE)
    pizza = world.add("pizza")
    calzone = world.add("calzone", quantity=2)
    world.add("beer")
    pay(world, 2500)  # of 31.00
    world.do(VoidLine(check_id=A, line_id=pizza))  # by rule 11.00 + 5.00 would be left; without the rule it is 27.00
    assert (promoted(world), due_minor(world.check())) == ({}, 200)
    with pytest.raises(Refused) as refused:
        world.do(VoidLine(check_id=A, line_id=calzone))
    assert refused.value.code == "check.overpaid"


def test_a_charge_that_was_paid_stays_when_guests_leave() -> None:
    world = tavern(TAXED, covers=6)
    world.add("pizza")
    slice_ = world.add("slice")
    pay(world, 2000)
    void_all = VoidLine(check_id=A, line_id=slice_)
    with pytest.raises(Refused) as refused:
        world.do(void_all)
    assert refused.value.code == "check.overpaid"
    assert [charge.rule_id for charge in world.check().charges] == ["taxed"]


def test_a_reopened_check_may_be_overpaid_and_is_settled_by_the_rules() -> None:
    world = tavern(MEAL)
    world.add("burger")
    world.add("fries")
    world.do(SendCheck(check_id=A))
    pay(world, 1400)
    world.do(CloseCheck(check_id=A))
    world.do(ReopenCheck(check_id=A, reason="forgot the cola"), role="manager")
    world.add("cola")
    assert (promoted(world), due_minor(world.check())) == ({"meal": 500}, -200)


def test_friends_who_split_two_for_one_keep_what_it_saved_each_of_them() -> None:
    """Each has one pizza now, and no rule would give anything for one; a coffee later must not cost a pizza."""
    world = tavern(TWO_FOR_ONE, SERVICE, covers=6)
    pizzas = [world.add("pizza") for _ in range(2)]
    world.do(SendCheck(check_id=A))
    own = LineWeights(line_id=pizzas[1], weights=(0, 1))
    world.do(SplitCheck(check_id=A, into=(name_id("b"),), assignments=(own,)))
    before = {name: sums_of(world.check(name)).total_minor for name in "ab"}
    assert sum(before.values()) == 1500 + 150
    for name in "ab":
        world.add("cola", name)
    after = {name: sums_of(world.check(name)).total_minor for name in "ab"}
    assert after == {name: each + 330 for name, each in before.items()}
    assert [len(world.check(name).charges) for name in "ab"] == [1, 1]  # the service that the split gave, and no second one
    for _ in range(2):
        world.add("slice")
    assert sums_of(world.check()).total_minor == after["a"] + 550


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(["pizza", "calzone", "slice", "burger", "fries", "cola", "beer"]), st.integers(1, 3)),
        st.tuples(st.just("void"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("change"), st.integers(0, 9), st.integers(1, 4)),
        st.tuples(st.just("pay"), st.integers(1, 99), st.just(0)),
        st.tuples(st.just("give"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


def act(world: World, kind: str, what: Any, count: int) -> None:
    lines = [line.line_id for line in world.check().kept_lines]
    if kind == "add":
        world.add(what, quantity=count)
    elif kind == "pay" and due_minor(world.check()) > 0:
        pay(world, max(1, due_minor(world.check()) * what // 100))
    elif kind == "give" and not any(each.rule_id == "senior" for each in world.check().discounts):
        give(world, SENIOR)
    elif kind == "void" and lines:
        world.do(VoidLine(check_id=A, line_id=lines[what % len(lines)]))
    elif kind == "change" and lines:
        line = world.check().line(lines[what % len(lines)])
        if line is not None and line.quantity != count:
            world.do(ChangeLine(check_id=A, line_id=line.line_id, quantity=count))


@settings(max_examples=150)
@given(ACTS, st.integers(0, 8))
def test_whatever_is_done_a_check_is_never_overpaid_nor_below_zero_nor_refused_for_a_rule(acts: list[Any], covers: int) -> None:
    """The only refusal is that of what a waiter does himself: with no rule at all, too, the check would come to less than was paid."""
    world = tavern(TWO_FOR_ONE, MEAL, THREE_TWO, SERVICE, TAXED, covers=covers)
    for kind, what, count in acts:
        try:
            act(world, kind, what, count)
        except Refused as refused:
            assert refused.code == "check.overpaid"
            assert kind in ("void", "change", "give")
        check = world.check()
        assert sums_of(check).total_minor >= check.paid_minor >= 0
    assert world.folded_anew().states == world.states


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["pizza", "slice", "burger", "fries", "cola", "stout"]), st.integers(1, 4)), max_size=6),
       st.randoms(use_true_random=False))  # fmt: skip
def test_waiters_may_key_a_table_in_any_order(units: list[tuple[str, int]], random: Any) -> None:
    totals: set[tuple[int, int, int]] = set()
    for order in (units, random.sample(units, len(units))):
        world = tavern(TWO_FOR_ONE, MEAL, SERVICE, covers=7)
        for item, count in order:
            world.add(item, quantity=count)
        sums = sums_of(world.check())
        totals.add((sums.total_minor, sums.tax_minor, sums.discount_minor))
    assert len(totals) == 1
