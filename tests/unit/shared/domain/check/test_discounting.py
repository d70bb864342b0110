"""Discounts and comps: who may give them, on what, and what comes off."""

from typing import Any

import msgspec
import pytest

from shared.domain.check.discounting import CompLines, GiveDiscount, RemoveDiscount
from shared.domain.check.reckoning import sums_of
from shared.domain.check.selection import ChosenComponent
from shared.domain.check.view import check_view
from shared.domain.errors import Refused
from shared.domain.menu.rules import DiscountRule
from shared.limits import CHECK_DISCOUNTS_MAX
from tests.unit.shared.domain.check.tavern import (
    BURNT,
    PLATE,
    SENIOR,
    STAFF,
    TWO_FOR_ONE,
    VOUCHER,
    A,
    comp,
    give,
    pay,
    promotions,
    tavern,
    total,
    void,
)  # fmt: skip
from tests.unit.shared.domain.world import World, name_id

D = name_id("d")


def refused(world: World, command: Any, role: str = "manager") -> Refused:
    before = dict(world.states)
    with pytest.raises(Refused) as found:
        world.do(command, role=role)
    assert world.states == before
    assert found.value.facts.get("check_id", A) == A
    return found.value


def code(world: World, command: Any, role: str = "manager") -> str:
    return refused(world, command, role).code


def with_lines() -> tuple[World, str, str]:
    world = tavern()
    return world, world.add("pizza"), world.add("beer", quantity=2)


# --- what comes off ---


def test_a_waiter_gives_a_discount_of_the_menu_by_its_name() -> None:
    world, _, _ = with_lines()
    discount = give(world, SENIOR, role="pos")
    [shown] = check_view(world.check()).discounts
    assert (shown.given.discount_id, shown.given.name, shown.given.rule_id) == (discount, "Senior", "senior")
    assert (shown.applied_minor, shown.unapplied_minor, total(world)) == (250, 0, 2250)


def test_discounts_come_off_in_the_written_order_whatever_order_they_are_given_in() -> None:
    """Item percentages, item amounts, comps, percentages of the whole check, amounts of it (golden rule 2)."""
    world, pizza, beer = with_lines()
    give(world, VOUCHER)
    give(world, SENIOR)
    comp(world, beer)
    give(world, PLATE, pizza)
    give(world, None, pizza, rate="50%")
    give(world, BURNT, pizza)
    applied = {each.given.name: each.applied_minor for each in check_view(world.check()).discounts}
    assert applied == {"Sorry": 750, "Burnt": 113, "Plate": 300, "Comp": 1000, "Senior": 34, "Voucher": 303}
    assert total(world) == 0


def test_a_percentage_is_of_each_line_and_an_amount_is_shared_out_by_what_is_left() -> None:
    world, pizza, beer = with_lines()
    give(world, PLATE, pizza, beer)
    give(world, BURNT, beer)
    shown = {line.line_id: line for line in check_view(world.check()).lines}
    assert (shown[pizza].discount_minor, shown[beer].discount_minor) == (191, 150 + 109)  # 300 over 15.00 and 8.50
    assert (shown[pizza].price_minor, shown[beer].price_minor) == (1309, 741)


def test_what_cannot_be_applied_is_shown() -> None:
    world = tavern()
    world.add("slice")
    give(world, VOUCHER)
    give(world, VOUCHER)
    assert [(each.applied_minor, each.unapplied_minor) for each in check_view(world.check()).discounts] == [(500, 0), (0, 500)]


def test_a_discount_given_before_anything_was_ordered_waits_for_the_lines() -> None:
    world = tavern()
    give(world, STAFF)
    world.add("pizza")
    assert total(world) == 750


def test_a_comp_stays_in_gross_sales_and_a_void_does_not() -> None:
    world, pizza, beer = with_lines()
    comp(world, pizza)
    void(world, beer)
    sums = sums_of(world.check())
    assert (sums.gross_minor, sums.comp_minor, sums.discount_minor, sums.total_minor) == (1500, 1500, 0, 0)
    [shown] = check_view(world.check()).discounts
    assert (shown.given.reason, shown.given.approved_by, shown.given.scope) == ("cold", "tablet", "comp")


