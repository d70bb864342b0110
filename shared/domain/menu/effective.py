"""What of a menu is in force at a moment: price levels, prices, dayparts, taxes, station and course of one item.

What lives here: pure questions about one item, none of which walks the menu, for a decision asks them for every line. The
menu as a whole is in listing.py, the site's own words on an item in overrides.py. Checks and lines are not known here.
Times are naive local times of the site: a menu speaks of the clock on the wall.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from shared.domain.arithmetic.types import Tax
from shared.domain.kernel import Context
from shared.domain.menu.document import Category, LevelPrice, Menu, MenuItem, Modifier
from shared.domain.menu.overrides import ItemOverride
from shared.domain.menu.pricing import Daypart, Window
from shared.limits import CATEGORY_DEPTH_MAX, LEVELS_CACHED_MAX, TAX_SETS_CACHED_MAX

__all__ = [
    "course_of", "dayparts_in_force", "is_served", "levels_in_force", "local_time", "modifier_price", "price_of", "station_of",
    "taxes_of", "within",
]  # fmt: skip

_TAXES, _LEVELS = "_taxes", "_levels"


def local_time(context: Context) -> datetime:
    """The naive local time of the site at the moment of a decision."""
    return context.now.astimezone(context.zone).replace(tzinfo=None)


# --- when ------------------------------------------------------------------------------------------


def within(window: Window, local: datetime) -> bool:
    """Whether a naive local time is in the window; what goes over midnight belongs to the day it starts on."""
    at = local.hour * 60 + local.minute
    starts, ends = _minutes(window.starts), _minutes(window.ends)
    day = local.isoweekday()
    if starts < ends:
        return starts <= at < ends and _on(window, day)
    return (at >= starts and _on(window, day)) or (at < ends and _on(window, (day - 2) % 7 + 1))


def dayparts_in_force(menu: Menu, local: datetime) -> frozenset[str]:
    """The ids of the dayparts that a naive local time is in."""
    return frozenset(daypart.id for daypart in menu.dayparts if _is_in(daypart, local))


def is_served(menu: Menu, item: MenuItem, local: datetime) -> bool:
    """Whether the item is on offer at a naive local time: always, unless it names dayparts."""
    return not item.daypart_ids or _any_daypart(menu, item.daypart_ids, local)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _on(window: Window, day: int) -> bool:
    return not window.days or day in window.days


def _is_in(daypart: Daypart, local: datetime) -> bool:
    return any(within(window, local) for window in daypart.windows)


def _any_daypart(menu: Menu, ids: Iterable[str], local: datetime) -> bool:
    return any(_is_in(menu.dayparts_by_id[id], local) for id in ids if id in menu.dayparts_by_id)


# --- at which price --------------------------------------------------------------------------------


def levels_in_force(menu: Menu, local: datetime, dining_option: str, chosen_level: str) -> tuple[str, ...]:
    """The ids of the price levels in force, those that count first before others: the one that a waiter chose, then as the menu
    lists them those whose daypart it is and the one of the dining option. A level that the menu does not have holds nothing.

    Windows begin and end with a minute, so that the answer is kept for that minute: a busy house asks for every line.
    """
    if not menu.price_levels:
        return ()
    kept: dict[Any, tuple[str, ...]] = vars(menu).setdefault(_LEVELS, {})
    key = (local.toordinal(), local.hour, local.minute, dining_option, chosen_level)
    found = kept.get(key)
    if found is None:
        if len(kept) >= LEVELS_CACHED_MAX:
            kept.clear()
        found = kept[key] = _levels_in(menu, local, dining_option, chosen_level)
    return found


def _levels_in(menu: Menu, local: datetime, dining_option: str, chosen_level: str) -> tuple[str, ...]:
    option = next((each.price_level for each in menu.dining_options if each.id == dining_option), "")
    chosen = [level.id for level in menu.price_levels if level.id == chosen_level]
    return (
        *chosen,
        *[
            level.id
            for level in menu.price_levels
            if level.id != chosen_level and (level.id == option or _any_daypart(menu, level.daypart_ids, local))
        ],
    )


def price_of(menu: Menu, item: MenuItem, levels: Iterable[str], override: ItemOverride | None) -> tuple[int, str]:
    """(price in minor units, id of the level that it is of or "") of one unit at the `levels` in force.

    The site's own price stands in place of the base price, only while the menu lets the site have one; a level that has a price
    for the item comes before either.
    """
    found = _at_level(item.prices, levels)
    if found is not None:
        return found.price_minor, found.level
    if override is not None and override.price_minor is not None and item.local_price:
        return override.price_minor, ""
    return item.price_minor, ""


def modifier_price(modifier: Modifier, levels: Iterable[str]) -> int:
    """The price of a modifier for one unit at the `levels` in force, in minor units."""
    found = _at_level(modifier.prices, levels)
    return modifier.price_minor if found is None else found.price_minor


def _at_level(prices: tuple[LevelPrice, ...], levels: Iterable[str]) -> LevelPrice | None:
    if not prices:
        return None
    return next((price for level in levels for price in prices if price.level == level), None)


# --- with which taxes, cooked where, served when -----------------------------------------------------


def taxes_of(menu: Menu, item: MenuItem, dining_option: str, business_date: str) -> tuple[Tax, ...]:
    """The taxes of the item as a line keeps them: those of the dining option where the item has such, as of the business date
    (golden rule 4). A compound tax names only those that stand beside it. Items with the same taxes share one tuple."""
    ids = next((each.tax_ids for each in item.option_taxes if each.dining_option == dining_option), item.tax_ids)
    if not ids:
        return ()
    kept: dict[Any, tuple[Tax, ...]] = vars(menu).setdefault(_TAXES, {})
    found = kept.get((ids, business_date))
    if found is None:
        if len(kept) >= TAX_SETS_CACHED_MAX:
            kept.clear()
        found = kept[ids, business_date] = _taxes_on(menu, ids, business_date)
    return found


def _taxes_on(menu: Menu, ids: tuple[str, ...], business_date: str) -> tuple[Tax, ...]:
    valid = [
        tax
        for tax in (menu.taxes_by_id[id] for id in ids)
        if tax.valid_from <= business_date and (not tax.valid_to or business_date <= tax.valid_to)
    ]
    beside = {tax.id for tax in valid}
    return tuple(
        Tax(
            id=tax.id, name=tax.name, rate=tax.rate, inclusive=tax.inclusive, rounding=tax.rounding, per_line=tax.per_line,
            on=tuple(id for id in tax.on if id in beside),
        )
        for tax in valid
    )  # fmt: skip


def station_of(menu: Menu, item: MenuItem) -> str:
    """The station that cooks the item: its own, else that of its category or of the nearest one above, else the default."""
    return item.station or next((each.station for each in _categories(menu, item) if each.station), menu.default_station)


def course_of(menu: Menu, item: MenuItem) -> str:
    """The course that the item is served in: its own, else that of its category or of the nearest one above; "" for none."""
    return item.course or next((each.course for each in _categories(menu, item) if each.course), "")


def _categories(menu: Menu, item: MenuItem) -> Iterator[Category]:
    """The item's category and those above it, nearest first. Bounded, so that a circle in an unchecked menu ends too."""
    category = menu.categories_by_id.get(item.category)
    for _ in range(CATEGORY_DEPTH_MAX):
        if category is None:
            return
        yield category
        category = menu.categories_by_id.get(category.parent)
