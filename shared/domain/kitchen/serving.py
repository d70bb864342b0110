"""What is ready leaves the pass: the expo hands it over.

What lives here: ServeTicket, ServeItems, their events and rules. What the expo takes before the station has said that it is ready is
served all the same, and the fact is kept.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.errors import Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import allow_item, ensure_seen, find_item, find_ticket, put, ticket_before
from shared.domain.kitchen.making import TicketBumped
from shared.domain.kitchen.state import (
    ITEM_STATES,
    TICKET_STATES,
    ItemStatus,
    Ticket,
    TicketLine,
    TicketStatus,
)  # fmt: skip
from shared.domain.text import Id
from shared.limits import CHECK_LINES_MAX

__all__ = ["FEATURE", "ServeItems", "ServeTicket", "TicketItemsServed", "TicketServed"]


class ServeTicket(Command, frozen=True):
    """Everything on the ticket goes to the guests."""

    ticket_id: Id


class ServeItems(Command, frozen=True):
    """Some items of the ticket go to the guests. With the last one the ticket is served."""

    ticket_id: Id
    line_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=CHECK_LINES_MAX)]


class TicketServed(Event, frozen=True):
    """`early`: the station had not said that everything was ready."""

    ticket_id: str
    early: bool = False


class TicketItemsServed(Event, frozen=True):
    """Those of `early_line_ids`, which are among `line_ids`, the station had not said to be ready."""

    ticket_id: str
    line_ids: tuple[str, ...]
    early_line_ids: tuple[str, ...] = ()


def _serve(view: View, command: ServeTicket, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    _allow(ticket)
    ensure_seen(ticket)
    yield TicketServed(ticket_id=command.ticket_id, early=ticket.is_pending)


def _serve_items(view: View, command: ServeItems, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    _allow(ticket)
    lines = [find_item(ticket, line_id) for line_id in dict.fromkeys(command.line_ids)]
    for line in lines:
        allow_item(ticket, line, "serve")
    ids = {line.line_id for line in lines}
    others = [line for line in ticket.lines if line.line_id not in ids and line.status is not ItemStatus.VOIDED]
    is_last = all(line.status is ItemStatus.SERVED for line in others)
    is_made = ticket.status is TicketStatus.OPEN and not any(line.is_pending for line in others)
    for line_id in ("",) if is_last or is_made else ids:
        ensure_seen(ticket, line_id)
    early = tuple([line.line_id for line in lines if line.is_pending])
    yield TicketItemsServed(ticket_id=command.ticket_id, line_ids=tuple([line.line_id for line in lines]), early_line_ids=early)
    if is_last:
        yield TicketServed(ticket_id=command.ticket_id, early=bool(early) or any(line.served_early for line in others))
    elif is_made:
        yield TicketBumped(ticket_id=command.ticket_id)  # what is left of it waits at the pass


def _allow(ticket: Ticket) -> None:
    if (ticket.status, "serve") not in TICKET_STATES:
        detail = f"Ticket {ticket.number} of {ticket.station} has been served."
        raise Refused("ticket.already_served", detail, ticket_id=ticket.ticket_id, status=ticket.status)


def _served(view: View, event: TicketServed, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    lines = tuple([_handed_over(line, meta) if (line.status, "serve") in ITEM_STATES else line for line in ticket.lines])
    status = TICKET_STATES[ticket.status, "serve"]
    return put(
        view, ticket, msgspec.structs.replace(ticket, status=status, lines=lines, served_at=meta.at, served_early=event.early)
    )  # fmt: skip


def _items_served(view: View, event: TicketItemsServed, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    if missing := set(event.line_ids) - {line.line_id for line in ticket.lines}:
        raise LookupError(f"an event serves items that ticket {ticket.ticket_id} does not have: {sorted(missing)}")
    lines = tuple([_handed_over(line, meta) if line.line_id in event.line_ids else line for line in ticket.lines])
    return put(view, ticket, msgspec.structs.replace(ticket, lines=lines))


def _handed_over(line: TicketLine, meta: Meta) -> TicketLine:
    return msgspec.structs.replace(
        line, status=ITEM_STATES[line.status, "serve"], served_at=meta.at, served_early=line.is_pending
    )  # fmt: skip


FEATURE = Feature(
    name="kitchen.serving",
    deciders={ServeTicket: ("kitchen", _serve), ServeItems: ("kitchen", _serve_items)},
    evolvers={TicketServed: _served, TicketItemsServed: _items_served},
)
