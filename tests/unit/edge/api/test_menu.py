"""Whether a box sells from the menu that it should."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from edge.api.menu import menu_overdue
from shared.domain.site import ScheduledMenu, SiteState


@pytest.mark.parametrize(
    ("now", "overdue"),
    [
        (datetime(2026, 3, 2, 4, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 5, 0, 30, tzinfo=UTC), False),  # the timer may need a moment
        (datetime(2026, 3, 2, 5, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_menu_that_should_have_been_in_force_for_a_minute_raises_an_alarm(now: datetime, overdue: bool) -> None:
    menu = ScheduledMenu(version="v", effective_at=datetime(2026, 3, 2, 6, 0))
    edge: Any = SimpleNamespace(site=SiteState(time_zone="Europe/Berlin", scheduled=(menu,)), now=lambda: now)
    assert menu_overdue(edge) is overdue
    edge.site = SiteState(time_zone="Europe/Berlin")
    assert not menu_overdue(edge)
