"""A disk that can lie: it says that it has synced, and at the next power cut some of that is gone.

What lives here: the lie, and what was lost by it, which the auditor needs to know. An honest disk is in store.py.
"""

from tests.sim.store import Disk

__all__ = ["LyingDisk"]

Row = tuple[int, bytes, bytes]


class LyingDisk(Disk):
    """Honest until `lie`; honest again after `come_clean`, or after the power cut that shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: list[Row] = []
        """Every entry that was said to be synced and is gone."""
        self._lied_from: int | None = None

    @property
    def is_lying(self) -> bool:
        return self._lied_from is not None

    def lie(self) -> None:
        """From now on syncs reach a cache that has no battery."""
        if self._lied_from is None:
            self._lied_from = len(self.synced)

    def come_clean(self) -> None:
        """The cache has been written after all."""
        self._lied_from = None

    def lose_cache(self, kept: float) -> int:
        """The power goes: of the frames in the cache, the first part of `kept` (0 to 1) has reached the platter. How many entries
        are lost."""
        if self._lied_from is None:
            return 0
        before = list(self.platter())
        del self.synced[self._lied_from + int(kept * (len(self.synced) - self._lied_from)) :]
        self._platter, self._seen = [], 0
        self._lied_from = None
        gone = before[len(self.platter()) :]
        self.lost += gone
        return len(gone)
