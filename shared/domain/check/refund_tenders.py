"""To which tender a refund goes: back to the payments, with what terminals and card networks have to say about it.

What lives here: the division of a refund over payments, and the rounding of what is paid out in cash. What is refunded, and why,
is not known here.
"""

from collections.abc import Mapping, Sequence

import msgspec

from shared.domain.arithmetic.cash import cash_payable
from shared.domain.check.paying import Amount, Code
from shared.domain.check.state import Check, Payment, TenderPart
from shared.domain.check.tenders import find_payment
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.text import Id

__all__ = [
    "REFUND_TENDER_ERRORS",
    "CardGiven",
    "RefundApproval",
    "Shares",
    "of_cards",
    "of_terminals",
    "over_payments",
    "room_of",
    "tender_parts",
]

Shares = Sequence[tuple[Payment, int]]  # payments with what of them is given back


class RefundApproval(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What the terminal said when it gave back what one of its payments took."""

    payment_id: Id
    approval_code: Code


class CardGiven(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What the card network gave back of one of its payments, and the code it said."""

    payment_id: Id
    amount_minor: Amount
    approval_code: Code


def room_of(check: Check, payment: Payment) -> int:
    """What of a payment was not given back yet, tips apart."""
    given = sum(part.amount_minor for refund in check.refunds for part in refund.tenders if part.payment_id == payment.payment_id)
    return payment.amount_minor - given


def over_payments(check: Check, total_minor: int, payment_id: str | None) -> Shares:
    """The named payment, or the last first."""
    if payment_id is not None:
        payment = find_payment(check, payment_id)
        room = room_of(check, payment)
        if total_minor > room:
            detail = f"Only {room} of that payment is left to give back; {total_minor} is asked for."
            raise Refused("refund.exceeds_payment", detail, check_id=check.check_id, left_minor=room, total_minor=total_minor)
        return [(payment, total_minor)] if total_minor else []
    shares: list[tuple[Payment, int]] = []
    for payment in reversed(check.payments):
        amount = min(room_of(check, payment), total_minor)
        if amount > 0:
            shares.append((payment, amount))
            total_minor -= amount
    if total_minor:  # what is left of a check is what is left of its payments, unless a release before rounded otherwise
        detail = f"{total_minor} would be given back of check {check.number} that nobody paid."
        raise Refused("refund.exceeds_left", detail, check_id=check.check_id, left_minor=sum(amount for _, amount in shares))
    return shares


def of_terminals(check: Check, shares: Shares, approvals: Sequence[RefundApproval]) -> dict[str, str]:
    """What the terminals said, by payment. What one has still to give is told to whoever stands at it."""
    codes = {each.payment_id: each.approval_code for each in approvals}
    external = [(payment, amount) for payment, amount in shares if payment.kind == "external"]
    missing = [share for share in external if not codes.get(share[0].payment_id, "").strip()]
    if missing:
        detail = f"The terminal has to give back {sum(amount for _, amount in missing)} first, and say an approval code."
        raise Refused("payment.approval_missing", detail, check_id=check.check_id, payments=_facts(missing))
    return {payment.payment_id: codes[payment.payment_id] for payment, _ in external}


def of_cards(check: Check, shares: Shares, given: Sequence[CardGiven]) -> dict[str, str]:
    """What the box's own card network said, by payment."""
    amounts = {each.payment_id: each.amount_minor for each in given}
    cards = [(payment, amount) for payment, amount in shares if payment.kind == "card"]
    missing = [share for share in cards if share[0].payment_id not in amounts]
    if missing:
        detail = f"{sum(amount for _, amount in missing)} was paid by card: the box's own card network has to give it back."
        raise Refused("card.not_this_way", detail, check_id=check.check_id, payments=_facts(missing))
    if amounts != {payment.payment_id: amount for payment, amount in cards}:
        detail = f"The card network gave back {sum(amounts.values())}, the refund is {sum(amount for _, amount in cards)} of it."
        raise Refused("refund.card_differs", detail, check_id=check.check_id, payments=_facts(cards))
    return {each.payment_id: each.approval_code for each in given}


def _facts(shares: Shares) -> list[dict[str, object]]:
    return [{"payment_id": payment.payment_id, "tender": payment.tender, "amount_minor": amount} for payment, amount in shares]


def tender_parts(check: Check, shares: Shares, codes: Mapping[str, str], cash_step_minor: int) -> tuple[TenderPart, ...]:
    """What goes back to which payment's tender; what is paid out in cash is rounded to the coin."""
    return tuple(
        TenderPart(
            payment_id=payment.payment_id,
            tender=payment.tender,
            amount_minor=amount,
            rounding_minor=_rounding(check, payment, amount, cash_step_minor) if payment.kind == "cash" else 0,
            approval_code=codes.get(payment.payment_id, ""),
            kind=payment.kind,
        )
        for payment, amount in shares
    )


def _rounding(check: Check, payment: Payment, amount_minor: int, cash_step_minor: int) -> int:
    """What is paid out beside the amount. Decided here: what was given back of a payment so far is rounded, not each portion of it,
    and with the last of it goes what it was rounded by when it was taken; so all portions together are the cash that was taken."""
    parts = [part for refund in check.refunds for part in refund.tenders if part.payment_id == payment.payment_id]
    given = amount_minor + sum(part.amount_minor for part in parts)
    whole = payment.rounding_minor if given == payment.amount_minor else cash_payable(given, cash_step_minor) - given
    return whole - sum(part.rounding_minor for part in parts)


REFUND_TENDER_ERRORS: dict[str, ErrorInfo] = {
    "refund.exceeds_payment": ErrorInfo(409, "More would be given back than that payment took.", "Name another payment, or none."),
    "refund.card_differs": ErrorInfo(409, "The card network gave back another amount.", "Let a manager look at what the network says."),
}  # fmt: skip
