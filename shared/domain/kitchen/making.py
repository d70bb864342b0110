"""Making what stands on a ticket: items are started and bumped, the ticket is bumped, and some go first.

What lives here: StartItem, BumpItem, BumpTicket, PrioritizeTicket, their events and rules. Being shown, handed over and recalled are
in the modules beside this one.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import (
    allow_item,
    change_lines,
    ensure_open,
    ensure_seen,
    find_item,
    find_ticket,
    line_before,
    put,
    ticket_before,
)  # fmt: skip
from shared.domain.kitchen.state import ITEM_STATES, TICKET_STATES
from shared.domain.text import Id
from shared.limits import TICKET_PRIORITY_MAX

__all__ = [
    "FEATURE", "BumpItem", "BumpTicket", "PrioritizeTicket", "StartItem", "TicketBumped", "TicketItemBumped", "TicketItemStarted",
    "TicketPrioritized",
]  # fmt: skip


class StartItem(Command, frozen=True):
    """The station begins to make an item."""

    ticket_id: Id
    line_id: Id


class BumpItem(Command, frozen=True):
    """The station has made an item. With the last one the ticket is bumped."""

    ticket_id: Id
    line_id: Id


class BumpTicket(Command, frozen=True):
    """The station has made everything on the ticket."""

    ticket_id: Id


class PrioritizeTicket(Command, frozen=True):
    """Let a ticket go before others: the higher the level the sooner, 0 takes its turn."""

    ticket_id: Id
    priority: Annotated[int, msgspec.Meta(ge=0, le=TICKET_PRIORITY_MAX)] = 1


class TicketItemStarted(Event, frozen=True):
    ticket_id: str
    line_id: str


class TicketItemBumped(Event, frozen=True):
    ticket_id: str
    line_id: str


class TicketBumped(Event, frozen=True):
    ticket_id: str


class TicketPrioritized(Event, frozen=True):
    ticket_id: str
    priority: int


def _start_item(view: View, command: StartItem, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    ensure_open(ticket)
    allow_item(ticket, find_item(ticket, command.line_id), "start")
    yield TicketItemStarted(ticket_id=command.ticket_id, line_id=command.line_id)


def _bump_item(view: View, command: BumpItem, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    ensure_open(ticket)
    line = find_item(ticket, command.line_id)
    allow_item(ticket, line, "bump")
    is_last = not any(other.is_pending for other in ticket.lines if other.line_id != line.line_id)
    ensure_seen(ticket, "" if is_last else line.line_id)
    yield TicketItemBumped(ticket_id=command.ticket_id, line_id=command.line_id)
    if is_last:
        yield TicketBumped(ticket_id=command.ticket_id)


def _bump(view: View, command: BumpTicket, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    ensure_open(ticket)
    ensure_seen(ticket)
    yield TicketBumped(ticket_id=command.ticket_id)


def _prioritize(view: View, command: PrioritizeTicket, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    ensure_open(ticket)
    if ticket.priority == command.priority:
        detail = f"Ticket {ticket.number} of {ticket.station} has priority {ticket.priority}."
        raise Refused("ticket.priority_unchanged", detail, ticket_id=ticket.ticket_id, priority=ticket.priority)
    yield TicketPrioritized(ticket_id=command.ticket_id, priority=command.priority)


def _item_started(view: View, event: TicketItemStarted, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    line = line_before(ticket, event.line_id)
    lines = change_lines(ticket, frozenset([line.line_id]), status=ITEM_STATES[line.status, "start"], started_at=meta.at)
    return put(view, ticket, msgspec.structs.replace(ticket, lines=lines, started_at=ticket.started_at or meta.at))


def _item_bumped(view: View, event: TicketItemBumped, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    line = line_before(ticket, event.line_id)
    lines = change_lines(ticket, frozenset([line.line_id]), status=ITEM_STATES[line.status, "bump"], bumped_at=meta.at)
    return put(view, ticket, msgspec.structs.replace(ticket, lines=lines))


def _bumped(view: View, event: TicketBumped, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    lines = tuple([
        msgspec.structs.replace(line, status=ITEM_STATES[line.status, "bump"], bumped_at=meta.at) if line.is_pending else line
        for line in ticket.lines
    ])  # fmt: skip
    status = TICKET_STATES[ticket.status, "bump"]
    return put(view, ticket, msgspec.structs.replace(ticket, status=status, lines=lines, bumped_at=meta.at))


def _prioritized(view: View, event: TicketPrioritized, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    return put(view, ticket, msgspec.structs.replace(ticket, priority=event.priority))


FEATURE = Feature(
    name="kitchen.making",
    deciders={
        StartItem: ("kitchen", _start_item),
        BumpItem: ("kitchen", _bump_item),
        BumpTicket: ("kitchen", _bump),
        PrioritizeTicket: ("kitchen", _prioritize),
    },
    evolvers={
        TicketItemStarted: _item_started,
        TicketItemBumped: _item_bumped,
        TicketBumped: _bumped,
        TicketPrioritized: _prioritized,
    },
    errors={
        "ticket.unknown": ErrorInfo(404, "There is no such ticket.", "Load the open tickets again."),
        "ticket.already_bumped": ErrorInfo(
            409, "The ticket has been bumped already.", "Nothing needs to be done; load the open tickets again."
        ),
        "ticket.already_served": ErrorInfo(
            409, "The ticket has been served already.", "Nothing needs to be done; load the open tickets again."
        ),
        "ticket.changes_unseen": ErrorInfo(
            409, "The ticket has changed and nobody in the kitchen has seen it.", "Show the changes and mark them as seen, then go on."
        ),
        "ticket.priority_unchanged": ErrorInfo(409, "The ticket has that priority already.", "Nothing needs to be done."),
        "ticket.item_unknown": ErrorInfo(404, "The ticket has no such item.", "Load the open tickets again."),
        "ticket.item_started": ErrorInfo(409, "The item is being made already.", "Nothing needs to be done."),
        "ticket.item_ready": ErrorInfo(409, "The item is ready already.", "Nothing needs to be done; recall it if it is to be made again."),
        "ticket.item_served": ErrorInfo(409, "The item has been served.", "Nothing needs to be done; recall it if it is to be made again."),
        "ticket.item_voided": ErrorInfo(409, "The item has been voided.", "Do not make it; mark the change as seen."),
    },
)
