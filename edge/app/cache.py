"""Aggregates kept decoded, within a bound of memory.

What lives here: a cache that forgets what was not asked for longest. Where an aggregate is read from, and what it means, is not known.
"""

from collections import OrderedDict

from shared.domain.kernel import Aggregate, Key

__all__ = ["StateCache"]


class StateCache:
    """Bounded by number, and by the bytes of JSON that the aggregates are when they are stored: the check of a large party is a
    hundred times a ticket. Decoded, each takes about half as much again."""

    def __init__(self, count_max: int, bytes_max: int) -> None:
        self._count_max, self._bytes_max = count_max, bytes_max
        self._held: OrderedDict[Key, tuple[Aggregate, int]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Key) -> Aggregate | None:
        """What is kept under a key."""
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def put(self, key: Key, aggregate: Aggregate, size: int) -> None:
        """Keep an aggregate of `size` bytes of JSON in place of the one before. One that alone is larger than the bound is not kept."""
        before = self._held.pop(key, None)
        if before is not None:
            self.bytes -= before[1]
        if size > self._bytes_max:
            return
        self._held[key] = (aggregate, size)
        self.bytes += size
        while self.bytes > self._bytes_max or len(self._held) > self._count_max:
            _, (_, freed) = self._held.popitem(last=False)
            self.bytes -= freed

    def clear(self) -> None:
        self._held.clear()
        self.bytes = 0
