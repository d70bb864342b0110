"""What becomes of a ticket after it was fired: voids, notes, additions, other tables and other checks.

What lives here: the functions by which decisions about checks tell the kitchen (`line_voided`, `line_noted`, `relabelled`,
`lines_moved`), their events, and MarkChangesSeen. A change of what is cooked must be seen before the ticket is bumped
(`BLOCKING_CHANGES`); where a dish goes is a label, and labels just change. Checks are known here by their ids alone.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.making import TicketBumped
from shared.domain.kitchen.state import (
    BLOCKING_CHANGES,
    ITEM_STATES,
    Ticket,
    TicketChange,
    TicketLine,
    TicketStatus,
    change_lines,
    find_ticket,
    put,
    ticket_before,
    tickets_of,
)  # fmt: skip
from shared.domain.text import Id
from shared.limits import TICKET_CHANGES_MAX

__all__ = [
    "FEATURE", "MarkChangesSeen", "TicketChanged", "TicketChangesSeen", "TicketLinesMoved", "TicketRelabelled", "line_noted", "line_seated",
    "line_voided", "lines_moved", "relabelled",
]  # fmt: skip


class MarkChangesSeen(Command, frozen=True):
    """Somebody in the kitchen has seen the changes of the ticket: all of them, or its first `count`, as many as the screen showed."""

    ticket_id: Id
    count: Annotated[int, msgspec.Meta(ge=1, le=TICKET_CHANGES_MAX)] | None = None


class TicketChanged(Event, frozen=True):
    """See TicketChange. A kind that this release does not know is kept and shown, and changes nothing else."""

    ticket_id: str
    kind: str
    line_ids: tuple[str, ...] = ()
    text: str = ""
    added_ticket_id: str = ""
    added_number: int = 0


class TicketChangesSeen(Event, frozen=True):
    """The first `count` changes of the ticket are seen."""

    ticket_id: str
    count: int


class TicketRelabelled(Event, frozen=True):
    """The check `of_check_id` has other labels now; None leaves one as it is. With `line_ids` only their `seat` is another."""

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


def line_voided(view: View, check_id: str, line_id: str, reason: str) -> Iterable[Event]:
    """The events that take a line off every ticket it stands on, made or not; none where the kitchen never heard of it.

    Of a line that was split into shares the kitchen knows the `source_line_id`; a share that is voided is no business of the cook's
    as long as another is left.
    """
    for ticket in tickets_of(view, check_id):
        line = ticket.line(line_id)
        if line is not None and (line.status, "void") in ITEM_STATES:
            yield TicketChanged(ticket_id=ticket.ticket_id, kind="voided", line_ids=(line_id,), text=reason)


def line_noted(view: View, check_id: str, line_id: str, note: str) -> Iterable[Event]:
    """The events that give a fired line another note, wherever it is still to be made. Raises Refused `ticket.too_many_changes`."""
    for ticket in tickets_of(view, check_id, live_only=True):
        line = ticket.line(line_id)
        if line is None or not line.is_pending or line.note == note:
            continue
        if len(ticket.changes) >= TICKET_CHANGES_MAX:
            detail = f"Ticket {ticket.number} of {ticket.station} has changed {TICKET_CHANGES_MAX} times."
            raise Refused("ticket.too_many_changes", detail, ticket_id=ticket.ticket_id, check_id=check_id, maximum=TICKET_CHANGES_MAX)
        yield TicketChanged(ticket_id=ticket.ticket_id, kind="noted", line_ids=(line_id,), text=note)


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
        line = ticket.line(line_id)
        if line is not None and line.seat != seat:
            yield TicketRelabelled(ticket_id=ticket.ticket_id, of_check_id=check_id, line_ids=(line_id,), seat=seat)


def lines_moved(
    view: View, from_check_id: str, to_check_id: str, line_ids: Iterable[str], to_check_number: int, to_table_id: str
) -> Iterable[Event]:
    """The events by which the kitchen follows lines to another check (a move, a merge, a split by lines), so that a later void or
    change of table finds them; none for lines that were never fired. Done tickets follow too: they may be recalled."""
    ids = frozenset(line_ids)
    for ticket in tickets_of(view, from_check_id):
        moved = tuple([line.line_id for line in ticket.lines if line.line_id in ids])
        if moved:
            yield TicketLinesMoved(
                ticket_id=ticket.ticket_id,
                line_ids=moved,
                to_check_id=to_check_id,
                to_check_number=to_check_number,
                to_table_id=to_table_id,
            )


# --- what the kitchen says ---


def _mark_seen(view: View, command: MarkChangesSeen, context: Context) -> Iterable[Event]:
    ticket = find_ticket(view, command.ticket_id)
    count = min(command.count or len(ticket.changes), len(ticket.changes))
    if not any(change.seen_at is None for change in ticket.changes[:count]):
        detail = f"All changes of ticket {ticket.number} of {ticket.station} have been seen."
        raise Refused("ticket.changes_seen", detail, ticket_id=ticket.ticket_id)
    yield TicketChangesSeen(ticket_id=command.ticket_id, count=count)
    all_seen = not any(change.seen_at is None for change in ticket.changes[count:])
    if all_seen and ticket.status is TicketStatus.OPEN and not ticket.is_pending:
        yield TicketBumped(ticket_id=command.ticket_id)  # what was left to make has been voided


# --- evolution ---


def _changed(view: View, event: TicketChanged, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    lines = ticket.lines
    ids = frozenset(event.line_ids)
    if event.kind == "voided":
        change_lines(ticket, ids)
        lines = tuple([
            msgspec.structs.replace(line, status=ITEM_STATES[line.status, "void"]) if line.line_id in ids else line for line in lines
        ])  # fmt: skip
    elif event.kind == "noted":
        lines = change_lines(ticket, ids, note=event.text)
    change = TicketChange(
        kind=event.kind, at=meta.at, line_ids=event.line_ids, text=event.text, ticket_id=event.added_ticket_id, number=event.added_number,
        seen_at=None if event.kind in BLOCKING_CHANGES else meta.at,
    )  # fmt: skip
    return put(view, ticket, msgspec.structs.replace(ticket, lines=lines, changes=(*ticket.changes, change)))


def _seen(view: View, event: TicketChangesSeen, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    if event.count > len(ticket.changes):
        raise ValueError(f"an event says that {event.count} changes of ticket {ticket.ticket_id} were seen; it has {len(ticket.changes)}")
    changes = tuple([
        msgspec.structs.replace(change, seen_at=meta.at) if index < event.count and change.seen_at is None else change
        for index, change in enumerate(ticket.changes)
    ])  # fmt: skip
    return put(view, ticket, msgspec.structs.replace(ticket, changes=changes))


def _relabelled(view: View, event: TicketRelabelled, meta: Meta) -> Mapping[Key, Aggregate]:
    ticket = ticket_before(view, event.ticket_id)
    return put(view, ticket, _labelled(ticket, event))


def _labelled(ticket: Ticket, event: TicketRelabelled) -> Ticket:
    if event.line_ids:
        return ticket if event.seat is None else msgspec.structs.replace(
            ticket, lines=change_lines(ticket, frozenset(event.line_ids), seat=event.seat)
        )  # fmt: skip
    if ticket.check_id != event.of_check_id:
        return msgspec.structs.replace(ticket, lines=tuple([_line_labelled(line, event) for line in ticket.lines]))
    names = ("table_id", "check_number", "owner_id", "name", "covers", "dining_option")
    fields = {name: value for name in names if (value := getattr(event, name)) is not None and value != getattr(ticket, name)}
    if "table_id" in fields:
        fields["moved_from"] = ticket.table_id
    return msgspec.structs.replace(ticket, **fields)


def _line_labelled(line: TicketLine, event: TicketRelabelled) -> TicketLine:
    if line.check_id != event.of_check_id:
        return line
    fields = {name: value for name in ("table_id", "check_number") if (value := getattr(event, name)) is not None}
    return msgspec.structs.replace(line, **fields)


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


FEATURE = Feature(
    name="kitchen.changes",
    deciders={MarkChangesSeen: ("kitchen", _mark_seen)},
    evolvers={
        TicketChanged: _changed,
        TicketChangesSeen: _seen,
        TicketRelabelled: _relabelled,
        TicketLinesMoved: _lines_moved,
    },
    errors={
        "ticket.changes_seen": ErrorInfo(409, "The changes of the ticket have all been seen.", "Nothing needs to be done."),
        "ticket.too_many_changes": ErrorInfo(409, "The ticket has been changed too often.", "Tell the kitchen by word of mouth."),
    },
)