def test_a_part_of_a_line_can_be_comped() -> None:
    world, pizza, beer = with_lines()
    comp(world, beer, rate="50%")
    comp(world, pizza, amount_minor=400)
    assert sums_of(world.check()).comp_minor == 500 + 400


def test_a_combo_is_named_by_its_id_and_all_its_components_are_meant() -> None:
    world = tavern()
    choice = (ChosenComponent(slot_id="main", item_id="pizza"), ChosenComponent(slot_id="drink", item_id="beer"))
    lunch = world.add("lunch", components=choice)
    comp(world, lunch)
    assert sums_of(world.check()).comp_minor == 1400
    assert len(world.check().discounts[0].line_ids) == 2


def test_what_was_discounted_and_voided_takes_nothing_off_any_more() -> None:
    world, pizza, beer = with_lines()
    give(world, PLATE, pizza, beer)
    void(world, pizza)
    [shown] = check_view(world.check()).discounts
    assert (shown.applied_minor, total(world)) == (300, 700)
    void(world, beer)
    [shown] = check_view(world.check()).discounts
    assert (shown.applied_minor, shown.unapplied_minor, total(world)) == (0, 300, 0)


def test_a_discount_is_removed_and_the_price_is_back() -> None:
    world, _, _ = with_lines()
    discount = give(world, SENIOR)
    world.do(RemoveDiscount(check_id=A, discount_id=discount))
    assert (world.check().discounts, total(world)) == ((), 2500)


def test_the_journal_tells_it_all_again() -> None:
    world, pizza, beer = with_lines()
    give(world, SENIOR)
    comp(world, pizza)
    world.do(RemoveDiscount(check_id=A, discount_id=give(world, BURNT, beer)))
    assert world.folded_anew().states == world.states


# --- what is refused ---


def test_a_discount_that_needs_approval_is_a_managers() -> None:
    world, pizza, _ = with_lines()
    staff = GiveDiscount(check_id=A, discount_id=D, rule_id="staff")
    made_up = GiveDiscount(check_id=A, discount_id=D, name="Sorry", rate="10%", reason="late")
    for command in (staff, made_up, CompLines(check_id=A, discount_id=D, line_ids=(pizza,), reason="cold")):
        assert code(world, command, role="pos") == "approval.missing"
    world.do(staff, role="manager")
    assert world.check().discounts[0].approved_by == "tablet"


def test_what_is_made_up_or_given_away_has_a_reason() -> None:
    world, pizza, _ = with_lines()
    assert code(world, GiveDiscount(check_id=A, discount_id=D, name="Sorry", rate="10%")) == "reason.missing"
    assert code(world, CompLines(check_id=A, discount_id=D, line_ids=(pizza,))) == "reason.missing"
    assert code(world, CompLines(check_id=A, discount_id=D, line_ids=(pizza,), reason="friends")) == "reason.unknown"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "Sorry"},
        {"name": "Sorry", "rate": "5%", "amount_minor": 5},
        {"rate": "5%"},
        {"name": " ", "rate": "5%"},
        {"name": "Sorry", "rate": "0%"},
        {"name": "Sorry", "rate": "100.01%"},
        {"name": "Sorry", "rate": "-5%"},
        {"name": "Sorry", "rate": "a lot"},
        {"name": "Sorry", "rate": "5%", "scope": "item"},
        {"rule_id": "senior", "rate": "20%"},
        {"rule_id": "senior", "amount_minor": 20},
        {"rule_id": "senior", "line_ids": (D,)},
        {"rule_id": "burnt"},
        {"rule_id": "odd"},
    ],
)
def test_what_is_no_discount_is_refused(fields: dict[str, Any]) -> None:
    world, _, _ = with_lines()
    odd = DiscountRule(id="odd", name="Odd", rate="fifteen")
    rules = msgspec.structs.replace(world.menu.rules, discounts=(*world.menu.rules.discounts, odd))
    world.menu = msgspec.structs.replace(world.menu, rules=rules)
    assert code(world, GiveDiscount(**{"check_id": A, "discount_id": D, "reason": "late"} | fields)) == "discount.malformed"


