"""Giving money back: refunds of units or of an amount of a closed check, and what a reopened check is overpaid by.

What lives here: RefundLines, RefundAmount, ReturnOverpaid, the event of each refund, and their rules. What
there is to give back is worked out in giving_back.py, to which tender it goes in refund_tenders.py; refunds to cards that the
box asks for itself come through cards.py.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from shared.domain.check.acts import before, ensure_approved, ensure_reason, ensure_unchanged, find_check
from shared.domain.check.books import keep_books
from shared.domain.check.giving_back import Left, left_of, units_of
from shared.domain.check.opening import series_of
from shared.domain.check.paying import Amount, Revision
from shared.domain.check.reckoning import due_minor, noted
from shared.domain.check.refund_tenders import (
    REFUND_TENDER_ERRORS,
    CardGiven,
    RefundApproval,
    of_cards,
    of_terminals,
    over_payments,
    room_of,
    tender_parts,
)  # fmt: skip
from shared.domain.check.state import Check, LineStatus, Refund, RefundedLine, RefundedTax, TenderPart
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.site import next_number, numbered
from shared.domain.text import Id, Note, ensure_text
from shared.limits import CHECK_LINES_MAX, CHECK_PAYMENTS_MAX, CHECK_REFUNDS_MAX, QUANTITY_MAX

__all__ = [
    "FEATURE", "REFUNDS", "AnyRefund", "CardGiven", "RefundAmount", "RefundApproval", "RefundLines", "RefundUnits", "Refunded", "ReturnOverpaid",
    "plan_refund",
]  # fmt: skip

REFUNDS = "refund"


class RefundUnits(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """So many units of a line, or of a combo by its id. A weighed line and a share of a line have one unit."""

    line_id: Id
    units: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1


Approvals = Annotated[tuple[RefundApproval, ...], msgspec.Meta(max_length=CHECK_PAYMENTS_MAX)]


class RefundLines(Command, frozen=True):
    """Give back what units of lines of a closed check cost, taxes and their part of service charges within; with a manager's approval.

    It goes to the payment named, or to the payments, last first. What goes to a terminal needs its approval code.
    """

    check_id: Id
    lines: Annotated[tuple[RefundUnits, ...], msgspec.Meta(min_length=1, max_length=CHECK_LINES_MAX)]
    reason: Note
    payment_id: Id | None = None
    approval_codes: Approvals = ()
    revision: Revision | None = None


class RefundAmount(Command, frozen=True):
    """Give back an amount of a closed check, all that is left of it when absent; as RefundLines."""

    check_id: Id
    reason: Note
    amount_minor: Amount | None = None
    payment_id: Id | None = None
    approval_codes: Approvals = ()
    revision: Revision | None = None


class ReturnOverpaid(Command, frozen=True):
    """Give back what is too much on a check that was reopened and now comes to less than was paid; as RefundLines."""

    check_id: Id
    reason: Note
    payment_id: Id | None = None
    approval_codes: Approvals = ()
    revision: Revision | None = None


AnyRefund = RefundLines | RefundAmount | ReturnOverpaid


class Refunded(Event, frozen=True):
    """See `Refund`."""

    check_id: str
    refund_id: str
    total_minor: int
    net_minor: int
    taxes: tuple[RefundedTax, ...] = ()
    lines: tuple[RefundedLine, ...] = ()
    tenders: tuple[TenderPart, ...] = ()
    correction: bool = False
    reason: str = ""
    approved_by: str = ""
    number: int = 0


def _refund(view: View, command: AnyRefund, context: Context) -> Iterable[Event]:
    yield plan_refund(view, command, context)


def plan_refund(view: View, command: AnyRefund, context: Context, given: Sequence[CardGiven] = ()) -> Refunded:
    """The refund that a command asks for, where the box's own card network has `given` its part. Raises Refused: what the network
    has still to give stands in the facts of `card.not_this_way`."""
    correction = isinstance(command, ReturnOverpaid)
    check = find_check(view, command.check_id, "return" if correction else "refund")
    approved_by = ensure_approved(context, "Giving money back")
    ensure_reason(context, "refund", command.reason)
    ensure_text(*[each.approval_code for each in command.approval_codes])
    ensure_unchanged(check, command.revision)
    if len(check.refunds) >= CHECK_REFUNDS_MAX:
        detail = f"Check {check.number} has {CHECK_REFUNDS_MAX} refunds."
        raise Refused("refund.too_many", detail, check_id=check.check_id, maximum=CHECK_REFUNDS_MAX)
    left = left_of(check)
    lines: tuple[RefundedLine, ...] = ()
    if isinstance(command, RefundLines):
        lines, part = _give_lines(check, left, command.lines)
        total = left.total_of(part)
    elif isinstance(command, RefundAmount):
        part = left.give_amount(_amount_left(check, left, command.amount_minor))
        total = left.total_of(part)
    else:
        part, total = [0], _overpaid(check)
    shares = over_payments(check, total, command.payment_id)
    codes = of_terminals(check, shares, command.approval_codes) | of_cards(check, shares, given)
    return Refunded(
        check_id=check.check_id,
        refund_id=derived_id(context.command_id, 0),
        total_minor=total,
        net_minor=part[0],
        taxes=() if correction else left.refund_taxes(part),
        lines=lines,
        tenders=tender_parts(check, shares, codes, context.menu.rules.cash_step_minor),
        correction=correction,
        reason=command.reason,
        approved_by=approved_by,
        number=0 if correction else next_number(view, context.epoch, series_of(REFUNDS, check.training)),
    )


def _give_lines(check: Check, left: Left, asked: Sequence[RefundUnits]) -> tuple[tuple[RefundedLine, ...], list[int]]:
    """The lines given back, and what that comes to by column."""
    counts: Counter[str] = Counter()
    for each in asked:
        named = check.lines_named([each.line_id])
        if not named:
            raise Refused("line.unknown", f"Check {check.number} has no line {each.line_id}.", check_id=check.check_id)
        for line in named:
            counts[line.line_id] += each.units
    lines = {line.line_id: line for line in check.lines if line.line_id in counts}
    for id, line in lines.items():
        units, before = units_of(line), left.refunded.get(id, 0)
        facts = {"check_id": check.check_id, "line_id": id}
        if line.status is LineStatus.VOIDED:
            raise Refused("line.already_voided", f"{line.name} was voided, and not paid.", **facts)
        if before + counts[id] > units:
            detail = f"Of {units} {line.name} on check {check.number}, {before} were refunded."
            raise Refused("refund.units_exceeded", detail, units_left=units - before, **facts)
    if not any(left.of_line(id) for id in lines):
        detail = f"Nothing is left to give back of these lines of check {check.number}."
        raise Refused("refund.nothing_left", detail, check_id=check.check_id)
    totals, part = left.give_units({id: (units_of(line), counts[id]) for id, line in lines.items()})
    return tuple(RefundedLine(line_id=id, units=counts[id], total_minor=total) for id, total in totals.items()), part


def _amount_left(check: Check, left: Left, amount_minor: int | None) -> int:
    most = left.total_minor
    if not most:
        raise Refused("refund.nothing_left", f"Nothing is left to give back of check {check.number}.", check_id=check.check_id)
    if amount_minor is not None and amount_minor > most:
        detail = f"Only {most} is left to give back of check {check.number}."
        raise Refused("refund.exceeds_left", detail, check_id=check.check_id, left_minor=most)
    return most if amount_minor is None else amount_minor


def _overpaid(check: Check) -> int:
    due = due_minor(check)
    if due >= 0:
        raise Refused("payment.not_overpaid", f"Check {check.number} is not overpaid.", check_id=check.check_id, due_minor=due)
    return -due


# --- evolution -----------------------------------------------------------------------------------


def _refunded(view: View, event: Refunded, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "return" if event.correction else "refund")
    _ensure_fits(check, event)
    refund = Refund(
        refund_id=event.refund_id,
        total_minor=event.total_minor,
        net_minor=event.net_minor,
        taxes=event.taxes,
        lines=event.lines,
        tenders=event.tenders,
        correction=event.correction,
        reason=event.reason,
        approved_by=event.approved_by,
        date=meta.date,
        at=meta.at,
        number=event.number,
        epoch=meta.epoch,
    )
    changes = dict(keep_books(view, (check, noted(check, refunds=(*check.refunds, refund)))))
    if event.number:
        changes |= numbered(meta.epoch, series_of(REFUNDS, check.training), event.number)
    return changes


def _ensure_fits(check: Check, event: Refunded) -> None:
    """Raises LookupError or ValueError for a refund that does not add up, or gives back what was not paid."""
    id = event.check_id
    if any(refund.refund_id == event.refund_id for refund in check.refunds):
        raise ValueError(f"refund {event.refund_id} was given twice on check {id}")
    total = 0 if event.correction else event.net_minor + sum(tax.tax_minor for tax in event.taxes)
    if total != (0 if event.correction else event.total_minor) or sum(part.amount_minor for part in event.tenders) != event.total_minor:
        raise ValueError(f"refund {event.refund_id} of check {id} does not add up")
    payments = {payment.payment_id: payment for payment in check.payments}
    given: Counter[str] = Counter()
    for part in event.tenders:
        if part.payment_id not in payments:
            raise LookupError(f"an event gives back a payment that check {id} does not have: {part.payment_id}")
        given[part.payment_id] += part.amount_minor
    if any(amount > room_of(check, payments[payment_id]) for payment_id, amount in given.items()):
        raise ValueError(f"refund {event.refund_id} gives back more than was paid on check {id}")
    _ensure_units(check, event)


def _ensure_units(check: Check, event: Refunded) -> None:
    known = {line.line_id: units_of(line) for line in check.lines}
    counts: Counter[str] = Counter()
    for line in [*event.lines, *(line for refund in check.refunds for line in refund.lines)]:
        counts[line.line_id] += line.units
    if unknown := counts.keys() - known.keys():
        raise LookupError(f"an event refunds lines that check {check.check_id} does not have: {sorted(unknown)}")
    if more := [line_id for line_id, count in counts.items() if count > known[line_id]]:
        raise ValueError(f"an event refunds more units than check {check.check_id} has of {more}")


FEATURE = Feature(
    name="check.refunding",
    deciders={RefundLines: ("pay", _refund), RefundAmount: ("pay", _refund), ReturnOverpaid: ("pay", _refund)},
    evolvers={Refunded: _refunded},
    errors=REFUND_TENDER_ERRORS
    | {
        "refund.too_many": ErrorInfo(409, "The check has as many refunds as it can hold.", "Refund the rest at once, by amount."),
        "refund.units_exceeded": ErrorInfo(409, "More units would be refunded than were sold.", "Refund what is left of the line."),
        "refund.nothing_left": ErrorInfo(409, "Nothing is left to give back.", "Nothing needs to be done."),
        "refund.exceeds_left": ErrorInfo(409, "More would be given back than is left of the check.", "Give back what is left at most."),
        "payment.not_overpaid": ErrorInfo(409, "The check is not overpaid.", "Nothing needs to be given back."),
    },
)
