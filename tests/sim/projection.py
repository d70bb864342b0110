"""The hub's read models of one site: the shipped fold with its quarantine, over dictionaries.

What lives here: loading what the fold asks for, keeping what it comes to, and rollback with a backup. What an entry means, and what is
held back with one that does not fit, is the shipped `SiteFold`'s business.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from hub.project.fold import Held, Missing, SiteFold
from hub.project.reading import RawEntry, read_entry
from shared.domain.check import Check
from shared.domain.kernel import Aggregate, Key
from shared.protocol.entry import StoredEntry

__all__ = ["Projection"]


class Projection:
    """State as it lies in the shard: `states`, what is `held`, and how far it is."""

    def __init__(self, org_id: str, site_id: str) -> None:
        self._org_id, self._site_id = org_id, site_id
        self.states: dict[Key, Aggregate] = {}
        self.held: list[Held] = []
        self.sequence = 0
        self.unknown_events = 0

    def advance(self, rows: Sequence[StoredEntry]) -> None:
        """Fold what has been appended since, as one batch."""
        new = rows[bisect_right(rows, self.sequence, key=lambda row: row.sequence) :]
        if not new:
            return
        reads = [read_entry(self._org_id, self._site_id, RawEntry(row.sequence, row.epoch, row.entry)) for row in new]
        fold = SiteFold()
        self._load(fold, fold.wanted(reads))
        fold.quarantine((held.kind, held.id) for held in self.held if held.kind != "entry")
        for read in reads:
            while True:
                try:
                    fold.fold(read)
                    break
                except Missing as missing:
                    self._load(fold, [missing.key])
        self.states.update(fold.changes)
        self.held += fold.held
        self.unknown_events += fold.unknown_events
        self.sequence = rows[-1].sequence

    def _load(self, fold: SiteFold, keys: Iterable[Key]) -> None:
        wanted = list(keys)
        fold.load(wanted, {key: self.states[key] for key in wanted if key in self.states})

    def checks(self) -> Iterable[Check]:
        return (state for state in self.states.values() if isinstance(state, Check))

    @property
    def held_checks(self) -> set[str]:
        """The checks that a person is shown as quarantined."""
        return {held.id for held in self.held if held.kind == "check"}

    # --- with the shard ---

    def copy(self) -> "Projection":
        """As a backup keeps it."""
        twin = Projection(self._org_id, self._site_id)
        twin.states, twin.held = dict(self.states), list(self.held)
        twin.sequence, twin.unknown_events = self.sequence, self.unknown_events
        return twin

    def anew(self, rows: Sequence[StoredEntry]) -> None:
        """The hub was updated: what was in quarantine is tried again with everything else."""
        self.states, self.held, self.sequence, self.unknown_events = {}, [], 0, 0
        self.advance(rows)
