"""The menu: what can be ordered, at which price, with which modifiers and taxes.

What lives here: the menu document, its checks and its content hash. A line copies what it needs from here when it is
added (golden rule 1), so that a later menu touches no open check. How a menu reaches the box is not known here.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

import msgspec

from shared.domain.errors import ErrorInfo
from shared.domain.money import parse_rate
from shared.domain.text import Name, ShortId, control_character
from shared.limits import AMOUNT_MINOR_MAX, MENU_ITEMS_MAX, MODIFIERS_PER_LINE_MAX

__all__ = [
    "EMPTY_MENU", "MENU_ERRORS", "Menu", "MenuItem", "Modifier", "ModifierGroup", "Tax", "decode_menu", "menu_problems", "menu_version",
]  # fmt: skip

Price = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX, description="minor units of the site's currency")]


class Tax(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tax. `rate` is exact, such as "8.875%"; an inclusive one is already in the price."""

    id: ShortId
    name: Name
    rate: str
    inclusive: bool = False
    rounding: Literal["half_up", "half_even", "up", "down"] = "half_up"


class Modifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One choice of a modifier group, with its price for one unit of the line."""

    id: ShortId
    name: Name
    price_minor: Price = 0


class ModifierGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to the guest: between `minimum` and `maximum` of its modifiers are chosen."""

    id: ShortId
    name: Name
    modifiers: tuple[Modifier, ...]
    minimum: Annotated[int, msgspec.Meta(ge=0)] = 0
    maximum: Annotated[int, msgspec.Meta(ge=1, le=MODIFIERS_PER_LINE_MAX)] = MODIFIERS_PER_LINE_MAX


class MenuItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a guest can order. `station` is the kitchen screen that cooks it."""

    id: ShortId
    name: Name
    category: Name
    price_minor: Price
    station: ShortId = "kitchen"
    tax_ids: tuple[ShortId, ...] = ()
    modifier_group_ids: tuple[ShortId, ...] = ()


class Menu(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A whole menu as one immutable document; `tables` is the floor in the order in which a POS shows it."""

    name: Name
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code")]
    items: Annotated[tuple[MenuItem, ...], msgspec.Meta(max_length=MENU_ITEMS_MAX)] = ()
    modifier_groups: Annotated[tuple[ModifierGroup, ...], msgspec.Meta(max_length=MENU_ITEMS_MAX)] = ()
    taxes: Annotated[tuple[Tax, ...], msgspec.Meta(max_length=100)] = ()
    tables: Annotated[tuple[ShortId, ...], msgspec.Meta(max_length=1_000)] = ()

    @cached_property
    def items_by_id(self) -> dict[str, MenuItem]:
        return {item.id: item for item in self.items}

    @cached_property
    def groups_by_id(self) -> dict[str, ModifierGroup]:
        return {group.id: group for group in self.modifier_groups}

    @cached_property
    def taxes_by_id(self) -> dict[str, Tax]:
        return {tax.id: tax for tax in self.taxes}


EMPTY_MENU = Menu(name="No menu yet", currency="XXX")

MENU_ERRORS: dict[str, ErrorInfo] = {
    "menu.malformed": ErrorInfo(400, "The menu document cannot be read.", "Send JSON that fits the schema in the OpenAPI document."),
    "menu.inconsistent": ErrorInfo(422, "The menu contradicts itself.", "Mend the places named in the problems list and send it again."),
    "menu.version_unknown": ErrorInfo(404, "The box does not hold that version of the menu.", "Send the menu document first."),
    "menu.currency_differs": ErrorInfo(409, "The menu's currency is not the site's.", "Send a menu with prices in the site's currency."),
    "menu.already_applied": ErrorInfo(409, "That version of the menu is already in force.", "Nothing needs to be done."),
    "item.unknown": ErrorInfo(422, "The menu has no such item.", "Load the menu again and choose an item that stands on it."),
    "modifier.unknown": ErrorInfo(422, "The item has no such modifier.", "Choose modifiers from the groups of the item."),
    "modifier.too_few": ErrorInfo(422, "A required modifier is missing.", "Choose at least the minimum of each modifier group."),
    "modifier.too_many": ErrorInfo(422, "More modifiers are chosen than the group allows.", "Take some of them away."),
}


def decode_menu(document: bytes) -> Menu:
    """A menu from its JSON; raises msgspec.ValidationError or msgspec.DecodeError with the place at fault."""
    return msgspec.json.decode(document, type=Menu)


def menu_version(menu: Menu) -> str:
    """The content hash that names a menu: SHA-256 of its deterministic JSON, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(menu, order="deterministic")).hexdigest()


def menu_problems(menu: Menu) -> list[str]:
    """Every way in which the menu contradicts itself, one sentence each; empty for a sound menu."""
    problems: list[str] = []
    for what, ids in {
        "item": [item.id for item in menu.items],
        "modifier group": [group.id for group in menu.modifier_groups],
        "tax": [tax.id for tax in menu.taxes],
        "table": list(menu.tables),
    }.items():
        problems += [f"the {what} {id!r} stands twice" for id, count in Counter(ids).items() if count > 1]
    taxes = {tax.id for tax in menu.taxes}
    groups = {group.id for group in menu.modifier_groups}
    for tax in menu.taxes:
        try:
            if not 0 <= parse_rate(tax.rate) <= 1:
                problems.append(f"the rate {tax.rate!r} of tax {tax.id!r} is not between 0% and 100%")
        except ValueError as error:
            problems.append(f"tax {tax.id!r}: {error}")
    for group in menu.modifier_groups:
        if group.minimum > group.maximum:
            problems.append(f"modifier group {group.id!r} asks for more than it allows")
        if group.minimum > 0 and not group.modifiers:
            problems.append(f"modifier group {group.id!r} asks for a choice and offers none")
        if len({modifier.id for modifier in group.modifiers}) != len(group.modifiers):
            problems.append(f"modifier group {group.id!r} names a modifier twice")
    problems += [f"the text {text!r} holds a control character" for text in _texts(menu) if control_character(text)]
    for item in menu.items:
        problems += [f"item {item.id!r} names the tax {id!r} twice" for id, count in Counter(item.tax_ids).items() if count > 1]
        problems += [f"item {item.id!r} names the unknown tax {id!r}" for id in item.tax_ids if id not in taxes]
        problems += [f"item {item.id!r} names the unknown modifier group {id!r}" for id in item.modifier_group_ids if id not in groups]
        if len(set(item.modifier_group_ids)) != len(item.modifier_group_ids):
            problems.append(f"item {item.id!r} names a modifier group twice")
    return problems


def _texts(menu: Menu) -> Iterator[str]:
    """Every text of the menu that a line, ticket or table copies from it."""
    yield menu.name
    yield from menu.tables
    for tax in menu.taxes:
        yield from (tax.id, tax.name)
    for group in menu.modifier_groups:
        yield from (group.id, group.name)
        for modifier in group.modifiers:
            yield from (modifier.id, modifier.name)
    for item in menu.items:
        yield from (item.id, item.name, item.category, item.station)
