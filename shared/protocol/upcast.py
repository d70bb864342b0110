"""Old forms of events, made into present ones when they are read (Law 10).

What lives here: the table of upcasters, and the one way in which a follower reads an event. Entries are never written anew: an old form
stays in the journal as it is, and is turned into the present one whenever somebody folds it.

Adding one: an event type whose form has changed in a way that no default can bridge (a field that was split, a type that was renamed)
gets a row `"Type": function` in UPCASTERS, where Type is the name *as it stands in the journal*. The function takes the event as a
dict and returns the dict that this release reads; it is pure, and total on every form that was ever written. Plant the old form in a
test beside test_upcast.py, and never take a row away. An old form may need several steps: what comes out is looked up again.
`comanda hub quarantine retry` then projects what the release before had to hold back.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shared.domain.kernel import Event
from shared.domain.registry import decode_event

__all__ = ["UPCASTERS", "Upcaster", "read_event", "upcast"]

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
_STEPS_MAX = 8  # forms that one event went through, one after the other

UPCASTERS: dict[str, Upcaster] = {}
"""By the type that stands in the journal. Empty: every form that was ever written is read as it is (tests/corpus)."""


def upcast(event: dict[str, Any], upcasters: Mapping[str, Upcaster] | None = None) -> dict[str, Any] | None:
    """One step from an old form to the next; None where there is none for its type."""
    step = (UPCASTERS if upcasters is None else upcasters).get(str(event.get("type")))
    return None if step is None else step(event)


def read_event(body: bytes | msgspec.Raw, upcasters: Mapping[str, Upcaster] | None = None) -> Event | None:
    """The event, from whatever form it is in; None for a type that this release does not know.

    Raises msgspec.ValidationError or msgspec.DecodeError for an event of a known type that cannot be read, upcast or not.
    """
    for _ in range(_STEPS_MAX):
        problem: msgspec.DecodeError | None = None
        try:
            found = decode_event(body)
        except msgspec.DecodeError as error:
            found, problem = None, error
        if found is not None:
            return found
        later = _later(body, UPCASTERS if upcasters is None else upcasters)
        if later is None or later == bytes(body):
            if problem is not None:
                raise problem
            return None
        body = later
    raise msgspec.DecodeError(f"the event is still of an old form after {_STEPS_MAX} steps")


def _later(body: bytes | msgspec.Raw, upcasters: Mapping[str, Upcaster]) -> bytes | None:
    """The next form of the event, as JSON; None where there is none. An upcaster that fails has met no form that was ever written."""
    if not upcasters:
        return None
    try:
        event = msgspec.json.decode(body, type=dict[str, Any])
        stepped = upcast(event, upcasters)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise msgspec.DecodeError(f"the event is of no form that can be upcast: {type(error).__name__}: {error}") from error
    return None if stepped is None else msgspec.json.encode(stepped)
