"""How items, their modifier groups and combos can contradict the rest of a menu.

What lives here: checks on what is sold. What a line may choose of it is in shared/domain/check/selection.py.
"""

from collections.abc import Iterator, Sequence

from shared.domain.arithmetic.rates import ratio
from shared.domain.menu.document import ComboSlot, LevelPrice, Menu, MenuItem, ModifierGroup
from shared.domain.menu.problems_kit import Known, circles, id_problems, repeated, unknown
from shared.limits import AMOUNT_MINOR_MAX, MODIFIER_DEPTH_MAX

__all__ = ["item_problems"]


def item_problems(menu: Menu, known: Known) -> Iterator[str]:
    """Every contradiction of items and modifier groups, one sentence each."""
    for item in menu.items:
        yield from _item(menu, item, known)
    for group in menu.modifier_groups:
        yield from _group(group, known)
    yield from _nesting(menu)


def _item(menu: Menu, item: MenuItem, known: Known) -> Iterator[str]:
    place = f"item {item.id!r}"
    if menu.categories:
        yield from unknown(f"{place} (category)", "category", [item.category], known.categories)
    yield from id_problems(f"{place} (tax_ids)", "tax", item.tax_ids, known.taxes)
    yield from id_problems(f"{place} (modifier_group_ids)", "modifier group", item.modifier_group_ids, known.groups)
    yield from id_problems(f"{place} (daypart_ids)", "daypart", item.daypart_ids, known.dayparts)
    yield from id_problems(f"{place} (also_stations)", "station", item.also_stations, known.stations)
    yield from id_problems(f"{place} (allergens)", "allergen", item.allergens, None)
    yield from id_problems(f"{place} (dietary)", "dietary mark", item.dietary, None)
    yield from _prices(place, item.prices, known)
    if item.station:
        yield from unknown(f"{place} (station)", "station", [item.station], known.stations)
    if item.station in item.also_stations:
        yield f"{place} (also_stations) names the station {item.station!r}, which cooks it already"
    if item.course:
        yield from unknown(f"{place} (course)", "course", [item.course], known.courses)
    options = [each.dining_option for each in item.option_taxes]
    yield from id_problems(f"{place} (option_taxes)", "dining option", options, known.dining_options)
    for each in item.option_taxes:
        yield from id_problems(f"{place} (option_taxes of {each.dining_option!r})", "tax", each.tax_ids, known.taxes)
    yield from _ingredients(place, [each.name for each in item.ingredients])
    yield from _weighing(place, item)
    if item.slots:
        yield from _combo(menu, item)


def _prices(place: str, prices: Sequence[LevelPrice], known: Known) -> Iterator[str]:
    yield from id_problems(f"{place} (prices)", "price level", [price.level for price in prices], known.levels)
    if place.startswith("item"):  # a modifier may take something off
        yield from (f"{place} (prices) is below zero at the level {price.level!r}" for price in prices if price.price_minor < 0)


def _ingredients(place: str, names: list[str]) -> Iterator[str]:
    yield from (f"{place} (ingredients) names {name!r} twice" for name in repeated(names))


def _weighing(place: str, item: MenuItem) -> Iterator[str]:
    if item.weighing is None:
        return
    try:
        numerator, denominator = ratio(item.weighing.maximum)
    except ValueError:
        yield f"{place} (weighing): {item.weighing.maximum!r} is no weight such as 2.5"
        return
    dearest = max([item.price_minor, *(price.price_minor for price in item.prices)])
    if not numerator:
        yield f"{place} (weighing): a largest weight of nothing can never be sold"
    elif dearest * numerator > AMOUNT_MINOR_MAX * denominator:
        yield f"{place} (weighing): {item.weighing.maximum} {item.weighing.unit} of it cost more than a check can hold"


# --- combos ----------------------------------------------------------------------------------------


def _combo(menu: Menu, item: MenuItem) -> Iterator[str]:
    place = f"item {item.id!r}"
    if item.weighing is not None or item.open_price:
        yield f"{place} is a combo: it can be neither sold by weight nor at an open price"
    if item.modifier_group_ids:
        yield f"{place} (modifier_group_ids) is a combo: modifiers are asked for its components, not for itself"
    yield from (f"{place} names the slot {id!r} twice" for id in repeated(slot.id for slot in item.slots))
    if all(slot.minimum == 0 for slot in item.slots):
        yield f"{place} (slots) is a combo of which nothing need be chosen: let one slot have a minimum"
    for slot in item.slots:
        yield from _slot(menu, f"{place}, slot {slot.id!r}", slot)


def _slot(menu: Menu, place: str, slot: ComboSlot) -> Iterator[str]:
    if slot.minimum > slot.maximum:
        yield f"{place} asks for more than it allows"
    if not slot.choices:
        yield f"{place} offers none to choose"
    yield from id_problems(f"{place} (choices)", "item", [choice.item_id for choice in slot.choices], menu.items_by_id.keys())
    for choice in slot.choices:
        item = menu.items_by_id.get(choice.item_id)
        if item is not None and item.slots:
            yield f"{place} (choices) names {choice.item_id!r}, which is a combo itself"
        elif item is not None and (item.weighing is not None or item.open_price):
            yield f"{place} (choices) names {choice.item_id!r}, which has no price of its own to share the combo's by"


# --- modifier groups -------------------------------------------------------------------------------


def _group(group: ModifierGroup, known: Known) -> Iterator[str]:
    place = f"modifier group {group.id!r}"
    if group.minimum > group.maximum:
        yield f"{place} asks for more than it allows"
    if group.minimum > 0 and not group.modifiers:
        yield f"{place} asks for a choice and offers none"
    if group.included > group.maximum:
        yield f"{place} (included) includes more than it allows"
    if sum(modifier.is_default for modifier in group.modifiers) > group.maximum:
        yield f"{place} (is_default) has more defaults than it allows"
    if group.half_price != "half" and not group.halves:
        yield f"{place} (half_price) says what a half costs and has no halves"
    yield from (f"{place} names the modifier {id!r} twice" for id in repeated(modifier.id for modifier in group.modifiers))
    for modifier in group.modifiers:
        inside = f"modifier {modifier.id!r} of group {group.id!r}"
        yield from id_problems(f"{inside} (group_ids)", "modifier group", modifier.group_ids, known.groups)
        yield from id_problems(f"{inside} (allergens)", "allergen", modifier.allergens, None)
        yield from _prices(inside, modifier.prices, known)
        yield from _ingredients(inside, [each.name for each in modifier.ingredients])


def _nesting(menu: Menu) -> Iterator[str]:
    """Groups that ask for one another in a circle, or too deeply for a line."""

    def below(id: str) -> list[str]:
        group = menu.groups_by_id.get(id)
        return [each for modifier in group.modifiers for each in modifier.group_ids] if group else []

    nested = [group.id for group in menu.modifier_groups if below(group.id)]
    found = circles(nested, below)
    yield from (f"modifier group {id!r} (group_ids) asks for itself again, by way of its modifiers" for id in found)
    if found:
        return
    depths: dict[str, int] = {}

    def depth(id: str) -> int:
        if id not in depths:
            depths[id] = 1 + max((depth(each) for each in below(id)), default=0)
        return depths[id]

    yield from (
        f"modifier group {id!r} (group_ids) asks through {depth(id)} groups; {MODIFIER_DEPTH_MAX} within one another are allowed"
        for id in nested
        if depth(id) > MODIFIER_DEPTH_MAX
    )
