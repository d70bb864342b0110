"""Followers as they last told of themselves: the link with what the cloud has, mirrors, and what fenced the box.

What lives here: their rows in memory, which everybody reads, and keeping them on disk now and then. A watermark comes with every
envelope; to sync each would cost the waiters a commit, and losing the last seconds of it costs nothing, since followers say it again.
HTTP and SQL are not known here; time and sleep come in from outside.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from shared.limits import FOLLOWERS_KEPT_EVERY_S

__all__ = ["CLOUD", "FENCE", "OWN", "FollowerRow", "Followers"]

CLOUD, FENCE = "cloud", "fence"
OWN = frozenset({CLOUD, FENCE})
"""Names under which the box itself keeps something: no other follower may have them."""

log = logging.getLogger(__name__)


class FollowerRow(NamedTuple):
    """`position` is `epoch.sequence.hash`, empty for none; `info` what else it told, JSON; `at` when (UTC)."""

    position: str
    info: str
    at: datetime


class Followers:
    """By name. Lives in the event loop."""

    def __init__(
        self, rows: Mapping[str, FollowerRow], keep: Callable[[str, FollowerRow], Awaitable[None]],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        """`rows` are those on disk; `keep` puts one there, and raises where it cannot."""
        self._rows = dict(rows)
        self._keep = keep
        self._sleep = sleep
        self._fresh: set[str] = set()
        self._keeping = asyncio.Lock()

    def find(self, name: str) -> FollowerRow | None:
        return self._rows.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._rows))

    def tell(self, name: str, row: FollowerRow) -> None:
        """What a follower says now. It is read at once, and kept within FOLLOWERS_KEPT_EVERY_S if it says something new."""
        before = self._rows.get(name)
        self._rows[name] = row
        if before is None or before[:2] != row[:2]:
            self._fresh.add(name)

    def forget(self, name: str) -> None:
        """A follower that was taken away; that its row is gone from the disk is the caller's business."""
        self._rows.pop(name, None)
        self._fresh.discard(name)

    async def flush(self) -> None:
        """Keep what is not kept yet. Raises as `keep` does; then it is still to be kept."""
        async with self._keeping:
            for name in sorted(self._fresh & self._rows.keys()):
                row = self._rows[name]
                await self._keep(name, row)
                if self._rows.get(name) == row:  # else something newer was told meanwhile
                    self._fresh.discard(name)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._sleep(FOLLOWERS_KEPT_EVERY_S)
            try:
                await self.flush()
            # Whatever is wrong with the disk, the rows stay to be kept, and the next try is a second away.
            except Exception as error:
                log.warning("what followers told could not be kept: %s; trying again", error)
