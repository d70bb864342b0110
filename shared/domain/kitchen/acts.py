"""What every act on a ticket begins with, and how its change is kept: finding it, asking its tables, the indexes beside it.

What lives here: helpers of the modules beside this one, for decisions (which refuse) and for evolution (which raises). No act is
known here.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Key, View
from shared.domain.kitchen.state import (
    ITEM_STATES,
    KITCHEN,
    STATION,
    TICKET,
    CheckTickets,
    StationLog,
    Ticket,
    TicketLine,
    TicketStatus,
)  # fmt: skip
from shared.limits import STATION_RECENT_MAX

__all__ = [
    "allow_item", "change_lines", "ensure_open", "ensure_seen", "find_item", "find_ticket", "line_before", "put", "ticket_before", "tickets_of",
]  # fmt: skip


def find_ticket(view: View, ticket_id: str) -> Ticket:
    """The ticket. Raises Refused `ticket.unknown`."""
    ticket = view.find(Ticket, TICKET, ticket_id)
    if ticket is None:
        raise Refused("ticket.unknown", f"There is no ticket {ticket_id}.")
    return ticket


def ticket_before(view: View, ticket_id: str) -> Ticket:
    """The ticket before an event. Raises LookupError."""
    ticket = view.find(Ticket, TICKET, ticket_id)
    if ticket is None:
        raise LookupError(f"an event names the unknown ticket {ticket_id}")
    return ticket


def tickets_of(view: View, check_id: str, *, live_only: bool = False) -> list[Ticket]:
    """The tickets on which lines of the check stand, the live ones first."""
    index = view.find(CheckTickets, KITCHEN, check_id) or CheckTickets()
    ids = index.live if live_only else index.live + index.done
    return [ticket for ticket in (view.find(Ticket, TICKET, id) for id in ids) if ticket is not None]


def ensure_open(ticket: Ticket) -> None:
    """Raises Refused `ticket.already_bumped` or `ticket.already_served`."""
    if ticket.status is not TicketStatus.OPEN:
        detail = f"Ticket {ticket.number} of {ticket.station} has been {ticket.status}."
        raise Refused(f"ticket.already_{ticket.status}", detail, ticket_id=ticket.ticket_id, status=ticket.status)


def ensure_seen(ticket: Ticket, line_id: str = "") -> None:
    """Raises Refused `ticket.changes_unseen` where there are any (that touch the line), with them in its facts."""
    unseen = [change for change in ticket.unseen if not line_id or line_id in change.line_ids]
    if unseen:
        detail = f"Ticket {ticket.number} of {ticket.station} has {len(unseen)} changes that nobody has seen."
        raise Refused("ticket.changes_unseen", detail, ticket_id=ticket.ticket_id, changes=msgspec.to_builtins(unseen))


def find_item(ticket: Ticket, line_id: str) -> TicketLine:
    """The line. Raises Refused `ticket.item_unknown`."""
    line = ticket.line(line_id)
    if line is None:
        detail = f"Ticket {ticket.number} of {ticket.station} has no item {line_id}."
        raise Refused("ticket.item_unknown", detail, ticket_id=ticket.ticket_id)
    return line


def allow_item(ticket: Ticket, line: TicketLine, act: str) -> None:
    """Raises Refused `ticket.item_displayed`, `_started`, `_ready`, `_served` or `_voided` unless ITEM_STATES has an arrow for `act`."""
    if (line.status, act) not in ITEM_STATES:
        detail = f"{line.name} on ticket {ticket.number} of {ticket.station} is {line.status}."
        raise Refused(f"ticket.item_{line.status}", detail, ticket_id=ticket.ticket_id, line_id=line.line_id, status=line.status)


def line_before(ticket: Ticket, line_id: str) -> TicketLine:
    """The line before an event. Raises LookupError."""
    line = ticket.line(line_id)
    if line is None:
        raise LookupError(f"an event names an item that ticket {ticket.ticket_id} does not have: {line_id}")
    return line


def change_lines(ticket: Ticket, ids: frozenset[str], **fields: Any) -> tuple[TicketLine, ...]:
    """The lines of the ticket with `fields` on those named. Raises LookupError where the ticket lacks one."""
    if missing := ids - {line.line_id for line in ticket.lines}:
        raise LookupError(f"an event names lines that ticket {ticket.ticket_id} does not have: {sorted(missing)}")
    return tuple([msgspec.structs.replace(line, **fields) if line.line_id in ids else line for line in ticket.lines])


def put(view: View, before: Ticket | None, after: Ticket) -> Mapping[Key, Aggregate]:
    """The change that puts `after` in place and keeps the indexes of checks and of its station."""
    changes: dict[Key, Aggregate] = {(TICKET, after.ticket_id): after}
    old, new = _owners(before) if before else frozenset[str](), _owners(after)
    if before is None or before.is_live != after.is_live or old != new:
        for check_id in sorted(old | new):
            changes[KITCHEN, check_id] = _indexed(view, check_id, after, check_id in new)
    was_open = before is None or before.status is TicketStatus.OPEN
    if was_open != (after.status is TicketStatus.OPEN):
        log = view.find(StationLog, STATION, after.station) or StationLog()
        others = tuple([id for id in log.recent if id != after.ticket_id])
        recent = (*others, after.ticket_id)[-STATION_RECENT_MAX:] if was_open else others
        changes[STATION, after.station] = StationLog(recent=recent)
    return changes


def _owners(ticket: Ticket) -> frozenset[str]:
    """The checks whose lines stand on the ticket."""
    return frozenset([line.check_id or ticket.check_id for line in ticket.lines] or [ticket.check_id])


def _indexed(view: View, check_id: str, ticket: Ticket, stands_on_it: bool) -> CheckTickets:
    index = view.find(CheckTickets, KITCHEN, check_id) or CheckTickets()
    live = tuple([id for id in index.live if id != ticket.ticket_id])
    done = tuple([id for id in index.done if id != ticket.ticket_id])
    if not stands_on_it:
        return CheckTickets(live=live, done=done)
    if ticket.is_live:
        return CheckTickets(live=(*live, ticket.ticket_id), done=done)
    return CheckTickets(live=live, done=(*done, ticket.ticket_id))
