"""Refunds: to whom money goes back, who approves it, and what is refused."""

from typing import Any

import msgspec
import pytest

from shared.domain.check import AddLine, LineStatus, SendCheck, sums_of
from shared.domain.check.books import TenderSum, booked
from shared.domain.check.refund_tenders import RefundApproval
from shared.domain.check.refunding import RefundAmount, Refunded, RefundLines, RefundUnits, ReturnOverpaid
from shared.domain.check.state import CHECK, ComboPart, Voiding
from shared.domain.menu.rules import Reason
from shared.domain.registry import evolve
from shared.limits import CHECK_REFUNDS_MAX
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, closed_for, external, priced, refused
from tests.unit.shared.domain.world import World, name_id

SOUP = name_id("a/0")


def amount(minor: int | None = None, **fields: Any) -> RefundAmount:
    return RefundAmount(**{"check_id": A, "amount_minor": minor, "reason": "cold"} | fields)


def units(line_id: str = SOUP, count: int = 1, **fields: Any) -> RefundLines:
    return RefundLines(**{"check_id": A, "lines": (RefundUnits(line_id=line_id, units=count),), "reason": "cold"} | fields)


def give(world: World, command: RefundAmount | RefundLines | ReturnOverpaid) -> Refunded:
    [refunded] = world.do(command, role="manager")
    assert isinstance(refunded, Refunded)
    return refunded


def refuse(world: World, command: RefundAmount | RefundLines | ReturnOverpaid) -> tuple[str, dict[str, object]]:
    refusal = refused(world, command, role="manager")
    return refusal.code, refusal.facts


def parts(refunded: Refunded) -> list[tuple[str, int]]:
    return [(part.tender, part.amount_minor) for part in refunded.tenders]


def three_soups() -> World:
    """9.99 for three: 9.34 and 0.65 of tax, neither of which can be had in three equal parts."""
    world = at_the_till()
    world.open()
    world.do(AddLine(check_id=A, line_id=SOUP, item_id="soup", quantity=3, unit_price_minor=333), role="import")
    world.do(SendCheck(check_id=A))
    return world


# --- to which tender ---


def paid_three_ways() -> World:
    world = priced(3000)
    cash(world, 1000, amount_minor=1000)
    external(world, 800)
    external(world, 1200, tender="voucher")
    close(world)
    return world


def terminal(world: World, code: str = "R-1") -> tuple[RefundApproval, ...]:
    [payment_id] = [payment.payment_id for payment in world.check().payments if payment.kind == "external"]
    return (RefundApproval(payment_id=payment_id, approval_code=code),)


def test_money_goes_back_to_where_it_came_from_the_last_payment_first() -> None:
    world = paid_three_ways()
    assert parts(give(world, amount(1500, approval_codes=terminal(world)))) == [("voucher", 1200), ("external", 300)]
    assert parts(give(world, amount(700, approval_codes=terminal(world)))) == [("external", 500), ("cash", 200)]
    assert parts(give(world, amount())) == [("cash", 800)]
    assert refuse(world, amount(1))[0] == "refund.nothing_left"


def test_a_payment_that_is_named_gets_it_all_and_never_more_than_it_took() -> None:
    world = paid_three_ways()
    first = world.check().payments[0].payment_id
    assert parts(give(world, amount(900, payment_id=first))) == [("cash", 900)]
    code, facts = refuse(world, amount(101, payment_id=first))
    assert (code, facts["left_minor"]) == ("refund.exceeds_payment", 100)
    assert refuse(world, amount(1, payment_id=name_id("ghost")))[0] == "payment.unknown"


def test_the_terminal_has_to_give_it_back_first_and_is_told_how_much() -> None:
    world = paid_three_ways()
    code, facts = refuse(world, amount(1500))
    assert code == "payment.approval_missing"
    [payment_id] = [payment.payment_id for payment in world.check().payments if payment.kind == "external"]
    assert facts["payments"] == [{"payment_id": payment_id, "tender": "external", "amount_minor": 300}]
    refunded = give(world, amount(1500, approval_codes=terminal(world, "R-7")))
    assert [part.approval_code for part in refunded.tenders] == ["", "R-7"]


def test_a_tip_is_not_given_back_by_a_refund() -> None:
    world = priced(1000)
    cash(world, 1200, tip_minor=200)
    close(world)
    code, facts = refuse(world, amount(1001))
    assert (code, facts["left_minor"]) == ("refund.exceeds_left", 1000)
    give(world, amount())
    assert booked(world.check())["2026-03-02"].tenders["cash"].expected_minor == 200


# --- cash, to the coin ---


@pytest.mark.parametrize(("minor", "rounding"), [(1002, -2), (1003, 2), (1, -1), (998, 2)])
def test_what_is_paid_out_in_cash_is_rounded_to_the_coin(minor: int, rounding: int) -> None:
    refunded = give(closed_for(2000), amount(minor))
    assert [(part.amount_minor, part.rounding_minor) for part in refunded.tenders] == [(minor, rounding)]


