"""What devices ask of cards, and how each is recorded once the network has answered.

What lives here: the four requests, and for each the command that records it. When the network is asked, and what becomes of a
failure, is in cards.py.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from edge.app.ports import CardApproval
from edge.app.site import Device, Request, Site
from shared.domain.check import CHECK, Check
from shared.domain.check.cards import HoldCard, RefundToCard, ReleaseCard, TakeCardPayment
from shared.domain.check.paying import Amount, PaymentTaken, Revision, ShareNumber, Tip
from shared.domain.check.refund_tenders import CardGiven, room_of
from shared.domain.check.refunding import AnyRefund, Refunded
from shared.domain.check.tabs import HoldAmount, TabAuthorized
from shared.domain.check.tenders import instead_of_cards
from shared.domain.ids import derived_id
from shared.domain.kernel import Command, Event
from shared.domain.text import Id, ShortId
from shared.limits import ID_LENGTH_MAX
from shared.protocol.session import Submit

__all__ = [
    "Ask",
    "CardHold",
    "CardPayment",
    "CardRefund",
    "CardRelease",
    "amount_of",
    "as_recorded",
    "check_of",
    "effect_key",
    "instead_of",
    "recording",
]

RequestId = Annotated[Id, msgspec.Meta(description="made by the device, once, and kept until it is answered")]
Actor = Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX, description="who works at the device")]


class CardPayment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let a card pay `amount_minor` of a check, and a tip on top.

    `authorization_id` names the card that is held for the tab, which then is taken; else the guest shows one. `share` is the even
    share that it pays, 0 for none. The amount is always said, so that asking again can never ask for another.
    """

    id: RequestId
    check_id: Id
    amount_minor: Amount
    tip_minor: Tip = 0
    tender: ShortId = "card"
    share: ShareNumber = 0
    authorization_id: Annotated[str, msgspec.Meta(max_length=36)] = ""
    revision: Revision | None = None
    actor_id: Actor = ""


class CardHold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold `amount_minor` on a card that a tab is secured by."""

    id: RequestId
    check_id: Id
    amount_minor: HoldAmount
    tender: ShortId = "card"
    actor_id: Actor = ""


class CardRelease(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let go of the card that is held for a tab."""

    id: RequestId
    check_id: Id
    actor_id: Actor = ""


class CardRefund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give back what a card paid; `refund` is RefundLines, RefundAmount or ReturnOverpaid as for any other tender."""

    id: RequestId
    refund: AnyRefund
    actor_id: Actor = ""


Ask = CardPayment | CardHold | CardRelease | CardRefund


def check_of(ask: Ask) -> str:
    """The id of the check that the request is about."""
    return ask.refund.check_id if isinstance(ask, CardRefund) else ask.check_id


def amount_of(ask: CardPayment | CardHold) -> int:
    """What the network is asked for, minor units: a tip is part of it."""
    return ask.amount_minor + (ask.tip_minor if isinstance(ask, CardPayment) else 0)


def _record_id(ask: Ask) -> str:
    return derived_id(ask.id, "card")


def effect_key(ask: Ask, *parts: str) -> str:
    """What the network is asked under. Of a payment or a hold it is the id of the payment or authorization itself (Law 3)."""
    return derived_id(_record_id(ask), *parts) if parts else derived_id(_record_id(ask), 0)


def recording(
    device: Device, ask: Ask, approval: CardApproval | None = None, given: tuple[CardGiven, ...] = (), rehearsed: bool = False
) -> Request:
    """The request by which the box records, under the device's own permissions as well. A revision is looked at when it is
    `rehearsed`, before the network is asked, and no more afterwards: the card has paid then."""
    command = _command(ask, approval or CardApproval(approval_code="", reference=""), given, rehearsed)
    recorder = Device(device_id=device.device_id, permissions=device.permissions | {"box"})
    submit = Submit(id=_record_id(ask), command=msgspec.Raw(msgspec.json.encode(command)), actor_id=ask.actor_id)
    return Request(device=recorder, commands=(submit,))


def _command(ask: Ask, approval: CardApproval, given: tuple[CardGiven, ...], rehearsed: bool) -> Command:
    code, reference = approval.approval_code, approval.reference
    match ask:
        case CardPayment():
            return TakeCardPayment(
                check_id=ask.check_id, amount_minor=ask.amount_minor, tender=ask.tender, tip_minor=ask.tip_minor, approval_code=code,
                reference=reference, share=ask.share, authorization_id=ask.authorization_id,
                revision=ask.revision if rehearsed else None,
            )  # fmt: skip
        case CardHold():
            return HoldCard(
                check_id=ask.check_id, amount_minor=ask.amount_minor, tender=ask.tender, approval_code=code, reference=reference
            )
        case CardRelease():
            return ReleaseCard(check_id=ask.check_id)
        case CardRefund():
            return RefundToCard(refund=ask.refund, given=given)


def as_recorded(device: Device, ask: Ask, event: Event | None) -> Request:
    """The request by which `event` would have been recorded: the site tells by it whether this is the same request (Law 3)."""
    match event:
        case PaymentTaken() | TabAuthorized():
            return recording(device, ask, CardApproval(approval_code=event.approval_code, reference=event.reference))
        case Refunded():
            cards = [part for part in event.tenders if part.kind == "card"]
            given = [
                CardGiven(payment_id=part.payment_id, amount_minor=part.amount_minor, approval_code=part.approval_code) for part in cards
            ]
            return recording(device, ask, given=tuple(given))
        case _:
            return recording(device, ask)


def instead_of(site: Site, ask: Ask) -> tuple[str, Sequence[Mapping[str, object]]]:
    """What can be done while no card network is there (Law 7), in words and as acts for programs."""
    if isinstance(ask, CardRefund):
        check = site.find(Check, CHECK, check_of(ask))
        others = [(each, room_of(check, each)) for each in check.payments if each.kind != "card"] if check else []
        acts: list[Mapping[str, object]] = [
            {"act": ask.refund.__class__.__name__, "payment_id": payment.payment_id, "tender": payment.tender, "left_minor": room}
            for payment, room in others
            if room > 0
        ]
        words = "It can go back to another payment of the check, or to the card later." if acts else "It can go back to the card later."
        return words, [*acts, {"act": "ask_later"}]
    if isinstance(ask, CardRelease):
        return "The closing of the check lets go of the card; or ask again later.", [{"act": "CloseCheck"}, {"act": "ask_later"}]
    tenders = instead_of_cards(site.menu[1].rules)
    names = ", ".join(each["name"] for each in tenders if "name" in each) or "nothing else"
    return f"The site also takes: {names}. Or keep the check open and ask again later.", tenders
