"""What stands on a bill and on a receipt."""

from typing import Any

import msgspec
import pytest

from shared.domain.arithmetic.types import Tax
from shared.domain.check import CheckClosed, LineStatus, VoidLine
from shared.domain.check.billing import ShowBill
from shared.domain.check.papers import PaperTax, bill_of, printed_number, receipt_of
from shared.domain.check.reckoning import money_changed, noted
from shared.domain.check.refunding import RefundAmount, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.state import CHECK, ComboPart, GivenCharge, GivenDiscount, Line, LineModifier, Share
from shared.domain.errors import Refused
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, closed_for, external, priced
from tests.unit.shared.domain.world import World, name_id

FOOD = Tax(id="food", name="VAT 7 %", rate="7%", inclusive=True)
CITY = Tax(id="city", name="City tax", rate="10%")
OLIVES = LineModifier(group_id="extras", modifier_id="olives", name="Olives", price_minor=80)
MENU = ComboPart(combo_id=name_id("combo"), item_id="c", name="Menu", slot_id="s", price_minor=1000)


def line(name: str, price: int, place: int, quantity: int = 1, **fields: Any) -> Line:
    base = {"status": LineStatus.SENT, "taxes": (FOOD,)}
    return Line(
        line_id=name_id(f"a/{place}"), item_id=name.lower(), name=name, category="c", quantity=quantity, unit_price_minor=price, station="k",
        **(base | fields),
    )  # fmt: skip


def with_lines(*lines: Line, **fields: Any) -> World:
    world = at_the_till()
    world.open(table_id="7", covers=2)
    world.states[CHECK, A] = money_changed(world.check(), lines=lines, **fields)
    return world


def shown(world: World) -> list[tuple[str, int, int]]:
    return [(each.name, each.quantity, each.amount_minor) for each in bill_of(world.check()).lines]


def test_what_is_alike_stands_once_and_what_is_not_stands_apart() -> None:
    world = with_lines(
        line("Soup", 650, 0), line("Pizza", 1250, 1, modifiers=(OLIVES,)), line("Soup", 650, 2, quantity=2), line("Pizza", 1250, 3),
        line("Soup", 600, 4), line("Ham", 2000, 5, weight="0.5", weight_unit="kg"), line("Ham", 2000, 6, weight="0.4", weight_unit="kg"),
        line("Soup", 650, 7, status=LineStatus.VOIDED),
    )  # fmt: skip
    assert shown(world) == [
        ("Soup", 3, 1950), ("Pizza", 1, 1330), ("Pizza", 1, 1250), ("Soup", 1, 600), ("Ham", 1, 1000), ("Ham", 1, 800),
    ]  # fmt: skip
    assert bill_of(world.check()).gross_minor == sum(each.amount_minor for each in bill_of(world.check()).lines)


def test_two_combos_alike_stand_as_one_with_their_components() -> None:
    other = msgspec.structs.replace(MENU, combo_id=name_id("combo 2"))
    world = with_lines(
        line("Soup", 400, 0, combo=MENU), line("Pizza", 600, 1, combo=MENU),
        line("Soup", 400, 2, combo=other), line("Pizza", 600, 3, combo=other),
    )  # fmt: skip
    [combo] = bill_of(world.check()).lines
    assert (combo.name, combo.quantity, combo.unit_price_minor, combo.amount_minor) == ("Menu", 2, 1000, 2000)
    assert [(each.name, each.quantity, each.amount_minor) for each in combo.components] == [("Soup", 2, 800), ("Pizza", 2, 1200)]


def test_combos_of_other_choices_and_shares_of_a_line_stand_apart() -> None:
    other = msgspec.structs.replace(MENU, combo_id=name_id("combo 2"))
    share = Share(source_line_id=name_id("whole"), part="1/3", amount_minor=333)
    world = with_lines(
        line("Soup", 400, 0, combo=MENU), line("Salad", 400, 1, combo=other), line("Wine", 999, 2, share=share), line("Wine", 333, 3)
    )
    assert shown(world) == [("Menu", 1, 400), ("Menu", 1, 400), ("Wine", 1, 333), ("Wine", 1, 333)]
    assert [each.part for each in bill_of(world.check()).lines] == ["", "", "1/3", ""]


