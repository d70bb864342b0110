"""A closed check is reopened and put right: history stays, and what differs is booked on the day it is put right."""

import msgspec
import pytest

from shared.domain.check import CheckStatus, PayCash, SendCheck, VoidLine, due_minor
from shared.domain.check.books import booked, sales_of
from shared.domain.check.refund_tenders import RefundApproval
from shared.domain.check.refunding import RefundAmount, Refunded, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.state import CHECK
from shared.domain.menu.rules import Reason
from shared.limits import CHECK_CLOSINGS_MAX
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, closed_for, external, priced, refused
from tests.unit.shared.domain.world import NOON, World, name_id


def reopen(world: World) -> None:
    world.do(ReopenCheck(check_id=A, reason="wrong table"), role="manager")


def void(world: World, place: int) -> None:
    world.do(VoidLine(check_id=A, line_id=name_id(f"a/{place}"), reason="never came"), role="manager")


def give_back(world: World, **fields: object) -> Refunded:
    [refunded] = world.do(ReturnOverpaid(check_id=A, reason="never came", **fields), role="manager")  # type: ignore[arg-type]
    assert isinstance(refunded, Refunded)
    return refunded


def test_a_soup_that_was_never_served_is_found_out_the_next_day() -> None:
    world = closed_for(1002, 500)
    day_one = booked(world.check())["2026-03-02"]
    world.wait(days=1)
    reopen(world)
    assert booked(world.check()) == {"2026-03-02": day_one}
    void(world, 1)
    assert due_minor(world.check()) == -500
    refunded = give_back(world)
    assert (refunded.correction, refunded.total_minor, refunded.net_minor, refunded.number) == (True, 500, 0, 0)
    close(world)
    books = booked(world.check())
    assert books["2026-03-02"] == day_one
    today = books["2026-03-03"]
    assert (today.sales.orders, today.sales.gross_minor, today.sales.net_minor + today.sales.tax_minor) == (0, -500, -500)
    assert (today.sales.refund_minor, today.sales.void_minor) == (0, 500)
    assert today.tenders["cash"].expected_minor == -500
    assert sales_of(world.check()).net_minor + sales_of(world.check()).tax_minor == 1002
    assert world.folded_anew().states == world.states


def test_what_was_forgotten_is_added_and_paid_today() -> None:
    world = closed_for(1000)
    world.wait(days=1)
    reopen(world)
    world.add("wine")
    world.do(SendCheck(check_id=A))
    cash(world, 800)
    close(world)
    today = booked(world.check())["2026-03-03"]
    assert (today.sales.orders, today.sales.lines, today.sales.gross_minor) == (0, 1, 800)
    assert today.tenders["cash"].expected_minor == 800
    assert {key.split("|")[0]: tax.tax_minor for key, tax in today.taxes.items()} == {"drink": 128}


def test_who_approved_it_and_why_stays_on_the_check() -> None:
    world = closed_for(1000)
    reopen(world)
    check = world.check()
    assert (check.status, check.closed_at) == (CheckStatus.OPEN, None)
    [reopening] = check.reopenings
    assert (reopening.reason, reopening.approved_by, reopening.date) == ("wrong table", "tablet", "2026-03-02")
    assert len(check.closings) == 1


def test_more_covers_after_reopening_are_booked_with_the_next_closing() -> None:
    world = priced(1000, covers=2)
    cash(world, 1000)
    close(world)
    world.wait(days=1)
    reopen(world)
    world.states[CHECK, A] = msgspec.structs.replace(world.check(), covers=3)
    assert booked(world.check())["2026-03-02"].sales.covers == 2
    close(world)
    assert [book.sales.covers for _, book in sorted(booked(world.check()).items())] == [2, 1]


def test_a_manager_has_to_approve_it_and_say_why() -> None:
    world = closed_for(1000)
    assert refused(world, ReopenCheck(check_id=A, reason="x")).code == "approval.missing"
    assert refused(world, ReopenCheck(check_id=A, reason=""), role="manager").code == "reason.missing"
    assert refused(world, ReopenCheck(check_id=A, reason="x", revision=0), role="manager").code == "check.changed"
    world.menu = at_the_till(reasons=(Reason(id="table", name="Wrong table", kind="reopen"),)).menu
    assert refused(world, ReopenCheck(check_id=A, reason="x"), role="manager").code == "reason.unknown"
    world.do(ReopenCheck(check_id=A, reason="table"), role="manager")
    assert refused(world, ReopenCheck(check_id=A, reason="table"), role="manager").code == "check.still_open"


def test_a_check_of_which_something_was_refunded_is_not_reopened() -> None:
    world = closed_for(1000)
    world.do(RefundAmount(check_id=A, amount_minor=1, reason="cold"), role="manager")
    assert refused(world, ReopenCheck(check_id=A, reason="x"), role="manager").code == "check.refunded"


def test_a_check_that_was_corrected_can_be_reopened_again_and_refunded_of_what_is_left() -> None:
    world = closed_for(1000, 500)
    reopen(world)
    void(world, 1)
    give_back(world)
    close(world)
    reopen(world)
    close(world)
    refusal = refused(world, RefundAmount(check_id=A, amount_minor=1001, reason="cold"), role="manager")
    assert (refusal.code, refusal.facts["left_minor"]) == ("refund.exceeds_left", 1000)
    world.do(RefundAmount(check_id=A, reason="cold"), role="manager")


def test_a_check_is_not_reopened_without_end() -> None:
    world = closed_for(1000)
    for _ in range(CHECK_CLOSINGS_MAX - 1):
        reopen(world)
        close(world)
    assert refused(world, ReopenCheck(check_id=A, reason="x"), role="manager").code == "check.too_many_closings"


def test_what_is_overpaid_goes_back_to_the_card_that_paid_it() -> None:
    world = priced(1000, 500)
    payment_id = external(world, 1500).payment_id
    close(world)
    reopen(world)
    void(world, 1)
    refusal = refused(world, ReturnOverpaid(check_id=A, reason="x"), role="manager")
    assert (refusal.code, refusal.facts["payments"]) == (
        "payment.approval_missing",
        [{"payment_id": payment_id, "tender": "external", "amount_minor": 500}],
    )
    refunded = give_back(world, payment_id=payment_id, approval_codes=(RefundApproval(payment_id=payment_id, approval_code="R"),))
    assert [(part.tender, part.amount_minor, part.approval_code) for part in refunded.tenders] == [("external", 500, "R")]
    assert world.check().paid_minor == 1000
    assert refused(world, ReturnOverpaid(check_id=A, reason="x"), role="manager").code == "payment.not_overpaid"


def test_only_what_was_reopened_is_overpaid() -> None:
    world = closed_for(1000)
    assert refused(world, ReturnOverpaid(check_id=A, reason="x"), role="manager").code == "check.closed"
    reopen(world)
    assert refused(world, ReturnOverpaid(check_id=A, reason="x")).code == "approval.missing"
    assert refused(world, PayCash(check_id=A, tendered_minor=1)).code == "payment.nothing_due"


@pytest.mark.parametrize("closed_before", [True, False])
def test_a_check_that_a_release_without_closings_left_behind_keeps_what_it_booked(closed_before: bool) -> None:
    world = closed_for(1000)
    if closed_before:
        world.states[CHECK, A] = msgspec.structs.replace(world.check(), closings=())
    day_one = booked(world.check())
    assert day_one["2026-03-02"].sales.orders == 1
    world.wait(days=1)
    reopen(world)
    assert booked(world.check()) == day_one
    [closing] = world.check().closings
    assert (closing.date, closing.at) == ("2026-03-02", NOON)
