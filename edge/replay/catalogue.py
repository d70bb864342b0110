"""The menu as a replay needs it: which item and modifiers a row means, and what a file adds to a menu.

What lives here: pure functions over menus and rows. How a menu reaches the site is not known here.

A row says what one unit was sold at. The menu has a say in taxes and kitchen station, never in that amount: the price of the line is
set so that item and modifiers at the menu's surcharges add up to the row.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

import msgspec

from edge.replay.codes import RowRejectedError
from edge.replay.rows import Row
from shared.domain.arithmetic.types import Line, Tax
from shared.domain.check import ChosenModifier
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup
from shared.limits import AMOUNT_MINOR_MAX, MENU_ITEMS_MAX

__all__ = ["IMPORTED", "Catalogue", "Choice", "extended", "folded"]

IMPORTED = "imported"  # id of the modifier group that a replay adds


class Choice(msgspec.Struct, frozen=True):
    """What a row means on a menu; `unit_price_minor` is what AddLine has to say."""

    item: MenuItem
    modifiers: tuple[ChosenModifier, ...]
    unit_price_minor: int
    taxes: tuple[Tax, ...]


def folded(text: str) -> str:
    """A name as it is compared: case, width and runs of space do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Catalogue:
    """Items of one menu by id and by name."""

    def __init__(self, version: str, menu: Menu) -> None:
        self.version = version
        self.menu = menu
        self._by_name = {folded(item.name): item for item in reversed(menu.items)}

    def find(self, name: str) -> MenuItem | None:
        """The item of that id, or else of that name."""
        return self.menu.items_by_id.get(name) or self._by_name.get(folded(name))

    def find_modifier(self, item: MenuItem, name: str) -> tuple[str, Modifier] | None:
        """(group id, modifier) of the item's groups by id or name, the first that fits."""
        wanted = folded(name)
        for group_id in item.modifier_group_ids:
            for modifier in self.menu.groups_by_id[group_id].modifiers:
                if name == modifier.id or folded(modifier.name) == wanted:
                    return group_id, modifier
        return None

    def choose(self, row: Row) -> Choice:
        """What the row means. Raises RowRejectedError `item.unknown`, `item.menu_full`, `modifier.unknown` or `modifier.price`."""
        item = self.find(row.item)
        if item is None:
            if len(self.menu.items) >= MENU_ITEMS_MAX:
                raise RowRejectedError("item.menu_full", f"The menu has {MENU_ITEMS_MAX} items, and {row.item[:60]!r} is none of them.")
            raise RowRejectedError("item.unknown", f"The menu {self.menu.name!r} has no item {row.item[:60]!r}.")
        price, chosen = row.unit_price_minor, list[ChosenModifier]()
        for name, extra in row.modifiers:
            found = self.find_modifier(item, name)
            if found is None:
                raise RowRejectedError("modifier.unknown", f"{item.name} has no modifier {name[:60]!r} on the menu {self.menu.name!r}.")
            chosen.append(ChosenModifier(group_id=found[0], modifier_id=found[1].id))
            price += extra - found[1].price_minor
        if not 0 <= price <= AMOUNT_MINOR_MAX:
            reason = f"The modifiers of {item.name} cost {row.unit_price_minor - price} minor units more on the menu than in the row."
            raise RowRejectedError("modifier.price", reason)
        return Choice(item=item, modifiers=tuple(chosen), unit_price_minor=price, taxes=self._taxes(item))

    def taxable(self, row: Row, choice: Choice) -> Line:
        """The row as the check's arithmetic will see it."""
        return Line(id=str(row.ordinal), amount_minor=row.amount_minor, taxes=choice.taxes)

    def _taxes(self, item: MenuItem) -> tuple[Tax, ...]:
        return tuple(
            Tax(id=tax.id, name=tax.name, rate=tax.rate, inclusive=tax.inclusive, rounding=tax.rounding)
            for tax in (self.menu.taxes_by_id[id] for id in item.tax_ids)
        )


def extended(menu: Menu | None, currency: str, items: Mapping[str, int], modifiers: Mapping[tuple[str, str], int]) -> Menu:
    """The menu with what it lacks: `items` (name to price) and `modifiers` ((item, name) to surcharge), in minor units.

    What stands on it stays as it is, but that an item sold with a modifier it does not have is given the group `imported`. What
    does not fit within the bounds of a menu is left out, and its rows are rejected later.
    """
    menu = menu or Menu(name="Imported", currency=currency)
    before = Catalogue("", menu)
    made = [name for name in items if before.find(name) is None]
    taken = set(menu.items_by_id)
    added: dict[str, MenuItem] = {}
    for name in made[: MENU_ITEMS_MAX - len(menu.items)]:
        if folded(name) not in added:
            id = _new_id(name, taken)
            added[folded(name)] = MenuItem(id=id, name=name, category="Imported", price_minor=items[name])
    grown = msgspec.structs.replace(menu, items=(*menu.items, *added.values()))
    return _with_modifiers(grown, modifiers) if modifiers else grown


def _with_modifiers(menu: Menu, modifiers: Mapping[tuple[str, str], int]) -> Menu:
    catalogue = Catalogue("", menu)
    group = menu.groups_by_id.get(IMPORTED) or ModifierGroup(id=IMPORTED, name="Imported", modifiers=())
    known = {folded(modifier.name) for modifier in group.modifiers}
    least: dict[str, tuple[str, int]] = {}
    wanting: set[str] = set()
    for (item_name, name), extra in modifiers.items():
        item = catalogue.find(item_name)
        if item is None or catalogue.find_modifier(item, name) is not None:
            continue
        wanting.add(item.id)
        if folded(name) not in known:
            first, lowest = least.get(folded(name), (name, extra))
            least[folded(name)] = (first, min(lowest, extra))
    if not wanting:
        return menu
    taken = {modifier.id for modifier in group.modifiers}
    room = max(0, MENU_ITEMS_MAX - len(group.modifiers))
    new = [Modifier(id=_new_id(name, taken), name=name, price_minor=price) for name, price in list(least.values())[:room]]
    group = msgspec.structs.replace(group, modifiers=(*group.modifiers, *new))
    return msgspec.structs.replace(
        menu,
        items=tuple(_with_group(item) if item.id in wanting else item for item in menu.items),
        modifier_groups=(*(each for each in menu.modifier_groups if each.id != IMPORTED), group),
    )


def _with_group(item: MenuItem) -> MenuItem:
    if IMPORTED in item.modifier_group_ids:
        return item
    return msgspec.structs.replace(item, modifier_group_ids=(*item.modifier_group_ids, IMPORTED))


def _new_id(name: str, taken: set[str]) -> str:
    """A readable id that nothing on the menu has: `Mac & Cheese` -> `mac-cheese`. Adds it to `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:40]
    for id in _candidates(slug, hashlib.sha256(name.encode()).hexdigest()):
        if id not in taken:
            taken.add(id)
            return id
    raise AssertionError("a hash of the name is not taken twice")


def _candidates(slug: str, digest: str) -> Iterable[str]:
    if slug:
        yield slug
        yield f"{slug}-{digest[:8]}"
    yield digest[:12]
    yield digest
