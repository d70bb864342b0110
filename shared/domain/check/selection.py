"""What a device chose, against the menu: modifiers at every depth and components of combos, checked and priced.

What lives here: pure functions from choices to the priced parts of a line. Checks, availability and the prices of items are not
known here; what is in force of a price at a moment is asked of the menu (effective.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from shared.domain.arithmetic.rates import round_ratio
from shared.domain.check.state import LineModifier
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.menu.document import ComboChoice, ComboSlot, Menu, MenuItem, Modifier, ModifierGroup
from shared.domain.menu.effective import modifier_price
from shared.domain.text import ShortId
from shared.limits import MODIFIER_DEPTH_MAX, MODIFIERS_PER_LINE_MAX

__all__ = [
    "SELECTION_ERRORS", "ChosenComponent", "ChosenModifier", "Component", "Selected", "allergens_of", "repriced", "same_choice",
    "select_components", "select_modifiers",
]  # fmt: skip

Portion = Literal["whole", "left", "right"]


class ChosenModifier(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A modifier as a device names it, with what was chosen of the groups that it asks for in turn.

    Defaults are left out, so that the digest of a command that an older tablet keeps stays what it was.
    """

    group_id: ShortId
    modifier_id: ShortId
    portion: Portion = "whole"
    modifiers: Annotated[tuple["ChosenModifier", ...], msgspec.Meta(max_length=MODIFIERS_PER_LINE_MAX)] = ()


