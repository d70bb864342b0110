"""What follows by rule from a change of a check: promotions and automatic service charges come and go.

What lives here: the one function that every rule module asks after a change of lines, covers or dining option.
"""

from collections.abc import Iterable

from shared.domain.check.state import Check
from shared.domain.kernel import Context, Event

__all__ = ["settle"]


def settle(after: Check, context: Context) -> Iterable[Event]:
    """The events by which promotions and automatic charges on `after` (the check as the decision leaves it) become what the
    menu's rules say; none where they are so already."""
    return ()
