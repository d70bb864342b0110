"""The clock that lets happen what time brings, also when nobody sends a command: a scheduled menu whose hour has come.

What lives here: waiting, and waking the site. What is due, and what becomes of it, is the site's business; threads and HTTP are not
known here. Time and sleep come in from outside, so that a test moves them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.domain.site import SiteState
from shared.limits import MENU_TIMER_TICK_S

__all__ = ["MenuTimer"]

log = logging.getLogger(__name__)


class MenuTimer:
    """Asks the site to look at the clock when a scheduled menu is due; `wake` does so and returns once it is on disk.

    It looks at the clock every MENU_TIMER_TICK_S at least, so that a clock that is set, or goes forward for summer, is noticed.
    """

    def __init__(
        self, state: Callable[[], SiteState], zone: ZoneInfo, now: Callable[[], datetime], wake: Callable[[], Awaitable[object]],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        """`state` is the site as committed, `now` gives aware UTC times."""
        self._state = state
        self._zone = zone
        self._now = now
        self._wake = wake
        self._sleep = sleep

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._sleep(self._wait_s())
            if self._is_due():
                await self._ring()
                if self._is_due():  # the box holds no such document yet, or is too busy: not again at once
                    await self._sleep(MENU_TIMER_TICK_S)

    async def _ring(self) -> None:
        try:
            await self._wake()
        # Whatever goes wrong must not end the timer: the menu is due at the next tick too.
        except Exception:
            log.exception("the menu that is due could not be put in force; it will be tried again")

    def _wait_s(self) -> float:
        scheduled = self._state().scheduled
        if not scheduled:
            return MENU_TIMER_TICK_S
        return min(max(0.0, (scheduled[0].effective_at - self._local()).total_seconds()), MENU_TIMER_TICK_S)

    def _is_due(self) -> bool:
        scheduled = self._state().scheduled
        return bool(scheduled) and scheduled[0].effective_at <= self._local()

    def _local(self) -> datetime:
        return self._now().astimezone(self._zone).replace(tzinfo=None)
