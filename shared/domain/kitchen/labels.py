"""Where a dish goes and how: the table, seat, check and packing that a ticket names, which may be others by the time it is made.

What lives here: the functions by which decisions about checks tell the kitchen of it, and their events. A label just changes on the
screen; what changes the cooking itself, and must be seen, is in changes.py. Checks are known here by their ids alone.
"""

from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.kernel import Aggregate, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import change_lines, put, ticket_before, tickets_of
from shared.domain.kitchen.state import Ticket, TicketLine

__all__ = ["FEATURE", "TicketLinesMoved", "TicketRelabelled", "line_seated", "lines_moved", "lines_packed", "relabelled"]

_OF_TICKET = ("table_id", "check_number", "owner_id", "name", "covers", "dining_option")
_OF_GUEST_LINE = ("table_id", "check_number")  # of a line that stands on the ticket of another check
_OF_LINE = ("seat", "dining_option")


class TicketRelabelled(Event, frozen=True):
    """The check `of_check_id` has other labels now; None leaves one as it is. With `line_ids` it is about these alone: their seat,
    and under which dining option they go."""

    ticket_id: str
    of_check_id: str
    table_id: str | None = None
    check_number: int | None = None
    owner_id: str | None = None
    name: str | None = None
    covers: int | None = None
    dining_option: str | None = None
    line_ids: tuple[str, ...] = ()
    seat: int | None = None


class TicketLinesMoved(Event, frozen=True):
    """Lines of the ticket stand on another check now. With the last of them the ticket is that check's."""

    ticket_id: str
    line_ids: tuple[str, ...]
    to_check_id: str
    to_check_number: int
    to_table_id: str


# --- what decisions about checks say to the kitchen ---


def relabelled(
    view: View, check_id: str, table_id: str, check_number: int | None = None, *,
    owner_id: str | None = None, name: str | None = None, covers: int | None = None, dining_option: str | None = None,
) -> Iterable[Event]:  # fmt: skip
    """The events that put other labels on the live tickets of a check; none where they have them. What is done keeps its labels:
    whoever looks for it looks where it went."""
    for ticket in tickets_of(view, check_id, live_only=True):
        event = TicketRelabelled(
            ticket_id=ticket.ticket_id, of_check_id=check_id, table_id=table_id, check_number=check_number, owner_id=owner_id, name=name,
            covers=covers, dining_option=dining_option,
        )  # fmt: skip
        if _labelled(ticket, event) != ticket:
            yield event


def line_seated(view: View, check_id: str, line_id: str, seat: int) -> Iterable[Event]:
    """The events that put a fired line at another seat, on the live tickets it stands on."""
    for ticket in tickets_of(view, check_id, live_only=True):
        line = ticket.line_of(check_id, line_id)
        if line is not None and line.seat != seat:
            yield TicketRelabelled(ticket_id=ticket.ticket_id, of_check_id=check_id, line_ids=(line_id,), seat=seat)


def lines_packed(view: View, check_id: str, line_ids: Iterable[str], dining_option: str) -> Iterable[Event]:
    """The events that let fired lines go under another dining option than the rest of their check, on a plate or in a box; "" is that
    of the check."""
    ids = frozenset(line_ids)
    for ticket in tickets_of(view, check_id, live_only=True):
        others = tuple([
            line.line_id for line in ticket.lines
            if line.line_id in ids and line.dining_option != dining_option and ticket.line_of(check_id, line.line_id)
        ])  # fmt: skip
        if others:
            yield TicketRelabelled(ticket_id=ticket.ticket_id, of_check_id=check_id, line_ids=others, dining_option=dining_option)


def lines_moved(
    view: View, from_check_id: str, to_check_id: str, line_ids: Iterable[str], to_check_number: int, to_table_id: str
) -> Iterable[Event]:
    """The events by which the kitchen follows lines to another check (a move, a merge, a split by lines), so that a later void or
    change of table finds them; none for lines that were never fired. Done tickets follow too: they may be recalled."""
    ids = frozenset(line_ids)
    for ticket in tickets_of(view, from_check_id):
        moved = tuple([line.line_id for line in ticket.lines if line.line_id in ids and ticket.line_of(from_check_id, line.line_id)])
        if moved:
            yield TicketLinesMoved(
                ticket_id=ticket.ticket_id,
                line_ids=moved,
                to_check_id=to_check_id,
                to_check_number=to_check_number,
                to_table_id=to_table_id,
            )


# --- evolution ---


def _relabelled(view: View, event: TicketRelabelled, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    return put(view, ticket, _labelled(ticket, event))


def _labelled(ticket: Ticket, event: TicketRelabelled) -> Ticket:
    if event.line_ids:
        return msgspec.structs.replace(ticket, lines=change_lines(ticket, frozenset(event.line_ids), **_given(event, _OF_LINE)))
    if ticket.check_id != event.of_check_id:
        fields = _given(event, _OF_GUEST_LINE)
        return msgspec.structs.replace(ticket, lines=tuple([
            msgspec.structs.replace(line, **fields) if line.check_id == event.of_check_id else line for line in ticket.lines
        ]))  # fmt: skip
    fields = _given(event, _OF_TICKET)
    if fields.get("table_id", ticket.table_id) != ticket.table_id:
        fields["moved_from"] = ticket.table_id
    return msgspec.structs.replace(ticket, **fields)


def _given(event: TicketRelabelled, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value for name in names if (value := getattr(event, name)) is not None}


def _lines_moved(view: View, event: TicketLinesMoved, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    lines = change_lines(
        ticket, frozenset(event.line_ids), check_id=event.to_check_id, check_number=event.to_check_number, table_id=event.to_table_id
    )
    owners = {line.check_id or ticket.check_id for line in lines}
    if owners != {event.to_check_id}:
        lines = tuple([_at_home(line) if line.check_id == ticket.check_id else line for line in lines])
        return put(view, ticket, msgspec.structs.replace(ticket, lines=lines))
    moved = msgspec.structs.replace(
        ticket,
        check_id=event.to_check_id,
        check_number=event.to_check_number,
        table_id=event.to_table_id,
        lines=tuple([_at_home(line) for line in lines]),
        moved_from=ticket.table_id if ticket.table_id != event.to_table_id else ticket.moved_from,
    )
    return put(view, ticket, moved)


def _at_home(line: TicketLine) -> TicketLine:
    return msgspec.structs.replace(line, check_id="", check_number=0, table_id="")


FEATURE = Feature(name="kitchen.labels", evolvers={TicketRelabelled: _relabelled, TicketLinesMoved: _lines_moved})
