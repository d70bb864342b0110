"""A line is changed: how many, with what, for whom, when.

What lives here: ChangeLine, its event and its rules. A line keeps the unit price it was added at (golden rule 1); modifiers that are
chosen anew are priced by the menu in force. Once fired a line is the kitchen's: only its `seat` may still change, because guests move
and whoever carries the plate must know, and its `note`, as long as somebody is still making it and can be told. A course is no more,
since it says when to fire.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from shared.domain.check.acts import allow_line, before, changed, ensure_no_share, ensure_seen, ensure_whole, find_check, lines_of
from shared.domain.check.lines import CourseId, Quantity, Seat, ensure_amount
from shared.domain.check.offering import (
    Weight,
    counted_units,
    course_named,
    ensure_offered,
    ensure_weight,
    find_item,
    is_waiting,
    recounted,
    terms_of,
)  # fmt: skip
from shared.domain.check.reckoning import money_changed, noted
from shared.domain.check.selection import ChosenModifier, allergens_of, same_choice, select_modifiers
from shared.domain.check.settling import settle
from shared.domain.check.state import LINE_STATES, Check, Line, LineModifier, LineStatus
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.changes import line_noted
from shared.domain.kitchen.labels import line_seated
from shared.domain.menu.document import Menu
from shared.domain.text import Id, Note, ensure_text
from shared.limits import MODIFIERS_PER_LINE_MAX

__all__ = ["FEATURE", "ChangeLine", "LineChanged"]


class ChangeLine(Command, frozen=True):
    """Change a line that is not fired yet; what is None stays as it is. Of a fired one `seat` and `note` can be changed.

    The id of a combo names all its components: they change together in quantity, note, seat and course. A component named by its
    own id changes in all but its quantity. With `line_revision` it is refused if the line is at another than the one that was seen.
    """

    check_id: Id
    line_id: Id
    line_revision: int | None = None
    quantity: Quantity | None = None
    modifiers: Annotated[tuple[ChosenModifier, ...], msgspec.Meta(max_length=MODIFIERS_PER_LINE_MAX)] | None = None
    note: Note | None = None
    seat: Seat | None = None
    course: CourseId | None = None
    weight: Weight | None = None


class LineChanged(Event, frozen=True):
    """The line as it is from now on, whichever of this was changed. `combo_counted` is of the combo's own countdown."""

    check_id: str
    line_id: str
    quantity: int
    modifiers: tuple[LineModifier, ...] = ()
    note: str = ""
    seat: int = 0
    course: str = ""
    on_hold: bool = False
    weight: str = ""
    allergens: tuple[str, ...] = ()
    counted: int = 0
    combo_counted: int = 0


# --- decision --------------------------------------------------------------------------------------


def _change(view: View, command: ChangeLine, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "change")
    lines = lines_of(check, command.line_id)
    ensure_text(command.note or "")
    for line in lines:
        if line.status is LineStatus.VOIDED:
            allow_line(check, line, "change")
    ensure_seen(check, lines, command.line_revision)
    if lines[0].line_id != command.line_id and (command.modifiers is not None or command.weight):
        raise Refused("combo.modifiers_misplaced", f"{lines[0].name} and others are one combo.", check_id=check.check_id)
    is_held = any(line.status is LineStatus.HELD for line in lines)
    of_fired = msgspec.structs.replace(command, course=None) if is_held else command  # the course is that of what is still to come
    wanted = [_wanted(view, check, line, command if line.status is LineStatus.HELD else of_fired, context) for line in lines]
    _ensure_note_heard(check, lines, wanted, command)
    wanted = _recounted(view, check, lines, wanted, context)
    pairs = [(line, other) for line, other in zip(lines, wanted, strict=True) if other is not line]
    if not pairs:
        raise Refused("line.unchanged", f"{lines[0].name} on check {check.number} is so already.", check_id=check.check_id)
    after = check
    for _, line in pairs:
        ensure_amount(line)
        after = _after(after, _event(check, line))
    yield from [_event(check, line) for _, line in pairs]
    for line, other in pairs:
        if line.status is LineStatus.SENT and other.seat != line.seat:
            yield from line_seated(view, check.check_id, line.line_id, other.seat)
        if line.status is LineStatus.SENT and other.note != line.note:
            yield from line_noted(view, check.check_id, line.line_id, other.note)
    if any(_costs(line) != _costs(other) for line, other in pairs):
        yield from settle(after, context)


