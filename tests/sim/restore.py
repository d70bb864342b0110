"""How a replacement gets its journal: from what hub and mirror hold.

What lives here: the writing of a simulated disk. Which branch is the trunk is decided by the rule of edge/restore.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edge.app.ports import AggregateRow, CommandRecord, Write
from shared.domain.kernel import A, Aggregate, Key
from shared.protocol.entry import GENESIS_HASH, StoredEntry, decode_entry, entry_hash
from shared.protocol.fold import fold
from tests.sim.store import Disk, SimStore

__all__ = ["Restored", "restore"]


@dataclass(frozen=True)
class Restored:
    """What came from where: entries of the trunk, the source that is longest, and the sources that contradict it."""

    entries: int
    source: str
    apart: tuple[str, ...]

    def __str__(self) -> str:
        return f"restored {self.entries} entries from {self.source or 'nowhere'}" + (f", apart from {self.apart}" if self.apart else "")


class _States:
    """Aggregates as the trunk leaves them."""

    def __init__(self) -> None:
        self.known: dict[Key, tuple[Aggregate, int]] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.known.get((kind, id))
        assert found is None or isinstance(found[0], cls)
        return found[0] if found else None


def restore(disk: Disk, sources: Sequence[tuple[str, Sequence[StoredEntry]]]) -> Restored:
    """Write the longest chain to an empty disk. The hub's word goes first where two contradict."""
    name, trunk = sources[0]
    apart: list[str] = []
    for other, rows in sources[1:]:
        common = min(len(trunk), len(rows))
        if common and trunk[common - 1].hash != rows[common - 1].hash:
            apart.append(other)
        elif len(rows) > len(trunk):
            name, trunk = other, rows
    _ensure_chain(trunk)
    if trunk:
        _write(disk, trunk)
    return Restored(len(trunk), name, tuple(apart))


def _ensure_chain(rows: Sequence[StoredEntry]) -> None:
    before = GENESIS_HASH
    for sequence, row in enumerate(rows, 1):
        before = entry_hash(before, row.entry)
        assert (row.sequence, row.hash) == (sequence, before), f"the chain breaks at {sequence}"


def _write(disk: Disk, rows: Sequence[StoredEntry]) -> None:
    states = _States()
    commands: dict[str, CommandRecord] = {}
    at = None
    for row in rows:
        entry = decode_entry(row.entry)
        changes: Mapping[Key, Aggregate] = fold(states, entry) or {}
        states.known.update({key: (aggregate, row.sequence) for key, aggregate in changes.items()})
        if entry.ordinal == 0:
            commands[entry.command] = CommandRecord(entry.command, entry.digest, row.sequence, entry.of)
        at = entry.at
    assert at is not None
    aggregates = {
        key: AggregateRow(msgspec.json.encode(aggregate), aggregate.is_live, sequence)
        for key, (aggregate, sequence) in states.known.items()
    }
    SimStore(disk).commit(Write(entries=rows, commands=list(commands.values()), aggregates=aggregates, at=at))
