"""The menu document: what can be ordered, at which price, with which modifiers, taxes, courses, stations and rules.

What lives here: the types of the document and its content hash. Its checks are in problems.py, what is in force of it at a
moment in effective.py. A line copies what it needs from here when it is added (golden rule 1), so that a later menu touches
no open check. How a menu reaches the box is not known here.

Every field has a default that means "as it was before the field existed", so that documents of every release are read (Law 10).
"""

import hashlib
from functools import cached_property
from typing import Annotated, Literal

import msgspec

from shared.domain.menu.floor import DiningOption, Floor, Station
from shared.domain.menu.pricing import Daypart, PriceLevel
from shared.domain.menu.rules import SellingRules
from shared.domain.text import Name, ShortId
from shared.limits import (
    AMOUNT_MINOR_MAX,
    COMBO_SLOTS_MAX,
    MENU_ITEMS_MAX,
    MENU_LANGUAGES_MAX,
    MODIFIERS_PER_LINE_MAX,
    PREP_S_MAX,
    STATIONS_PER_ITEM_MAX,
)  # fmt: skip

__all__ = [
    "EMPTY_MENU", "Category", "ComboChoice", "ComboSlot", "Course", "IngredientUse", "LevelPrice", "Menu", "MenuItem", "Modifier",
    "ModifierGroup", "Names", "OptionTaxes", "Tax", "Weighing", "decode_menu", "document_version", "menu_document", "menu_version",
]  # fmt: skip

Price = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX, description="minor units of the site's currency")]
ModifierPrice = Annotated[int, msgspec.Meta(ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX, description="minor units; below zero takes off")]
Names = Annotated[dict[str, Name], msgspec.Meta(max_length=MENU_LANGUAGES_MAX, description="name by language tag (BCP 47), such as pt-BR")]
ImageRef = Annotated[str, msgspec.Meta(max_length=200, description="a reference to an image, by content hash or URL; never the image")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=PREP_S_MAX, description="seconds")]


