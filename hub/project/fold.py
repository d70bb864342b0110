"""Folds a site's entries into state: pure, one entry after the other, whatever is in them.

What lives here: which aggregates an entry changes, and what is held back in quarantine. State comes in as it is asked for; where it
is kept, and transactions, are not known here, nor what read models make of it (rows.py). Order is the journal's, never a clock's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from hub.project.reading import Read
from shared.domain.check.state import CHECK
from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Draft, Event, Key
from shared.domain.kitchen.state import KITCHEN, STATION, TICKET, Ticket
from shared.domain.menu.overrides import OVERRIDE
from shared.domain.registry import EVENTS, evolve
from shared.domain.site import SITE
from shared.protocol.entry import Entry
from shared.protocol.fold import meta_of

__all__ = ["Held", "Missing", "SiteFold"]

A = TypeVar("A", bound=Aggregate)
DETAIL_LENGTH_MAX = 500  # characters of an explanation that are kept

# What is sure to be asked for when an event names something, by the name of its field.
_ASKED_BY_FIELD: dict[str, str] = {"ticket_id": TICKET, "added_ticket_id": TICKET, "item_id": OVERRIDE, "station": STATION}
_ASKED: dict[type[Event], list[tuple[str, str]]] = {
    event: [(name, kind) for name, kind in _ASKED_BY_FIELD.items() if name in event.__struct_fields__] for event in EVENTS.values()
}


class Missing(Exception):
    """State that has not been loaded. Evolving is pure: load it and fold the entry again."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in quarantine. `kind` and `id` name what is held back with it; of kind "entry", nothing is."""

    sequence: int
    kind: str
    id: str
    code: str
    detail: str


class _Loaded:
    """State as it lies in the store: what was loaded, None for what is not there, Missing for what was not asked for."""

    def __init__(self) -> None:
        self.known: dict[Key, Aggregate | None] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        try:
            found = self.known[kind, id]
        except KeyError:
            raise Missing((kind, id)) from None
        assert found is None or isinstance(found, cls)
        return found


class SiteFold:
    """A run of one site's entries being folded. What it comes to is read from it at the end, and kept in one transaction."""

    def __init__(self) -> None:
        self._loaded = _Loaded()
        self._draft = Draft(self._loaded)
        self._quarantined: set[Key] = set()
        self.held: list[Held] = []
        self.unknown_events = 0

    # --- what is loaded --------------------------------------------------------------------------

    def load(self, keys: Iterable[Key], found: Mapping[Key, Aggregate]) -> None:
        """The state of `keys`; those that are not among `found` do not exist."""
        for key in keys:
            self._loaded.known[key] = found.get(key)

    def quarantine(self, keys: Iterable[Key]) -> None:
        """What was held back before this run."""
        self._quarantined |= set(keys)

    @staticmethod
    def wanted(entries: Sequence[Read]) -> set[Key]:
        """What is sure to be asked for, by what the events name. The rest comes up as Missing."""
        keys: set[Key] = {(SITE, "")}
        for read in entries:
            for kind, id in read.subjects:
                if kind == CHECK:
                    keys.add((CHECK, id))
                    keys.add((KITCHEN, id))
                elif kind == TICKET:
                    keys.add((TICKET, id))
            if read.event is not None:
                for name, kind in _ASKED[type(read.event)]:
                    keys.add((kind, getattr(read.event, name)))
        return keys

    @staticmethod
    def related(found: Mapping[Key, Aggregate]) -> set[Key]:
        """What is asked for with what was found: a ticket is kept in the indexes of its station and of its checks."""
        keys: set[Key] = set()
        for ticket in found.values():
            if isinstance(ticket, Ticket):
                owners = {line.check_id or ticket.check_id for line in ticket.lines} | {ticket.check_id}
                keys |= {(STATION, ticket.station), *((KITCHEN, id) for id in owners)}
        return keys - found.keys()

    # --- one entry after the other ---------------------------------------------------------------

    def fold(self, read: Read) -> None:
        """Fold one entry. Raises Missing, and then nothing has changed."""
        if read.raw.is_left_out:
            return
        if read.code:
            self.hold(read, read.code, read.detail)
        elif read.event is None or read.entry is None:
            self.unknown_events += 1
        elif held := [id for kind, id in read.subjects if (kind, id) in self._quarantined]:
            self.hold(read, "quarantine.follows", f"An earlier entry of this {read.subjects[0][0]} is in quarantine: {held[0]}.")
        else:
            self._evolve(read, read.entry, read.event)

    def hold(self, read: Read, code: str, detail: str) -> None:
        """Put an entry, and what comes after it of its checks or its ticket, in quarantine."""
        text = detail.replace("\x00", "").encode("utf-8", "replace").decode()[:DETAIL_LENGTH_MAX]
        for kind, id in read.subjects:
            if kind != "entry":
                self._quarantined.add((kind, id))
            self.held.append(Held(sequence=read.raw.sequence, kind=kind, id=id, code=code, detail=text))

    def _evolve(self, read: Read, entry: Entry, event: Event) -> None:
        try:
            changes = evolve(self._draft, event, meta_of(entry))
        except Missing:
            raise
        except Refused as error:
            self.hold(read, error.code, error.detail)
        except Exception as error:  # whatever an entry of any release makes of our rules, it stops nobody (Law 11)
            self.hold(read, "event.unfit", f"{type(error).__name__}: {error}")
        else:
            self._draft.put(changes)

    # --- what it comes to ------------------------------------------------------------------------

    @property
    def changes(self) -> Mapping[Key, Aggregate]:
        """Every aggregate that changed, as it is now."""
        return self._draft.changes

    def changed(self) -> list[tuple[Aggregate | None, Aggregate]]:
        """The same with what was there before the run, None for what is new."""
        return [(self._loaded.known.get(key), after) for key, after in self._draft.changes.items()]
