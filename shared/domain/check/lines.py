"""Lines come onto a check and, before they are sent, off it again.

What lives here: AddLine, VoidLine, their events and rules. Firing is in firing.py, prices come from the menu.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.arithmetic.types import Tax
from shared.domain.check.acts import allow_line, before, changed, ensure_ids, ensure_not_overpaid, find_check, find_line
from shared.domain.check.reckoning import money_changed
from shared.domain.check.state import LINE_STATES, Line, LineModifier, LineStatus, Voiding
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.document import MenuItem
from shared.domain.text import Id, Note, ShortId, ensure_text
from shared.limits import AMOUNT_MINOR_MAX, CHECK_LINES_MAX, MODIFIERS_PER_LINE_MAX, QUANTITY_MAX

__all__ = ["FEATURE", "AddLine", "ChosenModifier", "LineAdded", "LineVoided", "VoidLine"]


class ChosenModifier(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """A modifier as a device names it."""

    group_id: ShortId
    modifier_id: ShortId


class AddLine(Command, frozen=True):
    """Put an item on the check. `unit_price_minor` replaces the menu's price (permission `import`)."""

    check_id: Id
    line_id: Id
    item_id: ShortId
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    modifiers: Annotated[tuple[ChosenModifier, ...], msgspec.Meta(max_length=MODIFIERS_PER_LINE_MAX)] = ()
    note: Note = ""
    unit_price_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)] | None = None


class VoidLine(Command, frozen=True):
    """Take a line off the check before it is sent."""

    check_id: Id
    line_id: Id
    reason: Note = ""


class LineAdded(Event, frozen=True):
    check_id: str
    line_id: str
    item_id: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    station: str
    modifiers: tuple[LineModifier, ...] = ()
    taxes: tuple[Tax, ...] = ()
    note: str = ""
    menu_version: str = ""


class LineVoided(Event, frozen=True):
    check_id: str
    line_id: str
    reason: str = ""


def _add(view: View, command: AddLine, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "add")
    ensure_ids(command.line_id)
    ensure_text(command.note)
    if check.line(command.line_id) is not None:
        raise Refused("line.already_added", f"Line {command.line_id} stands on check {check.number}.")
    if len(check.lines) >= CHECK_LINES_MAX:
        raise Refused("check.too_many_lines", f"Check {check.number} has {CHECK_LINES_MAX} lines.", maximum=CHECK_LINES_MAX)
    item = context.menu.items_by_id.get(command.item_id)
    if item is None:
        raise Refused("item.unknown", f"The menu {context.menu.name!r} has no item {command.item_id!r}.", item_id=command.item_id)
    price = item.price_minor
    if command.unit_price_minor is not None:
        if "import" not in context.permissions:
            raise Refused("permission.missing", "A price other than the menu's needs the permission 'import'.", permission="import")
        price = command.unit_price_minor
    modifiers = _choose_modifiers(item, command.modifiers, context)
    if (price + sum(modifier.price_minor for modifier in modifiers)) * command.quantity > AMOUNT_MINOR_MAX:
        raise Refused("amount.too_large", "The line comes to more than a check can hold.", maximum_minor=AMOUNT_MINOR_MAX)
    yield LineAdded(
        check_id=command.check_id,
        line_id=command.line_id,
        item_id=item.id,
        name=item.name,
        category=item.category,
        quantity=command.quantity,
        unit_price_minor=price,
        station=item.station,
        modifiers=modifiers,
        taxes=tuple(
            Tax(id=tax.id, name=tax.name, rate=tax.rate, inclusive=tax.inclusive, rounding=tax.rounding)
            for tax in (context.menu.taxes_by_id[id] for id in item.tax_ids)
        ),
        note=command.note,
        menu_version=context.menu_version,
    )


def _choose_modifiers(item: MenuItem, chosen: tuple[ChosenModifier, ...], context: Context) -> tuple[LineModifier, ...]:
    """The chosen modifiers with name and price, in the order of choice; each group's bounds are kept."""
    counts = dict.fromkeys(item.modifier_group_ids, 0)
    found: list[LineModifier] = []
    for choice in chosen:
        group = context.menu.groups_by_id.get(choice.group_id) if choice.group_id in counts else None
        modifier = next((m for m in group.modifiers if m.id == choice.modifier_id), None) if group else None
        if modifier is None:
            raise Refused("modifier.unknown", f"{item.name} has no modifier {choice.modifier_id!r} in {choice.group_id!r}.")
        counts[choice.group_id] += 1
        found.append(LineModifier(group_id=choice.group_id, modifier_id=modifier.id, name=modifier.name, price_minor=modifier.price_minor))
    for group_id, count in counts.items():
        group = context.menu.groups_by_id[group_id]
        if count < group.minimum:
            raise Refused("modifier.too_few", f"{group.name}: choose at least {group.minimum}.", group_id=group_id, minimum=group.minimum)
        if count > group.maximum:
            raise Refused("modifier.too_many", f"{group.name}: choose at most {group.maximum}.", group_id=group_id, maximum=group.maximum)
    return tuple(found)


def _void(view: View, command: VoidLine, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "void")
    ensure_text(command.reason)
    line = find_line(check, command.line_id)
    allow_line(check, line, "void")
    left = tuple(kept for kept in check.lines if kept.line_id != line.line_id)
    ensure_not_overpaid(money_changed(check, lines=left))
    yield LineVoided(check_id=command.check_id, line_id=command.line_id, reason=command.reason)


def _added(view: View, event: LineAdded, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "add")
    if check.line(event.line_id) is not None:
        raise ValueError(f"line {event.line_id} was added twice to check {event.check_id}")
    line = Line(
        line_id=event.line_id,
        item_id=event.item_id,
        name=event.name,
        category=event.category,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        station=event.station,
        status=LineStatus.HELD,
        modifiers=event.modifiers,
        taxes=event.taxes,
        note=event.note,
    )
    return changed(money_changed(check, lines=(*check.lines, line)))


def _voided(view: View, event: LineVoided, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "void")
    if check.line(event.line_id) is None:
        raise LookupError(f"an event voids a line that check {event.check_id} does not have: {event.line_id}")
    void = Voiding(reason=event.reason, at=meta.at)
    lines = tuple(
        msgspec.structs.replace(line, status=LINE_STATES[line.status, "void"], void=void, revision=line.revision + 1)
        if line.line_id == event.line_id
        else line
        for line in check.lines
    )
    return changed(money_changed(check, lines=lines))


FEATURE = Feature(
    name="check.lines",
    deciders={AddLine: ("order", _add), VoidLine: ("order", _void)},
    evolvers={LineAdded: _added, LineVoided: _voided},
    errors={
        "check.too_many_lines": ErrorInfo(409, "The check is full.", "Open a second check for the table."),
        "line.already_added": ErrorInfo(409, "A line of that id stands on the check.", "Give every new line an id of its own."),
    },
)