class Tax(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tax. `rate` is exact, such as "8.875%"; an inclusive one is already in the price.

    `per_line` rounds on every line instead of once for the check's group; `on` names the taxes that are part of its base beside
    the net (a compound tax). `valid_from` and `valid_to` (business dates, ISO 8601, both within) bound when it is raised.
    """

    id: ShortId
    name: Name
    rate: str
    inclusive: bool = False
    rounding: Literal["half_up", "half_even", "up", "down"] = "half_up"
    per_line: bool = False
    on: tuple[ShortId, ...] = ()
    valid_from: str = ""
    valid_to: str = ""


class LevelPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price at one price level."""

    level: ShortId
    price_minor: ModifierPrice


class OptionTaxes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The taxes of an item under one dining option, instead of its `tax_ids`."""

    dining_option: ShortId
    tax_ids: tuple[ShortId, ...]


class IngredientUse(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What the kitchen counts: so many of an ingredient in one unit of the item or modifier (below zero: left out)."""

    name: Name
    count: Annotated[int, msgspec.Meta(ge=-1_000, le=1_000)] = 1


class Modifier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One choice of a modifier group, with its price for one unit of the line; `group_ids` are asked once it is chosen."""

    id: ShortId
    name: Name
    price_minor: ModifierPrice = 0
    names: Names = {}
    prices: tuple[LevelPrice, ...] = ()
    group_ids: tuple[ShortId, ...] = ()
    is_default: bool = False
    allergens: tuple[ShortId, ...] = ()
    ingredients: tuple[IngredientUse, ...] = ()


class ModifierGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to the guest: between `minimum` and `maximum` of its modifiers are chosen.

    The first `included` choices cost nothing (the dearest are free first, so that the order of tapping costs nobody anything).
    With `halves` each choice may be for the whole, the left or the right half: a half counts half towards the bounds, and costs
    `half_price`: "half" of its price, rounded half up, or the "full" one.
    """

    id: ShortId
    name: Name
    modifiers: tuple[Modifier, ...]
    minimum: Annotated[int, msgspec.Meta(ge=0)] = 0
    maximum: Annotated[int, msgspec.Meta(ge=1, le=MODIFIERS_PER_LINE_MAX)] = MODIFIERS_PER_LINE_MAX
    names: Names = {}
    included: Annotated[int, msgspec.Meta(ge=0, le=MODIFIERS_PER_LINE_MAX)] = 0
    halves: bool = False
    half_price: Literal["half", "full"] = "half"


class Weighing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The item is sold by weight: its price is for one `unit`; `maximum` is the largest weight believed, an exact decimal."""

    unit: Literal["kg", "g", "lb", "oz", "l"] = "kg"
    maximum: str = "20"


class ComboChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item that may stand in a slot; `extra_minor` is on top of the combo's price."""

    item_id: ShortId
    extra_minor: Price = 0


class ComboSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place of a combo: between `minimum` and `maximum` items of its choices."""

    id: ShortId
    name: Name
    choices: tuple[ComboChoice, ...]
    minimum: Annotated[int, msgspec.Meta(ge=0, le=COMBO_SLOTS_MAX)] = 1
    maximum: Annotated[int, msgspec.Meta(ge=1, le=COMBO_SLOTS_MAX)] = 1
    names: Names = {}


class MenuItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a guest can order. `station` is the kitchen station that cooks it, "" lets the routing of its category decide;
    `also_stations` work on it too. `category` is a category's id, or its name where the menu lists none.

    An item with `slots` is a combo: its price is shared out over the chosen components (golden rule 10). `open_price` lets the
    waiter say the price. `local_price` is whether HQ lets the site set a price of its own.
    """

    id: ShortId
    name: Name
    category: Name
    price_minor: Price
    station: Annotated[str, msgspec.Meta(max_length=64)] = "kitchen"
    tax_ids: tuple[ShortId, ...] = ()
    modifier_group_ids: tuple[ShortId, ...] = ()
    names: Names = {}
    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    prices: tuple[LevelPrice, ...] = ()
    daypart_ids: tuple[ShortId, ...] = ()
    option_taxes: tuple[OptionTaxes, ...] = ()
    also_stations: Annotated[tuple[ShortId, ...], msgspec.Meta(max_length=STATIONS_PER_ITEM_MAX)] = ()
    course: Annotated[str, msgspec.Meta(max_length=64)] = ""
    prep_s: Seconds = 0
    open_price: bool = False
    weighing: Weighing | None = None
    slots: Annotated[tuple[ComboSlot, ...], msgspec.Meta(max_length=COMBO_SLOTS_MAX)] = ()
    allergens: tuple[ShortId, ...] = ()
    dietary: tuple[ShortId, ...] = ()
    ingredients: tuple[IngredientUse, ...] = ()
    image: ImageRef = ""
    local_price: bool = False
    discountable: bool = True


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of items, in the order in which a POS shows them. `station` routes its items that name none."""

    id: ShortId
    name: Name
    names: Names = {}
    parent: Annotated[str, msgspec.Meta(max_length=64)] = ""
    station: Annotated[str, msgspec.Meta(max_length=64)] = ""
    course: Annotated[str, msgspec.Meta(max_length=64)] = ""
    image: ImageRef = ""


class Course(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A course, in serving order. What `waits` is added on hold: it goes to the kitchen when its course is fired."""

    id: ShortId
    name: Name
    names: Names = {}
    waits: bool = False


class Menu(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A whole menu as one immutable document; `tables` is the floor in the order in which a POS shows it, where no `floors` are.

    `default_station` cooks what neither item nor category routes. `languages` are BCP 47 tags; `name` fields are in the first.
    """

    name: Name
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code")]
    items: Annotated[tuple[MenuItem, ...], msgspec.Meta(max_length=MENU_ITEMS_MAX)] = ()
    modifier_groups: Annotated[tuple[ModifierGroup, ...], msgspec.Meta(max_length=MENU_ITEMS_MAX)] = ()
    taxes: Annotated[tuple[Tax, ...], msgspec.Meta(max_length=100)] = ()
    tables: Annotated[tuple[ShortId, ...], msgspec.Meta(max_length=1_000)] = ()
    languages: Annotated[tuple[ShortId, ...], msgspec.Meta(max_length=MENU_LANGUAGES_MAX)] = ()
    categories: Annotated[tuple[Category, ...], msgspec.Meta(max_length=500)] = ()
    courses: Annotated[tuple[Course, ...], msgspec.Meta(max_length=50)] = ()
    stations: Annotated[tuple[Station, ...], msgspec.Meta(max_length=100)] = ()
    default_station: ShortId = "kitchen"
    floors: Annotated[tuple[Floor, ...], msgspec.Meta(max_length=50)] = ()
    dining_options: Annotated[tuple[DiningOption, ...], msgspec.Meta(max_length=20)] = ()
    price_levels: Annotated[tuple[PriceLevel, ...], msgspec.Meta(max_length=50)] = ()
    dayparts: Annotated[tuple[Daypart, ...], msgspec.Meta(max_length=50)] = ()
    rules: SellingRules = SellingRules()

    @cached_property
    def items_by_id(self) -> dict[str, MenuItem]:
        return {item.id: item for item in self.items}

    @cached_property
    def groups_by_id(self) -> dict[str, ModifierGroup]:
        return {group.id: group for group in self.modifier_groups}

    @cached_property
    def taxes_by_id(self) -> dict[str, Tax]:
        return {tax.id: tax for tax in self.taxes}

    @cached_property
    def categories_by_id(self) -> dict[str, Category]:
        return {category.id: category for category in self.categories}

    @cached_property
    def courses_by_id(self) -> dict[str, Course]:
        return {course.id: course for course in self.courses}

    @cached_property
    def dayparts_by_id(self) -> dict[str, Daypart]:
        return {daypart.id: daypart for daypart in self.dayparts}


EMPTY_MENU = Menu(name="No menu yet", currency="XXX")


def decode_menu(document: bytes) -> Menu:
    """A menu from its JSON; raises msgspec.ValidationError or msgspec.DecodeError with the place at fault."""
    return msgspec.json.decode(document, type=Menu)


def menu_document(menu: Menu) -> bytes:
    """The document as it is kept and hashed: its deterministic JSON."""
    return msgspec.json.encode(menu, order="deterministic")


def document_version(document: bytes) -> str:
    """The content hash that names a document: SHA-256 of its bytes as kept, in hexadecimal. It outlives every release, since
    nobody writes a kept document a second time."""
    return hashlib.sha256(document).hexdigest()


def menu_version(menu: Menu) -> str:
    """The version that this menu gets when it is handed to a box of this release."""
    return document_version(menu_document(menu))
