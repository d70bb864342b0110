"""Where the epochs of a site begin in its journal.

What lives here: the search. Epochs never fall in a journal, so that it is by halves: twenty looks for an epoch in a million entries. What
the hub makes of it is not known here.
"""

from collections.abc import Awaitable, Callable

from shared.limits import EPOCH_BEGINS_MAX
from shared.protocol.entry import Position, StoredEntry

__all__ = ["epoch_beginnings"]

Look = Callable[[int], Awaitable[StoredEntry | None]]
"""Finds an entry by its sequence; None where it is not there (any more)."""


async def epoch_beginnings(entry: Look, begins: Position, head: Position) -> tuple[Position, ...]:
    """The positions before the first entry of each epoch in a journal that reaches from after `begins` to `head`, in order, at most the last
    EPOCH_BEGINS_MAX; the first may be START. Beginnings that were trimmed are not among them, and there are none while something is
    trimmed under the search."""
    found: list[Position] = []
    at = begins
    while at.sequence < head.sequence:
        first = await entry(at.sequence + 1)
        if first is None:
            return ()
        if first.epoch > at.epoch:
            found.append(at)
        last = await _last_of_epoch(entry, first, head)
        if last is None:
            return ()
        at = last
    return tuple(found[-EPOCH_BEGINS_MAX:])


async def _last_of_epoch(entry: Look, first: StoredEntry, head: Position) -> Position | None:
    """The last position of the epoch of `first`; None where something is not there any more."""
    if head.epoch <= first.epoch:
        return head
    last, beyond = first, head.sequence
    while beyond - last.sequence > 1:
        middle = await entry((last.sequence + beyond) // 2)
        if middle is None:
            return None
        if middle.epoch > first.epoch:
            beyond = middle.sequence
        else:
            last = middle
    return last.position
