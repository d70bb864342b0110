"""Lines come off a check again: for nothing before they are fired, with reason, approval and waste afterwards (golden rule 9).

What lives here: VoidLine, its event and its rules. What the kitchen does with it is in shared/domain/kitchen.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from shared.domain.check.acts import (
    allow_line,
    before,
    changed,
    ensure_approved,
    ensure_lines,
    ensure_no_share,
    ensure_reason,
    ensure_seen,
    ensure_whole,
    find_check,
    lines_of,
)  # fmt: skip
from shared.domain.check.offering import recounted
from shared.domain.check.reckoning import money_changed
from shared.domain.check.settling import settle
from shared.domain.check.state import LINE_STATES, Check, LineStatus, Voiding
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.changes import line_voided
from shared.domain.text import Id, Note, ensure_text

__all__ = ["FEATURE", "LineVoided", "VoidLine"]


class VoidLine(Command, frozen=True):
    """Take a line, or a combo as a whole, off the check. One that was fired needs a `reason`, and a device that may approve.

    With `line_revision` it is refused if the line is at another than the one that was seen; a combo's is the highest of its
    components'.
    """

    check_id: Id
    line_id: Id
    reason: Note = ""
    line_revision: int | None = None


class LineVoided(Event, frozen=True):
    """Voided before fire a line stands nowhere, and what it took off a countdown is given back; `after_fire` it is waste."""

    check_id: str
    line_id: str
    reason: str = ""
    after_fire: bool = False
    approved_by: str = ""


def _void(view: View, command: VoidLine, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "void")
    lines = lines_of(check, command.line_id)
    fired = [line for line in lines if line.status is LineStatus.SENT]
    for line in lines:
        ensure_whole(check, line, command.line_id)
        allow_line(check, line, _act(line.status is LineStatus.SENT))
    ensure_seen(check, lines, command.line_revision)
    ensure_no_share(check, lines)
    approved_by = ""
    if fired:  # of a combo that is half in the kitchen, only that half is waste
        if not command.reason.strip():  # who gives none has not seen that it was fired
            allow_line(check, fired[0], "void")
        approved_by = ensure_approved(context, f"Voiding {fired[0].name}, which is in the kitchen,")
        ensure_reason(context, "void", command.reason)
    else:
        ensure_text(command.reason)
    events = [
        LineVoided(check_id=check.check_id, line_id=line.line_id, reason=command.reason, after_fire=line in fired,
                   approved_by=approved_by if line in fired else "")
        for line in lines
    ]  # fmt: skip
    after = check
    for event in events:
        after = _after(after, event, context.now)
    yield from events
    for line in fired:
        yield from line_voided(view, check.check_id, line.line_id, command.reason)
    yield from settle(after, context)


def _act(is_fired: bool) -> str:
    return "void_fired" if is_fired else "void"


def _after(check: Check, event: LineVoided, at: datetime) -> Check:
    void = Voiding(reason=event.reason, after_fire=event.after_fire, approved_by=event.approved_by, at=at)
    lines = tuple([
        msgspec.structs.replace(line, status=LINE_STATES[line.status, _act(event.after_fire)], void=void, revision=line.revision + 1)
        if line.line_id == event.line_id
        else line
        for line in check.lines
    ])  # fmt: skip
    return money_changed(check, lines=lines)


def _voided(view: View, event: LineVoided, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "void")
    ensure_lines(check, (event.line_id,))
    changes = dict(changed(_after(check, event, meta.at)))
    line = check.line(event.line_id)
    if line is not None and not event.after_fire:
        changes |= recounted(view, line.item_id, line.counted, 0)
        if line.combo is not None:
            changes |= recounted(view, line.combo.item_id, line.combo.counted, 0)
    return changes


FEATURE = Feature(name="check.voiding", deciders={VoidLine: ("order", _void)}, evolvers={LineVoided: _voided})
