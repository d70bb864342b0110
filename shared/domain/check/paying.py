"""Paying a check in cash.

What lives here: PayCash, the event of every payment, and their rules.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.check.acts import before, find_check
from shared.domain.check.books import keep_books
from shared.domain.check.reckoning import due_minor, noted
from shared.domain.check.state import Payment
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id
from shared.limits import AMOUNT_MINOR_MAX, CHECK_PAYMENTS_MAX

__all__ = ["FEATURE", "PayCash", "PaymentTaken"]


class PayCash(Command, frozen=True):
    """Take cash for `amount_minor` of what is due (all of it when absent); change is given on `tendered_minor`."""

    check_id: Id
    tendered_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX)] | None = None


class PaymentTaken(Event, frozen=True):
    """See `Payment`. `tip_minor` is the tip that came with it."""

    check_id: str
    payment_id: str
    tender: str
    amount_minor: int
    tendered_minor: int
    change_minor: int
    kind: str = "cash"
    rounding_minor: int = 0
    tip_minor: int = 0
    approval_code: str = ""
    reference: str = ""
    share: int = 0


def _pay_cash(view: View, command: PayCash, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "pay")
    due = due_minor(check)
    amount = due if command.amount_minor is None else command.amount_minor
    if len(check.payments) >= CHECK_PAYMENTS_MAX:
        raise Refused("check.too_many_payments", f"Check {check.number} has {CHECK_PAYMENTS_MAX} payments.", maximum=CHECK_PAYMENTS_MAX)
    if due <= 0:
        raise Refused("payment.nothing_due", f"Nothing is due on check {check.number}.", due_minor=due)
    if amount > due:
        raise Refused("payment.exceeds_due", f"Only {due} is due on check {check.number}.", due_minor=due)
    if command.tendered_minor < amount:
        raise Refused("payment.tendered_too_little", f"{command.tendered_minor} is less than the {amount} to be paid.", amount_minor=amount)
    yield PaymentTaken(
        check_id=command.check_id,
        payment_id=derived_id(context.command_id, 0),
        tender="cash",
        amount_minor=amount,
        tendered_minor=command.tendered_minor,
        change_minor=command.tendered_minor - amount,
    )


def _paid(view: View, event: PaymentTaken, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "pay")
    if any(payment.payment_id == event.payment_id for payment in check.payments):
        raise ValueError(f"payment {event.payment_id} was taken twice on check {event.check_id}")
    payment = Payment(
        payment_id=event.payment_id,
        tender=event.tender,
        amount_minor=event.amount_minor,
        tendered_minor=event.tendered_minor,
        change_minor=event.change_minor,
        kind=event.kind,
        rounding_minor=event.rounding_minor,
        approval_code=event.approval_code,
        reference=event.reference,
        share=event.share,
        date=meta.date,
        at=meta.at,
        actor_id=meta.actor_id,
        device_id=meta.device_id,
    )
    return keep_books(view, (check, noted(check, payments=(*check.payments, payment))))


FEATURE = Feature(
    name="check.paying",
    deciders={PayCash: ("pay", _pay_cash)},
    evolvers={PaymentTaken: _paid},
    errors={
        "check.too_many_payments": ErrorInfo(409, "The check has as many payments as it can hold.", "Ask a manager."),
        "payment.nothing_due": ErrorInfo(409, "Nothing is due on the check.", "Close the check."),
        "payment.exceeds_due": ErrorInfo(409, "The amount is more than what is due.", "Pay what is due; the rest is change."),
        "payment.tendered_too_little": ErrorInfo(422, "The cash given is less than the amount.", "Take more cash, or pay less of it."),
    },
)
