"""What followers tell: read at once, kept now and then, and never lost to a disk that fails for a while."""

import asyncio
from datetime import timedelta

import pytest

from edge.app.followers import CLOUD, FollowerRow, Followers
from tests.support.waiting import eventually_async
from tests.unit.shared.domain.world import NOON


class Disk:
    """Keeps rows, or fails while told to."""

    def __init__(self) -> None:
        self.rows: dict[str, FollowerRow] = {}
        self.writes = 0
        self.is_broken = False

    async def keep(self, name: str, row: FollowerRow) -> None:
        if self.is_broken:
            raise OSError("disk I/O error")
        self.rows[name] = row
        self.writes += 1


def row(position: str, seconds: int = 0) -> FollowerRow:
    return FollowerRow(position, "{}", NOON + timedelta(seconds=seconds))


async def test_a_hundred_watermarks_are_read_at_once_and_cost_one_write() -> None:
    disk = Disk()
    told = Followers({}, disk.keep)
    for number in range(100):
        told.tell(CLOUD, row(f"1.{number}.00"))
        assert told.find(CLOUD) == row(f"1.{number}.00")
    await told.flush()
    assert (disk.writes, disk.rows[CLOUD].position) == (1, "1.99.00")
    told.tell(CLOUD, row("1.99.00", seconds=5))
    await told.flush()
    assert disk.writes == 1, "a word that says nothing new is read, and not written"
    assert told.find(CLOUD) == row("1.99.00", seconds=5)


async def test_what_could_not_be_written_is_written_when_the_disk_is_well_again() -> None:
    disk, ticks = Disk(), asyncio.Queue[None]()
    disk.is_broken = True
    told = Followers({}, disk.keep, sleep=lambda _: ticks.get())
    told.tell(CLOUD, row("1.7.00"))
    with pytest.raises(OSError, match="disk"):
        await told.flush()
    running = asyncio.create_task(told.run())
    ticks.put_nowait(None)
    await eventually_async(ticks.empty, "the first try")
    disk.is_broken = False
    ticks.put_nowait(None)
    await eventually_async(lambda: CLOUD in disk.rows, "the second")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_forgotten_is_not_written_afterwards() -> None:
    disk = Disk()
    told = Followers({"mirror": row("1.1.00")}, disk.keep)
    told.tell("mirror", row("1.2.00"))
    told.forget("mirror")
    await told.flush()
    assert (told.names, disk.writes) == ((), 0)
