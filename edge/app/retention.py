"""How long entries stay on a box, and letting go of what need not stay (Law 4).

What lives here: the rule, and the task that follows it. An entry is forgotten only when it is RETENTION_DAYS_MIN old, in the cloud, and
in a backup of the hub; what it comes to is kept in a checkpoint. Tables, threads and HTTP are not known here; time and sleep come in
from outside, so that a test moves them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from shared.limits import TRIM_INTERVAL_S, TRIM_PAUSE_S
from shared.protocol.entry import Entry, Position

__all__ = ["Retention", "aged_before", "first_younger", "may_begin_after", "trimmable"]

log = logging.getLogger(__name__)


def trimmable(*, in_cloud: int, backed_up: int, aged: int) -> int:
    """The last sequence that may be forgotten: what the hub has committed, a backup of the hub holds, and has had its days here. All are
    sequences, 0 for none."""
    return min(in_cloud, backed_up, aged)


def may_begin_after(entry: Entry) -> bool:
    """Whether a checkpoint may stand behind this entry: a command is there as a whole or not at all, or half of it would be its answer."""
    return entry.ordinal == entry.of - 1


async def first_younger(at: Callable[[int], Awaitable[datetime | None]], begins: int, head: int, than: datetime) -> int:
    """The first sequence after `begins` of an entry that was written later than `than` (UTC), head + 1 if there is none.

    `at(sequence)` says when an entry was written. A journal's times never go back but where a manager accepted a clock that had been
    wrong; there the search may stop early, and forgets less.
    """
    low, high = begins + 1, head + 1
    while low < high:
        middle = (low + high) // 2
        written_at = await at(middle)
        if written_at is None or written_at > than:
            high = middle
        else:
            low = middle + 1
    return low


class Retention:
    """Trims now and then, a chunk at a time, until cancelled."""

    def __init__(
        self, limit: Callable[[], Awaitable[int]], trim: Callable[[int], Awaitable[Position]],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        """`limit` gives the last sequence that may be forgotten now, `trim` forgets some up to it and says where the journal begins."""
        self._limit = limit
        self._trim = trim
        self._sleep = sleep

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._sleep(TRIM_INTERVAL_S)
            try:
                await self.round()
            # Whatever goes wrong, nothing was forgotten, and it will be looked at again: the disk alarm tells if it must be mended.
            except Exception:
                log.exception("old entries could not be let go of; it will be tried again")

    async def round(self) -> Position | None:
        """Forget all that may be; where the journal begins then, None if nothing was forgotten.

        The limit is asked for before every chunk: a first round takes hours, and meanwhile the hub may be restored, or the box fenced.
        """
        begins: Position | None = None
        while limit := await self._limit():
            if begins is not None and begins.sequence >= limit:
                break
            reached = await self._trim(limit)
            if reached == begins:
                break
            begins = reached
            if reached.sequence >= limit:
                break
            await self._sleep(TRIM_PAUSE_S)  # the writer belongs to the waiters
        if begins is not None and begins.sequence:
            log.info("the journal begins after entry %s: what is older is in the cloud and in its backup", begins.sequence)
        return begins


def aged_before(now: datetime, days: float) -> datetime:
    """Entries written up to this time (UTC) have had their days."""
    return now - timedelta(days=days)
