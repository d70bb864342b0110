"""Hellos: who is there, and where the hub stands with them.

What lives here: the checks of a hello and its answer, over the ports of ports.py. Hellos come outside the lanes, so that they
overtake a backlog. Sockets and queues are not known here.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from hub.ingest.answers import Reply, answer_ok, answer_rejected, answer_unavailable
from hub.ingest.breaker import Breaker
from hub.ingest.check import Opened, Rejected, ensure_agreement, open_as
from hub.ingest.counts import Counts
from hub.ingest.ports import Contact, Registration, Registry, Shard, Unavailable, Unstorable
from shared.limits import UNAVAILABLE_RETRY_S
from shared.protocol.entry import Position
from shared.protocol.envelope import Answer, AnswerStatus, Hello
from shared.protocol.subjects import Address, parse

__all__ = ["Greeter"]

log = logging.getLogger(__name__)


class _Guest(NamedTuple):
    contact: Contact
    registration: Registration


class Greeter:
    """Answers hellos with the watermark, and keeps when each site was last heard of, and its live figures."""

    def __init__(self, registry: Registry, shards: Mapping[str, Shard], clock: Callable[[], float], counts: Counts) -> None:
        self._registry = registry
        self._shards = shards
        self._breakers = {name: Breaker(clock) for name in shards}
        self._counts = counts

    async def greet(self, batch: Sequence[tuple[str, bytes]]) -> list[Reply]:
        """What to answer to `batch`, pairs of (subject, frame). Of several hellos of a site the last counts. Never raises."""
        replies: list[Reply] = []
        guests = await self._admit(dict(batch), replies)
        by_shard: dict[str, list[_Guest]] = {}
        for guest in guests:
            by_shard.setdefault(guest.registration.shard, []).append(guest)
        for shard_replies in await asyncio.gather(*(self._at_shard(name, group) for name, group in by_shard.items())):
            replies += shard_replies
        self._counts.hellos.update(reply.answer.code or reply.answer.status.value for reply in replies)
        return replies

    async def _admit(self, batch: Mapping[str, bytes], replies: list[Reply]) -> list[_Guest]:
        opened: list[tuple[Address, Opened | Rejected]] = []
        for subject, data in batch.items():
            address = parse(subject)
            if address is None:
                self._counts.hellos["subject.malformed"] += 1
                continue
            try:
                opened.append((address, open_as(Hello, data)))
            except Rejected as error:
                opened.append((address, error))
        try:
            known = await self._registry.find((address, frame.key if isinstance(frame, Opened) else "") for address, frame in opened)
        except Unavailable as error:
            log.warning("cannot look up sites that say hello: %s", error)
            replies += (Reply(address, answer_unavailable(frame.attempt, UNAVAILABLE_RETRY_S)) for address, frame in opened)
            return []
        guests: list[_Guest] = []
        for address, frame in opened:
            registration = known.get(address)
            if registration is None:
                self._counts.hellos["site.unknown"] += 1
                continue
            try:
                if isinstance(frame, Rejected):
                    raise frame
                box_epoch = ensure_agreement(address, frame, registration)
                guests.append(_Guest(Contact(address=address, box_epoch=box_epoch, hello=frame.frame), registration))
            except Rejected as error:
                log.warning("refused a hello on the subject of site %s: %s", address.site_id, error)
                replies.append(Reply(address, answer_rejected(error)))
        return guests

    async def _at_shard(self, name: str, group: list[_Guest]) -> list[Reply]:
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
        return [Reply(guest.contact.address, answer_unavailable(guest.contact.hello.attempt, UNAVAILABLE_RETRY_S)) for guest in group]

    async def _record(self, shard: Shard, group: list[_Guest]) -> list[Reply]:
        incarnation = await shard.incarnation()
        async with shard.transaction() as transaction:
            placed = await transaction.lock_placements(
                {guest.contact.address.org_id: guest.registration.placement_epoch for guest in group}
            )
            here = [guest for guest in group if guest.contact.address.org_id in placed]
            marks = await transaction.record_contacts([guest.contact for guest in here]) if here else {}
            forked = {
                guest.contact.address
                for guest in here
                if await self._is_forked(transaction.stored_hash, guest.contact, marks[guest.contact.address])
            }
        self._registry.forget(guest.contact.address for guest in group if guest.contact.address not in marks)
        return [Reply(guest.contact.address, _answer(guest, marks, forked, incarnation)) for guest in group]

    async def _is_forked(self, stored_hash: Callable[..., object], contact: Contact, watermark: Position) -> bool:
        """Whether the head of the box is an entry that we hold otherwise (Law 2: noticed by whoever sees it)."""
        head = contact.hello.head
        if head.sequence == 0 or head.sequence > watermark.sequence:
            return False
        held = watermark.hash if head.sequence == watermark.sequence else await stored_hash(contact.address, head.sequence)  # type: ignore[misc]
        return held != head.hash


def _answer(guest: _Guest, marks: Mapping[Address, Position], forked: set[Address], incarnation: str) -> Answer:
    contact, hello = guest.contact, guest.contact.hello
    watermark = marks.get(contact.address)
    if watermark is None:
        return answer_unavailable(hello.attempt, UNAVAILABLE_RETRY_S)
    current = max(guest.registration.epoch, watermark.epoch)
    if contact.box_epoch < current:
        detail = f"This box was given epoch {contact.box_epoch}; the site is at epoch {current}."
        return answer_ok(hello.attempt, incarnation, watermark, AnswerStatus.FENCED, "epoch.fenced", detail)
    if contact.address in forked:
        detail = f"The hub holds another entry at sequence {hello.head.sequence}."
        return answer_ok(hello.attempt, incarnation, watermark, AnswerStatus.FORK, "envelope.fork", detail)
    return answer_ok(hello.attempt, incarnation, watermark)
