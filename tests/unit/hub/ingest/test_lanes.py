"""Fair shares of lanes: taken, renewed, given up, handed over."""

import asyncio

import pytest

from hub.db.connect import DatabaseUnavailable
from hub.ingest.lanes import LaneKeeper, fair_share
from shared.limits import UPLINK_LANES


class Table:
    """Leases of all processes, without time: what is held is held until it is released or lost."""

    def __init__(self) -> None:
        self.owners: dict[int, str] = dict.fromkeys(range(UPLINK_LANES), "")
        self.alive: set[str] = set()
        self.is_down = False


class Leases:
    def __init__(self, table: Table, owner: str) -> None:
        self._table, self._owner = table, owner

    async def renew(self) -> tuple[set[int], int]:
        if self._table.is_down:
            raise DatabaseUnavailable("control", "down")
        self._table.alive.add(self._owner)
        return {lane for lane, owner in self._table.owners.items() if owner == self._owner}, len(self._table.alive)

    async def take(self, count: int) -> set[int]:
        taken = sorted(lane for lane, owner in self._table.owners.items() if not owner)[:count]
        self._table.owners |= dict.fromkeys(taken, self._owner)
        return set(taken)

    async def release(self, lanes: set[int]) -> None:
        self._table.owners |= dict.fromkeys(lanes, "")

    async def leave(self, lanes: set[int]) -> None:
        await self.release(lanes)
        self._table.alive.discard(self._owner)


def keeper(table: Table, owner: str, served: list[tuple[str, int]] | None = None) -> LaneKeeper:
    async def serve(lane: int, stop: asyncio.Event) -> None:
        if served is not None:
            served.append((owner, lane))
        await stop.wait()

    return LaneKeeper(Leases(table, owner), serve)


@pytest.mark.parametrize(("alive", "share"), [(0, 4), (1, 4), (2, 2), (3, 2), (4, 1), (9, 1)])
def test_the_share_holds_every_lane(alive: int, share: int) -> None:
    assert fair_share(alive) == -(-UPLINK_LANES * share // 4) or UPLINK_LANES != 4
    assert fair_share(alive) * max(1, alive) >= UPLINK_LANES


async def test_a_second_process_gets_its_share_and_the_rest_when_the_first_leaves() -> None:
    table, stop = Table(), asyncio.Event()
    first, second = keeper(table, "a"), keeper(table, "b")
    await first.step()
    assert len(first.lanes) == UPLINK_LANES
    await second.step()  # announces itself
    await first.step()  # gives up what is too much
    await second.step()
    assert len(first.lanes) == len(second.lanes) == fair_share(2)
    stop.set()
    await first.run(stop)
    await second.step()
    assert len(second.lanes) == UPLINK_LANES
    await second.run(stop)
    assert set(table.owners.values()) == {""}


async def test_a_lost_lease_ends_its_task_only() -> None:
    table, stop = Table(), asyncio.Event()
    mine = keeper(table, "a")
    await mine.step()
    table.owners[2] = "somebody else"
    await mine.step()
    assert mine.lanes == set(range(UPLINK_LANES)) - {2}
    stop.set()
    await mine.run(stop)
    assert table.owners[2] == "somebody else"


async def test_lanes_are_served_on_while_leases_cannot_be_renewed() -> None:
    table = Table()
    mine = keeper(table, "a")
    await mine.step()
    table.is_down = True
    with pytest.raises(DatabaseUnavailable):
        await mine.step()
    assert len(mine.lanes) == UPLINK_LANES
    table.is_down = False
    stop = asyncio.Event()
    stop.set()
    await mine.run(stop)


async def test_a_lane_whose_task_fails_is_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    table, served = Table(), list[int]()
    failed = asyncio.Event()

    async def serve(lane: int, stop: asyncio.Event) -> None:
        served.append(lane)
        if served.count(1) == 1 and lane == 1:
            failed.set()
            raise RuntimeError("a defect")
        await stop.wait()

    mine = LaneKeeper(Leases(table, "a"), serve)
    await mine.step()
    await failed.wait()
    await asyncio.sleep(0)
    assert mine.lanes == set(range(UPLINK_LANES)) - {1}
    await mine.step()
    assert len(mine.lanes) == UPLINK_LANES
    assert "a defect" in caplog.text
    stop = asyncio.Event()
    stop.set()
    await mine.run(stop)
