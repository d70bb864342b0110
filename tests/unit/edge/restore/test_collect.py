"""Waiting for tablets, and playing what they handed in."""

from typing import Any

import pytest

from edge.restore.collect import Collection
from shared.domain.errors import Refused
from shared.limits import RESTORE_PLAY_TRIES


class _Desk:
    """Hand-ins that come as the clock goes; `trouble` are the codes of what the disk says before it takes one."""

    def __init__(self, comes_at: list[float], trouble: list[str] | None = None) -> None:
        self.now = 0.0
        self._comes_at = comes_at
        self.trouble = trouble or []
        self.waiting = len(comes_at)
        self.played_at: list[float] = []

    @property
    def complete(self) -> int:
        return sum(at <= self.now for at in self._comes_at)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def play_next(self) -> bool:
        if self.trouble:
            raise Refused(self.trouble.pop(0), "Trouble.")
        if not self.waiting:
            return False
        self.waiting -= 1
        self.played_at.append(self.now)
        return True


async def _run(desk: _Desk, tablets: int, wait_s: float) -> tuple[Collection, list[str]]:
    said: list[str] = []
    collection = Collection(tablets, wait_s, said.append, sleep=desk.sleep, clock=lambda: desk.now)
    edge: Any = type("E", (), {"hand_ins": desk})()
    await collection.run(edge)
    return collection, said


async def test_it_goes_on_as_soon_as_all_that_are_waited_for_have_handed_in():
    desk = _Desk([1.0, 7.0])
    collection, said = await _run(desk, 2, 60.0)
    assert collection.is_done
    assert desk.waiting == 0
    assert 7.0 <= desk.played_at[0] < 8.0
    assert said[0].startswith("0 of 2 tablets have handed in")
    assert said[-1] == "playing 2 commands"


async def test_it_goes_on_without_one_that_does_not_come_and_waits_for_anybody_if_no_number_is_given():
    desk = _Desk([1.0, 500.0])
    await _run(desk, 2, 60.0)
    assert 60.0 <= desk.played_at[0] < 61.0
    anybody = _Desk([1.0])
    await _run(anybody, 0, 30.0)
    assert 30.0 <= anybody.played_at[0] < 31.0


async def test_a_disk_in_trouble_is_tried_again_and_not_for_ever():
    desk = _Desk([0.0], trouble=["commit.unknown", "storage.full"])
    collection, _ = await _run(desk, 1, 60.0)
    assert collection.is_done
    assert desk.played_at
    with pytest.raises(Refused):
        await _run(_Desk([0.0], trouble=["storage.full"] * RESTORE_PLAY_TRIES), 1, 60.0)


async def test_a_box_that_was_replaced_meanwhile_ends_at_once():
    desk = _Desk([0.0], trouble=["box.fenced", "never asked for"])
    with pytest.raises(Refused) as caught:
        await _run(desk, 1, 60.0)
    assert caught.value.code == "box.fenced"
    assert desk.trouble == ["never asked for"]
