"""Cards that the box asked a network for: what came of it is recorded by the box alone."""

from typing import Any

import msgspec
import pytest

from shared.domain.check import PaymentTaken, VoidLine
from shared.domain.check.cards import HoldCard, RefundToCard, ReleaseCard, TakeCardPayment
from shared.domain.check.paying import Pay
from shared.domain.check.refund_tenders import CardGiven
from shared.domain.check.refunding import AnyRefund, RefundAmount, Refunded, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.tabs import AuthorizeTab, ReleaseTab
from shared.domain.ids import derived_id
from tests.unit.shared.domain.check.till import DESK, A, cash, close, desk, priced, refused
from tests.unit.shared.domain.world import World, name_id

__all__ = ["desk"]


def take(world: World, minor: int, **fields: Any) -> PaymentTaken:
    [paid] = world.do(TakeCardPayment(check_id=A, amount_minor=minor, approval_code="N-1", **fields), role=DESK)
    assert isinstance(paid, PaymentTaken)
    return paid


def paid_by_card(*prices: int, and_cash: int = 0) -> World:
    world = priced(*prices)
    take(world, sum(prices) - and_cash)
    if and_cash:
        cash(world, and_cash)
    close(world)
    return world


def code(world: World, command: Any, role: str = DESK) -> str:
    return refused(world, command, role=role).code


def test_what_a_card_paid_is_a_payment_with_its_tip() -> None:
    world = priced(2000)
    command_id = name_id("take")
    [paid] = world.do(TakeCardPayment(check_id=A, amount_minor=1500, tip_minor=200, reference="N-9"), role=DESK, command_id=command_id)
    assert paid.payment_id == derived_id(command_id, 0)
    [payment] = world.check().payments
    assert (payment.kind, payment.tender, payment.amount_minor, payment.tip_minor, payment.tendered_minor) == (
        "card",
        "card",
        1500,
        200,
        1700,
    )
    assert world.folded_anew().states == world.states


def test_a_device_cannot_say_by_itself_that_a_card_paid() -> None:
    world = priced(2000)
    for command in (TakeCardPayment(check_id=A, amount_minor=1), HoldCard(check_id=A, amount_minor=1), ReleaseCard(check_id=A)):
        assert code(world, command, "manager") == "permission.missing"
    assert code(world, Pay(check_id=A, tender="card", approval_code="1"), "manager") == "card.not_this_way"
    assert code(world, AuthorizeTab(check_id=A, amount_minor=1, tender="card", approval_code="1")) == "card.not_this_way"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tender": "external"}, "card.no_card_tender"),
        ({"tender": "shells"}, "tender.unknown"),
        ({"amount_minor": 2001}, "payment.exceeds_due"),
        ({"authorization_id": name_id("ghost")}, "tab.not_authorized"),
        ({"revision": 0}, "check.changed"),
    ],
)
def test_what_the_check_does_not_take_is_refused_also_to_the_box(fields: dict[str, Any], expected: str) -> None:
    assert code(priced(2000), TakeCardPayment(**{"check_id": A, "amount_minor": 1} | fields)) == expected


def test_the_card_of_a_tab_is_held_taken_and_nobody_elses() -> None:
    world = priced(2000)
    [held] = world.do(HoldCard(check_id=A, amount_minor=5000, approval_code="H"), role=DESK)
    assert code(world, HoldCard(check_id=A, amount_minor=1)) == "tab.already_authorized"
    assert code(world, ReleaseTab(check_id=A)) == "card.not_this_way"
    assert code(world, TakeCardPayment(check_id=A, amount_minor=1, authorization_id="other")) == "tab.not_authorized"
    paid = take(world, 2000, authorization_id=held.authorization_id)
    card = world.check().authorization
    assert card is not None
    assert (card.kind, card.status, card.payment_id) == ("card", "captured", paid.payment_id)
    assert code(world, ReleaseCard(check_id=A)) == "tab.not_authorized"


def test_the_box_lets_go_of_what_its_network_holds_and_not_of_a_terminals_card() -> None:
    world = priced(2000)
    world.do(HoldCard(check_id=A, amount_minor=5000), role=DESK)
    world.do(ReleaseCard(check_id=A), role=DESK)
    world.do(AuthorizeTab(check_id=A, amount_minor=1, approval_code="1"))
    assert code(world, ReleaseCard(check_id=A)) == "card.not_the_box"
    assert code(world, HoldCard(check_id=A, amount_minor=1, tender="cash")) == "card.no_card_tender"


def to_card(refund: AnyRefund, *given: tuple[str, int]) -> RefundToCard:
    codes = tuple(CardGiven(payment_id=payment_id, amount_minor=minor, approval_code="G") for payment_id, minor in given)
    return RefundToCard(refund=refund, given=codes)


def test_what_a_card_paid_goes_back_through_the_network_and_the_refusal_says_how_much() -> None:
    world = paid_by_card(3000, and_cash=1000)
    [card] = [payment.payment_id for payment in world.check().payments if payment.kind == "card"]
    refund = RefundAmount(check_id=A, amount_minor=1500, reason="cold")
    for command in (refund, to_card(refund)):
        refusal = refused(world, command, role=DESK)
        assert refusal.code == "card.not_this_way"
        assert refusal.facts["payments"] == [{"payment_id": card, "tender": "card", "amount_minor": 500}]
    [refunded] = world.do(to_card(refund, (card, 500)), role=DESK)
    assert isinstance(refunded, Refunded)
    assert [(part.tender, part.amount_minor, part.approval_code) for part in refunded.tenders] == [("cash", 1000, ""), ("card", 500, "G")]


@pytest.mark.parametrize("minor", [499, 501])
def test_what_the_network_gave_back_otherwise_is_noticed(minor: int) -> None:
    world = paid_by_card(500)
    [payment] = world.check().payments
    refund = RefundAmount(check_id=A, amount_minor=500, reason="cold")
    assert code(world, to_card(refund, (payment.payment_id, minor))) == "refund.card_differs"
    assert code(world, to_card(refund, (payment.payment_id, 500), (name_id("other"), 1))) == "refund.card_differs"
    assert code(world, to_card(refund, (payment.payment_id, 500)), "box") == "approval.missing"


def test_what_a_reopened_check_is_overpaid_by_goes_back_to_the_card() -> None:
    world = paid_by_card(1000, 500)
    world.do(ReopenCheck(check_id=A, reason="wrong"), role="manager")
    world.do(VoidLine(check_id=A, line_id=name_id("a/1"), reason="never came"), role="manager")
    [payment] = world.check().payments
    back = ReturnOverpaid(check_id=A, reason="never came")
    assert code(world, back, "manager") == "card.not_this_way"
    [refunded] = world.do(to_card(back, (payment.payment_id, 500)), role=DESK)
    assert refunded.correction
    close(world)


def test_whoever_practises_charges_no_card() -> None:
    world = priced(2000)
    check = world.check()
    world.states["check", check.check_id] = msgspec.structs.replace(check, training=True)
    assert code(world, TakeCardPayment(check_id=A, amount_minor=2000, approval_code="N-1")) == "card.training"
    assert code(world, HoldCard(check_id=A, amount_minor=2000, approval_code="N-1")) == "card.training"
