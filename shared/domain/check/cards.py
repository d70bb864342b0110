"""Cards that the box itself has asked a network for: what came of it is recorded, by the box and nobody else.

What lives here: TakeCardPayment, HoldCard, ReleaseCard and RefundToCard. Devices ask the routes for cards, which ask the network
and then record by these, under the device's own permissions and that of the box; the network is not known here.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from shared.domain.check.acts import find_check
from shared.domain.check.paying import Amount, Code, PaymentTaken, Revision, ShareNumber, Tip
from shared.domain.check.refunding import AnyRefund, CardGiven, plan_refund
from shared.domain.check.state import Check
from shared.domain.check.tabs import HoldAmount, TabAuthorized, TabReleased, ensure_no_hold, held_card
from shared.domain.check.tenders import amount_to_pay, ensure_tip, tender_of
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Command, Context, Event, Feature, View
from shared.domain.menu.rules import TenderRule
from shared.domain.text import Id, ShortId, ensure_text
from shared.limits import CHECK_PAYMENTS_MAX

__all__ = ["FEATURE", "HoldCard", "RefundToCard", "ReleaseCard", "TakeCardPayment"]


class TakeCardPayment(Command, frozen=True):
    """Record what a card paid. `authorization_id` names the card that was held for the tab, if that is what was taken."""

    check_id: Id
    amount_minor: Amount
    tender: ShortId = "card"
    tip_minor: Tip = 0
    approval_code: Code = ""
    reference: Code = ""
    share: ShareNumber = 0
    authorization_id: Annotated[str, msgspec.Meta(max_length=36)] = ""
    revision: Revision | None = None


class HoldCard(Command, frozen=True):
    """Record a card that the network holds for the check."""

    check_id: Id
    amount_minor: HoldAmount
    tender: ShortId = "card"
    approval_code: Code = ""
    reference: Code = ""


class ReleaseCard(Command, frozen=True):
    """Record that the network has let go of the card that it held for the check."""

    check_id: Id


class RefundToCard(Command, frozen=True):
    """Record a refund of which the network has given back its part."""

    refund: AnyRefund
    given: Annotated[tuple[CardGiven, ...], msgspec.Meta(max_length=CHECK_PAYMENTS_MAX)] = ()


def _card_tender(check: Check, tender_id: str, context: Context) -> TenderRule:
    """The tender. Raises Refused `card.training`: whoever practises must not charge a card that is real."""
    if check.training:
        raise Refused("card.training", f"Check {check.number} is for training.", check_id=check.check_id)
    rule = tender_of(context.menu.rules, check, tender_id)
    if rule.kind != "card":
        detail = f"{rule.name} does not go through the box's own card network."
        raise Refused("card.no_card_tender", detail, check_id=check.check_id, tender=rule.id)
    return rule


def _take(view: View, command: TakeCardPayment, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "pay")
    ensure_text(command.approval_code, command.reference)
    rule = _card_tender(check, command.tender, context)
    amount = amount_to_pay(check, command.amount_minor, command.share, command.revision)
    ensure_tip(rule, check, command.tip_minor)
    if command.authorization_id:
        held = held_card(check)
        if held.kind != "card" or held.authorization_id != command.authorization_id:
            raise Refused("tab.not_authorized", f"That card is not held for check {check.number}.", check_id=check.check_id)
    yield PaymentTaken(
        check_id=command.check_id,
        payment_id=derived_id(context.command_id, 0),
        tender=rule.id,
        amount_minor=amount,
        tendered_minor=amount + command.tip_minor,
        change_minor=0,
        kind="card",
        tip_minor=command.tip_minor,
        approval_code=command.approval_code,
        reference=command.reference,
        share=command.share,
        authorization_id=command.authorization_id,
    )


def _hold(view: View, command: HoldCard, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "secure")
    ensure_text(command.approval_code, command.reference)
    rule = _card_tender(check, command.tender, context)
    ensure_no_hold(check)
    yield TabAuthorized(
        check_id=command.check_id,
        authorization_id=derived_id(context.command_id, 0),
        amount_minor=command.amount_minor,
        source=rule.id,
        approval_code=command.approval_code,
        reference=command.reference,
        kind="card",
    )


def _release(view: View, command: ReleaseCard, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "secure")
    held = held_card(check)
    if held.kind != "card":
        raise Refused("card.not_the_box", "An external terminal holds that card.", check_id=check.check_id)
    yield TabReleased(check_id=command.check_id, authorization_id=held.authorization_id)


def _refund(view: View, command: RefundToCard, context: Context) -> Iterable[Event]:
    yield plan_refund(view, command.refund, context, command.given)


FEATURE = Feature(
    name="check.cards",
    deciders={TakeCardPayment: ("box", _take), HoldCard: ("box", _hold), ReleaseCard: ("box", _release), RefundToCard: ("box", _refund)},
    errors={
        "card.training": ErrorInfo(409, "No card is charged in training.", "Practise with cash, or with the external terminal's tender."),
        "card.no_card_tender": ErrorInfo(422, "That tender does not go through the box's card network.", "Use Pay or PayCash for it."),
        "card.not_the_box": ErrorInfo(409, "An external terminal holds the card.", "Release it at the terminal, then use ReleaseTab."),
    },
)
