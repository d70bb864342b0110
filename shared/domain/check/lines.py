"""Lines come onto a check: an item, or the components of a combo, at what the menu says at that moment.

What lives here: AddLine, its event and its rules. What was chosen is checked in selection.py, what is offered at which price in
offering.py; changing, voiding and re-rating a line are in the modules of those names.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from shared.domain.arithmetic.types import Tax
from shared.domain.check.acts import before, changed, ensure_ids, find_check
from shared.domain.check.offering import (
    OFFER_ERRORS,
    Terms,
    Weight,
    counted_units,
    course_named,
    ensure_dining_option,
    ensure_offered,
    ensure_weight,
    find_item,
    is_waiting,
    price_at,
    recounted,
    shared_out,
    taxes_at,
    terms_of,
)  # fmt: skip
from shared.domain.check.reckoning import money_changed
from shared.domain.check.selection import (
    SELECTION_ERRORS,
    ChosenComponent,
    ChosenModifier,
    Selected,
    allergens_of,
    select_components,
    select_modifiers,
)  # fmt: skip
from shared.domain.check.settling import settle
from shared.domain.check.state import Check, ComboPart, Line, LineModifier, LineStatus
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.document import IngredientUse, MenuItem
from shared.domain.menu.effective import station_of
from shared.domain.text import Id, Note, ShortId, ensure_text
from shared.limits import (
    AMOUNT_MINOR_MAX,
    CHECK_LINES_MAX,
    COMBO_COMPONENTS_MAX,
    COVERS_MAX,
    ID_LENGTH_MAX,
    MODIFIERS_PER_LINE_MAX,
    QUANTITY_MAX,
)  # fmt: skip

__all__ = ["FEATURE", "AddLine", "ChosenComponent", "ChosenModifier", "CourseId", "LineAdded", "Quantity", "Seat", "ensure_amount"]

Quantity = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]
Seat = Annotated[int, msgspec.Meta(ge=0, le=COVERS_MAX, description="the guest it is for; 0 is the whole table")]
CourseId = Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX, description='a course\'s id; "" is the usual one of the item')]


class AddLine(Command, frozen=True):
    """Put an item on the check, or with `components` a combo, whose lines then come and go together under this `line_id`.

    `unit_price_minor` is the price of an item of open price; for others it replaces the menu's (permission `import`). `hold` says
    whether it waits for a fire, None as its course does. `weight` is for what is sold by weight, and only for that.
    """

    check_id: Id
    line_id: Id
    item_id: ShortId
    quantity: Quantity = 1
    modifiers: Annotated[tuple[ChosenModifier, ...], msgspec.Meta(max_length=MODIFIERS_PER_LINE_MAX)] = ()
    note: Note = ""
    unit_price_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)] | None = None
    seat: Seat = 0
    course: CourseId = ""
    hold: bool | None = None
    weight: Weight = ""
    components: Annotated[tuple[ChosenComponent, ...], msgspec.Meta(max_length=COMBO_COMPONENTS_MAX)] = ()
    dining_option: Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX, description='"" is that of the check')] = ""


class LineAdded(Event, frozen=True):
    """See Line, which keeps all of it."""

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
    seat: int = 0
    course: str = ""
    on_hold: bool = False
    also_stations: tuple[str, ...] = ()
    prep_s: int = 0
    weight: str = ""
    weight_unit: str = ""
    combo: ComboPart | None = None
    discountable: bool = True
    dining_option: str = ""
    price_level: str = ""
    own_price: bool = False
    allergens: tuple[str, ...] = ()
    ingredients: tuple[IngredientUse, ...] = ()
    counted: int = 0


# --- decision --------------------------------------------------------------------------------------


class _Sale(NamedTuple):
    """What is ordered, on which check, on which terms."""

    command: AddLine
    check: Check
    terms: Terms
    menu_version: str


def _add(view: View, command: AddLine, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "add")
    ensure_ids(command.line_id)
    ensure_text(command.note, command.dining_option)
    if check.lines_named((command.line_id,)):
        raise Refused("line.already_added", f"Line {command.line_id} stands on check {check.number}.", check_id=check.check_id)
    item = find_item(context.menu, command.item_id)
    is_imported = _ensure_price_said(command, item, context)
    if command.dining_option:
        ensure_dining_option(context.menu, command.dining_option)
    terms = terms_of(check, context, command.dining_option)
    if is_imported:  # its price is its own: surcharges are the menu's base ones, whatever the hour it is played at
        terms = terms._replace(levels=())
    sale = _Sale(command, check, terms, context.menu_version)
    events = _of_combo(view, sale, item) if item.slots else _of_item(view, sale, item)
    if len(check.lines) + len(events) > CHECK_LINES_MAX:
        detail = f"Check {check.number} has {len(check.lines)} lines; {CHECK_LINES_MAX} are the most."
        raise Refused("check.too_many_lines", detail, check_id=check.check_id, maximum=CHECK_LINES_MAX)
    if not is_imported:
        events = _counted(view, check, terms, item, events)
    after = check
    for event in events:
        line = _line(event, context.now)
        ensure_amount(line)
        after = _with(after, line)
    yield from events
    yield from settle(after, context)


def _ensure_price_said(command: AddLine, item: MenuItem, context: Context) -> bool:
    """Whether the price is that of an import. Raises Refused `item.price_missing`, or `permission.missing` for one that may not be said."""
    if command.unit_price_minor is None:
        if item.open_price:
            raise Refused("item.price_missing", f"The price of {item.name} has to be said.", item_id=item.id)
        return False
    is_imported = "import" in context.permissions
    if not is_imported and not item.open_price:
        raise Refused("permission.missing", "A price other than the menu's needs the permission 'import'.", permission="import")
    return is_imported


def _of_item(view: View, sale: _Sale, item: MenuItem) -> list[LineAdded]:
    command, terms = sale.command, sale.terms
    if command.components:
        raise Refused("combo.no_combo", f"{item.name} is no combo.", item_id=item.id)
    if command.weight or command.unit_price_minor is None or item.open_price:  # a file that is replayed knows prices, not weights
        ensure_weight(item, command.weight, command.quantity)
    price, level = (command.unit_price_minor, "") if command.unit_price_minor is not None else price_at(view, terms, item)
    selected = select_modifiers(terms.menu, item, command.modifiers, terms.levels)
    return [_event(sale, item, selected, price, level)]


def _of_combo(view: View, sale: _Sale, combo: MenuItem) -> list[LineAdded]:
    command, terms = sale.command, sale.terms
    if command.modifiers or command.weight:
        raise Refused("combo.modifiers_misplaced", f"{combo.name} is a combo: its components are chosen.", item_id=combo.id)
    price, level = (command.unit_price_minor, "") if command.unit_price_minor is not None else price_at(view, terms, combo)
    components = select_components(terms.menu, combo, command.components, terms.levels)
    if not components:
        raise Refused("combo.too_few", f"{combo.name}: choose at least one component.", item_id=combo.id, minimum=1)
    units = shared_out(view, terms, price, [each.item for each in components], [each.extra_minor for each in components])
    events: list[LineAdded] = []
    for each, unit in zip(components, units, strict=True):
        part = ComboPart(
            combo_id=command.line_id, item_id=combo.id, name=combo.name, slot_id=each.slot.id, price_minor=price,
            extra_minor=each.extra_minor,
        )  # fmt: skip
        events.append(_event(sale, each.item, each.selected, unit, level, derived_id(command.line_id, len(events)), part))
    return events


def _event(
    sale: _Sale, item: MenuItem, selected: Selected, price_minor: int, price_level: str, line_id: str = "", combo: ComboPart | None = None
) -> LineAdded:
    command, check, terms, menu_version = sale
    course = course_named(terms.menu, command.course, item)
    return LineAdded(
        check_id=check.check_id,
        line_id=line_id or command.line_id,
        item_id=item.id,
        name=item.name,
        category=item.category,
        quantity=command.quantity,
        unit_price_minor=price_minor,
        station=station_of(terms.menu, item),
        modifiers=selected.modifiers,
        taxes=taxes_at(terms, item),
        note=command.note,
        menu_version=menu_version,
        seat=command.seat,
        course=course,
        on_hold=is_waiting(terms.menu, course) if command.hold is None else command.hold,
        also_stations=item.also_stations,
        prep_s=item.prep_s,
        weight=command.weight,
        weight_unit=item.weighing.unit if item.weighing and command.weight else "",
        combo=combo,
        discountable=item.discountable,
        dining_option=terms.dining_option if terms.dining_option != check.dining_option else "",
        price_level=price_level,
        own_price=command.unit_price_minor is not None,
        allergens=allergens_of(item, selected),
        ingredients=item.ingredients,
    )


def _counted(view: View, check: Check, terms: Terms, item: MenuItem, events: list[LineAdded]) -> list[LineAdded]:
    """The events with what each takes off a countdown. Raises Refused as `ensure_offered` does."""
    units = Counter({item.id: events[0].quantity} if item.slots else {})
    for event in events:
        units[event.item_id] += event.quantity
    ensure_offered(view, terms, units)
    combo = events[0].combo
    if combo is not None and (of_combo := counted_units(view, check, combo.item_id, events[0].quantity)):
        events = [msgspec.structs.replace(events[0], combo=msgspec.structs.replace(combo, counted=of_combo)), *events[1:]]
    return [
        msgspec.structs.replace(event, counted=counted) if (counted := counted_units(view, check, event.item_id, event.quantity)) else event
        for event in events
    ]


def ensure_amount(line: Line) -> None:
    """Raises Refused `amount.too_large` for a line that comes to more than a check can hold."""
    if line.menu_amount_minor > AMOUNT_MINOR_MAX:
        raise Refused("amount.too_large", "The line comes to more than a check can hold.", maximum_minor=AMOUNT_MINOR_MAX)


# --- evolution -------------------------------------------------------------------------------------


def _line(event: LineAdded, at: datetime) -> Line:
    return Line(
        line_id=event.line_id, item_id=event.item_id, name=event.name, category=event.category, quantity=event.quantity,
        unit_price_minor=event.unit_price_minor, station=event.station, status=LineStatus.HELD, modifiers=event.modifiers,
        taxes=event.taxes, note=event.note, seat=event.seat, course=event.course, on_hold=event.on_hold,
        also_stations=event.also_stations, prep_s=event.prep_s, weight=event.weight, weight_unit=event.weight_unit, combo=event.combo,
        discountable=event.discountable, dining_option=event.dining_option, price_level=event.price_level, own_price=event.own_price,
        allergens=event.allergens, ingredients=event.ingredients, counted=event.counted, added_at=at,
    )  # fmt: skip


def _with(check: Check, line: Line) -> Check:
    return money_changed(check, lines=(*check.lines, line))


def _added(view: View, event: LineAdded, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "add")
    if check.line(event.line_id) is not None:
        raise ValueError(f"line {event.line_id} was added twice to check {event.check_id}")
    changes = {**changed(_with(check, _line(event, meta.at))), **recounted(view, event.item_id, 0, event.counted)}
    if event.combo is not None:
        changes |= recounted(view, event.combo.item_id, 0, event.combo.counted)
    return changes


FEATURE = Feature(
    name="check.lines",
    deciders={AddLine: ("order", _add)},
    evolvers={LineAdded: _added},
    errors=OFFER_ERRORS
    | SELECTION_ERRORS
    | {
        "check.too_many_lines": ErrorInfo(409, "The check is full.", "Open a second check for the table."),
        "line.already_added": ErrorInfo(409, "A line of that id stands on the check.", "Give every new line an id of its own."),
        "item.price_missing": ErrorInfo(422, "The price of the item has to be said.", "Say the price of one unit."),
        "combo.no_combo": ErrorInfo(422, "The item is no combo.", "Order it without components."),
        "combo.modifiers_misplaced": ErrorInfo(422, "A combo itself has no modifiers.", "Name the component that they are for."),
    },
)