class ChosenComponent(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item that was chosen for a slot of a combo, once; two of it are named twice."""

    slot_id: ShortId
    item_id: ShortId
    modifiers: Annotated[tuple[ChosenModifier, ...], msgspec.Meta(max_length=MODIFIERS_PER_LINE_MAX)] = ()


class Selected(NamedTuple):
    """The modifiers of a line in preorder, and the allergens that they bring."""

    modifiers: tuple[LineModifier, ...] = ()
    allergens: tuple[str, ...] = ()


class Component(NamedTuple):
    """An item that stands in a slot of a combo; `extra_minor` is on top of its part of the combo's price."""

    slot: ComboSlot
    item: MenuItem
    extra_minor: int
    selected: Selected


class _Pick(NamedTuple):
    """A modifier that was found on the menu. `parent` tells who asked for it: the place of another modifier, -1 for the item."""

    parent: int
    depth: int
    group: ModifierGroup
    modifier: Modifier
    portion: Portion


# --- modifiers -------------------------------------------------------------------------------------


def select_modifiers(menu: Menu, item: MenuItem, chosen: Sequence[ChosenModifier], levels: Sequence[str]) -> Selected:
    """The chosen modifiers with names and prices at the `levels` in force, in preorder; the bounds of every group are kept, also
    of groups that a chosen modifier asks for.

    Raises Refused `modifier.unknown`, `modifier.too_few`, `modifier.too_many`, `modifier.no_halves` or `modifier.too_deep`.
    """
    if not chosen and not item.modifier_group_ids:
        return Selected()
    picks: list[_Pick] = []
    _walk(menu, item.name, item.modifier_group_ids, chosen, picks, -1)
    modifiers = tuple([
        LineModifier(
            group_id=pick.group.id, modifier_id=pick.modifier.id, name=pick.modifier.name, price_minor=price, portion=pick.portion,
            depth=pick.depth, ingredients=pick.modifier.ingredients,
        )
        for pick, price in zip(picks, _prices(picks, levels), strict=True)
    ])  # fmt: skip
    return Selected(modifiers, _distinct(id for pick in picks for id in pick.modifier.allergens))


def repriced(menu: Menu, modifiers: tuple[LineModifier, ...], levels: Sequence[str]) -> tuple[LineModifier, ...]:
    """The modifiers of a line at other price levels; what has left the menu keeps its price. Bounds are those of the choice as it
    was made, and are not asked again."""
    if not modifiers:
        return modifiers
    picks: list[_Pick] = []
    places: list[int] = []
    above: list[int] = []  # of each depth, the place among `modifiers` of the last one
    for place, each in enumerate(modifiers):
        del above[each.depth :]
        found = _find(menu, each.group_id, each.modifier_id)
        if found is not None:
            picks.append(_Pick(above[-1] if above else -1, each.depth, *found, each.portion))
            places.append(place)
        above.append(place)
    after = list(modifiers)
    for place, price in zip(places, _prices(picks, levels), strict=True):
        after[place] = msgspec.structs.replace(after[place], price_minor=price)
    return tuple(after)


def same_choice(modifiers: tuple[LineModifier, ...], chosen: Sequence[ChosenModifier]) -> bool:
    """Whether a line has just these modifiers, in this order, whatever they cost."""
    flat = [(each.depth, each.group_id, each.modifier_id, each.portion) for each in modifiers]
    return flat == list(_flat(chosen, 0))


def allergens_of(item: MenuItem, selected: Selected) -> tuple[str, ...]:
    """What the item and its modifiers hold, each named once."""
    return _distinct((*item.allergens, *selected.allergens)) if selected.allergens else item.allergens


def _walk(menu: Menu, name: str, group_ids: Sequence[str], chosen: Sequence[ChosenModifier], picks: list[_Pick], parent: int) -> None:
    """Find what was chosen of these groups, and below; `name` is of the item or modifier that asks."""
    depth = picks[parent].depth + 1 if parent >= 0 else 0
    if chosen and depth >= MODIFIER_DEPTH_MAX:
        raise Refused("modifier.too_deep", f"{name}: modifiers stand in one another too deeply.", maximum=MODIFIER_DEPTH_MAX)
    halves = dict.fromkeys(group_ids, 0)
    for choice in chosen:
        found = _find(menu, choice.group_id, choice.modifier_id) if choice.group_id in halves else None
        if found is None:
            detail = f"{name} has no modifier {choice.modifier_id!r} in {choice.group_id!r}."
            raise Refused("modifier.unknown", detail, group_id=choice.group_id, modifier_id=choice.modifier_id)
        group, modifier = found
        if choice.portion != "whole" and not group.halves:
            detail = f"{group.name}: {modifier.name} is for the whole, not for a half."
            raise Refused("modifier.no_halves", detail, group_id=group.id, modifier_id=modifier.id)
        if len(picks) >= MODIFIERS_PER_LINE_MAX:
            raise Refused("modifier.too_many", f"{name}: too many modifiers for one line.", maximum=MODIFIERS_PER_LINE_MAX)
        halves[group.id] += _size(choice.portion)
        picks.append(_Pick(parent, depth, group, modifier, choice.portion))
        if modifier.group_ids or choice.modifiers:
            _walk(menu, modifier.name, modifier.group_ids, choice.modifiers, picks, len(picks) - 1)
    for group_id, count in halves.items():
        group = menu.groups_by_id[group_id]
        if count < 2 * group.minimum:
            raise Refused("modifier.too_few", f"{group.name}: choose at least {group.minimum}.", **_bounds(group))
        if count > 2 * group.maximum:
            raise Refused("modifier.too_many", f"{group.name}: choose at most {group.maximum}.", **_bounds(group))


def _find(menu: Menu, group_id: str, modifier_id: str) -> tuple[ModifierGroup, Modifier] | None:
    group = menu.groups_by_id.get(group_id)
    modifier = next((each for each in group.modifiers if each.id == modifier_id), None) if group else None
    return (group, modifier) if group and modifier else None


def _bounds(group: ModifierGroup) -> dict[str, object]:
    return {"group_id": group.id, "group": group.name, "minimum": group.minimum, "maximum": group.maximum}


def _size(portion: Portion) -> int:
    return 2 if portion == "whole" else 1


def _flat(chosen: Sequence[ChosenModifier], depth: int) -> Iterator[tuple[int, str, str, str]]:
    for choice in chosen:
        yield depth, choice.group_id, choice.modifier_id, choice.portion
        yield from _flat(choice.modifiers, depth + 1)


def _distinct(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


# --- what they cost --------------------------------------------------------------------------------


def _prices(picks: Sequence[_Pick], levels: Sequence[str]) -> list[int]:
    """What each pick costs, in minor units: halves and included ones considered."""
    full = [modifier_price(pick.modifier, levels) for pick in picks]
    prices = [_price_of(pick, price, _size(pick.portion)) for pick, price in zip(picks, full, strict=True)]
    asked: dict[tuple[int, str], list[int]] = {}  # places by who asked and which group
    for place, pick in enumerate(picks):
        if pick.group.included:
            asked.setdefault((pick.parent, pick.group.id), []).append(place)
    for places in asked.values():
        _include(picks, full, prices, places)
    return prices


def _price_of(pick: _Pick, full_minor: int, halves: int) -> int:
    """The price of one half, or of two."""
    return full_minor if halves == 2 or pick.group.half_price == "full" else round_ratio(full_minor, 2)


def _include(picks: Sequence[_Pick], full: Sequence[int], prices: list[int], places: list[int]) -> None:
    """Let the dearest of one group's choices be free, as many as it includes.

    Counted in halves, the dearest half first, so that it comes to the same in whichever order a waiter taps; of what is equally
    dear a half goes first. A whole of which only a half is still free costs half its price. What takes something off the line
    is not "free": that would make the line dearer.
    """

    def rank(place: int) -> tuple[int, int]:
        pick = picks[place]
        size = _size(pick.portion)
        return -full[place] * (2 if size == 1 and pick.group.half_price == "full" else 1), size

    left = 2 * picks[places[0]].group.included
    for place in sorted([place for place in places if full[place] > 0], key=rank):
        size = _size(picks[place].portion)
        free = min(size, left)
        left -= free
        if free:
            prices[place] = 0 if free == size else round_ratio(full[place], 2)


# --- combos ----------------------------------------------------------------------------------------


def select_components(menu: Menu, combo: MenuItem, chosen: Sequence[ChosenComponent], levels: Sequence[str]) -> list[Component]:
    """The components of a combo, slot by slot as the menu lists slots and choices: so the odd cent of its price falls on the same
    component in whichever order they were tapped.

    Raises Refused `combo.slot_unknown`, `combo.choice_unknown`, `combo.too_few`, `combo.too_many`, `item.unknown` for a choice that
    the menu no longer has, and for its modifiers as `select_modifiers` does.
    """
    slots = {slot.id: slot for slot in combo.slots}
    by_slot: dict[str, list[tuple[int, Component]]] = {slot.id: [] for slot in combo.slots}
    for each in chosen:
        slot = slots.get(each.slot_id)
        if slot is None:
            raise Refused("combo.slot_unknown", f"{combo.name} has no slot {each.slot_id!r}.", item_id=combo.id, slot_id=each.slot_id)
        place = next((place for place, choice in enumerate(slot.choices) if choice.item_id == each.item_id), None)
        if place is None:
            detail = f"{combo.name}: {each.item_id!r} is no choice of {slot.name}."
            raise Refused("combo.choice_unknown", detail, item_id=each.item_id, slot_id=slot.id, slot=slot.name)
        by_slot[slot.id].append((place, _component(menu, slot, slot.choices[place], each, levels)))
    for slot in combo.slots:
        _ensure_slot(combo, slot, len(by_slot[slot.id]))
    return [component for found in by_slot.values() for _, component in sorted(found, key=_by_place)]


def _component(menu: Menu, slot: ComboSlot, choice: ComboChoice, chosen: ChosenComponent, levels: Sequence[str]) -> Component:
    item = menu.items_by_id.get(choice.item_id)
    if item is None:
        raise Refused("item.unknown", f"The menu {menu.name!r} has no item {choice.item_id!r}.", item_id=choice.item_id, slot_id=slot.id)
    return Component(slot, item, choice.extra_minor, select_modifiers(menu, item, chosen.modifiers, levels))


def _ensure_slot(combo: MenuItem, slot: ComboSlot, count: int) -> None:
    facts = {"slot_id": slot.id, "slot": slot.name, "minimum": slot.minimum, "maximum": slot.maximum, "chosen": count}
    if count < slot.minimum:
        raise Refused("combo.too_few", f"{combo.name}: choose at least {slot.minimum} of {slot.name}.", **facts)
    if count > slot.maximum:
        raise Refused("combo.too_many", f"{combo.name}: choose at most {slot.maximum} of {slot.name}.", **facts)


def _by_place(found: tuple[int, Component]) -> int:
    return found[0]


# `modifier.unknown`, `modifier.too_few`, `modifier.too_many` and `item.unknown` are of the menu (menu/problems.py).
SELECTION_ERRORS: dict[str, ErrorInfo] = {
    "modifier.no_halves": ErrorInfo(422, "That modifier is not for halves.", "Choose it for the whole."),
    "modifier.too_deep": ErrorInfo(422, "Modifiers stand in one another too deeply.", "Leave out the innermost ones."),
    "combo.slot_unknown": ErrorInfo(422, "The combo has no such slot.", "Load the menu again and choose from the slots of the combo."),
    "combo.choice_unknown": ErrorInfo(422, "That item is no choice for the slot.", "Choose one of the items that the slot offers."),
    "combo.too_few": ErrorInfo(422, "A component of the combo is missing.", "Choose at least the minimum of each slot."),
    "combo.too_many": ErrorInfo(422, "More components are chosen than the slot allows.", "Take some of them away."),
}
