"""Moving lines from one open check to another.

What lives here: MoveLines, its event and its rules. Whole checks are merged (merging.py) or moved to another table (seating.py); a
line that moves to another seat is changed (changing.py).
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.check.acts import before, changed, ensure_exempt, ensure_ids, ensure_lines, ensure_unchanged, find_check
from shared.domain.check.joining import LineTwice, received
from shared.domain.check.merging import ensure_fits
from shared.domain.check.parts import divided, is_divisible, kitchen_ids
from shared.domain.check.reckoning import money_changed
from shared.domain.check.settling import settle
from shared.domain.check.state import Check, Line, LineStatus
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.labels import lines_moved
from shared.domain.text import Id
from shared.limits import CHECK_LINES_MAX

__all__ = ["FEATURE", "LinesMoved", "MoveLines"]


class MoveLines(Command, frozen=True):
    """Move lines, or combos by their ids, to another open check; what was given off them alone goes along. `revision` is that of the
    check that they leave."""

    check_id: Id
    to_check_id: Id
    line_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=CHECK_LINES_MAX)]
    revision: Annotated[int, msgspec.Meta(ge=0)] | None = None


class LinesMoved(Event, frozen=True):
    """`line_ids` stand on `to_check_id`, under the same ids; shares of one line that meet there are one again."""

    check_id: str
    to_check_id: str
    line_ids: tuple[str, ...]


# --- decision --------------------------------------------------------------------------------------


def _move(view: View, command: MoveLines, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "move")
    to = find_check(view, command.to_check_id, "add")
    ensure_unchanged(check, command.revision)
    if check.check_id == to.check_id or check.training != to.training or check.currency != to.currency:
        detail = f"Lines of check {check.number} cannot move to check {to.number}."
        raise Refused("move.refused", detail, check_id=check.check_id, to_check_id=to.check_id)
    ensure_exempt(check, to, context)
    lines = _lines_to_move(check, command.line_ids)
    ids = frozenset([line.line_id for line in lines])
    _ensure_alone(check, ids)
    event = LinesMoved(check_id=check.check_id, to_check_id=to.check_id, line_ids=tuple([line.line_id for line in lines]))
    try:
        after, to_after = _as_moved(check, to, event)
    except LineTwice as error:
        raise Refused("line.already_added", f"{error}.", check_id=to.check_id, line_id=error.line_id) from error
    ensure_fits(to_after)
    yield event
    kitchen = [id for line in lines for id in kitchen_ids(line)]
    yield from lines_moved(view, check.check_id, to.check_id, kitchen, to.number, to.table_id)
    yield from settle(after, context)
    yield from settle(to_after, context)


def _lines_to_move(check: Check, line_ids: Iterable[str]) -> list[Line]:
    """The lines, in the order of the check. Raises Refused `line.unknown`, `line.already_voided` or `combo.not_whole`."""
    wanted = dict.fromkeys(line_ids)
    ensure_ids(*wanted)
    lines = check.lines_named(wanted)
    known = {line.line_id for line in lines} | {line.combo.combo_id for line in lines if line.combo}
    if unknown := [id for id in wanted if id not in known]:
        raise Refused("line.unknown", f"Check {check.number} has no line {unknown[0]}.", check_id=check.check_id, line_ids=unknown)
    combos = {line.combo.combo_id for line in lines if line.combo}
    for line in check.lines:
        if line.combo is not None and line.combo.combo_id in combos and line not in lines:
            detail = f"{line.name} is part of {line.combo.name}, whose components come and go together."
            raise Refused("combo.not_whole", detail, check_id=check.check_id, combo_id=line.combo.combo_id)
    for line in lines:
        if line.status is LineStatus.VOIDED:
            detail = f"{line.name} on check {check.number} is voided: it stays where it was."
            raise Refused("line.already_voided", detail, check_id=check.check_id, line_id=line.line_id, status=line.status)
    return lines


def _ensure_alone(check: Check, line_ids: frozenset[str]) -> None:
    """Raises Refused `discount.spans_lines` for a discount that is on lines that go and on lines that stay, and hangs on both."""
    for each in check.discounts:
        if line_ids.intersection(each.line_ids) and not line_ids.issuperset(each.line_ids) and not is_divisible(each):
            raise Refused(
                "discount.spans_lines",
                f"{each.name} on check {check.number} is on lines that would stay as well.",
                check_id=check.check_id,
                discount_id=each.discount_id,
                line_ids=list(each.line_ids),
            )


# --- evolution -------------------------------------------------------------------------------------


def _as_moved(check: Check, to: Check, event: LinesMoved) -> tuple[Check, Check]:
    """Both checks, as the move leaves them."""
    ids = frozenset(event.line_ids)
    stay, go = divided(check.discounts, ids)
    moving = [line for line in check.lines if line.line_id in ids]
    kept = tuple([line for line in check.lines if line.line_id not in ids])
    return money_changed(check, lines=kept, discounts=stay), received(to, check, moving, go)


def _moved(view: View, event: LinesMoved, meta: Meta) -> Mapping[Key, Aggregate]:
    check, to = before(view, event.check_id, "move"), before(view, event.to_check_id, "add")
    ensure_lines(check, event.line_ids)
    if event.check_id == event.to_check_id:
        raise ValueError(f"an event moves lines of check {event.check_id} to itself")
    return changed(*_as_moved(check, to, event))


FEATURE = Feature(
    name="check.moving",
    deciders={MoveLines: ("order", _move)},
    evolvers={LinesMoved: _moved},
    errors={
        "move.refused": ErrorInfo(409, "The lines cannot move to that check.", "Choose another open check; training stays apart."),
        "discount.spans_lines": ErrorInfo(
            409, "A discount is on lines that go and on lines that stay.", "Move all of its lines, or remove it first."
        ),
    },
)
