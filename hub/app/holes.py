"""Holes: entries that the hub has lost and that no box holds any more, filled from a mirror if one turns up.

What lives here: finding in what a mirror holds the run that leads from the position before the hole to that of its last entry. Only
the chain says whether it is the right one; where it comes from does not matter. Files are not known here, nor is storage.
"""

from collections.abc import Iterable

from hub.app.errors import HubRefused
from hub.app.operating import Hole
from shared.protocol.entry import StoredEntry, entry_hash

__all__ = ["filling"]


def filling(hole: Hole, runs: Iterable[list[StoredEntry]]) -> list[StoredEntry]:
    """The entries of the hole, in order, out of those of a mirror. Raises HubRefused `hole.unfilled` where it lacks one, or holds
    another branch than the one that led over the hole."""
    found: list[StoredEntry] = []
    before, sequence = hole.before.hash, hole.before.sequence
    for run in runs:
        for each in run:
            if each.sequence <= sequence:
                continue
            if each.sequence > hole.last.sequence:
                break
            if each.sequence != sequence + 1:
                raise HubRefused("hole.unfilled", f"The mirror lacks entry {sequence + 1}.")
            if entry_hash(before, each.entry) != each.hash:
                raise HubRefused("hole.unfilled", f"Entry {each.sequence} of the mirror does not follow on entry {sequence} at the hub.")
            before, sequence = each.hash, each.sequence
            found.append(each)
    if sequence < hole.last.sequence:
        raise HubRefused("hole.unfilled", f"The mirror lacks entry {sequence + 1}; the hole ends at {hole.last.sequence}.")
    if found[-1].position != hole.last:
        raise HubRefused("hole.unfilled", f"Entry {sequence} of the mirror is another than the one that the site went on from.")
    return found
