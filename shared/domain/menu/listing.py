"""The menu as a guest meets it at a moment: what is in force of all of it, and until when.

What lives here: the effective menu as a wire type, and its making: a pure function of the document, the site's overrides, the time,
the dining option and the price level. The rules for one item are in effective.py; where documents and overrides are kept is not
known here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from shared.domain.arithmetic.types import Tax
from shared.domain.menu.document import Category, ComboSlot, Course, Menu, MenuItem, Modifier, ModifierGroup, Weighing
from shared.domain.menu.effective import course_of, dayparts_in_force, levels_in_force, modifier_price, price_of, station_of, taxes_of
from shared.domain.menu.names import Named, name_in
from shared.domain.menu.overrides import ItemOverride

__all__ = [
    "EffectiveCategory", "EffectiveChoice", "EffectiveCourse", "EffectiveGroup", "EffectiveItem", "EffectiveMenu", "EffectiveModifier",
    "EffectiveSlot", "Unavailable", "effective_menu", "next_change",
]  # fmt: skip

Unavailable = Literal["", "eighty_sixed", "sold_out", "not_served_now", "no_choice"]


class EffectiveModifier(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A modifier at the price in force for one unit, minor units."""

    id: str
    name: str
    price_minor: int
    is_default: bool = False
    group_ids: tuple[str, ...] = ()
    allergens: tuple[str, ...] = ()


