"""Cards: ask the network, then let the box record what came of it; exactly once, whatever fails in between.

What lives here: the use cases behind the routes for cards. A network is known as a `CardPort`, the journal as the site's door. The
rules of payments, holds and refunds are the domain's; no HTTP is known here.

The order of things, and what each failure leaves:

1. A request whose record is on disk gets its first answer again; the network is not asked.
2. The record is rehearsed: what the check would refuse is refused before the card is asked. Whatever an earlier asking under this
   id may have left at the network, before a crash, is cancelled.
3. The network is asked under the key of the effect (Law 3): asked again it is the same payment. Unreachable or declined: nothing
   has happened. Unknown: the same request, sent again, finds out.
4. The record is written. If the check refuses it meanwhile, the network cancels; if that fails too, the answer says so, and the
   same request, sent again, cancels.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar, cast

from edge.app.card_asks import (
    Ask,
    CardHold,
    CardPayment,
    CardRefund,
    CardRelease,
    amount_of,
    as_recorded,
    check_of,
    effect_key,
    instead_of,
    recording,
)
from edge.app.ports import (
    CardApproval,
    CardCharge,
    CardDeclinedError,
    CardKeyReusedError,
    CardOutcomeUnknownError,
    CardPort,
    CardsUnreachableError,
)
from edge.app.site import Device, Outcome, RefusedCommand, Request, Site
from shared.domain.check.refund_tenders import CardGiven
from shared.domain.check.tabs import TabReleased
from shared.domain.errors import Refused
from shared.domain.ids import is_id
from shared.domain.registry import ERRORS, decode_event
from shared.domain.text import ensure_text
from shared.limits import CARD_DEADLINE_S, CARDS_ASKED_MAX
from shared.protocol.session import Accepted

__all__ = ["CardDesk", "Door"]

log = logging.getLogger(__name__)

T = TypeVar("T")
_PASSING = 500  # refusals of this status on are the box's trouble: the same request may be recorded yet
_NOT_WRITTEN = "storage.full"  # of those, the one after which it is known that it was not


class Door(Protocol):
    """The way to the site: the writer."""

    async def submit(self, request: Request) -> Outcome: ...

    async def call(self, job: Callable[[Site, Any], T]) -> T: ...


class CardDesk:
    """Where cards are asked for: by several tablets at once, and each request once at a time."""

    def __init__(
        self, cards: CardPort, door: Door, deadline_s: float = CARD_DEADLINE_S, ensure_open: Callable[[], None] = lambda: None
    ) -> None:
        """`deadline_s` is what the network and the guest at the reader may take, in seconds; `ensure_open` raises Refused while the box
        takes no commands: then no card is asked either."""
        self._cards = cards
        self._door = door
        self._deadline_s = deadline_s
        self._ensure_open = ensure_open
        self._under_way: dict[str, tuple[Device, Ask, asyncio.Task[Accepted]]] = {}

    async def take(self, device: Device, ask: CardPayment) -> Accepted:
        """Let a card pay. Raises Refused: what the check says, or `card.*`."""

        async def question(charge: CardCharge) -> CardApproval:
            if ask.authorization_id:
                return await self._cards.capture(charge, ask.authorization_id)
            return await self._cards.authorise(charge)

        return await self._once(device, ask, lambda: self._charge(device, ask, question))

    async def hold(self, device: Device, ask: CardHold) -> Accepted:
        """Hold an amount on a card for a tab. Raises Refused as `take`."""
        return await self._once(device, ask, lambda: self._charge(device, ask, self._cards.preauthorise))

    async def release(self, device: Device, ask: CardRelease) -> Accepted:
        """Let go of the card that is held for a tab. Raises Refused as `take`."""
        return await self._once(device, ask, lambda: self._release(device, ask))

    async def refund(self, device: Device, ask: CardRefund) -> Accepted:
        """Give back what a card paid. Raises Refused as `take`."""
        return await self._once(device, ask, lambda: self._refund(device, ask))

    # --- each request once at a time ---------------------------------------------------------------

    async def _once(self, device: Device, ask: Ask, work: Callable[[], Coroutine[Any, Any, Accepted]]) -> Accepted:
        """The answer of the request. It goes on when whoever asked goes away: the guest is at the reader."""
        _ensure_may(device, ask)
        self._ensure_open()
        known = self._under_way.get(ask.id)
        if known is None:
            if len(self._under_way) >= CARDS_ASKED_MAX:
                raise Refused("edge.busy", f"{CARDS_ASKED_MAX} cards are being asked for.")
            task = asyncio.get_running_loop().create_task(self._answer(device, ask, work))
            self._under_way[ask.id] = device, ask, task
            task.add_done_callback(lambda done: self._done(ask.id, done))
        elif known[:2] != (device, ask):
            raise Refused("command.id_reused", f"The id {ask.id} belongs to a different request.", check_id=check_of(ask))
        else:
            task = known[2]
        return await asyncio.shield(task)

    def _done(self, id: str, task: "asyncio.Task[Accepted]") -> None:
        del self._under_way[id]
        if not task.cancelled() and task.exception() is not None:  # which asyncio would call unheard where nobody waits any more
            log.debug("the card request %s ended: %s", id, task.exception())

    async def _answer(self, device: Device, ask: Ask, work: Callable[[], Coroutine[Any, Any, Accepted]]) -> Accepted:
        first = await self._door.call(lambda site, _: site.answer(recording(device, ask).commands[0].id))
        if first is None:
            return await work()
        return _accepted(await self._submit(as_recorded(device, ask, decode_event(first.events[-1].event))))

    # --- what is asked ---------------------------------------------------------------------------

    async def _charge(
        self, device: Device, ask: CardPayment | CardHold, question: Callable[[CardCharge], Awaitable[CardApproval]]
    ) -> Accepted:
        key = effect_key(ask)
        rehearsed = await self._rehearse(recording(device, ask, rehearsed=True))
        if isinstance(rehearsed, RefusedCommand):
            raise await self._undone(ask, key, rehearsed.error)
        approval = await self._network(ask, question(await self._charge_of(key, amount_of(ask))))
        outcome = await self._submit(recording(device, ask, approval))
        if isinstance(outcome, RefusedCommand):
            if _may_pass(outcome.error):
                raise _unknown(
                    ask, f"The card said yes ({approval.approval_code}); the box could not write it down ({outcome.error.code})."
                )
            raise await self._cancelled(ask, key, outcome.error)
        return outcome[0]

    async def _release(self, device: Device, ask: CardRelease) -> Accepted:
        rehearsed = _accepted(await self._rehearse(recording(device, ask)))
        released = decode_event(rehearsed.events[-1].event)
        assert isinstance(released, TabReleased)
        await self._network(ask, self._cards.cancel(released.authorization_id, self._deadline_s))
        return self._recorded(ask, await self._submit(recording(device, ask)))

    async def _refund(self, device: Device, ask: CardRefund) -> Accepted:
        outcome = await self._rehearse(recording(device, ask))
        given: tuple[CardGiven, ...] = ()
        if isinstance(outcome, RefusedCommand):
            if outcome.error.code != "card.not_this_way":
                raise outcome.error
            given = (await self._give(ask, _card_parts(outcome.error)),)
        return self._recorded(ask, await self._submit(recording(device, ask, given=given)))

    async def _give(self, ask: CardRefund, parts: list[dict[str, Any]]) -> CardGiven:
        """Let the network give back what falls to a card: to one for each request, so that no refund is ever given by half."""
        if len(parts) > 1:
            detail = f"{len(parts)} cards paid it: each is given back by itself."
            raise Refused("card.several_payments", detail, check_id=check_of(ask), payments=parts)
        payment_id, amount = str(parts[0]["payment_id"]), int(parts[0]["amount_minor"])
        charge = await self._charge_of(effect_key(ask, payment_id), amount)
        approval = await self._network(ask, self._cards.refund(charge, payment_id))
        return CardGiven(payment_id=payment_id, amount_minor=amount, approval_code=approval.approval_code)

    async def _charge_of(self, key: str, amount_minor: int) -> CardCharge:
        currency = await self._door.call(lambda site, _: site.state.currency)
        return CardCharge(key=key, amount_minor=amount_minor, currency=currency, deadline_s=self._deadline_s)

    async def _submit(self, request: Request) -> Outcome:
        """The outcome of the request; also where the writer takes no more of them."""
        try:
            return await self._door.submit(request)
        except Refused as error:
            return RefusedCommand(error=error)

    async def _rehearse(self, request: Request) -> Outcome:
        return await self._door.call(lambda site, _: site.rehearse(request))

    # --- what the network says -------------------------------------------------------------------

    async def _network(self, ask: Ask, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await answer
        except CardsUnreachableError as error:
            words, instead = await self._door.call(lambda site, _: instead_of(site, ask))
            raise Refused("card.offline", f"No card network can be reached. {words}", check_id=check_of(ask), instead=instead) from error
        except CardDeclinedError as error:
            raise Refused(
                "card.declined", f"The card was declined: {error.reason}.", check_id=check_of(ask), reason=error.reason
            ) from error
        except CardKeyReusedError as error:
            raise Refused("command.id_reused", f"The id {ask.id} belongs to a different request.", check_id=check_of(ask)) from error
        except (CardOutcomeUnknownError, TimeoutError) as error:
            raise _unknown(ask, "The card network gave no answer in time.") from error

    async def _cancels(self, key: str) -> bool:
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._cards.cancel(key, self._deadline_s)
        except (CardsUnreachableError, CardDeclinedError, CardOutcomeUnknownError, CardKeyReusedError, TimeoutError) as error:
            log.warning("the card network could not cancel %s: %s", key, error)
            return False
        return True

    async def _undone(self, ask: Ask, key: str, refusal: Refused) -> Refused:
        """The refusal of what was not asked now, and perhaps before a crash: if so, it is cancelled."""
        if await self._cancels(key):
            return refusal
        detail = f"{refusal.detail} Whether the card was asked under this id before could not be found out."
        return Refused(refusal.code, detail, **refusal.facts | {"card": "unknown"})

    async def _cancelled(self, ask: Ask, key: str, refusal: Refused) -> Refused:
        """The refusal of what the card had said yes to: it is cancelled there."""
        if await self._cancels(key):
            return Refused(refusal.code, f"{refusal.detail} The card was not charged.", **refusal.facts | {"card": "cancelled"})
        detail = f"The card said yes, the check did not ({refusal.code}: {refusal.detail}), and the network could not be told so."
        return Refused("card.not_cancelled", detail, check_id=check_of(ask), refused=refusal.code)

    def _recorded(self, ask: Ask, outcome: Outcome) -> Accepted:
        """The answer of what the network has done and cannot undo."""
        if not isinstance(outcome, RefusedCommand):
            return outcome[0]
        if _may_pass(outcome.error) or outcome.error.code == _NOT_WRITTEN:
            raise _unknown(ask, f"The card network has done it; the box could not write it down ({outcome.error.code}).")
        detail = f"The card network has done it, and the check does not take it any more ({outcome.error.code}: {outcome.error.detail})."
        raise Refused("card.not_recorded", detail, check_id=check_of(ask), refused=outcome.error.code)


def _ensure_may(device: Device, ask: Ask) -> None:
    if "pay" not in device.permissions:
        raise Refused("permission.missing", "Asking for a card needs the permission 'pay'.", permission="pay")
    if not is_id(ask.id):
        raise Refused("id.malformed", f"The id {ask.id!r} is no UUID in canonical lower-case form.")
    ensure_text(ask.actor_id)


def _accepted(outcome: Outcome) -> Accepted:
    if isinstance(outcome, RefusedCommand):
        raise outcome.error
    return outcome[0]


def _may_pass(refusal: Refused) -> bool:
    """Whether the same request may be recorded yet, or perhaps has been."""
    return ERRORS[refusal.code].status >= _PASSING and refusal.code != _NOT_WRITTEN


def _card_parts(refusal: Refused) -> list[dict[str, Any]]:
    """What the refund_tenders of the domain say that the network has to give."""
    return cast(list[dict[str, Any]], refusal.facts["payments"])


def _unknown(ask: Ask, why: str) -> Refused:
    return Refused("card.unknown", why, check_id=check_of(ask), id=ask.id)
