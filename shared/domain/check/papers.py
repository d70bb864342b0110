"""What stands on a bill, and on the receipt of a closed check: one pure view for screens, printers and mail.

What lives here: the two views and what they are made of, as facts in minor units; layout, words and paper are not known here. A
bill is no document and has no number of its own; a receipt has one, whose printed form names the epoch.
"""

from datetime import datetime
from typing import Any

import msgspec

from shared.domain.arithmetic.cash import cash_payable
from shared.domain.arithmetic.types import Sums
from shared.domain.check.paper_lines import PaperLine, paper_lines
from shared.domain.check.reckoning import sums_of
from shared.domain.check.state import Check, CheckStatus, Payment
from shared.domain.check.tenders import share_left
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Feature

__all__ = [
    "FEATURE", "Bill", "PaperCharge", "PaperDiscount", "PaperLine", "PaperPayment", "PaperRefund", "PaperTax", "Receipt", "bill_of",
    "printed_number", "receipt_of",
]  # fmt: skip


class PaperDiscount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a promotion, discount or comp took off."""

    name: str
    scope: str
    amount_minor: int


class PaperCharge(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    name: str
    amount_minor: int


class PaperTax(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A tax: what it was raised on, what it comes to, what the guest did not owe of it."""

    name: str
    rate: str
    inclusive: bool
    base_minor: int
    tax_minor: int
    relieved_minor: int


class PaperPayment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`amount + rounding + tip as it came + change = tendered`; `tip_minor` is as it is now."""

    tender: str
    kind: str
    amount_minor: int
    rounding_minor: int
    tip_minor: int
    tendered_minor: int
    change_minor: int
    approval_code: str
    share: int


class PaperRefund(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was given back; `paid_out_minor` with the rounding of cash."""

    number: str
    date: str
    total_minor: int
    paid_out_minor: int
    correction: bool
    tenders: tuple[str, ...]


