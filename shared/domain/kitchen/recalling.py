"""What was bumped comes back: by mistake, or because a guest sent it back.

What lives here: RecallTicket, RecallLast, RecallItem, their events and rules. A ticket comes back with the time it was created at:
the guest has been waiting since then. After KITCHEN_RECALL_MAX_S it does not: what is made then is ordered anew.
"""

from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import allow_item, find_item, find_ticket, line_before, put, ticket_before
from shared.domain.kitchen.state import (
    ITEM_STATES,
    STATION,
    TICKET,
    TICKET_STATES,
    ItemStatus,
    StationLog,
    Ticket,
    TicketLine,
    TicketStatus,
)  # fmt: skip
from shared.domain.text import Id, ShortId
from shared.limits import KITCHEN_RECALL_MAX_S

__all__ = ["FEATURE", "RecallItem", "RecallLast", "RecallTicket", "TicketItemRecalled", "TicketRecalled"]


class RecallTicket(Command, frozen=True):
    """Bring a ticket back, with everything on it that was not voided to make again."""

    ticket_id: Id


class RecallLast(Command, frozen=True):
    """Bring back the ticket that the station was done with last."""

    station: ShortId


class RecallItem(Command, frozen=True):
    """Bring one item back; if its ticket was done, with its ticket, whose other items stay as they are."""

    ticket_id: Id
    line_id: Id


class TicketRecalled(Event, frozen=True):
    ticket_id: str


class TicketItemRecalled(Event, frozen=True):
    ticket_id: str
    line_id: str


def _recall(view: View, command: RecallTicket, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    if ticket.status is TicketStatus.OPEN:
        raise Refused("ticket.not_bumped", f"Ticket {ticket.number} of {ticket.station} is open.", ticket_id=ticket.ticket_id)
    if not _is_recent(ticket, context):
        raise _too_old(ticket)
    if _is_void(ticket):
        detail = f"Everything on ticket {ticket.number} of {ticket.station} was voided."
        raise Refused("ticket.all_voided", detail, ticket_id=ticket.ticket_id)
    yield TicketRecalled(ticket_id=command.ticket_id)


def _recall_last(view: View, command: RecallLast, context: Context) -> Iterable[Event]:
    log = view.find(StationLog, STATION, command.station) or StationLog()
    for ticket_id in reversed(log.recent):
        ticket = view.find(Ticket, TICKET, ticket_id)
        if ticket is not None and _is_recent(ticket, context) and not _is_void(ticket):
            yield TicketRecalled(ticket_id=ticket_id)
            return
    raise Refused("ticket.none_recent", f"No ticket of {command.station} was bumped lately.", station=command.station)


def _recall_item(view: View, command: RecallItem, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    line = find_item(ticket, command.line_id)
    if line.is_pending:
        detail = f"{line.name} on ticket {ticket.number} of {ticket.station} is {line.status}."
        raise Refused("ticket.item_pending", detail, ticket_id=ticket.ticket_id, line_id=line.line_id, status=line.status)
    allow_item(ticket, line, "recall")
    if ticket.status is not TicketStatus.OPEN and not _is_recent(ticket, context):
        raise _too_old(ticket)
    yield TicketItemRecalled(ticket_id=command.ticket_id, line_id=command.line_id)


def _is_recent(ticket: Ticket, context: Context) -> bool:
    done_at = ticket.served_at or ticket.bumped_at
    return done_at is not None and (context.now - done_at).total_seconds() <= KITCHEN_RECALL_MAX_S


def _is_void(ticket: Ticket) -> bool:
    return all(line.status is ItemStatus.VOIDED for line in ticket.lines)


def _too_old(ticket: Ticket) -> Refused:
    detail = f"Ticket {ticket.number} of {ticket.station} was done more than {KITCHEN_RECALL_MAX_S // 60} minutes ago."
    return Refused("ticket.too_old", detail, ticket_id=ticket.ticket_id, status=ticket.status)


def _recalled(view: View, event: TicketRecalled, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    return put(view, ticket, _reopened(ticket, tuple([_made_again(line) for line in ticket.lines])))


def _item_recalled(view: View, event: TicketItemRecalled, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    recalled = line_before(ticket, event.line_id)
    lines = tuple([_made_again(line) if line is recalled else line for line in ticket.lines])
    if ticket.status is TicketStatus.OPEN:
        return put(view, ticket, msgspec.structs.replace(ticket, lines=lines))
    return put(view, ticket, _reopened(ticket, lines))


def _reopened(ticket: Ticket, lines: tuple[TicketLine, ...]) -> Ticket:
    status = TICKET_STATES[ticket.status, "recall"]
    return msgspec.structs.replace(
        ticket, status=status, lines=lines, bumped_at=None, served_at=None, served_early=False, recalls=ticket.recalls + 1
    )


def _made_again(line: TicketLine) -> TicketLine:
    """The line as it is to be made again; one that was voided stays so."""
    act = "restart" if line.started_at else "recall"
    if (line.status, act) not in ITEM_STATES:
        return line
    return msgspec.structs.replace(line, status=ITEM_STATES[line.status, act], bumped_at=None, served_at=None, served_early=False)


FEATURE = Feature(
    name="kitchen.recalling",
    deciders={
        RecallTicket: ("kitchen", _recall),
        RecallLast: ("kitchen", _recall_last),
        RecallItem: ("kitchen", _recall_item),
    },
    evolvers={TicketRecalled: _recalled, TicketItemRecalled: _item_recalled},
    errors={
        "ticket.not_bumped": ErrorInfo(409, "The ticket is open.", "Nothing needs to be done."),
        "ticket.too_old": ErrorInfo(409, "The ticket was done too long ago to come back.", "Order again what is to be made again."),
        "ticket.all_voided": ErrorInfo(409, "Everything on the ticket was voided.", "Order again what is to be made again."),
        "ticket.none_recent": ErrorInfo(409, "The station has bumped nothing lately.", "Choose the ticket to bring back by hand."),
        "ticket.item_pending": ErrorInfo(409, "The item is still to be made.", "Nothing needs to be done."),
    },
)
