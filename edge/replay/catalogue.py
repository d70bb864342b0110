"""The menu as a replay needs it: which item and modifiers a row means, and what a file adds to a menu.

What lives here: pure functions over menus and rows. How a menu reaches the site is not known here.

A row says what one unit was sold at. The menu has a say in taxes and kitchen station, never in that amount: the price of the line is
set so that item and modifiers at the menu's surcharges add up to the row.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from edge.replay.codes import RowRejectedError
from edge.replay.rows import Row
from shared.domain.arithmetic.types import Line
from shared.domain.check import ChosenModifier
from shared.domain.check.offering import is_waiting
from shared.domain.check.selection import select_modifiers
from shared.domain.errors import Refused
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup
from shared.domain.menu.effective import course_of, station_of, taxes_of
from shared.domain.menu.floor import DINE_IN
from shared.limits import AMOUNT_MINOR_MAX, MENU_ITEMS_MAX

__all__ = ["IMPORTED", "Catalogue", "Choice", "extended", "folded"]

IMPORTED = "imported"  # id of the modifier group that a replay adds


class Choice(msgspec.Struct, frozen=True):
    """What a row means on a menu; `unit_price_minor` is what AddLine has to say, `stations` work on it, and it `waits` where its
    course does."""

    item: MenuItem
    modifiers: tuple[ChosenModifier, ...]
    unit_price_minor: int
    stations: tuple[str, ...]
    waits: bool


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

    @property
    def has_expo(self) -> bool:
        """Whether tickets stay until somebody hands them over."""
        return any(station.kind == "expo" for station in self.menu.stations)

    @property
    def dining_option(self) -> str:
        """The dining option of the orders of a file, which say none: eat in, or the first that the menu has."""
        options = [option.id for option in self.menu.dining_options]
        return DINE_IN if not options or DINE_IN in options else options[0]

    def find_modifier(self, item: MenuItem, name: str) -> tuple[str, Modifier] | None:
        """(group id, modifier) of the item's own groups by id or name, the first that fits."""
        return self._in_groups(item.modifier_group_ids, folded(name), name)

    def choose(self, row: Row) -> Choice:
        """What the row means. Raises RowRejectedError `item.unknown`, `item.menu_full`, `modifier.unknown` or `modifier.price`."""
        item = self.find(row.item)
        if item is None:
            if len(self.menu.items) >= MENU_ITEMS_MAX:
                raise RowRejectedError("item.menu_full", f"The menu has {MENU_ITEMS_MAX} items, and {row.item[:60]!r} is none of them.")
            raise RowRejectedError("item.unknown", f"The menu {self.menu.name!r} has no item {row.item[:60]!r}.")
        chosen = self._choices(item, [name for name, _ in row.modifiers])
        on_menu = self._surcharge(item, chosen)
        price = row.unit_price_minor + sum(extra for _, extra in row.modifiers) - on_menu
        if not 0 <= price <= AMOUNT_MINOR_MAX:
            reason = f"The modifiers of {item.name} cost {row.unit_price_minor - price} minor units more on the menu than in the row."
            raise RowRejectedError("modifier.price", reason)
        return Choice(
            item=item,
            modifiers=chosen,
            unit_price_minor=price,
            stations=(station_of(self.menu, item), *item.also_stations),
            waits=is_waiting(self.menu, course_of(self.menu, item)),
        )

    def taxable(self, row: Row, choice: Choice) -> Line:
        """The row as the check's arithmetic will most likely see it; a tax that began on another day the site knows better."""
        taxes = taxes_of(self.menu, choice.item, self.dining_option, row.ordered_at.date().isoformat())
        return Line(id=str(row.ordinal), amount_minor=row.amount_minor, taxes=taxes)

    def _choices(self, item: MenuItem, names: Sequence[str]) -> tuple[ChosenModifier, ...]:
        """The modifiers of these names. One that is not the item's belongs to the last one before it that asks for it."""
        roots: list[_Chosen] = []
        asking: list[_Chosen] = []
        for name in names:
            wanted = folded(name)
            found, among = self._in_groups(item.modifier_group_ids, wanted, name), roots
            for above in reversed(asking):
                if found is not None:
                    break
                found, among = self._in_groups(above.modifier.group_ids, wanted, name), above.below
            if found is None:
                raise RowRejectedError("modifier.unknown", f"{item.name} has no modifier {name[:60]!r} on the menu {self.menu.name!r}.")
            asking.append(_Chosen(*found, []))
            among.append(asking[-1])
        return _as_chosen(roots)

    def _surcharge(self, item: MenuItem, chosen: tuple[ChosenModifier, ...]) -> int:
        """What the modifiers cost for one unit at the menu's base prices, included ones free; 0 for a choice that the site will
        refuse."""
        try:
            return sum(each.price_minor for each in select_modifiers(self.menu, item, chosen, ()).modifiers)
        except Refused:
            return 0

    def _in_groups(self, group_ids: Iterable[str], wanted: str, name: str) -> tuple[str, Modifier] | None:
        for group_id in group_ids:
            for modifier in self.menu.groups_by_id[group_id].modifiers:
                if name == modifier.id or folded(modifier.name) == wanted:
                    return group_id, modifier
        return None


class _Chosen(NamedTuple):
    """A modifier that was found, and those that were found below it."""

    group_id: str
    modifier: Modifier
    below: "list[_Chosen]"


def _as_chosen(found: Iterable[_Chosen]) -> tuple[ChosenModifier, ...]:
    return tuple(ChosenModifier(group_id=each.group_id, modifier_id=each.modifier.id, modifiers=_as_chosen(each.below)) for each in found)


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
