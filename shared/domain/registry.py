"""Every feature of the domain, assembled: which command is decided how, which event changes what.

What lives here: the list of features and the tables made of it. A new feature adds one line to `FEATURES`.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import msgspec

from shared.domain import adopting, check, kitchen, site
from shared.domain.errors import COMMON_ERRORS, ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Decider, Event, Evolver, Feature, Key, Meta, View
from shared.domain.menu import overrides, schedule

__all__ = [
    "AGGREGATES", "COMMANDS", "ERRORS", "EVENTS", "FEATURES", "ROLES", "STATE_FORMAT", "AnyCommand", "booking_date", "decide",
    "decode_command", "decode_event", "evolve",
]  # fmt: skip


def _evolve_any(view: View, event: Event, meta: Meta) -> Mapping[Key, Aggregate]:
    """`evolve` below, for the feature that unwraps events of every other."""
    return evolve(view, event, meta)


def _decode_any(body: msgspec.Raw) -> Event | None:
    return decode_event(body)


FEATURES: tuple[Feature, ...] = (
    site.FEATURE,
    schedule.FEATURE,
    overrides.FEATURE,
    *check.FEATURES,
    *kitchen.FEATURES,
    adopting.make_feature(_evolve_any, _decode_any),
)


def _union(members: Iterable[Any]) -> Any:
    """`A | B | …`, for msgspec to decode into."""
    return reduce(lambda left, right: left | right, members)


_DECIDERS: dict[type[Command], tuple[str, Decider]] = {c: d for feature in FEATURES for c, d in feature.deciders.items()}
_EVOLVERS: dict[type[Event], Evolver] = {e: f for feature in FEATURES for e, f in feature.evolvers.items()}

COMMANDS: dict[str, type[Command]] = {cls.__name__: cls for cls in _DECIDERS}
EVENTS: dict[str, type[Event]] = {cls.__name__: cls for cls in _EVOLVERS}
AGGREGATES: dict[str, type[Aggregate]] = {kind: cls for feature in FEATURES for kind, cls in feature.aggregates.items()}
ERRORS: dict[str, ErrorInfo] = COMMON_ERRORS | {code: info for feature in FEATURES for code, info in feature.errors.items()}

STATE_FORMAT = 3
"""The format of the states that `evolve` leaves. Raise it with a release whose states an older release's cannot be continued as:
where a new kind of aggregate, a new field or a new meaning has to be filled from entries that are in the journal already. A box
whose projections are of another format builds them anew when it starts. (Release 0.1 recorded none.)"""

AnyCommand: Any = _union(COMMANDS.values())
"""The tagged union of every command, for msgspec to decode into."""

# What each role of a device may do. `box` is the box itself, `hub` what comes from the hub because a person there decided it;
# `import` may open checks in the past at prices of its own;
# `availability` is to say that an item has run out, which whoever finds the pan empty may.
ROLES: dict[str, frozenset[str]] = {
    "pos": frozenset({"order", "pay", "kitchen", "availability"}),
    "kds": frozenset({"kitchen", "availability"}),
    "manager": frozenset({"order", "pay", "kitchen", "availability", "manage", "approve"}),
    "import": frozenset({"order", "pay", "kitchen", "availability", "manage", "approve", "import"}),
    "box": frozenset({"box", "manage"}),
    "hub": frozenset({"adopt"}),
}

assert len(COMMANDS) == len(_DECIDERS), "two commands share a name"
assert len(EVENTS) == len(_EVOLVERS), "two events share a name"


class _Tagged(msgspec.Struct):
    type: str


_command_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyCommand)


def decode_command(body: bytes | msgspec.Raw) -> Command:
    """The command that a device sent. Raises Refused `command.unknown_type` or `command.malformed` with the place at fault."""
    try:
        return _command_decoder.decode(body)
    except RecursionError as error:
        raise Refused("command.malformed", "The command is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(*_why_unreadable(body, error)) from error


def _why_unreadable(body: bytes | msgspec.Raw, error: Exception) -> tuple[str, str]:
    try:
        name = msgspec.json.decode(body, type=_Tagged).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "command.malformed", f"The command cannot be read: {error}"
    if name in COMMANDS:
        return "command.malformed", f"{name} cannot be read: {error}"
    return "command.unknown_type", f"No command {name[:64]!r} is known here."


def booking_date(view: View, event: Event, today: str) -> str:
    """The business date an event is booked on: the check's own while that is open, else `today`.

    What happens to a check after it was closed books on the day it happens (DESIGN.md, Business day). An orphan keeps its date.
    """
    if isinstance(event, adopting.OrphanAdopted):
        return event.date
    check_id = getattr(event, "check_id", "")
    if isinstance(event, check.CheckOpened):
        return event.business_date
    found = view.find(check.Check, check.CHECK, check_id) if check_id else None
    return found.business_date if found is not None and found.is_live and not found.closings else today


def decide(view: View, command: Command, context: Context) -> list[Event]:
    """The events by which `command` is accepted; at least one. Raises Refused, and then nothing has happened."""
    permission, decider = _DECIDERS[type(command)]
    if permission not in context.permissions:
        raise Refused("permission.missing", f"{type(command).__name__} needs the permission {permission!r}.", permission=permission)
    events = list(decider(view, command, context))
    assert events, f"{type(command).__name__} was accepted without an event; refuse what changes nothing"
    return events


def evolve(view: View, event: Event, meta: Meta) -> Mapping[Key, Aggregate]:
    """Every aggregate that `event` changes, as it is afterwards.

    Raises LookupError or ValueError for an event that does not fit the state before it: a follower quarantines it.
    """
    changes = _EVOLVERS[type(event)](view, event, meta)
    # What an adopted event changes was changed under the epoch of the orphan, and is marked so where it is unwrapped.
    return changes if isinstance(event, adopting.OrphanAdopted) else adopting.mark_epoch(changes, meta.epoch)


_AnyEvent: Any = _union(EVENTS.values())
_event_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_AnyEvent)


def decode_event(body: bytes | msgspec.Raw) -> Event | None:
    """The event of an entry, or None for a type this release does not know (kept and passed on, Law 10).

    Raises msgspec.ValidationError or msgspec.DecodeError for an event of a known type that cannot be read.
    """
    try:
        return _decode_known(body)
    except (RecursionError, UnicodeDecodeError) as error:  # which msgspec lets through
        raise msgspec.DecodeError(f"the event cannot be read: {error}") from error


def _decode_known(body: bytes | msgspec.Raw) -> Event | None:
    try:
        return _event_decoder.decode(body)
    except msgspec.ValidationError:
        if msgspec.json.decode(body, type=_Tagged).type not in EVENTS:
            return None
        raise
