"""The kitchen ticket: what a station is to cook, created by a send, gone from its screen when bumped.

What lives here: the ticket's states, commands and events. It knows lines only as copies made when they were sent; checks,
prices and screens are not known here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.site import next_number, numbered
from shared.domain.text import Id

__all__ = ["FEATURE", "BumpTicket", "Ticket", "TicketBumped", "TicketCreated", "TicketLine", "TicketStatus", "tickets_for"]

TICKET = "ticket"


class TicketStatus(StrEnum):
    OPEN = "open"
    BUMPED = "bumped"


# What may follow what. A command that finds no arrow is refused with the present state.
TICKET_STATES: dict[tuple[TicketStatus, str], TicketStatus] = {
    (TicketStatus.OPEN, "bump"): TicketStatus.BUMPED,
}


class TicketLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line as the cook reads it."""

    line_id: str
    name: str
    quantity: int
    modifiers: tuple[str, ...] = ()
    note: str = ""


class BumpTicket(Command, frozen=True):
    """The station has made everything on the ticket."""

    ticket_id: Id


class TicketCreated(Event, frozen=True):
    ticket_id: str
    station: str
    number: int
    check_id: str
    check_number: int
    table_id: str
    lines: tuple[TicketLine, ...]


class TicketBumped(Event, frozen=True):
    ticket_id: str


class Ticket(Aggregate, frozen=True):
    """One ticket. `number` runs by site, epoch and station; `created_at` and `bumped_at` are UTC."""

    ticket_id: str
    station: str
    number: int
    epoch: int
    check_id: str
    check_number: int
    table_id: str
    business_date: str
    lines: tuple[TicketLine, ...]
    status: TicketStatus
    created_at: datetime
    bumped_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.status is TicketStatus.OPEN


def tickets_for(
    view: View, context: Context, first_ordinal: int, check_id: str, check_number: int, table_id: str,
    lines: Sequence[tuple[str, TicketLine]],
) -> Iterable[TicketCreated]:  # fmt: skip
    """One ticket for each station that `lines`, pairs of (station, line), name; in order of first mention.

    `first_ordinal` is the ordinal that the first of these events will have within its command: a ticket's id derives
    from (command id, ordinal), so the same command played again makes the same ticket (Law 3).
    """
    by_station: dict[str, list[TicketLine]] = {}
    for station, line in lines:
        by_station.setdefault(station, []).append(line)
    for offset, (station, station_lines) in enumerate(by_station.items()):
        yield TicketCreated(
            ticket_id=derived_id(context.command_id, first_ordinal + offset),
            station=station,
            number=next_number(view, context.epoch, f"ticket/{station}"),
            check_id=check_id,
            check_number=check_number,
            table_id=table_id,
            lines=tuple(station_lines),
        )


def _bump(view: View, command: BumpTicket, context: Context) -> Iterable[Event]:
    ticket = view.find(Ticket, TICKET, command.ticket_id)
    if ticket is None:
        raise Refused("ticket.unknown", f"There is no ticket {command.ticket_id}.")
    if (ticket.status, "bump") not in TICKET_STATES:
        raise Refused("ticket.already_bumped", f"Ticket {ticket.number} of {ticket.station} has been bumped.", status=ticket.status)
    yield TicketBumped(ticket_id=command.ticket_id)


def _created(view: View, event: TicketCreated, meta: Meta) -> Mapping[Key, Aggregate]:
    if view.find(Ticket, TICKET, event.ticket_id) is not None:
        raise ValueError(f"ticket {event.ticket_id} was created twice")
    ticket = Ticket(
        ticket_id=event.ticket_id,
        station=event.station,
        number=event.number,
        epoch=meta.epoch,
        check_id=event.check_id,
        check_number=event.check_number,
        table_id=event.table_id,
        business_date=meta.date,
        lines=event.lines,
        status=TicketStatus.OPEN,
        created_at=meta.at,
    )
    return {(TICKET, event.ticket_id): ticket, **numbered(meta.epoch, f"ticket/{event.station}", event.number)}


def _bumped(view: View, event: TicketBumped, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = view.find(Ticket, TICKET, event.ticket_id)
    if ticket is None:
        raise LookupError(f"TicketBumped for the unknown ticket {event.ticket_id}")
    bumped = msgspec.structs.replace(ticket, status=TICKET_STATES[ticket.status, "bump"], bumped_at=meta.at)
    return {(TICKET, event.ticket_id): bumped}


FEATURE = Feature(
    name="ticket",
    deciders={BumpTicket: ("kitchen", _bump)},
    evolvers={TicketCreated: _created, TicketBumped: _bumped},
    aggregates={TICKET: Ticket},
    errors={
        "ticket.unknown": ErrorInfo(404, "There is no such ticket.", "Load the open tickets again."),
        "ticket.already_bumped": ErrorInfo(
            409, "The ticket has been bumped already.", "Nothing needs to be done; load the open tickets again."
        ),
    },
)
