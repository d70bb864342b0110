"""A mirror stick in a box: what is committed reaches it a little later, and a stick in a dead box is read by the next.

What lives here: how far behind it is. The file on it, its frames and its torn tails are tests/unit/edge/mirror's business.
"""

from typing import Protocol

from shared.protocol.entry import StoredEntry
from tests.sim.box import Box
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler

__all__ = ["Mirror"]


class Served(Protocol):
    @property
    def present(self) -> Box: ...


class Mirror:
    """Follows whichever box serves the site. A branch that contradicts what it holds begins a new file."""

    def __init__(self, scheduler: Scheduler, profile: Profile) -> None:
        self.files: list[list[StoredEntry]] = [[]]
        self._scheduler = scheduler
        self._lag_s = profile.mirror_lag_s
        self._rot = profile.mirror_rot

    def found(self) -> list[tuple[list[StoredEntry], int]]:
        """What a technician finds on the stick, the file that goes furthest first: a tail may be torn, at any entry. With each, how many
        of its entries are as they were written: a bit may have rotted."""
        rng = self._scheduler.rng
        torn = [rows[: len(rows) - rng.randint(0, min(3, len(rows)))] for rows in self.files]
        furthest = sorted((rows for rows in torn if rows), key=lambda rows: (rows[-1].epoch, rows[-1].sequence), reverse=True)
        return [self._rotten(rows) if self._scheduler.chance(self._rot) else (rows, len(rows)) for rows in furthest]

    def _rotten(self, rows: list[StoredEntry]) -> tuple[list[StoredEntry], int]:
        at = self._scheduler.rng.randrange(len(rows))
        row = rows[at]
        rows[at] = StoredEntry(row.epoch, row.sequence, row.hash, row.entry.replace(b'"v":1', b'"v":3'))
        return rows, at

    def follow(self, place: Served) -> None:
        box = place.present
        if box.is_up and not box.is_recovering:
            self._read(box)
        self._scheduler.after(self._scheduler.rng.uniform(0.5, 1.5) * self._lag_s, lambda: self.follow(place))

    def _read(self, box: Box) -> None:
        held = self.files[-1]
        if held and not box.holds(held[-1].position):
            self._scheduler.note(f"{box.name}: the mirror stands at {held[-1].sequence}, which the journal does not hold; it begins anew")
            held = []
            self.files.append(held)
        held += box.read(held[-1].sequence if held else 0, 1_000_000)
