"""Paying: in cash to the coin, at a terminal, in parts, and by two tablets at once."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import PayCash, SendCheck, due_minor, sums_of
from shared.domain.check.books import TenderSum, booked
from shared.domain.check.evenly import SplitEvenly
from shared.domain.check.paying import Pay
from shared.domain.check.state import TipChange
from shared.domain.check.tenders import share_left
from shared.domain.menu.rules import SellingRules
from shared.domain.registry import evolve
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, external, priced, refused
from tests.unit.shared.domain.world import World, name_id


def pay(**fields: Any) -> PayCash:
    return PayCash(**{"check_id": A, "tendered_minor": 10_000} | fields)


def by(tender: str, **fields: Any) -> Pay:
    return Pay(**{"check_id": A, "tender": tender} | fields)


def split_evenly(world: World, ways: int) -> None:
    world.do(SplitEvenly(check_id=A, ways=ways))


# --- cash, to the coin (golden rule 6) ---


@pytest.mark.parametrize(
    ("total", "tendered", "rounding", "change"),
    [(1002, 1000, -2, 0), (1003, 2000, 2, 995), (1000, 1000, 0, 0), (1003, 1003, 0, 0), (1003, 1004, 0, 1), (2, 0, -2, 0), (1, 1, -1, 1)],
)  # fmt: skip
def test_cash_that_settles_what_is_left_is_rounded_to_the_coin(total: int, tendered: int, rounding: int, change: int) -> None:
    world = priced(total)
    paid = cash(world, tendered)
    assert (paid.amount_minor, paid.rounding_minor, paid.change_minor) == (total, rounding, change)
    assert due_minor(world.check()) == 0
    close(world)


def test_a_part_paid_in_cash_is_not_rounded_and_the_rest_is() -> None:
    world = priced(1003)
    assert cash(world, 500, amount_minor=401).rounding_minor == 0
    last = cash(world, 1000)
    assert (last.amount_minor, last.rounding_minor, last.change_minor) == (602, -2, 400)


def test_what_cash_settles_after_a_card_is_rounded_and_the_card_never_is() -> None:
    world = priced(1003)
    assert external(world, 501).rounding_minor == 0
    assert cash(world, 500).rounding_minor == -2
    assert booked(world.check())[world.check().business_date].tenders == {
        "external": TenderSum(count=1, amount_minor=501),
        "cash": TenderSum(count=1, amount_minor=502, rounding_minor=-2),
    }


def test_an_amount_that_is_all_that_is_due_settles_as_if_it_had_not_been_said() -> None:
    assert cash(priced(1003), 2000, amount_minor=1003).rounding_minor == 2


def test_too_little_cash_is_refused_with_what_is_to_be_paid() -> None:
    refusal = refused(priced(1003), pay(tendered_minor=1002))
    assert refusal.code == "payment.tendered_too_little"
    assert (refusal.facts["amount_minor"], refusal.facts["payable_minor"]) == (1003, 1005)


def test_a_guest_who_says_keep_two_leaves_a_tip_in_cash() -> None:
    world = priced(1003)
    paid = cash(world, 2000, tip_minor=200)
    assert (paid.amount_minor, paid.rounding_minor, paid.tip_minor, paid.change_minor) == (1003, 2, 200, 795)
    [payment] = world.check().payments
    assert payment.tips == (TipChange(amount_minor=200, date="2026-03-02", at=world.now),)
    assert booked(world.check())["2026-03-02"].tenders["cash"].expected_minor == 2000 - 795
    assert refused(priced(1000), pay(tendered_minor=1100, tip_minor=101)).code == "payment.tendered_too_little"


def test_a_second_cash_drawer_is_a_tender_of_its_own() -> None:
    world = priced(1000)
    assert cash(world, 400, amount_minor=400, tender="bar").tender == "bar"
    assert refused(world, pay(tender="bar", tip_minor=1)).code == "tip.not_taken"
    assert refused(world, pay(tender="external")).code == "tender.unknown"
    assert cash(world, 600).tender == "cash"


def test_a_house_without_cash_takes_none() -> None:
    world = priced(1000)
    world.menu = msgspec.structs.replace(world.menu, rules=SellingRules(tenders=world.menu.rules.tenders[2:]))
    refusal = refused(world, pay())
    assert (refusal.code, refusal.facts["tenders"]) == ("tender.unknown", ["card", "external", "voucher"])


@given(st.integers(1, 10**6), st.sampled_from([1, 5, 10, 100, 1000]), st.lists(st.integers(1, 10**5), max_size=4), st.integers(0, 10**4))
def test_every_payment_adds_up_and_the_check_is_settled_to_the_cent(total: int, step: int, parts: list[int], more: int) -> None:
    world = priced(total, step=step)
    for part in parts:
        if part < due_minor(world.check()):
            cash(world, part + more, amount_minor=part)
    cash(world, due_minor(world.check()) + step + more)
    check = world.check()
    for payment in check.payments:
        assert payment.amount_minor + payment.rounding_minor + payment.change_minor == payment.tendered_minor
        assert abs(payment.rounding_minor) * 2 <= step
        assert payment.change_minor >= 0
    assert sum(payment.amount_minor for payment in check.payments) == sums_of(check).total_minor
    assert all(payment.rounding_minor == 0 for payment in check.payments[:-1])
    drawer = booked(check)[check.business_date].tenders["cash"].expected_minor
    assert drawer == sum(payment.tendered_minor - payment.change_minor for payment in check.payments)


# --- other tenders ---


def test_a_check_is_paid_by_terminal_voucher_and_cash() -> None:
    world = priced(5000)
    terminal = external(world, 2000, tip_minor=300, approval_code="T-17", reference="slip 4")
    assert (terminal.kind, terminal.tip_minor, terminal.tendered_minor) == ("external", 300, 2300)
    assert external(world, 1500, tender="voucher", reference="V-9").kind == "other"
    cash(world, 1500)
    close(world)
    assert [payment.reference for payment in world.check().payments] == ["slip 4", "V-9", ""]
    tenders = booked(world.check())["2026-03-02"].tenders
    assert tenders["external"] == TenderSum(count=1, amount_minor=2000, tip_minor=300)
    assert {name: tender.expected_minor for name, tender in tenders.items()} == {"external": 2300, "voucher": 1500, "cash": 1500}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (by("external"), "payment.approval_missing"),
        (by("external", approval_code="  "), "payment.approval_missing"),
        (by("card"), "card.not_this_way"),
        (by("cash"), "payment.cash_not_this_way"),
        (by("shells"), "tender.unknown"),
        (by("voucher", tip_minor=1), "tip.not_taken"),
        (by("voucher", amount_minor=1001), "payment.exceeds_due"),
        (by("external", approval_code="\x00"), "text.control_character"),
        (by("voucher", share=1), "payment.share_unknown"),
    ],
)
def test_what_a_tender_does_not_do_is_refused(command: Pay, code: str) -> None:
    assert refused(priced(1000), command).code == code


# --- two tablets ---


def test_of_two_tablets_that_settle_one_check_the_second_is_told_that_nothing_is_due() -> None:
    world = priced(1000)
    seen = world.check().revision
    cash(world, 1000, expected_due_minor=1000, revision=seen)
    refusal = refused(world, by("external", approval_code="1", expected_due_minor=1000, revision=seen))
    assert (refusal.code, refusal.facts["due_minor"]) == ("payment.nothing_due", 0)


def test_who_settles_what_another_has_paid_in_part_is_told_what_is_left() -> None:
    world = priced(1000)
    cash(world, 600, amount_minor=600, expected_due_minor=1000)
    for command in (pay(expected_due_minor=1000), by("external", approval_code="1", expected_due_minor=1000)):
        refusal = refused(world, command)
        assert (refusal.code, refusal.facts["due_minor"]) == ("payment.exceeds_due", 400)


def test_who_settles_what_has_grown_meanwhile_is_told_so() -> None:
    world = priced(1000)
    seen = world.check().revision
    world.add("soup")
    world.do(SendCheck(check_id=A))
    refusal = refused(world, pay(expected_due_minor=1000))
    assert (refusal.code, refusal.facts["due_minor"]) == ("check.changed", 1650)
    assert refused(world, pay(revision=seen)).code == "check.changed"
    cash(world, 1650, expected_due_minor=1650, revision=world.check().revision)


# --- even shares ---


def test_three_friends_pay_a_share_each_and_only_what_settles_the_rest_is_rounded() -> None:
    world = priced(1003)
    split_evenly(world, 3)
    assert cash(world, 500, share=1).amount_minor == 335
    assert refused(world, pay(share=1)).code == "payment.share_paid"
    assert external(world, None, share=3).amount_minor == 334
    last = cash(world, 335, share=2)
    assert (last.amount_minor, last.rounding_minor, last.change_minor) == (334, 1, 0)
    assert refused(world, pay(share=2)).code == "payment.nothing_due"
    close(world)


def test_a_share_is_paid_in_parts_and_never_beyond_it() -> None:
    world = priced(1000)
    split_evenly(world, 2)
    cash(world, 200, amount_minor=200, share=1)
    refusal = refused(world, pay(amount_minor=301, share=1))
    assert (refusal.code, refusal.facts["due_minor"]) == ("payment.exceeds_due", 300)
    assert refused(world, pay(share=3)).code == "payment.share_unknown"
    assert cash(world, 300, share=1).amount_minor == 300


def test_who_paid_a_share_of_an_earlier_split_has_not_paid_that_of_a_later_one() -> None:
    world = priced(1000)
    split_evenly(world, 2)
    cash(world, 500, share=1)
    world.add("soup")  # which undoes the split
    world.do(SendCheck(check_id=A))
    split_evenly(world, 2)
    assert [share_left(world.check(), share) for share in (1, 2)] == [575, 575]
    cash(world, 575, share=1)
    assert [share_left(world.check(), share) for share in (1, 2)] == [0, 575]


def test_who_has_paid_a_share_is_counted_when_the_rest_is_split_anew() -> None:
    world = priced(1000)
    split_evenly(world, 2)
    cash(world, 500, share=1)
    split_evenly(world, 3)
    assert [share_left(world.check(), share) for share in (1, 2, 3)] == [167, 167, 166]


def test_a_share_takes_no_more_than_is_due_when_somebody_paid_without_one() -> None:
    world = priced(1000)
    split_evenly(world, 2)
    cash(world, 800, amount_minor=800)
    assert cash(world, 500, share=2).amount_minor == 200


# --- events that no decision made ---


def test_a_payment_that_does_not_add_up_is_noticed() -> None:
    world = priced(1000)
    paid = cash(world, 1000)
    event, meta = world.journal[-1]
    assert event is paid
    other = World(menu=world.menu, states=dict(world.folded_anew().states))
    wrong = msgspec.structs.replace(paid, payment_id=name_id("other"), change_minor=1)
    with pytest.raises(ValueError, match="does not add up"):
        evolve(other, wrong, meta)


def test_a_follower_that_reads_the_journal_sees_the_same() -> None:
    world = at_the_till()
    priced(1003, world=world)
    external(world, 200, tip_minor=5)
    cash(world, 2000, tip_minor=20)
    assert world.folded_anew().states == world.states
