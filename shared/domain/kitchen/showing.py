"""A ticket reaches the kitchen: a screen shows it, a printer prints it.

What lives here: MarkShown, MarkPrinted, their events and rules. When a ticket that nobody shows raises an alarm is in timing.py; how
it looks on a screen or on paper is not known here.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import find_ticket, put, ticket_before
from shared.domain.kitchen.state import ITEM_STATES, TICKET, Ticket, TicketStatus
from shared.domain.text import Id
from shared.limits import TICKETS_SHOWN_MAX

__all__ = ["FEATURE", "MarkPrinted", "MarkShown", "TicketPrinted", "TicketShown"]


class MarkShown(Command, frozen=True):
    """A screen shows these tickets. Those that were shown before, are made, or are not known here are passed over."""

    ticket_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=TICKETS_SHOWN_MAX)]


class MarkPrinted(Command, frozen=True):
    """A printer has put the ticket on paper."""

    ticket_id: Id


class TicketShown(Event, frozen=True):
    ticket_id: str


class TicketPrinted(Event, frozen=True):
    ticket_id: str


def _mark_shown(view: View, command: MarkShown, context: Context) -> Iterable[Event]:
    found = [view.find(Ticket, TICKET, id) for id in dict.fromkeys(command.ticket_ids)]
    known = [ticket for ticket in found if ticket is not None]
    if not known:
        raise Refused("ticket.unknown", f"There is no ticket {command.ticket_ids[0]}.")
    news = [ticket for ticket in known if ticket.status is TicketStatus.OPEN and ticket.shown_at is None]
    if not news:
        raise Refused("ticket.already_shown", "All of these tickets were shown before.", ticket_ids=[each.ticket_id for each in known])
    yield from (TicketShown(ticket_id=ticket.ticket_id) for ticket in news)


def _mark_printed(view: View, command: MarkPrinted, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    if ticket.printed_at is not None:
        detail = f"Ticket {ticket.number} of {ticket.station} was printed."
        raise Refused("ticket.already_printed", detail, ticket_id=ticket.ticket_id)
    yield TicketPrinted(ticket_id=command.ticket_id)


def _shown(view: View, event: TicketShown, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    lines = tuple([
        msgspec.structs.replace(line, status=ITEM_STATES[line.status, "show"]) if (line.status, "show") in ITEM_STATES else line
        for line in ticket.lines
    ])  # fmt: skip
    return put(view, ticket, msgspec.structs.replace(ticket, lines=lines, shown_at=meta.at))


def _printed(view: View, event: TicketPrinted, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    return put(view, ticket, msgspec.structs.replace(ticket, printed_at=meta.at))


FEATURE = Feature(
    name="kitchen.showing",
    deciders={MarkShown: ("kitchen", _mark_shown), MarkPrinted: ("kitchen", _mark_printed)},
    evolvers={TicketShown: _shown, TicketPrinted: _printed},
    errors={
        "ticket.already_shown": ErrorInfo(409, "The tickets have been shown before.", "Nothing needs to be done."),
        "ticket.already_printed": ErrorInfo(409, "The ticket has been printed already.", "Nothing needs to be done."),
    },
)
