"""Firing: lines go to the kitchen, all at once, by course or one by one, and wait on hold until somebody says so.

What lives here: SendCheck, FireCourse, FireLines, HoldLines, ReleaseLines, their events and rules, and what the kitchen is told of a
line. The tickets that come of it are in shared/domain/kitchen.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from shared.domain.check.acts import allow_line, before, changed, ensure_ids, ensure_lines, find_check
from shared.domain.check.reckoning import noted
from shared.domain.check.state import LINE_STATES, Check, Line
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.counts import needs_of
from shared.domain.kitchen.creating import Labels, Routed, tickets_for
from shared.domain.kitchen.state import FiredLine
from shared.domain.text import Id
from shared.limits import CHECK_LINES_MAX, ID_LENGTH_MAX

__all__ = [
    "FEATURE", "FireCourse", "FireLines", "HoldLines", "LinesHeld", "LinesReleased", "LinesSent", "ReleaseLines", "SendCheck", "fired",
]  # fmt: skip

LineIds = Annotated[
    tuple[Id, ...], msgspec.Meta(min_length=1, max_length=CHECK_LINES_MAX, description="lines; a combo's id names all of it")
]
Course = Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX, description='a course\'s id; "" are the lines without one')]


class SendCheck(Command, frozen=True):
    """Send every held line that is not on hold to its kitchen station."""

    check_id: Id


class FireCourse(Command, frozen=True):
    """Send the held lines of a course, whether on hold or not."""

    check_id: Id
    course: Course


class FireLines(Command, frozen=True):
    """Send these lines, whether on hold or not."""

    check_id: Id
    line_ids: LineIds


class HoldLines(Command, frozen=True):
    """Let these lines wait: a send passes over them until they are released, or fired by name or course."""

    check_id: Id
    line_ids: LineIds


class ReleaseLines(Command, frozen=True):
    """Take these lines, or those of a course, off hold: the next send takes them along."""

    check_id: Id
    line_ids: Annotated[tuple[Id, ...], msgspec.Meta(max_length=CHECK_LINES_MAX)] = ()
    course: Course | None = None


class LinesSent(Event, frozen=True):
    """`course` is the one that was fired, "" where it was no course. `fire_id` is that of the tickets."""

    check_id: str
    line_ids: tuple[str, ...]
    course: str = ""
    fire_id: str = ""


class LinesHeld(Event, frozen=True):
    check_id: str
    line_ids: tuple[str, ...]


class LinesReleased(Event, frozen=True):
    check_id: str
    line_ids: tuple[str, ...]


# --- decisions ---


def _send(view: View, command: SendCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "send")
    held = _held(check)
    lines = [line for line in held if not line.on_hold]
    if not lines:
        detail = f"Nothing on check {check.number} waits to be sent; {len(held)} lines are on hold."
        raise Refused("check.nothing_held", detail, check_id=check.check_id, on_hold=len(held))
    yield from fired(view, context, check, lines)


def _fire_course(view: View, command: FireCourse, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "send")
    lines = [line for line in _held(check) if line.course == command.course]
    if not lines:
        detail = f"No line of course {command.course!r} on check {check.number} waits to be sent."
        raise Refused("check.nothing_held", detail, check_id=check.check_id, course=command.course)
    yield from fired(view, context, check, lines, course=command.course)


def _fire_lines(view: View, command: FireLines, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "send")
    lines = _named(check, command.line_ids, "send")
    yield from fired(view, context, check, lines)


def _hold(view: View, command: HoldLines, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "change")
    lines = _named(check, command.line_ids, "hold")
    ids = tuple([line.line_id for line in lines if not line.on_hold])
    if not ids:
        raise Refused("line.already_on_hold", f"Those lines of check {check.number} are on hold.", check_id=check.check_id)
    yield LinesHeld(check_id=command.check_id, line_ids=ids)


def _release(view: View, command: ReleaseLines, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "change")
    lines = _named(check, command.line_ids, "hold")
    if command.course is not None:
        lines += [line for line in _held(check) if line.course == command.course]
    ids = tuple(dict.fromkeys(line.line_id for line in lines if line.on_hold))
    if not ids:
        raise Refused("check.nothing_on_hold", f"None of those lines of check {check.number} is on hold.", check_id=check.check_id)
    yield LinesReleased(check_id=command.check_id, line_ids=ids)


def fired(
    view: View, context: Context, check: Check, lines: Sequence[Line], *, course: str = "", first_ordinal: int = 0
) -> Iterable[Event]:
    """The events by which `lines`, all held, go to the kitchen, the first of them as the command's `first_ordinal`-th. In training
    they are sent and no kitchen hears of it."""
    fire_id = derived_id(context.command_id, "fire", first_ordinal)
    yield LinesSent(check_id=check.check_id, line_ids=tuple([line.line_id for line in lines]), course=course, fire_id=fire_id)
    if check.training:
        return
    courses = {line.course for line in lines}
    labels = Labels(
        check_id=check.check_id, check_number=check.number, table_id=check.table_id,
        date=context.today if check.closings else check.business_date,  # as registry.booking_date says
        service=check.service, order_number=check.order_number, name=check.name, covers=check.covers, dining_option=check.dining_option,
        owner_id=check.owner_id,
    )  # fmt: skip
    routed = [Routed((line.station, *line.also_stations), _as_fired(line, check)) for line in lines]
    yield from tickets_for(view, context, first_ordinal + 1, fire_id, courses.pop() if len(courses) == 1 else "", labels, routed)


def _as_fired(line: Line, check: Check) -> FiredLine:
    """What the cook must know of a line."""
    chosen = line.modifiers
    is_halved = any(modifier.portion != "whole" for modifier in chosen)
    is_nested = any(modifier.depth for modifier in chosen)
    return FiredLine(
        line_id=line.line_id, name=line.name, quantity=line.quantity, modifiers=tuple([modifier.name for modifier in chosen]),
        note=line.note, item_id=line.item_id, portions=tuple([modifier.portion for modifier in chosen]) if is_halved else (),
        depths=tuple([modifier.depth for modifier in chosen]) if is_nested else (), seat=line.seat, course=line.course,
        prep_s=line.prep_s, weight=line.weight, weight_unit=line.weight_unit, combo=line.combo.name if line.combo else "",
        dining_option=line.dining_option if line.dining_option != check.dining_option else "", allergens=line.allergens,
        ingredients=needs_of(line.quantity, line.ingredients, [(each.portion, each.ingredients) for each in chosen if each.ingredients]),
    )  # fmt: skip


def _held(check: Check) -> list[Line]:
    return [line for line in check.lines if (line.status, "send") in LINE_STATES]


def _named(check: Check, line_ids: Iterable[str], act: str) -> list[Line]:
    """The lines of these ids, in the order of the check, of a combo those that `act` may still be done to. Raises Refused `id.malformed`,
    `line.unknown`, or as `allow_line` does."""
    wanted = set(line_ids)
    ensure_ids(*wanted)
    lines = check.lines_named(wanted)
    known = {line.line_id for line in lines} | {line.combo.combo_id for line in lines if line.combo}
    if unknown := sorted(wanted - known):
        raise Refused("line.unknown", f"Check {check.number} has no line {unknown[0]}.", check_id=check.check_id, line_ids=unknown)
    able = [line for line in lines if line.line_id in wanted or (line.status, act) in LINE_STATES]
    for line in able or lines:
        allow_line(check, line, act)
    return able


# --- evolution ---


def _sent(view: View, event: LinesSent, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "send")
    return changed(noted(check, lines=_lines_after(check, event.line_ids, "send", on_hold=False, sent_at=meta.at)))


def _lines_held(view: View, event: LinesHeld, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "change")
    return changed(noted(check, lines=_lines_after(check, event.line_ids, "hold", on_hold=True)))


def _lines_released(view: View, event: LinesReleased, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "change")
    return changed(noted(check, lines=_lines_after(check, event.line_ids, "hold", on_hold=False)))


def _lines_after(check: Check, line_ids: tuple[str, ...], act: str, **fields: object) -> tuple[Line, ...]:
    ensure_lines(check, line_ids)
    ids = set(line_ids)
    return tuple([
        msgspec.structs.replace(line, status=LINE_STATES[line.status, act], revision=line.revision + 1, **fields)
        if line.line_id in ids
        else line
        for line in check.lines
    ])  # fmt: skip


FEATURE = Feature(
    name="check.firing",
    deciders={
        SendCheck: ("order", _send),
        FireCourse: ("order", _fire_course),
        FireLines: ("order", _fire_lines),
        HoldLines: ("order", _hold),
        ReleaseLines: ("order", _release),
    },
    evolvers={LinesSent: _sent, LinesHeld: _lines_held, LinesReleased: _lines_released},
    errors={
        "check.nothing_held": ErrorInfo(409, "Nothing on the check waits to be sent.", "Add lines first, or fire what is on hold."),
        "check.nothing_on_hold": ErrorInfo(409, "Nothing of that is on hold.", "Nothing needs to be done; send the check."),
        "line.already_on_hold": ErrorInfo(409, "The lines are on hold already.", "Nothing needs to be done."),
    },
)
