"""What becomes of the cooking after a ticket was fired: voids, notes and additions, which somebody in the kitchen must have seen.

What lives here: the functions by which decisions about checks tell the kitchen (`line_voided`, `line_noted`), TicketChanged, and
MarkChangesSeen. A ticket with a change that nobody has seen is not bumped (`BLOCKING_CHANGES`). Where a dish goes is in labels.py, to
be had from here as well. Checks are known here by their ids alone.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.acts import change_lines, find_ticket, put, ticket_before, tickets_of
from shared.domain.kitchen.labels import line_seated, lines_moved, lines_packed, relabelled
from shared.domain.kitchen.making import TicketBumped
from shared.domain.kitchen.state import BLOCKING_CHANGES, ITEM_STATES, TicketChange, TicketStatus
from shared.domain.text import Id
from shared.limits import TICKET_CHANGES_MAX

__all__ = [
    "FEATURE", "MarkChangesSeen", "TicketChanged", "TicketChangesSeen", "line_noted", "line_seated", "line_voided", "lines_moved",
    "lines_packed", "relabelled",
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


# --- what decisions about checks say to the kitchen ---


def line_voided(view: View, check_id: str, line_id: str, reason: str) -> Iterable[Event]:
    """The events that take a line off every ticket it stands on, made or not; none where the kitchen never heard of it.

    Of a line that was split into shares the kitchen knows the `source_line_id`; a share that is voided is no business of the cook's
    as long as another is left.
    """
    for ticket in tickets_of(view, check_id):
        line = ticket.line_of(check_id, line_id)
        if line is not None and (line.status, "void") in ITEM_STATES:
            yield TicketChanged(ticket_id=ticket.ticket_id, kind="voided", line_ids=(line_id,), text=reason)


def line_noted(view: View, check_id: str, line_id: str, note: str) -> Iterable[Event]:
    """The events that give a fired line another note, wherever it is still to be made. Raises Refused `ticket.too_many_changes`."""
    for ticket in tickets_of(view, check_id, live_only=True):
        line = ticket.line_of(check_id, line_id)
        if line is None or not line.is_pending or line.note == note:
            continue
        if len(ticket.changes) >= TICKET_CHANGES_MAX:
            detail = f"Ticket {ticket.number} of {ticket.station} has changed {TICKET_CHANGES_MAX} times."
            raise Refused("ticket.too_many_changes", detail, ticket_id=ticket.ticket_id, check_id=check_id, maximum=TICKET_CHANGES_MAX)
        yield TicketChanged(ticket_id=ticket.ticket_id, kind="noted", line_ids=(line_id,), text=note)


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


FEATURE = Feature(
    name="kitchen.changes",
    deciders={MarkChangesSeen: ("kitchen", _mark_seen)},
    evolvers={TicketChanged: _changed, TicketChangesSeen: _seen},
    errors={
        "ticket.changes_seen": ErrorInfo(409, "The changes of the ticket have all been seen.", "Nothing needs to be done."),
        "ticket.too_many_changes": ErrorInfo(409, "The ticket has been changed too often.", "Tell the kitchen by word of mouth."),
    },
)
