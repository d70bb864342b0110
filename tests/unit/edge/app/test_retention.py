"""Letting go of old entries: only what is in the cloud, in its backup, and has had its days."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.app.retention import Retention, aged_before, first_younger, trimmable
from shared.limits import RETENTION_DAYS_MIN, TRIM_INTERVAL_S, TRIM_PAUSE_S
from shared.protocol.entry import Position

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("in_cloud", "backed_up", "aged", "limit"),
    [(100, 90, 80, 80), (0, 90, 80, 0), (100, 0, 80, 0), (100, 90, 0, 0), (50, 90, 80, 50), (100, 30, 80, 30)],
)
def test_what_is_not_in_the_cloud_backed_up_and_old_stays(in_cloud: int, backed_up: int, aged: int, limit: int) -> None:
    assert trimmable(in_cloud=in_cloud, backed_up=backed_up, aged=aged) == limit


@given(st.integers(0, 50), st.lists(st.integers(0, 90), max_size=200), st.integers(0, 100))
async def test_the_search_finds_the_first_entry_that_is_too_young(begins: int, ages: list[int], day: int) -> None:
    times = sorted(NOW - timedelta(days=age) for age in ages)

    async def at(sequence: int) -> datetime:
        return times[sequence - begins - 1]

    than = NOW - timedelta(days=day)
    found = await first_younger(at, begins, begins + len(times), than)
    assert found == begins + 1 + sum(time <= than for time in times)


def test_an_entry_has_had_its_days_after_thirty_at_least() -> None:
    assert aged_before(NOW, RETENTION_DAYS_MIN) == datetime(2026, 1, 31, 11, tzinfo=UTC)


class Box:
    """A box whose journal is trimmed 100 entries at a time; what it slept is written down."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.begins = 0
        self.slept: list[float] = []

    async def limit_now(self) -> int:
        return self.limit

    async def trim(self, through: int) -> Position:
        self.begins = min(self.begins + 100, through)
        return Position(1 if self.begins else 0, self.begins, bytes(32))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_it_goes_chunk_by_chunk_with_pauses_that_belong_to_the_waiters() -> None:
    box = Box(250)
    begins = await Retention(box.limit_now, box.trim, box.sleep).round()
    assert begins is not None
    assert (begins.sequence, box.slept) == (250, [TRIM_PAUSE_S, TRIM_PAUSE_S])


async def test_a_hub_that_is_restored_in_the_middle_of_a_round_stops_it() -> None:
    """It has lost what this box, minutes ago, was still free to forget, and asks for it again."""
    box = Box(5_000)

    async def sleep(seconds: float) -> None:
        await box.sleep(seconds)
        if box.begins == 300:
            box.limit = 120

    begins = await Retention(box.limit_now, box.trim, sleep).round()
    assert begins is not None
    assert begins.sequence == box.begins == 300


async def test_a_box_that_is_fenced_in_the_middle_of_a_round_forgets_no_more() -> None:
    box = Box(5_000)

    async def sleep(seconds: float) -> None:
        box.limit = 0

    await Retention(box.limit_now, box.trim, sleep).round()
    assert box.begins == 100


async def test_where_nothing_may_be_forgotten_the_journal_is_left_alone() -> None:
    box = Box(0)
    assert await Retention(box.limit_now, box.trim, box.sleep).round() is None
    assert box.begins == 0


async def test_trouble_with_the_disk_is_told_and_tried_again_an_hour_later(caplog: pytest.LogCaptureFixture) -> None:
    box = Box(100)
    tries = 0

    async def trim(through: int) -> Position:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("the disk is full")
        return await box.trim(through)

    class Enough(Exception):
        pass

    async def sleep(seconds: float) -> None:
        box.slept.append(seconds)
        if len(box.slept) > 2:
            raise Enough

    with pytest.raises(Enough):
        await Retention(box.limit_now, trim, sleep).run()
    assert (tries, box.begins, box.slept) == (2, 100, [TRIM_INTERVAL_S] * 3)
    assert "could not be let go of" in caplog.text
