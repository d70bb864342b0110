"""Reads entries of the raw journal, and says what each is about: pure, whatever is in them.

What lives here: how far an entry can be read, and what is held back with one that cannot be projected. What events do to state is
in fold.py.
"""

from collections.abc import Iterable
from typing import Any, TypeGuard

import msgspec

from shared.domain.adopting import OrphanAdopted
from shared.domain.check.state import CHECK
from shared.domain.kernel import Event, Key
from shared.domain.kitchen.state import TICKET
from shared.domain.registry import EVENTS
from shared.limits import ID_LENGTH_MAX
from shared.protocol.entry import Entry, decode_entry
from shared.protocol.upcast import read_event

__all__ = ["RawEntry", "Read", "read_entry"]


class RawEntry(msgspec.Struct, frozen=True):
    """An entry as the raw journal holds it. `correction` is what a person has put in its place, `is_left_out` that it is passed over."""

    sequence: int
    epoch: int
    data: bytes
    correction: bytes | None = None
    is_left_out: bool = False

    @property
    def said(self) -> bytes:
        """The bytes that are read."""
        return self.data if self.correction is None else self.correction


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, read as far as possible: with an event, as one of an unknown type (no event, no code), or not (`code`).

    `subjects` is what is held back with it when it cannot be projected: every check that it is about, else its ticket, else itself.
    """

    raw: RawEntry
    subjects: tuple[Key, ...]
    entry: Entry | None = None
    event: Event | None = None
    code: str = ""
    detail: str = ""


def read_entry(org_id: str, site_id: str, raw: RawEntry) -> Read:
    """Read an entry, or what stands in its place. Never raises for what is in it."""
    if raw.is_left_out:
        return Read(raw=raw, subjects=())
    try:
        entry = decode_entry(raw.said)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _unreadable(raw, "entry.malformed", str(error))
    if (entry.org, entry.site, entry.epoch, entry.sequence) != (org_id, site_id, raw.epoch, raw.sequence):
        return _unreadable(raw, "entry.misplaced", "The entry names another site or position than it stands at.")
    try:
        event = read_event(entry.event)
        about = _unwrapped(event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _unreadable(raw, "event.malformed", str(error))
    if event is None or about is None:
        return Read(raw=raw, subjects=_subjects(raw, (), ""), entry=entry)
    if rb"\u0000" in bytes(entry.event) and _holds_nul(msgspec.json.decode(entry.event)):
        return _unreadable(raw, "event.nul", "A text of the event holds a NUL, which no read model can keep.")
    return Read(raw=raw, subjects=_subjects(raw, _checks_of(about), getattr(about, "ticket_id", "")), entry=entry, event=event)


def _unwrapped(event: Event | None) -> Event | None:
    """What an adopted event says; None where that is of a type that is not known here."""
    while isinstance(event, OrphanAdopted):
        event = read_event(event.event)
    return event


# --- what an entry is about ------------------------------------------------------------------------


def _subjects(raw: RawEntry, check_ids: Iterable[object], ticket_id: object) -> tuple[Key, ...]:
    if checks := tuple([(CHECK, id) for id in dict.fromkeys([id for id in check_ids if _can_be_id(id)])]):
        return checks
    return ((TICKET, str(ticket_id)),) if _can_be_id(ticket_id) else (("entry", str(raw.sequence)),)


def _can_be_id(id: object) -> TypeGuard[str]:
    return isinstance(id, str) and 0 < len(id) <= ID_LENGTH_MAX and "\x00" not in id


def _names_checks(field: str) -> bool:
    return field.endswith(("check_id", "check_ids", "children"))


_CHECK_FIELDS: dict[type[Event], list[str]] = {
    event: [field.name for field in msgspec.structs.fields(event) if _names_checks(field.name)] for event in EVENTS.values()
}


def _checks_of(event: Event) -> list[str]:
    """The checks that an event of a check is about, its own first: those that merge into it, that it is split into, that lines
    move to. An event of a ticket alone is about none: the ticket may know a check by a label."""
    own: str = getattr(event, "check_id", "")
    fields = _CHECK_FIELDS[type(event)]
    if not own or len(fields) == 1:
        return [own] if own else []
    found = [own]
    for name in fields:
        value = getattr(event, name)
        found += [value] if isinstance(value, str) else [each if isinstance(each, str) else each.check_id for each in value or ()]
    return found


class _LooseEntry(msgspec.Struct):
    event: dict[str, Any]


def _unreadable(raw: RawEntry, code: str, detail: str) -> Read:
    try:
        loose = msgspec.json.decode(raw.said, type=_LooseEntry).event
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        loose = {}
    while loose.get("type") == OrphanAdopted.__name__ and isinstance(loose.get("event"), dict):
        loose = loose["event"]
    checks: list[object] = [loose["check_id"]] if _can_be_id(loose.get("check_id")) else []
    if checks:
        for name, value in loose.items():
            if _names_checks(name):
                listed: list[Any] = value if isinstance(value, list) else [value]
                checks += [each.get("check_id") if isinstance(each, dict) else each for each in listed]
    return Read(raw=raw, subjects=_subjects(raw, checks, loose.get("ticket_id")), code=code, detail=detail)


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(each) for key, each in value.items())
    return isinstance(value, list) and any(_holds_nul(each) for each in value)