class EffectiveGroup(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A question to the guest, as in the document; its bounds, halves and included choices are told there."""

    id: str
    name: str
    minimum: int
    maximum: int
    included: int
    halves: bool
    half_price: Literal["half", "full"]
    modifiers: tuple[EffectiveModifier, ...]


class EffectiveChoice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An item that may stand in a slot of a combo, and whether it can be had now."""

    item_id: str
    extra_minor: int
    available: bool


class EffectiveSlot(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One place of a combo."""

    id: str
    name: str
    minimum: int
    maximum: int
    choices: tuple[EffectiveChoice, ...]


class EffectiveItem(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """An item as it is offered now. `price_minor` is of one unit at `price_level` ("" the base price, or the site's own); of an
    open-price item it is a proposal. `unavailable` says why it cannot be had: "" for one that can; "no_choice" is a combo of which
    a slot cannot be filled. `left` is the countdown, None where nobody counts."""

    id: str
    name: str
    category: str
    price_minor: int
    station: str
    available: bool
    unavailable: Unavailable = ""
    left: int | None = None
    price_level: str = ""
    description: str = ""
    course: str = ""
    also_stations: tuple[str, ...] = ()
    taxes: tuple[Tax, ...] = ()
    modifier_group_ids: tuple[str, ...] = ()
    slots: tuple[EffectiveSlot, ...] = ()
    open_price: bool = False
    weighing: Weighing | None = None
    allergens: tuple[str, ...] = ()
    dietary: tuple[str, ...] = ()
    prep_s: int = 0
    image: str = ""


class EffectiveCategory(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    id: str
    name: str
    parent: str = ""
    image: str = ""


class EffectiveCourse(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    id: str
    name: str
    waits: bool


class EffectiveMenu(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force of a menu at `local` (naive local time of the site) for a dining option. `price_levels` are those in force,
    those that count first before others; prices stay until `valid_until` (None: no daypart ends or begins within a week), unless the
    menu or the site's overrides change. Modifier groups stand once, by id, however many items ask for them."""

    name: str
    currency: str
    local: datetime
    valid_until: datetime | None
    dining_option: str
    language: str
    price_levels: tuple[str, ...]
    dayparts: tuple[str, ...]
    categories: tuple[EffectiveCategory, ...]
    courses: tuple[EffectiveCourse, ...]
    items: tuple[EffectiveItem, ...]
    modifier_groups: tuple[EffectiveGroup, ...]


class _Now(NamedTuple):
    """What holds for the whole menu at the moment."""

    menu: Menu
    overrides: Mapping[str, ItemOverride]
    levels: tuple[str, ...]
    dayparts: frozenset[str]
    dining_option: str
    business_date: str
    language: str

    def name(self, thing: Named) -> str:
        return name_in(thing, self.menu.languages, self.language)


def effective_menu(
    menu: Menu, overrides: Mapping[str, ItemOverride], local: datetime, dining_option: str, chosen_level: str, *,
    business_date: str = "", language: str = "",
) -> EffectiveMenu:  # fmt: skip
    """What of the menu is in force at a naive local time. `overrides` are the site's, by item id; `business_date` (ISO 8601) says
    which taxes hold, that of the calendar by default; names are in `language` (BCP 47) where the menu has them."""
    levels = levels_in_force(menu, local, dining_option, chosen_level)
    dayparts = dayparts_in_force(menu, local)
    now = _Now(menu, overrides, levels, dayparts, dining_option, business_date or local.date().isoformat(), language)
    plain: dict[str, Unavailable] = {item.id: _why(now, item) for item in menu.items}
    return EffectiveMenu(
        name=menu.name,
        currency=menu.currency,
        local=local,
        valid_until=next_change(menu, local),
        dining_option=dining_option,
        language=language,
        price_levels=levels,
        dayparts=tuple(daypart.id for daypart in menu.dayparts if daypart.id in dayparts),
        categories=tuple(_category(now, category) for category in menu.categories),
        courses=tuple(_course(now, course) for course in menu.courses),
        items=tuple(_item(now, item, plain) for item in menu.items),
        modifier_groups=tuple(_group(now, group) for group in menu.modifier_groups),
    )


def next_change(menu: Menu, local: datetime) -> datetime | None:
    """The next naive local time at which a window of a daypart begins or ends, within a week; None where no daypart has one."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    clocks = {clock for daypart in menu.dayparts for window in daypart.windows for clock in (window.starts, window.ends)}
    moments = (midnight + timedelta(days=day, hours=int(clock[:2]), minutes=int(clock[3:])) for day in range(8) for clock in sorted(clocks))
    was = dayparts_in_force(menu, local)
    return next((moment for moment in moments if moment > local and dayparts_in_force(menu, moment) != was), None)


def _why(now: _Now, item: MenuItem) -> Unavailable:
    """Why the item itself cannot be had, in the words of the refusals; its choices are not looked at."""
    override = now.overrides.get(item.id)
    if override is not None and override.is_86:
        return "eighty_sixed"
    if override is not None and override.left == 0:
        return "sold_out"
    if item.daypart_ids and now.dayparts.isdisjoint(item.daypart_ids):
        return "not_served_now"
    return ""


def _item(now: _Now, item: MenuItem, plain: Mapping[str, Unavailable]) -> EffectiveItem:
    override = now.overrides.get(item.id)
    price, level = price_of(now.menu, item, now.levels, override)
    slots = tuple(_slot(now, slot, plain) for slot in item.slots)
    why = plain[item.id] or ("" if all(_can_be_filled(slot) for slot in slots) else "no_choice")
    return EffectiveItem(
        id=item.id,
        name=now.name(item),
        category=item.category,
        price_minor=price,
        station=station_of(now.menu, item),
        available=not why,
        unavailable=why,
        left=override.left if override is not None else None,
        price_level=level,
        description=item.description,
        course=course_of(now.menu, item),
        also_stations=item.also_stations,
        taxes=taxes_of(now.menu, item, now.dining_option, now.business_date),
        modifier_group_ids=item.modifier_group_ids,
        slots=slots,
        open_price=item.open_price,
        weighing=item.weighing,
        allergens=item.allergens,
        dietary=item.dietary,
        prep_s=item.prep_s,
        image=item.image,
    )


def _slot(now: _Now, slot: ComboSlot, plain: Mapping[str, Unavailable]) -> EffectiveSlot:
    choices = tuple(
        EffectiveChoice(item_id=each.item_id, extra_minor=each.extra_minor, available=plain.get(each.item_id) == "")
        for each in slot.choices
    )
    return EffectiveSlot(id=slot.id, name=now.name(slot), minimum=slot.minimum, maximum=slot.maximum, choices=choices)


def _can_be_filled(slot: EffectiveSlot) -> bool:
    return slot.minimum == 0 or any(choice.available for choice in slot.choices)


def _group(now: _Now, group: ModifierGroup) -> EffectiveGroup:
    return EffectiveGroup(
        id=group.id,
        name=now.name(group),
        minimum=group.minimum,
        maximum=group.maximum,
        included=group.included,
        halves=group.halves,
        half_price=group.half_price,
        modifiers=tuple(_modifier(now, modifier) for modifier in group.modifiers),
    )


def _modifier(now: _Now, modifier: Modifier) -> EffectiveModifier:
    return EffectiveModifier(
        id=modifier.id,
        name=now.name(modifier),
        price_minor=modifier_price(modifier, now.levels),
        is_default=modifier.is_default,
        group_ids=modifier.group_ids,
        allergens=modifier.allergens,
    )


def _category(now: _Now, category: Category) -> EffectiveCategory:
    return EffectiveCategory(id=category.id, name=now.name(category), parent=category.parent, image=category.image)


def _course(now: _Now, course: Course) -> EffectiveCourse:
    return EffectiveCourse(id=course.id, name=now.name(course), waits=course.waits)
