"""What a tablet holds of what boxes have accepted, and when it lets go of it."""

import pytest

from shared import limits
from shared.protocol.device_words import Action, Release, Tell
from tests.unit.shared.protocol.devices import TEA, accepted, box, kept, live, news, told

DAY_MS = 24 * 3600 * 1000


def test_what_the_cloud_has_is_held_for_a_day_and_then_released() -> None:
    session = live()
    session.submit(TEA, 0)
    session.accepted("tea", accepted(TEA, 11), 0)
    session.frame(news(11, cloud=11), 1)
    assert session.tick(DAY_MS) == []
    assert session.tick(DAY_MS + 1) == [Release(("tea",))]


def test_what_the_cloud_does_not_have_is_held_for_thirty_days_and_not_dropped_in_silence() -> None:
    session = live()
    session.submit(TEA, 0)
    session.accepted("tea", accepted(TEA, 11), 0)
    session.frame(news(11, cloud=10), 1)
    assert session.tick(30 * DAY_MS) == []
    assert session.tick(30 * DAY_MS + 1) == [Tell("held.expired", "tea"), Release(("tea",))]


def test_the_watermark_of_another_branch_releases_nothing() -> None:
    session = live()
    session.submit(TEA, 0)
    session.accepted("tea", accepted(TEA, 11), 0)
    session.disconnected(4409, 1)
    session.tick(300)
    session.frame(news(5, box(2), snapshot=True, cloud=500), 301)
    assert told(session.tick(3 * DAY_MS), Release) == []


def test_a_full_tablet_gives_up_first_what_the_cloud_has_and_tells_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UI_HELD_MAX", 2)
    session = live()
    requests = [kept(f"n{index}") for index in range(4)]
    outcome: list[list[Action]] = []
    for index, each in enumerate(requests):
        session.submit(each, 0)
        outcome.append(session.accepted(each.id, accepted(each, 11 + index), 0))
        if index == 0:
            session.frame(news(11, cloud=11), 0)
    assert told(outcome[2], Release) == [Release(("n0",))]
    assert told(outcome[2], Tell) == []
    assert told(outcome[3], Tell) == [Tell("held.full", "n1")]
