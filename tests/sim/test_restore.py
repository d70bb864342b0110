"""Incidents of restores over simulated disks."""

import json

from msgspec.structs import replace

from shared.protocol.entry import StoredEntry
from tests.sim.box import Box
from tests.sim.lying import LyingDisk
from tests.sim.restore import restore
from tests.sim.test_sim import played, world_of


def _served() -> tuple[Box, list[StoredEntry]]:
    world = world_of(3)
    played(world)
    box = world.places[0].present
    return box, list(box.read(0, 1_000))


def test_a_bit_rots_within_a_command_of_a_mirror_and_no_half_of_it_comes_into_the_journal() -> None:
    """Found by seed 3221: the entries before the rotten one were proven, and taken, though their command was not whole."""
    box, rows = _served()
    second = next(row for row in rows if json.loads(row.entry)["ordinal"] == 1)
    rotten = [replace(row, entry=row.entry.replace(b'"v":1', b'"v":3')) if row is second else row for row in rows]
    disk = LyingDisk()
    restore(disk, replace(box.identity, epoch=box.epoch + 1), [], [rotten])
    held = [json.loads(data) for _, _, data in disk.platter()]
    assert len(held) == second.sequence - 2
    assert held[-1]["ordinal"] == held[-1]["of"] - 1
