"""Sending lines to the kitchen.

What lives here: SendCheck, its event and rules. The tickets that come of it are in shared/domain/kitchen.
"""

from collections.abc import Iterable, Mapping

import msgspec

from shared.domain.check.acts import before, changed, ensure_lines, find_check
from shared.domain.check.reckoning import noted
from shared.domain.check.state import LINE_STATES
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.ticket import TicketLine, tickets_for
from shared.domain.text import Id

__all__ = ["FEATURE", "LinesSent", "SendCheck"]


class SendCheck(Command, frozen=True):
    """Send every held line to its kitchen station."""

    check_id: Id


class LinesSent(Event, frozen=True):
    check_id: str
    line_ids: tuple[str, ...]


def _send(view: View, command: SendCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "send")
    held = [line for line in check.lines if (line.status, "send") in LINE_STATES]
    if not held:
        raise Refused("check.nothing_held", f"Everything on check {check.number} has been sent.")
    yield LinesSent(check_id=command.check_id, line_ids=tuple(line.line_id for line in held))
    yield from tickets_for(
        view, context, 1, check.check_id, check.number, check.table_id,
        [
            (line.station, TicketLine(
                line_id=line.line_id, name=line.name, quantity=line.quantity,
                modifiers=tuple(modifier.name for modifier in line.modifiers), note=line.note,
            ))
            for line in held
        ],
    )  # fmt: skip


def _sent(view: View, event: LinesSent, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "send")
    ensure_lines(check, event.line_ids)
    ids = set(event.line_ids)
    lines = tuple(
        msgspec.structs.replace(line, status=LINE_STATES[line.status, "send"]) if line.line_id in ids else line for line in check.lines
    )
    return changed(noted(check, lines=lines))


FEATURE = Feature(
    name="check.firing",
    deciders={SendCheck: ("order", _send)},
    evolvers={LinesSent: _sent},
    errors={"check.nothing_held": ErrorInfo(409, "Nothing on the check waits to be sent.", "Add lines first.")},
)