def test_a_discount_names_what_there_is() -> None:
    world, pizza, _ = with_lines()
    gone = world.add("slice")
    void(world, gone)
    card = world.add("card")
    assert code(world, GiveDiscount(check_id=A, discount_id=D, rule_id="ghost")) == "discount.unknown"
    assert code(world, GiveDiscount(check_id=A, discount_id="x" * 36, rule_id="senior")) == "id.malformed"
    assert code(world, GiveDiscount(check_id=A, discount_id=D, rule_id="burnt", line_ids=(pizza, D))) == "line.unknown"
    assert code(world, CompLines(check_id=A, discount_id=D, line_ids=(gone,), reason="cold")) == "line.already_voided"
    assert code(world, GiveDiscount(check_id=A, discount_id=D, rule_id="burnt", line_ids=(card,))) == "line.not_discountable"
    assert code(world, RemoveDiscount(check_id=A, discount_id=D)) == "discount.not_given"
    assert code(world, GiveDiscount(check_id=name_id("b"), discount_id=D, rule_id="senior")) == "check.unknown"


def test_two_waiters_give_the_senior_discount_and_it_comes_off_once() -> None:
    world, pizza, beer = with_lines()
    first = give(world, SENIOR, role="pos")
    assert refused(world, GiveDiscount(check_id=A, discount_id=D, rule_id="senior"), role="pos").facts["discount_id"] == first
    give(world, BURNT, pizza)
    give(world, BURNT, beer)
    assert code(world, GiveDiscount(check_id=A, discount_id=D, rule_id="burnt", line_ids=(pizza, beer))) == "discount.repeated"
    comp(world, beer)
    assert code(world, CompLines(check_id=A, discount_id=D, line_ids=(beer,), reason="cold")) == "discount.repeated"
    assert code(world, GiveDiscount(check_id=A, discount_id=first, rule_id="voucher")) == "discount.already_given"


def test_who_acts_on_a_check_that_changed_is_told() -> None:
    world, pizza, _ = with_lines()
    seen = world.check().revision
    discount = give(world, VOUCHER, revision=seen)
    for command in (
        GiveDiscount(check_id=A, discount_id=D, rule_id="voucher", revision=seen),
        CompLines(check_id=A, discount_id=D, line_ids=(pizza,), reason="cold", revision=seen),
        RemoveDiscount(check_id=A, discount_id=discount, revision=seen),
    ):
        assert code(world, command) == "check.changed"


def test_a_promotion_is_not_removed_by_hand_while_its_rule_holds() -> None:
    world = tavern(TWO_FOR_ONE)
    world.add("pizza", quantity=2)
    [given] = promotions(world)
    remove = RemoveDiscount(check_id=A, discount_id=given.discount_id)
    assert code(world, remove) == "discount.by_rule"
    world.menu = tavern().menu
    world.do(remove)
    assert total(world) == 3000


def test_no_discount_makes_a_check_come_to_less_than_was_paid() -> None:
    world, pizza, _ = with_lines()
    pay(world, 2000)
    assert code(world, GiveDiscount(check_id=A, discount_id=D, rule_id="staff")) == "check.overpaid"
    assert code(world, CompLines(check_id=A, discount_id=D, line_ids=(pizza,), reason="cold")) == "check.overpaid"
    give(world, VOUCHER)
    assert total(world) == 2000


def test_a_check_holds_so_many_discounts_and_no_more() -> None:
    world, _, _ = with_lines()
    for _ in range(CHECK_DISCOUNTS_MAX):
        give(world, VOUCHER)
    assert code(world, GiveDiscount(check_id=A, discount_id=D, rule_id="voucher")) == "check.too_many_discounts"
