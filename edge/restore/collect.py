"""The last source of a restore: what tablets were told is accepted.

What lives here: how long is waited for whom, and the playing of what was collected, once all of it is there. What a hand-in is, and
the order of playing, is edge/app/hand_in.py's business.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from edge.api.state import Edge
from edge.app.hand_in import HandInDesk
from shared.domain.errors import Refused
from shared.limits import LOCAL_RETRY_S, RESTORE_LOOK_S, RESTORE_PLAY_TRIES

__all__ = ["Collection"]

log = logging.getLogger(__name__)


class Collection:
    """Waits for `tablets` devices to hand in all they hold, at most `wait_s` seconds, then plays. `is_done`: it came to its end."""

    def __init__(
        self, tablets: int, wait_s: float, say: Callable[[str], None], *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """`tablets` 0: whoever comes until the time is over. `say` tells a person how it goes."""
        self._tablets = tablets
        self._wait_s = wait_s
        self._say = say
        self._sleep = sleep
        self._clock = clock
        self.desk: HandInDesk | None = None
        self.is_done = False

    async def run(self, edge: Edge) -> None:
        """As `recover` of edge.main.serve. Raises Refused when the disk does not take what is played."""
        desk = self.desk = edge.hand_ins
        await self._wait(desk)
        self._say(f"playing {desk.waiting} commands")
        tries = 0
        while True:
            try:
                if not await desk.play_next():
                    break
                tries = 0
            except Refused as refused:
                tries += 1
                if tries >= RESTORE_PLAY_TRIES or refused.code == "box.fenced":
                    raise
                log.warning("a command cannot be played yet (%s): %s; trying again", refused.code, refused.detail)
                await self._sleep(LOCAL_RETRY_S)
        self.is_done = True

    async def _wait(self, desk: HandInDesk) -> None:
        until = self._clock() + self._wait_s
        said = -1
        while self._clock() < until and not (self._tablets and desk.complete >= self._tablets):
            if desk.complete != said:
                said = desk.complete
                wanted = f" of {self._tablets}" if self._tablets else ""
                self._say(f"{said}{wanted} tablets have handed in; waiting for {max(0.0, until - self._clock()):.0f} s at most")
            await self._sleep(RESTORE_LOOK_S)
