"""A disk that keeps what was synced and perhaps some of the rest: what lies under SQLite when the power goes.

What lives here: files as bytes that are durable and writes that only the operating system holds, the count of I/O steps, and the
faults that a test asks for. SQLite is not known here (faulty_vfs.py), nor what is in the files.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

__all__ = ["Fault", "FaultyDisk", "Step", "Survivors", "all_of_it", "none_of_it", "some_of_it"]

SECTOR = 512  # bytes: what a disk writes whole; a page of SQLite is eight of them, so that a page can be torn

Step = tuple[int, str, str]
"""(number from 1, "write", "sync", "truncate" or "delete", name of the file)."""
Fault = str
"""What goes wrong in a step: "full", "error", "power" before it is done; "lie": a sync that says it is done."""


@dataclass
class _Change:
    """A write at an offset, or with `data` None a cut to the length `offset`."""

    offset: int
    data: bytes | None


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    is_durable: bool = False  # whether its name would be found after a power cut
    changes: list[_Change] = field(default_factory=list)
    is_deleted: bool = False  # by the program; whether the directory on disk knows that is for the power cut to say


class Survivors(Protocol):
    """Says what is left of the changes of one file that were not synced, in order: each whole, torn, or not there."""

    def __call__(self, changes: Sequence[_Change]) -> list[_Change]: ...


def none_of_it(changes: Sequence[_Change]) -> list[_Change]:
    """The operating system had written nothing yet."""
    return []


def all_of_it(changes: Sequence[_Change]) -> list[_Change]:
    """It had written everything, though nobody had asked it to."""
    return list(changes)


def some_of_it(rng: random.Random) -> Survivors:
    """Any of it, in any order of writing, and of one write perhaps only some sectors."""

    def survive(changes: Sequence[_Change]) -> list[_Change]:
        likely = rng.random()
        kept = [change for change in changes if rng.random() < likely]
        if not kept or rng.random() < 0.5:
            return kept
        torn = rng.randrange(len(kept))
        return [*kept[:torn], *_sectors(kept[torn], rng), *kept[torn + 1 :]]

    return survive


def _sectors(change: _Change, rng: random.Random) -> list[_Change]:
    """The sectors of a write that reached the platter."""
    if change.data is None:
        return [change]
    starts = range(-(change.offset % SECTOR), len(change.data), SECTOR)
    pieces = [(max(0, start), start + SECTOR) for start in starts if rng.random() < 0.5]
    return [_Change(change.offset + start, change.data[start:end]) for start, end in pieces]


class FaultyDisk:
    """The files of one directory. `fault(step)` says before every step whether something goes wrong with it."""

    def __init__(self, fault: Callable[[Step], Fault | None] = lambda _: None) -> None:
        self.fault = fault
        self.is_off = False
        self.steps: list[Step] = []
        self._files: dict[str, _File] = {}

    # --- what the program does -------------------------------------------------------------------

    def step(self, kind: str, name: str) -> Fault | None:
        """A step begins; what goes wrong with it. After the power went everything does."""
        if self.is_off:
            return "power"
        step = (len(self.steps) + 1, kind, name)
        self.steps.append(step)
        fault = self.fault(step)
        self.is_off = fault == "power"
        return fault

    def written(self, name: str, offset: int, data: bytes) -> None:
        self._file(name).changes.append(_Change(offset, bytes(data)))

    def truncated(self, name: str, size: int) -> None:
        self._file(name).changes.append(_Change(size, None))

    def synced(self, name: str) -> None:
        """Everything that was written to the file is on disk, and so is its name.

        So is every removal before it: a file system that keeps a log of its names (ext4, xfs, btrfs) writes it in order. SQLite
        without `synchronous = EXTRA` counts on that for the rollback journal that it removes when it turns to WAL.
        """
        self._files = {each: file for each, file in self._files.items() if not file.is_deleted}
        file = self._file(name)
        _apply(file.durable, file.changes)
        file.changes.clear()
        file.is_durable = True

    def sync_failed(self, name: str) -> None:
        """The operating system could not write it, says so once, and calls it written from then on: what was read from its memory
        will be gone, and a sync later on tells nothing of it (fsync(2), ERRORS; Linux since 4.13)."""
        file = self._file(name)
        file.changes.clear()

    def deleted(self, name: str, *, is_synced: bool) -> None:
        """The name is gone: for certain if the directory was synced, else as the disk pleases."""
        file = self._files.get(name)
        if file is None:
            return
        if is_synced or not file.is_durable:
            del self._files[name]
        else:
            file.is_deleted = True

    def _file(self, name: str) -> _File:
        file = self._files.setdefault(name, _File())
        if file.is_deleted:  # made anew under the name of one that was deleted
            file = self._files[name] = _File()
        return file

    # --- the power goes --------------------------------------------------------------------------

    def leave(self, directory: Path, survivors: Survivors, rng: random.Random) -> "FaultyDisk":
        """Write the files that are found when the power is back into an empty directory; the disk as it goes on from there."""
        left = FaultyDisk()
        for name, file in self._files.items():
            kept = survivors(file.changes)
            if not file.is_durable and not kept:
                continue
            if file.is_deleted and rng.random() < 0.5:
                continue
            data = bytearray(file.durable)
            _apply(data, kept)
            (directory / name).write_bytes(data)
            left._files[name] = _File(durable=data, is_durable=True)
        return left


def _apply(data: bytearray, changes: Sequence[_Change]) -> None:
    for change in changes:
        if change.data is None:
            del data[change.offset :]
            continue
        if len(data) < change.offset:
            data.extend(bytes(change.offset - len(data)))
        data[change.offset : change.offset + len(change.data)] = change.data
