"""How a replacement gets its journal: the shipped merge of what hub and mirror hold, over a simulated disk.

What lives here: the merge's ports and the writing of projections. Whom it believes, and what it keeps apart, is decided by
`edge.restore.merge`.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import msgspec

from edge.app.identity import BoxIdentity
from edge.app.ports import AggregateRow, CommandRecord, Write
from edge.restore.merge import Merger
from shared.domain.kernel import A, Aggregate, Key
from shared.protocol.entry import START, Position, StoredEntry, decode_entry
from shared.protocol.fold import fold
from tests.sim.store import Disk, SimStore

__all__ = ["Restored", "restore"]

_RUN = 7  # entries that a source yields at once


@dataclass(frozen=True)
class Restored:
    """How much came, in words what from where, and the sources of which a branch is kept apart."""

    entries: int
    came: str
    apart: tuple[str, ...]

    def __str__(self) -> str:
        return f"restored {self.entries} entries: {self.came or 'nothing'}" + (f"; apart: {self.apart}" if self.apart else "")


class _Journal:
    """The journal that is being filled (edge/journal/refill.py)."""

    def __init__(self) -> None:
        self.rows: list[StoredEntry] = []
        self.begins = START

    @property
    def head(self) -> Position:
        return self.rows[-1].position if self.rows else START

    def entry(self, sequence: int) -> StoredEntry | None:
        return self.rows[sequence - 1] if 1 <= sequence <= len(self.rows) else None

    def last_before(self, epoch: int) -> Position:
        return max((row.position for row in self.rows if row.epoch < epoch), default=START)

    def append(self, run: Sequence[StoredEntry]) -> None:
        self.rows += run


class _Held:
    """What hub or mirror hold."""

    problem = ""

    def __init__(self, name: str, rows: Sequence[StoredEntry]) -> None:
        self.name = name
        self.head = rows[-1].position if rows else START
        self._rows = rows

    def after(self, position: Position) -> Iterator[list[StoredEntry]]:
        rows = [row for row in self._rows if row.sequence > position.sequence]
        for start in range(0, len(rows), _RUN):
            yield rows[start : start + _RUN]

    def runs(self) -> Iterator[list[StoredEntry]]:
        yield from self.after(START)


class _Branch:
    """A file that nobody reads here; that it is kept is told by the merge's report."""

    def __init__(self, directory: Path, org_id: str, site_id: str) -> None:
        self.end = START

    def __enter__(self) -> "_Branch":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, run: Sequence[StoredEntry]) -> None:
        self.end = run[-1].position if run else self.end

    def keep(self) -> Path:
        return Path(f"branch-{self.end.epoch}.{self.end.sequence}.mirror")


class _States:
    """Aggregates as the journal leaves them."""

    def __init__(self) -> None:
        self.known: dict[Key, tuple[Aggregate, int]] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.known.get((kind, id))
        if found is None:
            return None
        assert isinstance(found[0], cls)
        return found[0]


def restore(disk: Disk, box: BoxIdentity, hub: Sequence[StoredEntry], mirrors: Sequence[Sequence[StoredEntry]]) -> Restored:
    """Fill an empty disk."""
    journal = _Journal()
    with patch("edge.restore.merge.BranchFile", _Branch):
        merger = Merger(journal, box, Path(tempfile.gettempdir()))
        merger.merge(_Held("hub", hub), [_Held(f"mirror {number}", rows) for number, rows in enumerate(mirrors) if rows])
    if journal.rows:
        _write(disk, journal.rows)
    came = ", ".join(f"{each.stretch} from {each.source}" for each in merger.came)
    return Restored(len(journal.rows), came, tuple(branch.source for branch in merger.branches))


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
