"""From an entry to the state it leaves: the one way in which followers fold a journal.

What lives here: the bridge between an entry's bytes and the domain's `evolve`. Rebuild, hub, simulator and tools use it.
Where state is kept is not known here.
"""

from collections.abc import Mapping

from shared.domain.kernel import Aggregate, Key, Meta, View
from shared.domain.registry import evolve
from shared.protocol.entry import Entry
from shared.protocol.upcast import read_event

__all__ = ["fold", "meta_of"]


def meta_of(entry: Entry) -> Meta:
    """What an entry says around its event."""
    return Meta(
        at=entry.at, date=entry.date, command_id=entry.command, ordinal=entry.ordinal, epoch=entry.epoch, sequence=entry.sequence,
        device_id=entry.device, actor_id=entry.actor,
    )  # fmt: skip


def fold(view: View, entry: Entry) -> Mapping[Key, Aggregate] | None:
    """Every aggregate that the entry changes; None for an event of a type this release does not know (Law 10).

    Raises msgspec.ValidationError, LookupError or ValueError for an entry that does not fit: quarantine it (Law 11).
    """
    event = read_event(entry.event)
    return None if event is None else evolve(view, event, meta_of(entry))
