"""Which lanes this process owns: a fair share of them, by lease.

What lives here: the share, and the loop that renews, takes and gives up leases and starts and stops the lanes' tasks. What a
task does with its lane is not known here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from hub.db.connect import DatabaseUnavailable
from shared.limits import LANE_RENEW_S, UPLINK_LANES

__all__ = ["LaneKeeper", "Leases", "fair_share"]

log = logging.getLogger(__name__)


class Leases(Protocol):
    """Leases of this process. Every method may raise DatabaseUnavailable."""

    async def renew(self) -> tuple[set[int], int]: ...
    async def take(self, count: int) -> set[int]: ...
    async def release(self, lanes: set[int]) -> None: ...
    async def leave(self, lanes: set[int]) -> None: ...


def fair_share(alive: int) -> int:
    """How many lanes each of `alive` processes may hold, so that all are held: the ceiling of the quotient."""
    return -(-UPLINK_LANES // max(1, alive))


class LaneKeeper:
    """Keeps leases and the tasks that serve them in step."""

    def __init__(self, leases: Leases, serve: Callable[[int, asyncio.Event], Awaitable[None]]) -> None:
        """`serve(lane, stop)` owns a lane until `stop` is set."""
        self._leases = leases
        self._serve = serve
        self._tasks: dict[int, tuple[asyncio.Task[None], asyncio.Event]] = {}

    @property
    def lanes(self) -> set[int]:
        return set(self._tasks)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: then the lanes are stopped and their leases given back."""
        while not stop.is_set():
            try:
                await self.step()
            except DatabaseUnavailable as error:
                # Whoever takes a lane over while we still serve it does no harm, and neither do we: the watermark decides.
                log.warning("cannot renew the leases of lanes %s, serving them on: %s", sorted(self._tasks), error)
            try:
                async with asyncio.timeout(LANE_RENEW_S):
                    await stop.wait()
            except TimeoutError:
                continue
        mine = self.lanes
        await self._stop(mine)
        try:
            await self._leases.leave(mine)
        except DatabaseUnavailable as error:
            log.warning("leases run out by themselves: %s", error)

    async def step(self) -> None:
        """Renew what is ours, give up what is too much, take what is free."""
        held, alive = await self._leases.renew()
        await self._stop(self.lanes - held)
        share = fair_share(alive)
        surplus = set(sorted(held)[share:])
        if surplus:
            await self._stop(surplus)
            await self._leases.release(surplus)
            held -= surplus
        if len(held) < share:
            held |= await self._leases.take(share - len(held))
        for lane in sorted(held - self.lanes):
            log.info("owning lane %d", lane)
            stop = asyncio.Event()
            self._tasks[lane] = asyncio.create_task(self._guard(lane, stop), name=f"lane-{lane}"), stop

    async def _guard(self, lane: int, stop: asyncio.Event) -> None:
        """A lane's task must not end by a defect: it is told, and begun anew at the next step."""
        try:
            await self._serve(lane, stop)
        except Exception:  # whatever it was, the other lanes go on; the traceback says what
            log.exception("lane %d stopped by a defect, begun anew in %g s", lane, LANE_RENEW_S)
            self._tasks.pop(lane, None)

    async def _stop(self, lanes: set[int]) -> None:
        """End the tasks of `lanes`, each after the batch that it is at."""
        ending = [self._tasks.pop(lane) for lane in lanes if lane in self._tasks]
        for _, stop in ending:
            stop.set()
        await asyncio.gather(*(task for task, _ in ending))
        if ending:
            log.info("gave up lanes %s", sorted(lanes))
