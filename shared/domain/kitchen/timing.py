"""When to begin: so that a whole fire is ready together, and when a ticket that nobody shows is overdue.

What lives here: pure functions of prep times and moments. Times are UTC, prep times seconds. What comes out is stored in events, so
that a repeat, a rebuild and the hub say the same; there is no timer anywhere: screens show what waits until its time has come.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.domain.kitchen.state import Ticket, TicketLine, TicketStatus
from shared.limits import KITCHEN_UNSHOWN_ALARM_S

__all__ = ["UNSHOWN", "begins_at", "due_at", "fire_at", "ready_by", "unshown"]

UNSHOWN = "kitchen.unshown"
"""The alarm for tickets that no screen has shown."""


def fire_at(fired_at: datetime, prep_s: int, longest_s: int, by_prep: bool) -> datetime:
    """When to begin what takes `prep_s`, in a fire whose longest takes `longest_s`: at `fired_at`, or, at a station that fires by prep
    time, so much later that both are ready together. What has no prep time (0) begins at once: not known is not quick."""
    if not by_prep or prep_s <= 0:
        return fired_at
    return fired_at + timedelta(seconds=max(longest_s - prep_s, 0))


def ready_by(lines: Iterable[tuple[datetime, int]]) -> datetime | None:
    """When all of a ticket should be ready, from (begin, prep time) of its lines; None where no prep time is known."""
    known = [begin + timedelta(seconds=prep_s) for begin, prep_s in lines if prep_s > 0]
    return max(known) if known else None


def begins_at(ticket: Ticket, line: TicketLine) -> datetime:
    """When the station is to begin with a line; those of a release without prep times at once."""
    return line.fire_at or ticket.created_at


def due_at(ticket: Ticket) -> datetime:
    """When the first of what is to be made begins: from then on a screen has to show the ticket."""
    return min((begins_at(ticket, line) for line in ticket.lines if line.is_pending), default=ticket.created_at)


def unshown(tickets: Iterable[Ticket], now: datetime) -> tuple[Ticket, ...]:
    """The tickets that no screen has shown, nor any printer printed, KITCHEN_UNSHOWN_ALARM_S after they were due; the longest due
    first. A kitchen that works from paper has been told; a ticket on which nothing is left to make needs nobody."""
    late = [
        (due, ticket.number, ticket)
        for ticket in tickets
        if ticket.status is TicketStatus.OPEN and ticket.shown_at is None and ticket.printed_at is None and ticket.is_pending
        if (now - (due := due_at(ticket))).total_seconds() > KITCHEN_UNSHOWN_ALARM_S
    ]
    return tuple([ticket for _, _, ticket in sorted(late, key=lambda each: each[:2])])
