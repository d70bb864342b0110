"""Boxes whose power fails and whose disk errs, one on the simulated disk and one on SQLite over a faulty VFS, behind one face.

What lives here: the two machines. What runs on them, and what must hold afterwards, is in crashes.py.
"""

import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from edge.app.ports import CommitUnknownError, StorageFullError, Store
from edge.journal.rebuild import rebuild
from edge.journal.store import SqliteStore
from tests.sim.store import Disk, PowerCut, SimStore
from tests.support.faulty_disk import Fault, FaultyDisk, Step, Survivors, all_of_it, none_of_it, some_of_it
from tests.support.faulty_vfs import FaultyStore

__all__ = ["MACHINES", "DamagedError", "Machine", "SimMachine", "SqliteMachine", "at_step", "no_fault"]

Faults = Callable[[Step], Fault | None]
CHECKPOINT_PAGES = 24  # of SQLite's WAL: so small that a short evening moves pages several times


def no_fault(_step: Step) -> None:
    """A disk on which nothing goes wrong."""


def at_step(number: int, fault: Fault) -> Faults:
    """A disk on which this goes wrong once."""
    return lambda step: fault if step[0] == number else None


class DamagedError(AssertionError):
    """A file that can be opened and is not what it was, as its own checks tell."""


class Machine(Protocol):
    """A box. `steps` are the I/O steps of its present life."""

    @property
    def steps(self) -> list[Step]: ...

    def boot(self, faults: Faults) -> Store:
        """Power on, or start the process again. Raises PowerCut, or what the store raises while it cannot be opened."""
        ...

    def cut(self, rng: random.Random) -> None:
        """The power goes: what was not synced is there, torn or gone."""
        ...

    def inspect(self) -> Store:
        """The journal as the shipped store finds it, on a disk on which nothing goes wrong. Raises DamagedError or sqlite3.Error."""
        ...

    def close(self) -> None: ...


class _LyingDisk(Disk):
    """Says that it has synced what it has not."""

    is_lying = False

    def sync(self) -> None:
        if not self.is_lying:
            super().sync()


class SimMachine:
    """The simulator's disk."""

    def __init__(self, _directory: Path) -> None:
        self._disk = _LyingDisk()
        self.steps: list[Step] = []
        self._faults: Faults = no_fault
        self._rng = random.Random(0)

    def boot(self, faults: Faults) -> Store:
        self.steps, self._faults = [], faults
        return SimStore(self._disk, self._hazard, self._settle)

    def _hazard(self, stage: str) -> None:
        step = (len(self.steps) + 1, stage, "disk")
        self.steps.append(step)
        fault = self._faults(step)
        self._disk.is_lying = fault == "lie" and stage == "sync"
        if fault == "power":
            raise PowerCut
        if fault == "full" and stage == "write":
            raise StorageFullError("the test's disk is full")
        if fault == "error" or (fault == "full" and stage == "sync"):
            raise CommitUnknownError("the test's disk says no")

    def _settle(self, disk: Disk) -> None:
        kept = self._rng.randint(0, len(disk.unsynced))
        disk.lose(kept, self._rng.randint(0, 200) if self._rng.random() < 0.5 else None)

    def cut(self, rng: random.Random) -> None:
        self._rng = rng
        self._settle(self._disk)

    def inspect(self) -> Store:
        return SimStore(self._disk)

    def close(self) -> None:
        """Nothing is open."""


class SqliteMachine:
    """The shipped store on SQLite. Each power cut is another directory, with what is left."""

    def __init__(self, directory: Path, *, has_screen: bool = False) -> None:
        """`has_screen`: whether a reader holds the file open while the box lives."""
        self._root, self._has_screen = directory, has_screen
        self._directories = 0
        self.disk = FaultyDisk()
        self._store: FaultyStore | None = None
        self._shipped: SqliteStore | None = None
        self.path = self._fresh()

    @property
    def steps(self) -> list[Step]:
        return self.disk.steps

    def _fresh(self) -> Path:
        self._directories += 1
        directory = self._root / str(self._directories)
        directory.mkdir()
        return directory / "journal.db"

    def boot(self, faults: Faults) -> Store:
        self.close()
        self.disk.steps, self.disk.fault = [], faults
        self._store = FaultyStore(self.path, self.disk, checkpoint_pages=CHECKPOINT_PAGES)
        if self._has_screen:
            self._store.show_a_screen()
        return self._store

    def cut(self, rng: random.Random) -> None:
        if self._store is not None:
            self._store.abandon()
            self._store = None
        path = self._fresh()
        survivors: tuple[Survivors, ...] = (none_of_it, all_of_it, some_of_it(rng), some_of_it(rng))
        self.disk = self.disk.leave(path.parent, rng.choice(survivors), rng)
        self.path = path

    def inspect(self) -> Store:
        self.close()
        copy = self._fresh()  # what is looked at changes: SQLite recovers, and moves pages when it ends
        shutil.copytree(self.path.parent, copy.parent, dirs_exist_ok=True)
        self._shipped = SqliteStore(copy)
        said = self._shipped.connection.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            raise DamagedError(str(said))
        differences = rebuild(self._shipped.connection, swap=False).differences if self._shipped.head().position.sequence else ()
        if differences:
            raise DamagedError(f"the projections differ from the journal: {differences}")
        return self._shipped

    def close(self) -> None:
        if self._store is not None:
            self._store.let_go()
            self._store = None
        if self._shipped is not None:
            self._shipped.close()
            self._shipped = None


MACHINES: dict[str, Callable[[Path], Machine]] = {
    "simulated": SimMachine,
    "sqlite": SqliteMachine,
    "sqlite-with-a-screen": partial(SqliteMachine, has_screen=True),
}
