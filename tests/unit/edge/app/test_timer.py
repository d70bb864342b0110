"""Screens change at the hour, also when nobody sends anything."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.app.timer import MenuTimer
from shared.domain.site import ScheduledMenu, SiteState
from shared.limits import MENU_TIMER_TICK_S

BERLIN = ZoneInfo("Europe/Berlin")


class House:
    """A clock that sleeping moves, and a site that forgets a menu when it is woken after its time."""

    def __init__(self, now: datetime, *scheduled: datetime) -> None:
        self.now = now
        self.state = SiteState(scheduled=tuple(ScheduledMenu(version="v", effective_at=at) for at in scheduled))
        self.woken: list[datetime] = []
        self.slept: list[float] = []
        self.on_wake: Callable[[], None] = self.apply
        self.until = 10

    def apply(self) -> None:
        self.state = SiteState(scheduled=self.state.scheduled[1:])

    async def wake(self) -> None:
        self.woken.append(self.now.astimezone(BERLIN).replace(tzinfo=None))
        self.on_wake()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) > self.until:
            raise asyncio.CancelledError
        self.now += timedelta(seconds=seconds)

    def run(self) -> None:
        timer = MenuTimer(lambda: self.state, BERLIN, lambda: self.now, self.wake, self.sleep)
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(timer.run())


def test_a_menu_is_in_force_at_its_second() -> None:
    house = House(datetime(2026, 3, 2, 22, 59, 57, 500_000, tzinfo=UTC), datetime(2026, 3, 3, 0, 0))
    house.run()
    assert house.woken == [datetime(2026, 3, 3, 0, 0)]
    assert house.slept[:4] == [MENU_TIMER_TICK_S, MENU_TIMER_TICK_S, 0.5, MENU_TIMER_TICK_S]


def test_nothing_is_asked_of_a_site_without_a_schedule() -> None:
    house = House(datetime(2026, 3, 2, tzinfo=UTC))
    house.run()
    assert house.woken == []
    assert set(house.slept) == {MENU_TIMER_TICK_S}


def test_a_menu_that_cannot_be_put_in_force_is_tried_again_at_every_tick_not_without_end(caplog: pytest.LogCaptureFixture) -> None:
    house = House(datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 2))

    def fail() -> None:
        if len(house.woken) < 3:
            raise OSError("no disk")
        house.apply()

    house.on_wake = fail
    house.run()
    assert len(house.woken) == 3
    assert house.slept[:5] == [0.0, MENU_TIMER_TICK_S, 0.0, MENU_TIMER_TICK_S, 0.0]
    assert "no disk" in caplog.text


def test_an_hour_that_the_clocks_skip_is_over_when_they_have() -> None:
    """On 29 March 2026 Berlin goes from 02:00 to 03:00."""
    house = House(datetime(2026, 3, 29, 0, 59, 58, tzinfo=UTC), datetime(2026, 3, 29, 2, 30))
    house.run()
    assert house.woken == [datetime(2026, 3, 29, 3, 0)]
