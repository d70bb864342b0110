"""The decision kernel: how commands become events and events become state, for every feature alike.

What lives here: the base types `Command`, `Event` and `Aggregate`, the `Context` of a decision, the overlay in which a
batch is tried, and the `Feature` table by which a feature is plugged in. No feature, and no I/O, is known here.

Structs of the domain say `gc=False`: they are immutable and cannot form a cycle, and a busy edge holds many thousands of them,
over which the garbage collector would walk again and again while a waiter waits.

A decision is `decide(view, command, context) -> events`; the state it leaves is `evolve(view, event, meta)`, which names
each aggregate that the event changes. Edge, hub, simulator and tools run these same functions (DESIGN.md, Decisions).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from shared.domain.errors import ErrorInfo
from shared.domain.menu.document import Menu

__all__ = ["Aggregate", "Command", "Context", "Decider", "Draft", "Event", "Evolver", "Feature", "Key", "Meta", "View"]

Key = tuple[str, str]
"""(kind, id): the kind of an aggregate and its id within the site."""


class Command(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="type", tag=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What somebody wants: imperative. The tag is the class's name.

    Defaults are left out when a command is encoded, so that a field added later does not change the digest of a command
    that is sent again after an update.
    """


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="type", tag=True):
    """What happened: past tense. Fields are only ever added, with defaults (Law 10)."""


class Aggregate(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """State that is decided upon as one. Immutable: `evolve` puts a new one in its place."""

    @property
    def is_live(self) -> bool:
        """Whether a screen still has to show it: an open check, a ticket not yet bumped."""
        return False


class Context(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the world outside says at the moment of a decision; nothing else may influence it.

    `now` is UTC; `head_at` is the time of the last journal entry (UTC) or None; `today` is the business date in force.
    """

    command_id: str
    now: datetime
    today: str
    head_at: datetime | None
    epoch: int
    site_id: str
    org_id: str
    zone: ZoneInfo
    cut_over_minutes: int
    currency: str
    menu: Menu
    menu_version: str
    device_id: str
    actor_id: str
    permissions: frozenset[str]


class Meta(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the entry around an event says: when, on which business date, by which command and device."""

    at: datetime
    date: str
    command_id: str
    ordinal: int
    epoch: int
    sequence: int
    device_id: str
    actor_id: str


A = TypeVar("A", bound=Aggregate)


class View(Protocol):
    """State as a decision sees it."""

    def find(self, cls: type[A], kind: str, id: str) -> A | None: ...


class Draft:
    """An overlay on a view: changes are visible above it and leave what is below untouched until merged."""

    __slots__ = ("_below", "changes")

    def __init__(self, below: View) -> None:
        self._below = below
        self.changes: dict[Key, Aggregate] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        changed = self.changes.get((kind, id))
        if changed is not None:
            assert isinstance(changed, cls)
            return changed
        return self._below.find(cls, kind, id)

    def put(self, changes: Mapping[Key, Aggregate]) -> None:
        self.changes.update(changes)


Decider = Callable[[View, Any, Context], Iterable[Event]]
Evolver = Callable[[View, Any, Meta], Mapping[Key, Aggregate]]


@dataclass(frozen=True)
class Feature:
    """One feature of the domain, plugged into the registry by its tables.

    `deciders` maps a command class to (permission it needs, decision); `evolvers` maps an event class to its effect on
    state; `aggregates` names the kinds of state it owns; `errors` its refusal codes.
    """

    name: str
    deciders: Mapping[type[Command], tuple[str, Decider]] = field(default_factory=dict[type[Command], tuple[str, Decider]])
    evolvers: Mapping[type[Event], Evolver] = field(default_factory=dict[type[Event], Evolver])
    aggregates: Mapping[str, type[Aggregate]] = field(default_factory=dict[str, type[Aggregate]])
    errors: Mapping[str, ErrorInfo] = field(default_factory=dict[str, ErrorInfo])