def test_cash_that_three_friends_paid_is_rounded_once_when_it_is_given_back() -> None:
    world = priced(1000)
    for each in (333, 333, 334):
        cash(world, each, amount_minor=each)
    close(world)
    refunded = give(world, amount())
    assert [(part.amount_minor, part.rounding_minor) for part in refunded.tenders] == [(334, 0), (333, 0), (333, 0)]


def test_a_check_rounded_down_gives_back_what_was_paid_and_the_drawer_is_as_before() -> None:
    world = closed_for(1002)
    give(world, amount())
    book = booked(world.check())["2026-03-02"]
    assert book.tenders == {"cash": TenderSum(count=1, amount_minor=1002, refund_minor=1002)}
    assert book.tenders["cash"].expected_minor == 0


# --- by line ---


def test_three_soups_are_given_back_one_by_one_to_the_cent() -> None:
    world = three_soups()
    cash(world, 1000)
    close(world)
    given = [give(world, units()) for _ in range(3)]
    assert [(refunded.total_minor, refunded.net_minor) for refunded in given] == [(333, 311), (333, 312), (333, 311)]
    assert sum(refunded.net_minor for refunded in given) == sums_of(world.check()).net_minor
    assert [refunded.number for refunded in given] == [1, 2, 3]
    code, facts = refuse(world, units())
    assert (code, facts["units_left"]) == ("refund.units_exceeded", 0)


def test_a_soup_of_which_amounts_have_left_nothing_yet_is_given_back_for_nothing_and_the_last_takes_the_rest() -> None:
    world = three_soups()
    cash(world, 1000)
    close(world)
    first, left = give(world, units()).total_minor, 20
    give(world, amount(999 - first - left))
    assert [give(world, units()).total_minor for _ in range(2)] == [0, left]
    assert parts(world.check().refunds[2]) == []


def test_a_line_that_is_named_twice_counts_twice() -> None:
    world = three_soups()
    cash(world, 1000)
    close(world)
    twice = RefundLines(check_id=A, lines=(RefundUnits(line_id=SOUP, units=2), RefundUnits(line_id=SOUP, units=2)), reason="cold")
    assert refuse(world, twice)[0] == "refund.units_exceeded"
    [line] = give(world, msgspec.structs.replace(twice, lines=(RefundUnits(line_id=SOUP), RefundUnits(line_id=SOUP, units=2)))).lines
    assert (line.units, line.total_minor) == (3, 999)


def test_a_combo_is_given_back_with_all_its_components() -> None:
    world = priced(700, 300, 500)
    combo = ComboPart(combo_id=name_id("combo"), item_id="c", name="Menu", slot_id="s", price_minor=1000)
    check = world.check()
    lines = (*[msgspec.structs.replace(line, combo=combo) for line in check.lines[:2]], check.lines[2])
    world.states[CHECK, A] = msgspec.structs.replace(check, lines=lines)
    cash(world, 1500)
    close(world)
    refunded = give(world, units(combo.combo_id))
    assert [(line.line_id, line.total_minor) for line in refunded.lines] == [(SOUP, 700), (name_id("a/1"), 300)]
    assert refuse(world, units(name_id("a/1")))[0] == "refund.units_exceeded"


def test_what_was_voided_or_never_there_is_not_given_back() -> None:
    world = priced(1000, 500)
    check = world.check()
    void = msgspec.structs.replace(check.lines[1], status=LineStatus.VOIDED, void=Voiding(reason="cold", after_fire=True))
    world.states[CHECK, A] = msgspec.structs.replace(check, lines=(check.lines[0], void))
    cash(world, 1000)
    close(world)
    assert refuse(world, units(name_id("a/1")))[0] == "line.already_voided"
    assert refuse(world, units(name_id("ghost")))[0] == "line.unknown"


def test_what_cost_nothing_gives_nothing_back() -> None:
    world = closed_for(1000, 0)
    assert refuse(world, units(name_id("a/1")))[0] == "refund.nothing_left"


# --- who may, and when ---


def test_a_manager_has_to_approve_it_and_say_why() -> None:
    world = closed_for(1000)
    assert refused(world, amount(1)).code == "approval.missing"
    assert refuse(world, amount(1, reason="  "))[0] == "reason.missing"
    world.menu = at_the_till(reasons=(Reason(id="cold", name="Was cold", kind="refund"),)).menu
    assert refuse(world, amount(1, reason="mood"))[0] == "reason.unknown"
    refunded = give(world, amount(1, reason="Was cold"))
    assert (refunded.reason, refunded.approved_by) == ("Was cold", "tablet")


def test_an_open_check_is_changed_and_not_refunded() -> None:
    world = priced(1000)
    cash(world, 1000)
    assert refuse(world, amount(1))[0] == "check.still_open"


def test_of_two_managers_who_refund_one_check_the_second_is_told_that_it_has_changed() -> None:
    world = closed_for(1000)
    seen = world.check().revision
    give(world, amount(400, revision=seen))
    assert refuse(world, amount(400, revision=seen))[0] == "check.changed"
    assert refuse(world, amount(601))[0] == "refund.exceeds_left"


