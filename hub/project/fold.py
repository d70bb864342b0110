"""Folds a site's entries into state: pure, one entry after the other, whatever is in them.

What lives here: which aggregates an entry changes, what is held back in quarantine, and what the read models gain. State comes
in as it is asked for; where it is kept, and transactions, are not known here. Order is the journal's, never a clock's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from shared.domain.check import Check
from shared.domain.check.books import NO_SALES, Sales, sales_of
from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Draft, Event, Key, Meta
from shared.domain.registry import AGGREGATES, decode_event, evolve
from shared.domain.views import CheckView, check_view
from shared.protocol.entry import Entry, decode_entry

__all__ = ["Held", "Missing", "RawEntry", "Read", "SiteFold", "read_entry"]

A = TypeVar("A", bound=Aggregate)
DETAIL_LENGTH_MAX = 500  # characters of an explanation that are kept


class Missing(Exception):
    """State that has not been loaded. Evolving is pure: load it and fold the entry again."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class RawEntry(msgspec.Struct, frozen=True):
    """An entry as the raw journal holds it."""

    sequence: int
    epoch: int
    data: bytes


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in quarantine. `kind` and `id` name what is held back with it; of kind "entry", nothing is."""

    sequence: int
    kind: str
    id: str
    code: str
    detail: str


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, read as far as possible: with an event, as one of an unknown type (no event, no code), or not (`code`)."""

    raw: RawEntry
    subject: Key
    entry: Entry | None = None
    event: Event | None = None
    code: str = ""
    detail: str = ""


def read_entry(org_id: str, site_id: str, raw: RawEntry) -> Read:
    """Read an entry. Never raises for what is in it."""
    try:
        entry = decode_entry(raw.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _unreadable(raw, "entry.malformed", str(error))
    if (entry.org, entry.site, entry.epoch, entry.sequence) != (org_id, site_id, raw.epoch, raw.sequence):
        return _unreadable(raw, "entry.misplaced", "The entry names another site or position than it stands at.")
    try:
        event = decode_event(entry.event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _unreadable(raw, "event.malformed", str(error))
    if event is None:
        return Read(raw=raw, subject=_entry_key(raw), entry=entry)
    if rb"\u0000" in bytes(entry.event) and _holds_nul(msgspec.json.decode(entry.event)):
        return _unreadable(raw, "event.nul", "A text of the event holds a NUL, which no read model can keep.")
    return Read(raw=raw, subject=_subject(raw, getattr(event, "check_id", ""), getattr(event, "ticket_id", "")), entry=entry, event=event)


def _entry_key(raw: RawEntry) -> Key:
    return "entry", str(raw.sequence)


def _subject(raw: RawEntry, check_id: object, ticket_id: object) -> Key:
    """What is held back when the entry cannot be projected: the check that it is about, else the ticket, else itself."""
    for kind, id in (("check", check_id), ("ticket", ticket_id)):
        if isinstance(id, str) and 0 < len(id) <= 64 and "\x00" not in id:
            return kind, id
    return _entry_key(raw)


class _Loose(msgspec.Struct):
    check_id: Any = ""
    ticket_id: Any = ""


class _LooseEntry(msgspec.Struct):
    event: _Loose


def _unreadable(raw: RawEntry, code: str, detail: str) -> Read:
    try:
        loose = msgspec.json.decode(raw.data, type=_LooseEntry).event
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        loose = _Loose()
    return Read(raw=raw, subject=_subject(raw, loose.check_id, loose.ticket_id), code=code, detail=detail)


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


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
        self.sales: dict[tuple[str, str], Sales] = {}

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
        """What is sure to be asked for: checks and tickets that events name. The rest comes up as Missing."""
        keys: set[Key] = {("site", "")}
        for read in entries:
            if read.event is not None:
                keys |= {(kind, id) for kind in AGGREGATES if isinstance(id := getattr(read.event, f"{kind}_id", None), str)}
            if read.subject[0] != "entry":
                keys.add(read.subject)
        return keys

    # --- one entry after the other ---------------------------------------------------------------

    def fold(self, read: Read) -> None:
        """Fold one entry. Raises Missing, and then nothing has changed."""
        if read.code:
            self.hold(read, read.code, read.detail)
        elif read.event is None or read.entry is None:
            self.unknown_events += 1
        elif read.subject in self._quarantined:
            self.hold(read, "quarantine.follows", f"An earlier entry of this {read.subject[0]} is in quarantine.")
        else:
            self._evolve(read, read.entry, read.event)

    def hold(self, read: Read, code: str, detail: str) -> None:
        """Put an entry, and what comes after it of its check or ticket, in quarantine."""
        kind, id = read.subject
        if kind != "entry":
            self._quarantined.add(read.subject)
        text = detail.replace("\x00", "").encode("utf-8", "replace").decode()
        self.held.append(Held(sequence=read.raw.sequence, kind=kind, id=id, code=code, detail=text[:DETAIL_LENGTH_MAX]))

    def _evolve(self, read: Read, entry: Entry, event: Event) -> None:
        try:
            changes = evolve(self._draft, event, _meta(entry))
            deltas = [delta for key, after in changes.items() for delta in self._sales_of_change(key, after)]
        except Missing:
            raise
        except Refused as error:
            self.hold(read, error.code, error.detail)
        except Exception as error:  # whatever an entry of any release makes of our rules, it stops nobody (Law 11)
            self.hold(read, "event.unfit", f"{type(error).__name__}: {error}")
        else:
            self._draft.put(changes)
            for day, delta in deltas:
                self.sales[day] = self.sales.get(day, NO_SALES) + delta

    def _sales_of_change(self, key: Key, after: Aggregate) -> list[tuple[tuple[str, str], Sales]]:
        """What the change adds to the sales of which (business date, currency); the old is taken away, the new added."""
        if not isinstance(after, Check):
            return []
        before = self._draft.find(Check, *key)
        deltas = [((after.business_date, after.currency), sales_of(after))]
        if before is not None:
            deltas.append(((before.business_date, before.currency), NO_SALES - sales_of(before)))
        return [(day, delta) for day, delta in deltas if delta != NO_SALES]

    # --- what it comes to ------------------------------------------------------------------------

    @property
    def changes(self) -> Mapping[Key, Aggregate]:
        """Every aggregate that changed, as it is now."""
        return self._draft.changes

    def checks(self) -> list[CheckView]:
        """Every check that changed, with its sums. Raises whatever a check makes of our arithmetic."""
        return [check_view(aggregate) for aggregate in self._draft.changes.values() if isinstance(aggregate, Check)]


def _meta(entry: Entry) -> Meta:
    return Meta(
        at=entry.at,
        date=entry.date,
        command_id=entry.command,
        ordinal=entry.ordinal,
        epoch=entry.epoch,
        sequence=entry.sequence,
        device_id=entry.device,
        actor_id=entry.actor,
    )
