"""What guests feel like: lines made of a menu by chance, with all that its items ask for.

What lives here: the choice of items, modifiers (nested, for halves), components of combos, weights and open prices. How the lines
get to the box, and what becomes of them, is in player.py; prices are the box's business.
"""

import random
from collections.abc import Iterable

from shared.domain.arithmetic.rates import ratio
from shared.domain.check import AddLine, ChosenModifier
from shared.domain.check.selection import ChosenComponent
from shared.domain.menu import Menu, MenuItem, ModifierGroup

__all__ = ["Appetite"]

_NOTES = ("", "", "", "", "", "no onions", "allergy: nuts", "extra hot", "to share", "after the starters")
_WEIGHTS = ("0.250", "0.480", "0.875", "1.120")  # in the item's unit
_HALVES = ("whole", "whole", "whole", "left", "right")


class Appetite:
    """Guests who know a menu. What is served only at some hours they leave to people at the screens."""

    def __init__(self, menu: Menu, chance: random.Random) -> None:
        self._menu = menu
        self._chance = chance
        self._items = [item for item in menu.items if not item.daypart_ids]

    def line(self, check_id: str, line_id: str, seats: int = 0) -> AddLine:
        """One line, as a waiter types it; for one of so many guests, or for all of them."""
        item = self._chance.choice(self._items)
        seat = self._chance.randint(0, seats)
        note = self._chance.choice(_NOTES)
        if item.slots:
            return AddLine(check_id=check_id, line_id=line_id, item_id=item.id, note=note, seat=seat, components=self._components(item))
        return AddLine(
            check_id=check_id,
            line_id=line_id,
            item_id=item.id,
            quantity=1 if item.weighing else self._chance.choice((1, 1, 1, 1, 2, 2, 3)),
            modifiers=self._modifiers(item.modifier_group_ids),
            note=note,
            seat=seat,
            unit_price_minor=item.price_minor + self._chance.choice((0, 150, 300)) if item.open_price else None,
            weight=self._weight(item),
        )

    def _weight(self, item: MenuItem) -> str:
        if item.weighing is None:
            return ""
        most = ratio(item.weighing.maximum)
        return self._chance.choice([weight for weight in _WEIGHTS if _is_at_most(weight, most)] or [item.weighing.maximum])

    def _components(self, combo: MenuItem) -> tuple[ChosenComponent, ...]:
        chosen: list[ChosenComponent] = []
        for slot in combo.slots:
            for _ in range(self._chance.randint(slot.minimum, slot.maximum)):
                item = self._menu.items_by_id[self._chance.choice(slot.choices).item_id]
                modifiers = self._modifiers(item.modifier_group_ids, only_required=True)
                chosen.append(ChosenComponent(slot_id=slot.id, item_id=item.id, modifiers=modifiers))
        return tuple(chosen)

    def _modifiers(self, group_ids: Iterable[str], *, only_required: bool = False) -> tuple[ChosenModifier, ...]:
        """What is chosen of these groups, and of those that the choices ask for in turn."""
        chosen: list[ChosenModifier] = []
        for group in (self._menu.groups_by_id[id] for id in group_ids):
            count = group.minimum if only_required else self._how_many(group)
            for modifier in self._chance.sample(group.modifiers, min(count, len(group.modifiers))):
                portion = self._chance.choice(_HALVES) if group.halves and not group.minimum else "whole"
                inner = self._modifiers(modifier.group_ids, only_required=only_required)
                chosen.append(ChosenModifier(group_id=group.id, modifier_id=modifier.id, portion=portion, modifiers=inner))
        return tuple(chosen)

    def _how_many(self, group: ModifierGroup) -> int:
        most = min(group.maximum, len(group.modifiers), group.minimum + 2)
        return self._chance.randint(min(group.minimum, most), most)


def _is_at_most(weight: str, most: tuple[int, int]) -> bool:
    numerator, denominator = ratio(weight)
    return numerator * most[1] <= most[0] * denominator
