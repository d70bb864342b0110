"""Tickets come of a fire: one for each station, numbered without gaps, with the time at which each line is to begin.

What lives here: the routing of fired lines to stations and TicketCreated. Checks are known here by a copy of their labels; what is
fired, and when, is decided in shared/domain/check/firing.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import put, tickets_of
from shared.domain.kitchen.changes import TicketChanged
from shared.domain.kitchen.state import (
    KITCHEN,
    STATION,
    TICKET,
    CheckTickets,
    FiredLine,
    StationLog,
    Ticket,
    TicketLine,
    TicketStatus,
)
from shared.domain.kitchen.timing import fire_at, ready_by
from shared.domain.site import next_number, numbered

__all__ = ["FEATURE", "Labels", "Routed", "TicketCreated", "tickets_for"]


class Labels(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a ticket says of its check. `date` is the business date that the check's entries book on."""

    check_id: str
    check_number: int
    table_id: str
    date: str
    service: str = ""
    order_number: int = 0
    name: str = ""
    covers: int = 0
    dining_option: str = ""
    owner_id: str = ""


class Routed(NamedTuple):
    """A fired line and the stations that work on it, the one that cooks it first."""

    stations: tuple[str, ...]
    line: FiredLine


class TicketCreated(Event, frozen=True):
    """See Ticket. Without `series` it was made by v0.1, whose numbers ran by station alone."""

    ticket_id: str
    station: str
    number: int
    check_id: str
    check_number: int
    table_id: str
    lines: tuple[FiredLine, ...]
    series: str = ""
    fire_id: str = ""
    course: str = ""
    service: str = ""
    order_number: int = 0
    name: str = ""
    covers: int = 0
    dining_option: str = ""
    owner_id: str = ""
    ready_by: datetime | None = None
    awaits_expo: bool = False
    adds_to: int = 0


def tickets_for(
    view: View, context: Context, first_ordinal: int, fire_id: str, course: str, labels: Labels, lines: Sequence[Routed]
) -> Iterable[Event]:
    """One ticket for each station that `lines` name, in order of first mention, then what it says to tickets that are still open.

    `first_ordinal` is the ordinal that the first of these events will have within its command: a ticket's id derives
    from (command id, ordinal), so the same command played again makes the same ticket (Law 3).
    """
    fired_at = context.now if context.head_at is None else max(context.now, context.head_at)  # as the entry will say
    by_prep = {station.id for station in context.menu.stations if station.fires_by_prep}
    awaits_expo = any(station.kind == "expo" for station in context.menu.stations)
    longest_s = max((routed.line.prep_s for routed in lines), default=0)
    at_station: dict[str, list[FiredLine]] = {}
    for stations, line in lines:
        distinct = tuple(dict.fromkeys(stations))
        for station in distinct:
            begin = fire_at(fired_at, line.prep_s, longest_s, station in by_prep)
            copy = msgspec.structs.replace(line, fire_at=begin, stations=distinct if len(distinct) > 1 else ())
            at_station.setdefault(station, []).append(copy)
    firsts = _first_open(view, labels.check_id) if at_station else {}
    additions: list[TicketChanged] = []
    for offset, (station, fired) in enumerate(at_station.items()):
        series = f"ticket/{station}/{labels.date}"
        first = firsts.get(station)
        created = TicketCreated(
            ticket_id=derived_id(context.command_id, first_ordinal + offset), station=station,
            number=next_number(view, context.epoch, series), check_id=labels.check_id, check_number=labels.check_number,
            table_id=labels.table_id, lines=tuple(fired), series=series, fire_id=fire_id, course=course, service=labels.service,
            order_number=labels.order_number, name=labels.name, covers=labels.covers, dining_option=labels.dining_option,
            owner_id=labels.owner_id, ready_by=ready_by((line.fire_at or fired_at, line.prep_s) for line in fired),
            awaits_expo=awaits_expo, adds_to=first.number if first else 0,
        )  # fmt: skip
        yield created
        if first:
            additions.append(
                TicketChanged(
                    ticket_id=first.ticket_id, kind="added", line_ids=tuple([line.line_id for line in fired]),
                    added_ticket_id=created.ticket_id, added_number=created.number,
                )
            )  # fmt: skip
    yield from additions


def _first_open(view: View, check_id: str) -> dict[str, Ticket]:
    """The first ticket of the check that each station still has open."""
    firsts: dict[str, Ticket] = {}
    for ticket in tickets_of(view, check_id, live_only=True):
        known = firsts.get(ticket.station)
        if ticket.status is TicketStatus.OPEN and (known is None or (ticket.created_at, ticket.number) < (known.created_at, known.number)):
            firsts[ticket.station] = ticket
    return firsts


def _created(view: View, event: TicketCreated, meta: Meta) -> Mapping[Key, Aggregate]:
    if view.find(Ticket, TICKET, event.ticket_id) is not None:
        raise ValueError(f"ticket {event.ticket_id} was created twice")
    ticket = Ticket(
        ticket_id=event.ticket_id, station=event.station, number=event.number, epoch=meta.epoch, check_id=event.check_id,
        check_number=event.check_number, table_id=event.table_id, business_date=meta.date,
        lines=tuple([TicketLine(**msgspec.structs.asdict(line)) for line in event.lines]), status=TicketStatus.OPEN, created_at=meta.at,
        fire_id=event.fire_id, course=event.course, service=event.service, order_number=event.order_number, name=event.name,
        covers=event.covers, dining_option=event.dining_option, owner_id=event.owner_id, ready_by=event.ready_by,
        awaits_expo=event.awaits_expo, adds_to=event.adds_to,
    )  # fmt: skip
    return {**put(view, None, ticket), **numbered(meta.epoch, event.series or f"ticket/{event.station}", event.number)}


FEATURE = Feature(
    name="kitchen.creating",
    evolvers={TicketCreated: _created},
    aggregates={TICKET: Ticket, KITCHEN: CheckTickets, STATION: StationLog},
)