def test_a_bill_shows_promotions_first_then_what_else_came_off_and_on() -> None:
    world = with_lines(
        line("Soup", 1000, 0), line("Wine", 1000, 1, taxes=(CITY,)),
        discounts=(
            GivenDiscount(discount_id="d", name="Regular", scope="order", rate="10%"),
            GivenDiscount(discount_id="p", name="Happy hour", scope="promotion", rate="50%", line_ids=(name_id("a/1"),)),
            GivenDiscount(discount_id="n", name="Nothing", scope="item", amount_minor=5, line_ids=(name_id("ghost"),)),
        ),
        charges=(GivenCharge(charge_id="s", name="Service", rate="10%"),),
    )  # fmt: skip
    bill = bill_of(world.check(), cash_step_minor=5)
    assert [(each.name, each.scope, each.amount_minor) for each in bill.discounts] == [
        ("Happy hour", "promotion", 500),
        ("Regular", "order", 150),
    ]
    assert [(each.name, each.amount_minor) for each in bill.charges] == [("Service", 135)]
    assert bill.taxes == (
        PaperTax(name="VAT 7 %", rate="7%", inclusive=True, base_minor=841, tax_minor=59, relieved_minor=0),
        PaperTax(name="City tax", rate="10%", inclusive=False, base_minor=450, tax_minor=45, relieved_minor=0),
    )
    assert bill.total_minor == 2000 - 650 + 135 + 45 == 1530
    assert (bill.number, bill.table_id, bill.covers, bill.due_minor, bill.count) == ("1-1", "7", 2, 1530, 0)


def test_a_bill_says_what_is_due_in_cash_by_share_and_after_what_was_paid() -> None:
    world = priced(1002)
    world.do(ShowBill(check_id=A))
    world.states[CHECK, A] = noted(world.check(), even_shares=(501, 501))
    external(world, 501, tip_minor=50, share=1)
    bill = bill_of(world.check(), cash_step_minor=5)
    assert (bill.paid_minor, bill.due_minor, bill.due_cash_minor, bill.shares, bill.tip_minor) == (501, 501, 500, (0, 501), 50)
    assert (bill.count, bill.outdated) == (1, False)
    [payment] = bill.payments
    assert (payment.tender, payment.kind, payment.share, payment.approval_code) == ("external", "external", 1, "A1")


def test_a_receipt_is_the_document_of_a_closed_check() -> None:
    world = closed_for(1002)
    receipt = receipt_of(world.check())
    assert (receipt.receipt_number, receipt.corrects, receipt.closed_at) == ("1-1", "", world.now)
    assert (receipt.total_minor, receipt.paid_minor, receipt.rounding_minor) == (1002, 1002, -2)
    [payment] = receipt.payments
    assert (payment.amount_minor, payment.rounding_minor, payment.tendered_minor, payment.change_minor) == (1002, -2, 1007, 7)
    msgspec.json.encode(receipt)


def test_there_is_no_receipt_of_an_open_check() -> None:
    with pytest.raises(Refused) as refused:
        receipt_of(priced(1000).check())
    assert (refused.value.code, refused.value.facts["check_id"]) == ("receipt.not_closed", A)


def test_the_receipt_of_a_corrected_check_names_its_first_and_shows_what_was_returned() -> None:
    world = closed_for(1000, 502)
    world.do(ReopenCheck(check_id=A, reason="wrong"), role="manager")
    world.do(VoidLine(check_id=A, line_id=name_id("a/1"), reason="never came"), role="manager")
    world.do(ReturnOverpaid(check_id=A, reason="never came"), role="manager")
    world.epoch = 2
    [closed] = close(world)
    assert isinstance(closed, CheckClosed)
    world.do(RefundAmount(check_id=A, amount_minor=100, reason="cold"), role="manager")
    receipt = receipt_of(world.check())
    assert (receipt.receipt_number, receipt.corrects, receipt.refunded_minor) == ("2-1", "1-1", 100)
    assert [(each.number, each.total_minor, each.paid_out_minor, each.correction) for each in receipt.refunds] == [
        ("", 502, 500, True), ("2-1", 100, 100, False),
    ]  # fmt: skip
    assert [each.name for each in receipt.lines] == ["Soup"]


def test_a_receipt_of_a_release_that_numbered_none_has_no_number() -> None:
    assert printed_number(1, 0) == ""
    check = closed_for(1000).check()
    assert receipt_of(msgspec.structs.replace(check, closings=())).receipt_number == ""


def test_a_paper_of_training_says_so() -> None:
    world = priced(1000, training=True)
    assert bill_of(world.check()).training
    cash(world, 1000)
    close(world)
    assert receipt_of(world.check()).training