def _wanted(view: View, check: Check, line: Line, command: ChangeLine, context: Context) -> Line:
    """The line as the command wants it, the line itself if that is how it is."""
    fields: dict[str, Any] = {}
    if command.quantity not in (None, line.quantity):
        ensure_whole(check, line, command.line_id)
        fields["quantity"] = command.quantity
    if command.weight not in (None, line.weight):
        fields["weight"] = command.weight
    chosen = command.modifiers
    if chosen is not None and same_choice(line.modifiers, chosen):
        chosen = None
    course = _course(context.menu, line, command)
    if fields or chosen is not None or course != line.course:
        ensure_no_share(check, [line])
        allow_line(check, line, "change")
        fields |= _chosen_anew(check, line, chosen, context)
        if fields.keys() & {"quantity", "weight"} and (line.weight or command.weight):
            item, weight = find_item(context.menu, line.item_id), line.weight if command.weight is None else command.weight
            ensure_weight(item, weight, command.quantity or line.quantity)
    if course != line.course:
        fields["course"] = course
        if line.on_hold == is_waiting(context.menu, line.course):  # nobody had said otherwise
            fields["on_hold"] = is_waiting(context.menu, course)
    if command.seat not in (None, line.seat):
        fields["seat"] = command.seat
    if command.note not in (None, line.note) and _can_note(view, check, line, command.note or ""):
        ensure_no_share(check, [line])
        fields["note"] = command.note
    return msgspec.structs.replace(line, **fields) if fields else line


def _course(menu: Menu, line: Line, command: ChangeLine) -> str:
    """The course the line is to be in."""
    if command.course is None or command.course == line.course:
        return line.course
    item = menu.items_by_id.get(line.item_id)
    return course_named(menu, command.course, item) if item is not None or command.course else line.course


def _chosen_anew(check: Check, line: Line, chosen: Sequence[ChosenModifier] | None, context: Context) -> dict[str, Any]:
    """Other modifiers, at what the menu in force asks for them."""
    if chosen is None:
        return {}
    item = find_item(context.menu, line.item_id)
    selected = select_modifiers(context.menu, item, chosen, terms_of(check, context, line.dining_option).levels)
    return {"modifiers": selected.modifiers, "allergens": allergens_of(item, selected)}


def _can_note(view: View, check: Check, line: Line, note: str) -> bool:
    """Whether a note can still do anything: the line is not in the kitchen, or somebody there can be told."""
    return line.status is LineStatus.HELD or check.training or any(True for _ in line_noted(view, check.check_id, line.line_id, note))


def _ensure_note_heard(check: Check, lines: Sequence[Line], wanted: Sequence[Line], command: ChangeLine) -> None:
    """Raises Refused `line.already_made` for a note that came too late for all of the lines."""
    late = [line for line, other in zip(lines, wanted, strict=True) if command.note is not None and other.note != command.note]
    if len(late) == len(lines):
        detail = f"The kitchen is done with {lines[0].name} of check {check.number}."
        raise Refused("line.already_made", detail, check_id=check.check_id, line_id=lines[0].line_id)


