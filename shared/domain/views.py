"""What a device is shown of each kind of state.

What lives here: one pure function. The views themselves are beside what they show.
"""

from shared.domain.check.state import Check
from shared.domain.check.view import CheckView, LineView, check_view
from shared.domain.kitchen.ticket import Ticket

__all__ = ["CheckView", "LineView", "check_view", "view_of"]


def view_of(aggregate: object) -> CheckView | Ticket | None:
    """What a device is shown of an aggregate, or None where it concerns the box alone."""
    if isinstance(aggregate, Check):
        return check_view(aggregate)
    return aggregate if isinstance(aggregate, Ticket) else None
