"""Looking again and again at what a person should know of: nobody sends a command when a screen stays dark.

What lives here: waiting, looking, and telling what has changed. What is an alarm is said by who looks; threads, HTTP and SQL are not
known here. Sleep comes in from outside, so that a test moves it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from shared.limits import KITCHEN_ALARM_INTERVAL_S

__all__ = ["AlarmWatch"]

log = logging.getLogger(__name__)

Alarms = tuple[str, ...]


class AlarmWatch:
    """Looks every KITCHEN_ALARM_INTERVAL_S; `look` gives the codes that hold, `say` is told of them when they are others than before."""

    def __init__(
        self, look: Callable[[], Awaitable[Alarms]], say: Callable[[Alarms], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._look = look
        self._say = say
        self._sleep = sleep
        self._said: Alarms = ()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._sleep(KITCHEN_ALARM_INTERVAL_S)
            try:
                found = await self._look()
            # Whatever goes wrong must not end the watch: the next look may see.
            except Exception:
                log.exception("the alarms could not be looked at; they will be again")
                continue
            if found != self._said:
                self._said = found
                self._say(found)
