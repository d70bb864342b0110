"""Hellos: who is there, and where the hub stands with them.

What lives here: the checks of a hello and its answer, over the ports of ports.py. Hellos come outside the lanes, so that they
overtake a backlog. Sockets and queues are not known here.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from hub.ingest.answers import Reply, answer_rejected, answer_unavailable
from hub.ingest.breaker import Breaker
from hub.ingest.check import Opened, Rejected, ensure_agreement, forgotten_claim, open_as
from hub.ingest.counts import Counts
from hub.ingest.ports import Contact, Registration, Registry, Shard, Unavailable, Unstorable
from hub.ingest.welcome import Guest, welcome
from shared.limits import UNAVAILABLE_RETRY_S
from shared.protocol.claim import ReadClaim
from shared.protocol.envelope import AnswerStatus, Hello
from shared.protocol.subjects import Address, parse

__all__ = ["Greeter"]

log = logging.getLogger(__name__)


class Greeter:
    """Answers hellos with the watermark, and keeps when each site was last heard of, and its live figures."""

    def __init__(
        self, registry: Registry, shards: Mapping[str, Shard], clock: Callable[[], float], counts: Counts, read_claim: ReadClaim | None = None
    ) -> None:  # fmt: skip
        """Without `read_claim` nobody can prove a claim that the hub has forgotten."""
        self._registry = registry
        self._shards = shards
        self._breakers = {name: Breaker(clock) for name in shards}
        self._counts = counts
        self._read_claim = read_claim

    async def greet(self, batch: Sequence[tuple[str, bytes]]) -> list[Reply]:
        """What to answer to `batch`, pairs of (subject, frame). Of several hellos of one box the last counts. Never raises."""
        replies: list[Reply] = []
        rounds: list[dict[Address, Guest]] = []
        for guest in await self._admit(batch, replies):
            _into_round(rounds, guest)
        for guests in rounds:
            by_shard: dict[str, list[Guest]] = {}
            for guest in guests.values():
                by_shard.setdefault(guest.registration.shard, []).append(guest)
            for shard_replies in await asyncio.gather(*(self._at_shard(name, group) for name, group in by_shard.items())):
                replies += shard_replies
        self._counts.hellos.update(reply.answer.code or reply.answer.status.value for reply in replies)
        return replies

    # --- before the transaction ------------------------------------------------------------------

    async def _admit(self, batch: Sequence[tuple[str, bytes]], replies: list[Reply]) -> list[Guest]:
        """Those who are who they claim to be; refusals are added to `replies`."""
        opened: list[tuple[Address, Opened | Rejected]] = []
        for subject, data in dict.fromkeys(batch):
            address = parse(subject)
            if address is None:
                self._counts.hellos["subject.malformed"] += 1
                continue
            try:
                opened.append((address, open_as((Hello,), data)))
            except Rejected as error:
                opened.append((address, error))
        found = await self._registry.find((address, frame.key if isinstance(frame, Opened) else "") for address, frame in opened)
        guests: list[Guest] = []
        for address, frame in opened:
            if address in found.out_of_reach:
                replies.append(Reply(address, answer_unavailable(frame.attempt, UNAVAILABLE_RETRY_S, frame.key)))
                continue
            registration = found.registrations.get(address)
            if registration is None:
                self._counts.hellos["site.unknown"] += 1
                continue
            try:
                if isinstance(frame, Rejected):
                    raise frame
                registration = await self._remember(address, frame, registration)
                box_epoch = ensure_agreement(address, frame, registration)
                guests.append(Guest(Contact(address=address, box_epoch=box_epoch, hello=frame.frame), registration, frame.key))
            except Unavailable as error:
                log.warning("cannot register again what a box proves: %s", error)
                replies.append(Reply(address, answer_unavailable(frame.attempt, UNAVAILABLE_RETRY_S, frame.key)))
            except Rejected as error:
                log.warning("refused a hello on the subject of site %s: %s", address.site_id, error)
                replies.append(Reply(address, answer_rejected(error)))
        return guests

    async def _remember(self, address: Address, frame: Opened, registration: Registration) -> Registration:
        """The registration, with what the box proves and the hub has forgotten. Raises Rejected, Unavailable."""
        claim = forgotten_claim(address, frame, registration, self._read_claim) if self._read_claim is not None else None
        if claim is None:
            return registration
        if not await self._registry.learn(claim, frame.frame.claim):
            detail = f"Epoch {claim.epoch} of the site was given to another box as well."
            raise Rejected("epoch.twice", detail, frame.attempt, frame.key)
        log.warning("site %s: the claim of epoch %d was forgotten here and is registered again", address.site_id, claim.epoch)
        self._registry.forget([address])
        found = await self._registry.find([(address, frame.key)])
        if address in found.out_of_reach:
            raise Unavailable("the control database went away")
        return found.registrations.get(address, registration)

    # --- the transaction -------------------------------------------------------------------------

    async def _at_shard(self, name: str, group: list[Guest]) -> list[Reply]:
        shard, breaker = self._shards.get(name), self._breakers.get(name)
        if shard is not None and breaker is not None and breaker.is_closed:
            began_at = breaker.begin()
            try:
                replies = await self._record(shard, group)
            except (Unavailable, Unstorable) as error:
                breaker.failed(began_at)
                log.warning("cannot greet: %s", error)
            else:
                breaker.succeeded()
                return replies
        return [
            Reply(guest.contact.address, answer_unavailable(guest.contact.hello.attempt, UNAVAILABLE_RETRY_S, guest.key)) for guest in group
        ]

    async def _record(self, shard: Shard, group: list[Guest]) -> list[Reply]:
        incarnation = await shard.incarnation()
        async with shard.transaction() as transaction:
            placed = await transaction.lock_placements(
                {guest.contact.address.org_id: guest.registration.placement_epoch for guest in group}
            )
            here = [guest for guest in group if guest.contact.address.org_id in placed]
            answers = await welcome(transaction, here, incarnation) if here else {}
        self._registry.forget(
            guest.contact.address
            for guest in group
            if (answer := answers.get(guest.contact.address)) is None or (answer.status is AnswerStatus.FENCED and not answer.claim)
        )  # their placement has changed, or the shard knows of a later claim than we do
        return [
            Reply(
                guest.contact.address,
                answers.get(guest.contact.address) or answer_unavailable(guest.contact.hello.attempt, UNAVAILABLE_RETRY_S, guest.key),
            )
            for guest in group
        ]


def _into_round(rounds: list[dict[Address, Guest]], guest: Guest) -> None:
    """One box of a site in each round; a later hello of the same box takes the place of the one before."""
    for guests in rounds:
        other = guests.get(guest.contact.address)
        if other is None or other.key == guest.key:
            guests[guest.contact.address] = guest
            return
    rounds.append({guest.contact.address: guest})
