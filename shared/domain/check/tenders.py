"""Ways to pay: which the site knows, which take tips, and how much may be paid at once.

What lives here: what every act of payment asks before it acts. The acts themselves are in the modules beside this one.
"""

from shared.domain.check.acts import ensure_unchanged
from shared.domain.check.reckoning import due_minor
from shared.domain.check.state import Check, Payment
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.menu.rules import SellingRules, TenderRule
from shared.limits import CHECK_PAYMENTS_MAX

__all__ = [
    "TENDER_ERRORS", "amount_to_pay", "cash_tender", "ensure_approval_code", "ensure_tip", "find_payment", "instead_of_cards", "share_left",
    "tender_of",
]  # fmt: skip


def tender_of(rules: SellingRules, check: Check, tender_id: str) -> TenderRule:
    """The rule of a tender. Raises Refused `tender.unknown` with those that there are."""
    rule = next((each for each in rules.tenders if each.id == tender_id), None)
    if rule is None:
        known = [each.id for each in rules.tenders]
        raise Refused("tender.unknown", f"The site takes no {tender_id!r}.", check_id=check.check_id, tenders=known)
    return rule


def cash_tender(rules: SellingRules, check: Check, tender_id: str) -> TenderRule:
    """The cash tender of that id, or for none the first that there is. Raises Refused `tender.unknown`, also for what is no cash."""
    cash = [each for each in rules.tenders if each.kind == "cash" and tender_id in ("", each.id)]
    if not cash:
        known = [each.id for each in rules.tenders]
        detail = f"{tender_id!r} is no cash tender of the site." if tender_id else "The site takes no cash."
        raise Refused("tender.unknown", detail, check_id=check.check_id, tenders=known)
    return cash[0]


def instead_of_cards(rules: SellingRules) -> list[dict[str, str]]:
    """What can be done while no card network is there, by command and tender; the last is to wait."""
    acts = [
        {"act": "PayCash" if each.kind == "cash" else "Pay", "tender": each.id, "kind": each.kind, "name": each.name}
        for each in rules.tenders
        if each.kind != "card"
    ]
    return [*acts, {"act": "keep_open"}]


def ensure_tip(rule: TenderRule, check: Check, tip_minor: int) -> None:
    """Raises Refused `tip.not_taken` for a tip with a tender that takes none."""
    if tip_minor and not rule.takes_tips:
        raise Refused("tip.not_taken", f"{rule.name} takes no tips.", check_id=check.check_id, tender=rule.id)


def ensure_approval_code(code: str, check: Check, what: str, **facts: object) -> None:
    """Raises Refused `payment.approval_missing` for a terminal's act without what the terminal said."""
    if not code.strip():
        raise Refused("payment.approval_missing", f"{what} needs the approval code of the terminal.", check_id=check.check_id, **facts)


def find_payment(check: Check, payment_id: str) -> Payment:
    """The payment. Raises Refused `payment.unknown`."""
    found = next((payment for payment in check.payments if payment.payment_id == payment_id), None)
    if found is None:
        raise Refused("payment.unknown", f"Check {check.number} has no payment {payment_id}.", check_id=check.check_id)
    return found


def amount_to_pay(
    check: Check,
    amount_minor: int | None,
    share: int = 0,
    revision: int | None = None,
    expected_due_minor: int | None = None,
) -> int:
    """What a payment settles: `amount_minor`, or all of the even share, or all that is due. Minor units, above zero.

    Of two tablets that settle one check, whoever comes second is refused with the state: Refused `payment.nothing_due`,
    `payment.exceeds_due` or `check.changed`; so is what exceeds the bounds: `check.too_many_payments`, `payment.share_unknown`,
    `payment.share_paid`.
    """
    due = due_minor(check)
    id = check.check_id
    if len(check.payments) >= CHECK_PAYMENTS_MAX:
        detail = f"Check {check.number} has {CHECK_PAYMENTS_MAX} payments."
        raise Refused("check.too_many_payments", detail, check_id=id, maximum=CHECK_PAYMENTS_MAX)
    if due <= 0:
        raise Refused("payment.nothing_due", f"Nothing is due on check {check.number}.", check_id=id, due_minor=due)
    if expected_due_minor is not None and expected_due_minor > due:
        detail = f"{expected_due_minor} was due on check {check.number}, and now only {due} is."
        raise Refused("payment.exceeds_due", detail, check_id=id, due_minor=due)
    if expected_due_minor is not None and expected_due_minor < due:
        detail = f"{expected_due_minor} was due on check {check.number}, and now {due} is."
        raise Refused("check.changed", detail, check_id=id, due_minor=due, revision=check.revision)
    ensure_unchanged(check, revision)
    most = min(due, _share_to_pay(check, share)) if share else due
    amount = most if amount_minor is None else amount_minor
    if amount > most:
        where = f"of share {share} of check {check.number}" if share else f"on check {check.number}"
        raise Refused("payment.exceeds_due", f"Only {most} is due {where}.", check_id=id, due_minor=most)
    return amount


def _share_to_pay(check: Check, share: int) -> int:
    shares = len(check.even_shares)
    if share > shares:
        detail = f"Check {check.number} is split evenly {shares} ways." if shares else f"Check {check.number} is not split evenly."
        raise Refused("payment.share_unknown", detail, check_id=check.check_id, shares=shares)
    left = share_left(check, share)
    if not left:
        raise Refused("payment.share_paid", f"Share {share} of check {check.number} is paid.", check_id=check.check_id, share=share)
    return left


def share_left(check: Check, share: int) -> int:
    """What is left to pay of an even share (from 1), minor units.

    A share's number may have been that of an earlier even split, so only payments since this one count: whatever changes what
    the check comes to undoes the split, so they are the last ones, by as much as what was due then exceeds what is due now.
    """
    left = check.even_shares[share - 1]
    since = sum(check.even_shares) - due_minor(check)
    for payment in reversed(check.payments):
        if since <= 0:
            break
        since -= payment.amount_minor
        left -= payment.amount_minor if payment.share == share else 0
    return max(left, 0)


TENDER_ERRORS: dict[str, ErrorInfo] = {
    "tender.unknown": ErrorInfo(422, "The site has no such tender.", "Choose one of the tenders that the menu lists."),
    "tip.not_taken": ErrorInfo(422, "That tender takes no tips.", "Take the tip with another tender."),
    "card.not_this_way": ErrorInfo(422, "The card network has to be asked first.", "Use POST /v1/card-payments and the routes beside it."),
    "check.too_many_payments": ErrorInfo(409, "The check has as many payments as it can hold.", "Ask a manager."),
    "payment.unknown": ErrorInfo(404, "The check has no such payment.", "Load the check again."),
    "payment.nothing_due": ErrorInfo(409, "Nothing is due on the check.", "Close the check."),
    "payment.exceeds_due": ErrorInfo(409, "The amount is more than what is due.", "Pay what is due; the rest is change."),
    "payment.share_unknown": ErrorInfo(409, "The check has no such even share.", "Load the check again; a change of it undoes an even split."),
    "payment.share_paid": ErrorInfo(409, "That share is paid.", "Choose a share that is left."),
    "payment.approval_missing": ErrorInfo(422, "The approval code of the terminal is missing.", "Type in what the terminal printed."),
}  # fmt: skip