class _Paper(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`number` is the check's, in print. `gross - discounts + charges + taxes that are not inclusive = total`."""

    check_id: str
    number: str
    order_number: int
    business_date: str
    opened_at: datetime
    currency: str
    table_id: str
    name: str
    covers: int
    dining_option: str
    training: bool
    lines: tuple[PaperLine, ...]
    gross_minor: int
    discounts: tuple[PaperDiscount, ...]
    charges: tuple[PaperCharge, ...]
    net_minor: int
    taxes: tuple[PaperTax, ...]
    tax_minor: int
    total_minor: int
    payments: tuple[PaperPayment, ...]
    paid_minor: int
    rounding_minor: int
    tip_minor: int


class Bill(_Paper, frozen=True, gc=False, kw_only=True):
    """What a guest is asked for. `due_cash_minor` is that in cash; `shares` is what is left of each even share. `count` tells
    which bill of the check was shown last, and `outdated` that this one says something else."""

    due_minor: int
    due_cash_minor: int
    shares: tuple[int, ...]
    count: int
    outdated: bool


class Receipt(_Paper, frozen=True, gc=False, kw_only=True):
    """The document of a closed check. One that was reopened `corrects` its first receipt, by printed number."""

    receipt_number: str
    corrects: str
    closed_at: datetime
    refunds: tuple[PaperRefund, ...]
    refunded_minor: int


def printed_number(epoch: int, number: int) -> str:
    """A document's number in print, unique at the site (DESIGN.md, Numbers); "" for none."""
    return f"{epoch}-{number}" if number else ""


def bill_of(check: Check, cash_step_minor: int = 1) -> Bill:
    """The bill of a check as it stands, whether it was shown or not; `cash_step_minor` is the smallest coin."""
    due = sums_of(check).total_minor - check.paid_minor
    return Bill(
        **_paper(check),
        due_minor=due,
        due_cash_minor=cash_payable(due, cash_step_minor),
        shares=tuple(share_left(check, share) for share in range(1, len(check.even_shares) + 1)),
        count=check.bill.count if check.bill else 0,
        outdated=check.bill.outdated if check.bill else False,
    )


def receipt_of(check: Check) -> Receipt:
    """The receipt of a closed check. Raises Refused `receipt.not_closed`."""
    if check.status is not CheckStatus.CLOSED or check.closed_at is None:
        raise Refused("receipt.not_closed", f"Check {check.number} is {check.status}.", check_id=check.check_id)
    first, last = (check.closings[0], check.closings[-1]) if check.closings else (None, None)
    return Receipt(
        **_paper(check),
        receipt_number=printed_number(last.epoch, last.receipt_number) if last else "",
        corrects=printed_number(first.epoch, first.receipt_number) if first and first is not last else "",
        closed_at=check.closed_at,
        refunds=_refunds(check),
        refunded_minor=sum(refund.total_minor for refund in check.refunds if not refund.correction),
    )


def _paper(check: Check) -> dict[str, Any]:
    sums = sums_of(check)
    return {
        "check_id": check.check_id, "number": printed_number(check.epoch, check.number), "order_number": check.order_number,
        "business_date": check.business_date, "opened_at": check.opened_at, "currency": check.currency, "table_id": check.table_id,
        "name": check.name, "covers": check.covers, "dining_option": check.dining_option, "training": check.training,
        "lines": paper_lines(check), "gross_minor": sums.gross_minor, "discounts": _discounts(check, sums), "charges": _charges(check, sums),
        "net_minor": sums.net_minor + sums.service_net_minor, "taxes": _taxes(sums), "tax_minor": sums.tax_minor,
        "total_minor": sums.total_minor, "payments": tuple(_payment(payment) for payment in check.payments), "paid_minor": check.paid_minor,
        "rounding_minor": sum(payment.rounding_minor for payment in check.payments),
        "tip_minor": sum(payment.tip_minor for payment in check.payments),
    }  # fmt: skip


def _discounts(check: Check, sums: Sums) -> tuple[PaperDiscount, ...]:
    """Promotions first, as they apply; one that was handed to arithmetic in parts has ids that begin with its own."""
    applied: dict[str, int] = {}
    for each in sums.discounts:
        id = each.id.partition("/")[0]
        applied[id] = applied.get(id, 0) + each.applied_minor
    given = sorted(check.discounts, key=lambda each: each.scope != "promotion")
    return tuple(
        PaperDiscount(name=each.name, scope=each.scope, amount_minor=applied[each.discount_id])
        for each in given
        if applied.get(each.discount_id)
    )


def _charges(check: Check, sums: Sums) -> tuple[PaperCharge, ...]:
    names = {charge.charge_id: charge.name for charge in check.charges}
    return tuple(
        PaperCharge(name=names.get(each.charge.id, each.charge.id), amount_minor=each.amount_minor)
        for each in sums.charges
        if each.amount_minor
    )


def _taxes(sums: Sums) -> tuple[PaperTax, ...]:
    return tuple(
        PaperTax(
            name=group.tax.name, rate=group.tax.rate, inclusive=group.tax.inclusive, base_minor=group.base_minor,
            tax_minor=group.tax_minor, relieved_minor=group.relieved_minor,
        )
        for group in sums.taxes
    )  # fmt: skip


def _payment(payment: Payment) -> PaperPayment:
    return PaperPayment(
        tender=payment.tender, kind=payment.kind, amount_minor=payment.amount_minor, rounding_minor=payment.rounding_minor,
        tip_minor=payment.tip_minor, tendered_minor=payment.tendered_minor, change_minor=payment.change_minor,
        approval_code=payment.approval_code, share=payment.share,
    )  # fmt: skip


def _refunds(check: Check) -> tuple[PaperRefund, ...]:
    return tuple(
        PaperRefund(
            number=printed_number(refund.epoch, refund.number),
            date=refund.date,
            total_minor=refund.total_minor,
            paid_out_minor=sum(part.amount_minor + part.rounding_minor for part in refund.tenders),
            correction=refund.correction,
            tenders=tuple(dict.fromkeys(part.tender for part in refund.tenders)),
        )
        for refund in check.refunds
    )


FEATURE = Feature(
    name="check.papers",
    errors={"receipt.not_closed": ErrorInfo(409, "The check is not closed.", "Show the bill; the receipt comes with the closing.")},
)