def _recounted(view: View, check: Check, lines: Sequence[Line], wanted: Sequence[Line], context: Context) -> list[Line]:
    """The lines with what they take off countdowns once their quantities are other ones. Raises Refused as `ensure_offered` does
    for units that cannot be had; an import, at a price of its own, asks nobody and takes nothing."""
    differences = [other.quantity - line.quantity for line, other in zip(lines, wanted, strict=True)]
    if not any(differences):
        return list(wanted)
    combo, takes = lines[0].combo, not (lines[0].own_price and "import" in context.permissions)
    if takes:
        more = Counter({combo.item_id: max(0, differences[0])} if combo is not None else {})
        for line, difference in zip(lines, differences, strict=True):
            more[line.item_id] += max(0, difference)
        ensure_offered(view, terms_of(check, context, lines[0].dining_option), +more)

    def units(item_id: str, counted: int, difference: int) -> int:
        if difference < 0:
            return max(0, counted + difference)  # what was ordered before anybody counted is given back last
        return counted + (counted_units(view, check, item_id, difference) if takes else 0)

    after: list[Line] = []
    holder = next((place for place, line in enumerate(lines) if line.combo is not None and line.combo.counted), 0)
    for place, (other, difference) in enumerate(zip(wanted, differences, strict=True)):
        part = other.combo
        if part is not None and place == holder:
            part = msgspec.structs.replace(part, counted=units(part.item_id, part.counted, difference))
        after.append(msgspec.structs.replace(other, counted=units(other.item_id, other.counted, difference), combo=part))
    return after


def _event(check: Check, line: Line) -> LineChanged:
    return LineChanged(
        check_id=check.check_id,
        line_id=line.line_id,
        quantity=line.quantity,
        modifiers=line.modifiers,
        note=line.note,
        seat=line.seat,
        course=line.course,
        on_hold=line.on_hold,
        weight=line.weight,
        allergens=line.allergens,
        counted=line.counted,
        combo_counted=line.combo.counted if line.combo is not None else 0,
    )


# --- evolution -------------------------------------------------------------------------------------


def _costs(line: Line) -> tuple[object, ...]:
    """What of a line says what it comes to."""
    return line.quantity, line.weight, line.modifiers


def _line_after(line: Line, event: LineChanged) -> Line:
    combo = line.combo
    if combo is not None and combo.counted != event.combo_counted:
        combo = msgspec.structs.replace(combo, counted=event.combo_counted)
    return msgspec.structs.replace(
        line, quantity=event.quantity, modifiers=event.modifiers, note=event.note, seat=event.seat, course=event.course,
        on_hold=event.on_hold, weight=event.weight, allergens=event.allergens, counted=event.counted, combo=combo,
        revision=line.revision + 1,
    )  # fmt: skip


def _after(check: Check, event: LineChanged) -> Check:
    line = check.line(event.line_id)
    if line is None:
        raise LookupError(f"an event changes a line that check {check.check_id} does not have: {event.line_id}")
    other = _line_after(line, event)
    is_label = msgspec.structs.replace(line, seat=other.seat, note=other.note, revision=other.revision) == other
    if (line.status, "change") not in LINE_STATES and not (line.status is LineStatus.SENT and is_label):
        raise ValueError(f"an event changes line {event.line_id}, which is {line.status}")
    lines = tuple([other if each is line else each for each in check.lines])
    if _costs(line) != _costs(other):
        return money_changed(check, lines=lines)
    if line.seat == other.seat:
        return noted(check, lines=lines)
    # The sums name seats: those that a split gave are put right, others are worked out anew, and nothing comes to anything else.
    given = check.given
    if given is not None:
        seated = [msgspec.structs.replace(each, seat=other.seat) if each.line_id == line.line_id else each for each in given.lines]
        given = msgspec.structs.replace(given, lines=tuple(seated))
    return money_changed(check, lines=lines, given=given, even_shares=check.even_shares, bill=check.bill)


def _changed(view: View, event: LineChanged, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "change")
    after = _after(check, event)
    changes = dict(changed(after))
    line = check.line(event.line_id)
    assert line is not None
    changes |= recounted(view, line.item_id, line.counted, event.counted)
    if line.combo is not None:
        changes |= recounted(view, line.combo.item_id, line.combo.counted, event.combo_counted)
    return changes


FEATURE = Feature(
    name="check.changing",
    deciders={ChangeLine: ("order", _change)},
    evolvers={LineChanged: _changed},
    errors={
        "line.unchanged": ErrorInfo(409, "The line is so already.", "Nothing needs to be done."),
        "line.already_made": ErrorInfo(409, "The kitchen is done with the line.", "Tell whoever serves it."),
    },
)
