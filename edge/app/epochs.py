"""Where the epoch of a box begins in its journal.

What lives here: the search. Epochs never fall in a journal, so that it is by halves: twenty looks for a million entries. What the hub makes
of it is not known here.
"""

from collections.abc import Awaitable, Callable

from shared.protocol.entry import Position, StoredEntry

__all__ = ["before_epoch"]


async def before_epoch(
    entry: Callable[[int], Awaitable[StoredEntry | None]], begins: Position, head: Position, epoch: int
) -> Position | None:  # fmt: skip
    """The position before the first entry of `epoch` in a journal that reaches from after `begins` to `head`; START where that is the first
    of all. None where it is not known: the first entry was trimmed, meanwhile perhaps, or there is none yet. `entry` finds one by its
    sequence."""
    if begins.epoch >= epoch or head.epoch < epoch:
        return None
    found, high = begins, head.sequence
    while high - found.sequence > 1:
        middle = await entry((found.sequence + high) // 2)
        if middle is None:
            return None
        if middle.epoch >= epoch:
            high = middle.sequence
        else:
            found = middle.position
    return found
