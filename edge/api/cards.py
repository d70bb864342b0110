"""Routes for cards: payments, holds for tabs, their release, and refunds, each by asking the card network.

What lives here: decode, call the use case, encode. When the network is asked, and what each failure leaves, is in edge/app/cards.py;
a box that reaches no network says so at once, and what the site takes instead (Law 7).
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, ClassVar

from litestar import Request, Router, post
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody
from litestar.params import JSONBody

from edge.api.current import with_current
from edge.api.openapi import WRITES, refusals
from edge.api.problems import RefusedRequest
from edge.api.state import Edge, Here
from edge.app.card_asks import CardHold, CardPayment, CardRefund, CardRelease
from edge.app.site import RefusedCommand
from shared.domain.check import cards, refunding, tabs
from shared.domain.check.tenders import TENDER_ERRORS
from shared.domain.errors import Refused
from shared.protocol.session import Accepted

__all__ = ["router"]

Anybody = Request[Any, Any, Any]

_ID = "0197f2c4-8a00-7000-8000-00000000000"
_NETWORK = (
    "card.offline",
    "card.declined",
    "card.unknown",
    "card.not_cancelled",
    "command.id_reused",
    "permission.missing",
    "id.malformed",
)
_CHECK = ("check.unknown", "check.closed", "check.merged", "check.changed", *cards.FEATURE.errors)


@dataclass
class _CardOperation(Operation):
    """A route with an example of what is asked."""

    summary_of_example: ClassVar[str] = ""
    example: ClassVar[dict[str, object]] = {}

    def __post_init__(self) -> None:
        assert isinstance(self.request_body, RequestBody)
        for media in self.request_body.content.values():
            assert isinstance(media, OpenAPIMediaType)
            media.examples = {"card": Example(summary=self.summary_of_example, value=self.example)}


class PaymentOperation(_CardOperation):
    summary_of_example = "A card pays 42.00 and leaves a tip of 4.00"
    example: ClassVar[dict[str, object]] = {"id": f"{_ID}1", "check_id": f"{_ID}2", "amount_minor": 4200, "tip_minor": 400}


class HoldOperation(_CardOperation):
    summary_of_example = "Up to 100.00 is held for a tab"
    example: ClassVar[dict[str, object]] = {"id": f"{_ID}1", "check_id": f"{_ID}2", "amount_minor": 10_000}


class ReleaseOperation(_CardOperation):
    summary_of_example = "The guest pays in cash after all"
    example: ClassVar[dict[str, object]] = {"id": f"{_ID}1", "check_id": f"{_ID}2"}


class RefundOperation(_CardOperation):
    summary_of_example = "One soup goes back to the card that paid it"
    example: ClassVar[dict[str, object]] = {
        "id": f"{_ID}1",
        "refund": {"type": "RefundLines", "check_id": f"{_ID}2", "lines": [{"line_id": f"{_ID}3", "units": 1}], "reason": "It was cold"},
    }


async def _answer(edge: Edge, asked: Awaitable[Accepted]) -> Accepted:
    try:
        accepted = await asked
    except Refused as error:
        edge.metrics.refused(error.code)
        raise RefusedRequest(await with_current(edge.reader, RefusedCommand(error=error))) from error
    edge.metrics.accepted(1)
    return accepted


@post(
    "/card-payments",
    status_code=200,
    summary="Let a card pay",
    operation_class=PaymentOperation,
    responses=refusals(*_CHECK, *_NETWORK, *TENDER_ERRORS, "tab.not_authorized", *WRITES),
)
async def take_card(request: Anybody, edge: Here, data: JSONBody[CardPayment]) -> Accepted:
    """Asks the card network for the amount and the tip, then records the payment; the answer is that of the record.

    Sent again with the same id it is the same payment, whatever was lost in between: the card is charged once. Without a network it
    is refused at once with `card.offline`; `facts.instead` lists what else the site takes. If somebody else pays the check meanwhile
    the card is cancelled, and the refusal says so.
    """
    return await _answer(edge, edge.cards.take(edge.identify(request), data))


@post(
    "/card-authorizations",
    status_code=200,
    summary="Hold an amount on a card for a tab",
    operation_class=HoldOperation,
    responses=refusals(*_CHECK, *_NETWORK, "tender.unknown", *tabs.FEATURE.errors, *WRITES),
)
async def hold_card(request: Anybody, edge: Here, data: JSONBody[CardHold]) -> Accepted:
    """Asks the card network to hold the amount, then records it on the check. `POST /v1/card-payments` with the `authorization_id`
    takes it, `POST /v1/card-releases` lets it go, and so does the closing of the check."""
    return await _answer(edge, edge.cards.hold(edge.identify(request), data))


@post(
    "/card-releases",
    status_code=200,
    summary="Let go of the card that is held for a tab",
    operation_class=ReleaseOperation,
    responses=refusals(*_CHECK, *_NETWORK, "card.not_recorded", *tabs.FEATURE.errors, *WRITES),
)
async def release_card(request: Anybody, edge: Here, data: JSONBody[CardRelease]) -> Accepted:
    """Cancels the hold at the card network, then records it. A card that a terminal holds is released there, and with ReleaseTab."""
    return await _answer(edge, edge.cards.release(edge.identify(request), data))


@post(
    "/card-refunds",
    status_code=200,
    summary="Give back what a card paid",
    operation_class=RefundOperation,
    responses=refusals(
        *_CHECK, *_NETWORK, "check.still_open", "card.several_payments", "card.not_recorded", *refunding.FEATURE.errors, "payment.unknown",
        "payment.approval_missing", "line.unknown", "line.already_voided", "approval.missing", "reason.missing", "reason.unknown", *WRITES,
    ),
)  # fmt: skip
async def refund_card(request: Anybody, edge: Here, data: JSONBody[CardRefund]) -> Accepted:
    """Takes RefundLines, RefundAmount or ReturnOverpaid as the commands of these names, on a device that may approve; has the network
    give back what falls to a card, then records the refund. One card for each request: name its payment where several paid."""
    return await _answer(edge, edge.cards.refund(edge.identify(request), data))


router = Router(path="/v1", route_handlers=[take_card, hold_card, release_card, refund_card], tags=["cards"])