def test_a_check_is_not_refunded_without_end() -> None:
    world = closed_for(1000, step=1)
    for _ in range(CHECK_REFUNDS_MAX):
        give(world, amount(1))
    assert refuse(world, amount(1))[0] == "refund.too_many"


# --- books and documents ---


def test_a_refund_books_on_the_day_it_is_given_and_the_day_of_the_sale_stays() -> None:
    world = closed_for(1070)
    day_one = booked(world.check())["2026-03-02"]
    world.wait(days=1)
    give(world, units())
    books = booked(world.check())
    assert books["2026-03-02"] == day_one
    today = books["2026-03-03"]
    assert (today.sales.net_minor, today.sales.tax_minor, today.sales.refund_minor, today.sales.orders) == (-1000, -70, 1070, 0)
    [tax] = today.taxes.values()
    assert (tax.base_minor, tax.tax_minor) == (-1000, -70)
    assert today.tenders["cash"].expected_minor == -1070
    assert world.folded_anew().states == world.states


def test_refunds_are_numbered_by_epoch_and_training_apart() -> None:
    world = closed_for(1000)
    give(world, amount(100))
    priced(500, name="lesson", world=world, training=True)
    cash(world, 500, "lesson")
    close(world, "lesson")
    [lesson] = world.do(RefundAmount(check_id=name_id("lesson"), reason="try"), role="manager")
    world.epoch = 2
    assert (lesson.number, give(world, amount(100)).number) == (1, 1)
    assert [(refund.epoch, refund.number) for refund in world.check().refunds] == [(1, 1), (2, 1)]
    assert booked(world.check("lesson")) == {}


# --- events that no decision made ---


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, "given twice"),
        ({"refund_id": "other", "net_minor": 1}, "does not add up"),
        ({"refund_id": "other", "tenders": ()}, "does not add up"),
    ],
)
def test_a_refund_that_does_not_add_up_or_comes_twice_is_noticed(change: dict[str, Any], error: str) -> None:
    world = closed_for(1000)
    refunded = give(world, amount(600))
    with pytest.raises(ValueError, match=error):
        evolve(world, msgspec.structs.replace(refunded, **change), world.journal[-1][1])
    with pytest.raises(ValueError, match="more than was paid"):
        evolve(world, msgspec.structs.replace(refunded, refund_id="other"), world.journal[-1][1])
    ghost = tuple(msgspec.structs.replace(part, payment_id="ghost") for part in refunded.tenders)
    with pytest.raises(LookupError):
        evolve(world, msgspec.structs.replace(refunded, refund_id="other", tenders=ghost), world.journal[-1][1])


def test_what_an_earlier_release_gave_back_otherwise_is_not_given_back_twice() -> None:
    """By another rule of rounding more may have gone than this release makes of it: then only what nobody got yet is left."""
    world = closed_for(1000)
    give(world, units())
    check = world.check()
    [refund] = check.refunds
    [part] = refund.tenders
    more = msgspec.structs.replace(refund, lines=(), total_minor=1001, tenders=(msgspec.structs.replace(part, amount_minor=1001),))
    world.states[CHECK, A] = msgspec.structs.replace(check, refunds=(more,))
    assert refuse(world, amount())[0] == "refund.nothing_left"
    half = msgspec.structs.replace(more, total_minor=500)
    world.states[CHECK, A] = msgspec.structs.replace(check, refunds=(half,))
    assert refuse(world, amount())[0] == "refund.exceeds_left"


def test_a_refund_of_lines_that_nobody_sold_is_noticed() -> None:
    world = closed_for(1000)
    refunded = give(world, units())
    [line] = refunded.lines
    fresh = closed_for(1000)
    with pytest.raises(ValueError, match="more units"):
        evolve(fresh, msgspec.structs.replace(refunded, lines=(msgspec.structs.replace(line, units=2),)), world.journal[-1][1])
    with pytest.raises(LookupError):
        evolve(fresh, msgspec.structs.replace(refunded, lines=(msgspec.structs.replace(line, line_id="ghost"),)), world.journal[-1][1])


def test_cash_that_goes_back_in_portions_is_together_what_was_taken() -> None:
    """Three at 2.22 were paid with 6.65; each alone is 2.20 in coins of five cents, and 6.60 would have been five cents short."""
    world = priced(222, 222, 222)
    cash(world, 665)
    close(world)
    portions = [give(world, units(name_id(f"a/{place}"))) for place in range(3)]
    assert [sum(part.amount_minor + part.rounding_minor for part in each.tenders) for each in portions] == [220, 225, 220]
    assert booked(world.check())["2026-03-02"].tenders["cash"].expected_minor == 0


def test_cash_that_was_taken_unrounded_goes_back_unrounded_when_all_of_it_goes() -> None:
    world = priced(1000)
    cash(world, 502, amount_minor=502)
    external(world, 498)
    close(world)
    payment = world.check().payments[0].payment_id
    refunded = give(world, amount(502, payment_id=payment))
    assert [(part.amount_minor, part.rounding_minor) for part in refunded.tenders] == [(502, 0)]
