"""From envelopes to rows and answers: the step that a lane owner repeats (DESIGN.md, Apply).

What lives here: the checks of a batch, the transactions at each shard, and what each site is answered. It stands on the ports of
ports.py, so that tests and simulators drive it without a broker or a database. It knows nothing of what entries mean.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from hub.ingest.answers import Reply, answer_ok, answer_rejected, answer_unavailable, merge
from hub.ingest.breaker import Breaker
from hub.ingest.check import Admitted, Opened, Rejected, ensure_agreement, open_as
from hub.ingest.counts import Counts
from hub.ingest.documents import take_part
from hub.ingest.judge import Judge
from hub.ingest.ports import Registry, Shard, Unavailable, Unstorable
from hub.ingest.short_way import ShortWay
from shared.limits import UNAVAILABLE_RETRY_S
from shared.protocol.envelope import Answer, DocumentPart, Envelope
from shared.protocol.receiver import Verdict
from shared.protocol.subjects import Address, parse

__all__ = ["Applier"]

log = logging.getLogger(__name__)
_FRAMES = (Envelope, DocumentPart)


class Applier:
    """Applies batches of frames. Two at once on the same sites are harmless: they queue at the watermark rows."""

    def __init__(self, registry: Registry, shards: Mapping[str, Shard], clock: Callable[[], float], counts: Counts) -> None:
        """`clock` says seconds and never goes back; it only decides when a shard that failed is tried again."""
        self._registry = registry
        self._shards = shards
        self._breakers = {name: Breaker(clock) for name in shards}
        self._short_way = ShortWay(counts)
        self.counts = counts

    async def apply(self, batch: Sequence[tuple[str, bytes]]) -> list[Reply]:
        """What to answer to `batch`, pairs of (subject, frame) in order of arrival. Everything answered OK is committed.

        Never raises for what is in a frame or for a database that is down: both are answered.
        """
        replies: list[Reply] = []
        items = await self._admit(batch, replies)
        by_shard: dict[str, list[Admitted]] = {}
        for item in items:
            by_shard.setdefault(item.registration.shard, []).append(item)
        for shard_replies in await asyncio.gather(*(self._to_shard(name, group) for name, group in by_shard.items())):
            replies += shard_replies
        self.counts.frames.update(reply.answer.code or reply.answer.status.value for reply in replies)
        return merge(replies)

    # --- before the transaction ------------------------------------------------------------------

    async def _admit(self, batch: Sequence[tuple[str, bytes]], replies: list[Reply]) -> list[Admitted]:
        """The envelopes that are what they claim to be; refusals are added to `replies`."""
        opened: list[tuple[Address, Opened | Rejected, bytes]] = []
        for subject, data in batch:
            address = parse(subject)
            if address is None:
                self.counts.frames["subject.malformed"] += 1
                continue
            try:
                opened.append((address, open_as(_FRAMES, data), data))
            except Rejected as error:
                opened.append((address, error, data))
        found = await self._registry.find((address, frame.key if isinstance(frame, Opened) else "") for address, frame, _ in opened)
        items: list[Admitted] = []
        for address, frame, data in opened:
            if address in found.out_of_reach:  # the frame is dropped and will come again
                replies.append(Reply(address, answer_unavailable(frame.attempt, UNAVAILABLE_RETRY_S, frame.key)))
                continue
            registration = found.registrations.get(address)
            if registration is None:
                self.counts.frames["site.unknown"] += 1
                continue
            try:
                if isinstance(frame, Rejected):
                    raise frame
                items.append(Admitted(address, frame.frame, registration, ensure_agreement(address, frame, registration), frame.key, data))
            except Rejected as error:
                log.warning("refused a frame on the subject of site %s: %s", address.site_id, error)
                replies.append(Reply(address, answer_rejected(error)))
        return items

    # --- the transaction -------------------------------------------------------------------------

    async def _to_shard(self, name: str, group: list[Admitted]) -> list[Reply]:
        """Apply a group: what can go the short way, and the rest in one transaction; should the shard refuse to store that, each site in one."""
        shard, breaker = self._shards.get(name), self._breakers.get(name)
        if shard is None or breaker is None or not breaker.is_closed:
            return [Reply(item.address, answer_unavailable(item.frame.attempt, UNAVAILABLE_RETRY_S, item.key)) for item in group]
        began_at = breaker.begin()
        try:
            replies, group = await self._at_once(shard, group)
            try:
                replies += await self._transact(shard, group) if group else []
            except Unstorable as error:
                log.error("shard %s will not store a batch, its sites are tried one by one: %s", name, error)
                replies += await self._one_by_one(shard, group)
        except Unavailable as error:
            breaker.failed(began_at)
            log.warning("shard unavailable, its frames are dropped and will come again: %s", error)
            return [Reply(item.address, answer_unavailable(item.frame.attempt, UNAVAILABLE_RETRY_S, item.key)) for item in group]
        breaker.succeeded()
        return replies

    async def _at_once(self, shard: Shard, group: list[Admitted]) -> tuple[list[Reply], list[Admitted]]:
        """(answers to what could go the short way, what could not)."""
        incarnation = await shard.incarnation()
        taken, rest = await self._short_way.take(shard, group)
        self.counts.entries += sum(len(verdict.append) for _, verdict in taken)
        return [Reply(item.address, _answer(item, verdict, incarnation)) for item, verdict in taken], rest

    async def _one_by_one(self, shard: Shard, group: list[Admitted]) -> list[Reply]:
        """One bad entry stops nobody (Law 11)."""
        by_site: dict[Address, list[Admitted]] = {}
        for item in group:
            by_site.setdefault(item.address, []).append(item)
        replies: list[Reply] = []
        for address, items in by_site.items():
            try:
                replies += await self._transact(shard, items)
            except Unstorable as error:
                log.error("site %s is refused: %s", address.site_id, error)
                attempts = {item.key: item.frame.attempt for item in items if isinstance(item.frame, Envelope)}
                replies += (
                    Reply(address, answer_rejected(Rejected("hub.unstorable", "The hub cannot store the envelope.", attempt, key)))
                    for key, attempt in attempts.items()
                )
        return replies

    async def _transact(self, shard: Shard, group: list[Admitted]) -> list[Reply]:
        incarnation = await shard.incarnation()
        replies: list[Reply] = []
        moved: set[Address] = set()
        documents: list[str] = []
        async with shard.transaction() as transaction:
            placed = await transaction.lock_placements({item.address.org_id: item.registration.placement_epoch for item in group})
            addresses = sorted({item.address for item in group if item.address.org_id in placed})
            marks = await transaction.lock_watermarks(addresses) if addresses else {}
            judge = Judge(transaction, marks)
            for item in group:
                if item.address not in marks:
                    moved.add(item.address)
                    replies.append(Reply(item.address, answer_unavailable(item.frame.attempt, UNAVAILABLE_RETRY_S, item.key)))
                    continue
                epoch = max(item.registration.epoch, marks[item.address].epoch, transaction.granted(item.address))
                if epoch > item.registration.epoch:
                    moved.add(item.address)  # the shard knows of a later claim than we do
                if isinstance(item.frame, DocumentPart):
                    is_present = item.box_epoch >= epoch
                    documents.append(await take_part(transaction, item.address, item.frame) if is_present else "document.fenced")
                elif item.box_epoch >= epoch:
                    verdict = await judge.judge(item.address, item.frame, item.data)
                    replies.append(Reply(item.address, _answer(item, verdict, incarnation)))
                else:
                    verdict = await judge.judge_orphans(item.address, item.box_epoch, item.frame, item.data)
                    fenced = replace(_answer(item, verdict, incarnation), claim=item.registration.proof(item.box_epoch))
                    replies.append(Reply(item.address, fenced))
            await judge.write()
        self.counts.entries += judge.entries
        self._short_way.believe({address: mark for address, mark in marks.items() if address not in judge.commanded | moved})
        self.counts.documents.update(documents)
        self._registry.forget(moved)  # also those whose placement has changed, or is not made yet: look again
        return replies


def _answer(item: Admitted, verdict: Verdict, incarnation: str) -> Answer:
    return answer_ok(item.frame.attempt, incarnation, verdict.watermark, verdict.status, verdict.code, verdict.detail, item.key)
