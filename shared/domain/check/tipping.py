"""Tips that come, or change, after their payment: what the guest wrote on the slip.

What lives here: AdjustTip, its event and its rules. A tip that comes with a payment is the payment's; pools are no matter of checks.
"""

from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.check.acts import before, ensure_unchanged, find_check
from shared.domain.check.books import keep_books
from shared.domain.check.paying import Revision, Tip
from shared.domain.check.reckoning import noted
from shared.domain.check.state import Check, Payment, TipChange
from shared.domain.check.tenders import find_payment
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id, Note, ensure_text
from shared.limits import TIP_CHANGES_MAX

__all__ = ["FEATURE", "AdjustTip", "TipAdjusted"]


class AdjustTip(Command, frozen=True):
    """Let the tip of a payment be `tip_minor` in all, on an open or a closed check. Lowering one takes a reason.

    On a closed check it books on the day it is done.
    """

    check_id: Id
    payment_id: Id
    tip_minor: Tip
    reason: Note = ""
    revision: Revision | None = None


class TipAdjusted(Event, frozen=True):
    """`amount_minor` is what the tip grew by (or shrank), `tip_minor` what it is now."""

    check_id: str
    payment_id: str
    amount_minor: int
    tip_minor: int
    reason: str = ""


def _adjust(view: View, command: AdjustTip, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "tip")
    ensure_text(command.reason)
    ensure_unchanged(check, command.revision)
    payment = find_payment(check, command.payment_id)
    _ensure_takes_tips(check, payment, context)
    delta = command.tip_minor - payment.tip_minor
    facts = {"check_id": check.check_id, "tip_minor": payment.tip_minor}
    if not delta:
        raise Refused("tip.unchanged", f"The tip is {payment.tip_minor} already.", **facts)
    if delta < 0 and not command.reason.strip():
        raise Refused("tip.reason_missing", f"The tip is {payment.tip_minor}; to lower it takes a reason.", **facts)
    if len(payment.tips) >= TIP_CHANGES_MAX:
        raise Refused("tip.too_many_changes", f"The tip has been changed {TIP_CHANGES_MAX} times.", **facts)
    yield TipAdjusted(
        check_id=command.check_id, payment_id=command.payment_id, amount_minor=delta, tip_minor=command.tip_minor, reason=command.reason
    )


def _ensure_takes_tips(check: Check, payment: Payment, context: Context) -> None:
    """By the rule of its tender as it is now; a tender that the menu no longer lists takes them if it was a card."""
    rule = next((each for each in context.menu.rules.tenders if each.id == payment.tender), None)
    takes = rule.takes_tips if rule is not None else payment.kind in ("card", "external")
    if not takes:
        raise Refused("tip.not_taken", f"{rule.name if rule else payment.tender} takes no tips.", check_id=check.check_id)


def _adjusted(view: View, event: TipAdjusted, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "tip")
    payment = next((each for each in check.payments if each.payment_id == event.payment_id), None)
    if payment is None:
        raise LookupError(f"an event changes the tip of a payment that check {event.check_id} does not have: {event.payment_id}")
    if payment.tip_minor + event.amount_minor != event.tip_minor or event.tip_minor < 0:
        raise ValueError(f"the tip of payment {event.payment_id} is {payment.tip_minor}: {event.amount_minor} make no {event.tip_minor}")
    change = TipChange(amount_minor=event.amount_minor, date=meta.date, at=meta.at, actor_id=meta.actor_id)
    tipped = msgspec.structs.replace(payment, tips=(*payment.tips, change))
    payments = tuple(tipped if each is payment else each for each in check.payments)
    return keep_books(view, (check, noted(check, payments=payments)))


FEATURE = Feature(
    name="check.tipping",
    deciders={AdjustTip: ("pay", _adjust)},
    evolvers={TipAdjusted: _adjusted},
    errors={
        "tip.unchanged": ErrorInfo(409, "The tip is that already.", "Nothing needs to be done."),
        "tip.reason_missing": ErrorInfo(422, "To lower a tip takes a reason.", "Say why, in your own words."),
        "tip.too_many_changes": ErrorInfo(409, "The tip has been changed as often as it can be.", "Ask a manager."),
    },
)
