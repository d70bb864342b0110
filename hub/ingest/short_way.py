"""The short way: entries that follow what this process committed last are appended in one statement, instead of one for each of lock, look and write.

What lives here: what is believed of each site, and which envelopes may go this way. What is believed is never trusted: the shard appends
only where all of it still holds, and whatever is out of the ordinary goes the long way of apply.py. A quiet site, whose every order is an
envelope of its own, costs the hub a third as much this way (docs/benchmarks.md).
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.ingest.check import Admitted
from hub.ingest.counts import Counts
from hub.ingest.ports import Append, Shard, Unstorable
from shared.limits import SITES_CACHED_MAX
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.envelope import AnswerStatus, Envelope
from shared.protocol.receiver import Verdict, receive, sequence_to_compare
from shared.protocol.subjects import Address

__all__ = ["ShortWay", "Taken"]

log = logging.getLogger(__name__)


class Taken(NamedTuple):
    """An envelope of which every new entry is committed, and the verdict on it."""

    item: Admitted
    verdict: Verdict


class ShortWay:
    """Where this process believes its sites to stand."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._stands: OrderedDict[Address, Position] = OrderedDict()

    def believe(self, marks: Mapping[Address, Position]) -> None:
        """These watermarks were committed, and nothing waits for their sites. The least recently used beliefs are dropped."""
        for address, mark in marks.items():
            self._stands[address] = mark
            self._stands.move_to_end(address)
        while len(self._stands) > SITES_CACHED_MAX:
            self._stands.popitem(last=False)

    def doubt(self, addresses: Iterable[Address]) -> None:
        """Their next envelopes go the long way."""
        for address in addresses:
            self._stands.pop(address, None)

    async def take(self, shard: Shard, group: Sequence[Admitted]) -> tuple[list[Taken], list[Admitted]]:
        """(what is committed, what has to go the long way), each in order. Raises Unavailable; what was committed before comes again then,
        as a repeat."""
        taken: list[Taken] = []
        rest: list[Admitted] = []
        by_org: dict[str, list[Admitted]] = {}
        for item in group:
            by_org.setdefault(item.address.org_id, []).append(item)
        for items in by_org.values():
            judged = await self._take(shard, items)
            taken += judged
            rest += [] if judged else items
        return taken, rest

    async def _take(self, shard: Shard, items: Sequence[Admitted]) -> list[Taken]:
        """The envelopes of one organisation, all of them or none."""
        judged = self._judge(items)
        if not judged:
            return []
        sites = _appends(self._stands, judged)
        try:
            is_done = await shard.append_if(items[0].address.org_id, items[0].registration.placement_epoch, sites)
        except Unstorable:  # the long way finds out whose entry it is
            is_done = False
        except BaseException:  # whether it was committed is not known
            self.doubt(site.address for site in sites)
            raise
        self._counts.short_ways["taken" if is_done else "refused"] += 1
        if not is_done:
            log.info("%d sites stand elsewhere than this process left them", len(sites))
            self.doubt(site.address for site in sites)
            return []
        self.believe({site.address: site.rows[-1].position for site in sites})
        return judged

    def _judge(self, items: Sequence[Admitted]) -> list[Taken]:
        """The verdicts, where all are of present boxes and append something to what is believed; else none."""
        stands: dict[Address, Position] = {}
        boxes: dict[Address, int] = {}
        judged: list[Taken] = []
        for item in items:
            mark = stands.get(item.address) or self._stands.get(item.address)
            if mark is None or not isinstance(item.frame, Envelope) or sequence_to_compare(mark, item.frame) is not None:
                return []
            if (
                item.box_epoch < max(item.registration.epoch, mark.epoch)
                or boxes.setdefault(item.address, item.box_epoch) != item.box_epoch
            ):
                return []
            if item.registration.placement_epoch != items[0].registration.placement_epoch:  # one was looked up before a move, one after
                return []
            verdict = receive(mark, item.frame)
            if verdict.status is not AnswerStatus.OK or not verdict.append:
                return []
            stands[item.address] = verdict.watermark
            judged.append(Taken(item, verdict))
        return judged


def _appends(stands: Mapping[Address, Position], judged: Sequence[Taken]) -> list[Append]:
    """What is to be appended to each site."""
    rows: dict[Address, list[StoredEntry]] = {}
    for item, verdict in judged:
        rows.setdefault(item.address, []).extend(verdict.append)
    boxes = {item.address: item.box_epoch for item, _ in judged}
    return [Append(address=address, before=stands[address], box_epoch=boxes[address], rows=rows[address]) for address in sorted(rows)]
