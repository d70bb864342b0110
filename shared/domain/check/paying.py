"""Paying a check: in cash with change and rounding, with an external terminal, or with what else the site takes.

What lives here: PayCash, Pay, the event of every payment, and their rules. Cards that the box itself asks for are in cards.py
beside this, refunds in refunding.py.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.arithmetic.cash import cash_payable, settle_cash
from shared.domain.check.acts import before, find_check
from shared.domain.check.books import keep_books
from shared.domain.check.reckoning import due_minor, noted
from shared.domain.check.state import Authorization, Check, Payment, TipChange
from shared.domain.check.tenders import TENDER_ERRORS, amount_to_pay, cash_tender, ensure_approval_code, ensure_tip, tender_of
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id, ShortId, ensure_text
from shared.limits import AMOUNT_MINOR_MAX, ID_LENGTH_MAX, SPLIT_WAYS_MAX

__all__ = ["FEATURE", "Pay", "PayCash", "PaymentTaken"]

Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX, description="minor units")]
Tip = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX, description="minor units; no part of the amount")]
ShareNumber = Annotated[int, msgspec.Meta(ge=0, le=SPLIT_WAYS_MAX, description="number of the even share that is paid, 0 for none")]
Revision = Annotated[int, msgspec.Meta(ge=0, description="the revision that was looked at; another one is refused")]
Due = Annotated[int, msgspec.Meta(ge=0, description="what was due when it was looked at, minor units; anything else is refused")]
Code = Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX)]


class PayCash(Command, frozen=True):
    """Take cash for `amount_minor` of what is due (all of it when absent); change is given on `tendered_minor`.

    Where cash settles what is left, that is rounded to the smallest coin. A tip comes out of what was tendered, before the change.
    `tender` is one of the site's cash tenders, the first of them when absent.
    """

    check_id: Id
    tendered_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX)] | None = None
    tip_minor: Tip = 0
    share: ShareNumber = 0
    tender: Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX)] = ""
    revision: Revision | None = None
    expected_due_minor: Due | None = None


class Pay(Command, frozen=True):
    """Note what was paid with another tender of the site: `amount_minor` of what is due, all of it when absent.

    A terminal's payment (kind external) carries the `approval_code` it said. With the reference or code of the card that a tab
    is secured by, it takes that card.
    """

    check_id: Id
    tender: ShortId
    amount_minor: Amount | None = None
    tip_minor: Tip = 0
    approval_code: Code = ""
    reference: Code = ""
    share: ShareNumber = 0
    revision: Revision | None = None
    expected_due_minor: Due | None = None


class PaymentTaken(Event, frozen=True):
    """See `Payment`. `tip_minor` is the tip that came with it, `authorization_id` the tab's held card that it took."""

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
    authorization_id: str = ""


def _pay_cash(view: View, command: PayCash, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "pay")
    amount = amount_to_pay(check, command.amount_minor, command.share, command.revision, command.expected_due_minor)
    rules = context.menu.rules
    rule = cash_tender(rules, check, command.tender)
    ensure_tip(rule, check, command.tip_minor)
    # Golden rule 6: rounded only where this cash settles what is left. A part payment never is, however it came about.
    settles = amount == due_minor(check)
    payable = cash_payable(amount, rules.cash_step_minor) if settles else amount
    given = command.tendered_minor - command.tip_minor
    if given < min(payable, amount):
        detail = f"{command.tendered_minor} is less than the {payable + command.tip_minor} to be paid."
        facts = {"amount_minor": amount, "payable_minor": payable + command.tip_minor}
        raise Refused("payment.tendered_too_little", detail, check_id=check.check_id, **facts)
    cash = settle_cash(amount, given, rules.cash_step_minor if settles else 1)
    yield PaymentTaken(
        check_id=command.check_id,
        payment_id=derived_id(context.command_id, 0),
        tender=rule.id,
        amount_minor=amount,
        tendered_minor=command.tendered_minor,
        change_minor=cash.change_minor,
        rounding_minor=cash.rounding_minor,
        tip_minor=command.tip_minor,
        share=command.share,
    )


def _pay(view: View, command: Pay, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "pay")
    ensure_text(command.approval_code, command.reference)
    rule = tender_of(context.menu.rules, check, command.tender)
    if rule.kind == "cash":
        raise Refused("payment.cash_not_this_way", f"{rule.name} is cash.", check_id=check.check_id)
    if rule.kind == "card":
        raise Refused("card.not_this_way", f"{rule.name} goes through the box's own card network.", check_id=check.check_id)
    amount = amount_to_pay(check, command.amount_minor, command.share, command.revision, command.expected_due_minor)
    ensure_tip(rule, check, command.tip_minor)
    if rule.kind == "external":
        ensure_approval_code(command.approval_code, check, "A payment at the terminal")
    held = check.authorization
    yield PaymentTaken(
        check_id=command.check_id,
        payment_id=derived_id(context.command_id, 0),
        tender=rule.id,
        amount_minor=amount,
        tendered_minor=amount + command.tip_minor,
        change_minor=0,
        kind=rule.kind,
        tip_minor=command.tip_minor,
        approval_code=command.approval_code,
        reference=command.reference,
        share=command.share,
        authorization_id=held.authorization_id if held is not None and _is_taken_from(held, command) else "",
    )


def _is_taken_from(held: Authorization, command: Pay) -> bool:
    """Whether the terminal took what it held for the tab: the slip names its reference, or its code."""
    if held.status != "held" or held.source != command.tender:
        return False
    return (held.reference != "" and held.reference == command.reference) or held.approval_code == command.approval_code


def _paid(view: View, event: PaymentTaken, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "pay")
    if any(payment.payment_id == event.payment_id for payment in check.payments):
        raise ValueError(f"payment {event.payment_id} was taken twice on check {event.check_id}")
    if event.amount_minor + event.rounding_minor + event.tip_minor + event.change_minor != event.tendered_minor:
        raise ValueError(f"payment {event.payment_id} on check {event.check_id} does not add up")
    tips = (TipChange(amount_minor=event.tip_minor, date=meta.date, at=meta.at, actor_id=meta.actor_id),) if event.tip_minor else ()
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
        tips=tips,
        date=meta.date,
        at=meta.at,
        actor_id=meta.actor_id,
        device_id=meta.device_id,
    )
    after = noted(check, payments=(*check.payments, payment), authorization=_after_taking(check, event))
    return keep_books(view, (check, after))


def _after_taking(check: Check, event: PaymentTaken) -> Authorization | None:
    """The card that the tab is secured by, captured if this payment took it."""
    held = check.authorization
    if not event.authorization_id:
        return held
    if held is None or held.authorization_id != event.authorization_id or held.status != "held":
        raise ValueError(f"payment {event.payment_id} takes a card that is not held for check {event.check_id}")
    return msgspec.structs.replace(held, status="captured", payment_id=event.payment_id)


FEATURE = Feature(
    name="check.paying",
    deciders={PayCash: ("pay", _pay_cash), Pay: ("pay", _pay)},
    evolvers={PaymentTaken: _paid},
    errors=TENDER_ERRORS
    | {
        "payment.tendered_too_little": ErrorInfo(422, "The cash given is less than the amount.", "Take more cash, or pay less of it."),
        "payment.cash_not_this_way": ErrorInfo(422, "Cash gives change and is rounded.", "Use PayCash with what the guest gives."),
    },
)
