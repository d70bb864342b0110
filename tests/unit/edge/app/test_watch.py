"""The watch over alarms: it tells what has changed, once, and survives a look that fails. The test moves its sleep."""

import asyncio

import pytest

from edge.app.watch import AlarmWatch
from shared.limits import KITCHEN_ALARM_INTERVAL_S


class Looks:
    """What each look finds, in turn; after the last the watch is stopped."""

    def __init__(self, *found: tuple[str, ...] | Exception) -> None:
        self.found = list(found)
        self.said: list[tuple[str, ...]] = []
        self.slept: list[float] = []

    async def look(self) -> tuple[str, ...]:
        found = self.found.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.found:
            raise asyncio.CancelledError

    async def run(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            await AlarmWatch(self.look, self.said.append, self.sleep).run()


async def test_an_alarm_is_told_when_it_comes_and_when_it_goes_and_not_in_between() -> None:
    looks = Looks((), ("kitchen.unshown",), ("kitchen.unshown",), ("storage.low", "kitchen.unshown"), (), ())
    await looks.run()
    assert looks.said == [("kitchen.unshown",), ("storage.low", "kitchen.unshown"), ()]
    assert set(looks.slept) == {KITCHEN_ALARM_INTERVAL_S}


async def test_a_look_that_fails_is_no_all_clear_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    looks = Looks(("kitchen.unshown",), OSError("disk"), ("kitchen.unshown",), ())
    await looks.run()
    assert looks.said == [("kitchen.unshown",), ()]
    assert "could not be looked at" in caplog.text
