"""How the house can contradict itself: taxes, categories, courses, stations, floors, dining options, times and price levels.

What lives here: checks on what items refer to.
"""

from collections.abc import Iterator

from shared.domain.menu.document import Menu, Tax
from shared.domain.menu.problems_kit import Known, circles, date_problem, id_problems, rate_problem, unknown
from shared.limits import CATEGORY_DEPTH_MAX

__all__ = ["house_problems"]


def house_problems(menu: Menu, known: Known) -> Iterator[str]:
    """Every contradiction of what items refer to, one sentence each."""
    yield from _taxes(menu, known)
    yield from _categories(menu, known)
    yield from _stations(menu, known)
    yield from _floors(menu)
    yield from _times(menu, known)


# --- taxes -----------------------------------------------------------------------------------------


def _taxes(menu: Menu, known: Known) -> Iterator[str]:
    for tax in menu.taxes:
        yield from _tax(menu, tax, known)
    for id in circles([tax.id for tax in menu.taxes if tax.on], lambda id: menu.taxes_by_id[id].on if id in menu.taxes_by_id else ()):
        yield f"tax {id!r} (on) is raised on itself, by way of the taxes that it is raised on"


def _tax(menu: Menu, tax: Tax, known: Known) -> Iterator[str]:
    place = f"tax {tax.id!r}"
    yield from rate_problem(place, tax.rate)
    yield from id_problems(f"{place} (on)", "tax", tax.on, known.taxes)
    for id in tax.on:
        other = menu.taxes_by_id.get(id)
        if tax.inclusive and other is not None and not other.inclusive:
            yield f"tax {tax.id!r} (on) is in the price and cannot be raised on {id!r}, which comes on top"
    wrong = [*date_problem(f"{place} (valid_from)", tax.valid_from), *date_problem(f"{place} (valid_to)", tax.valid_to)]
    yield from wrong
    if not wrong and tax.valid_from and tax.valid_to and tax.valid_from > tax.valid_to:
        yield f"{place} ends on {tax.valid_to}, before it begins on {tax.valid_from}"


# --- categories, courses, stations -----------------------------------------------------------------


def _categories(menu: Menu, known: Known) -> Iterator[str]:
    for category in menu.categories:
        place = f"category {category.id!r}"
        if category.parent:
            yield from unknown(f"{place} (parent)", "category", [category.parent], known.categories)
        if category.course:
            yield from unknown(f"{place} (course)", "course", [category.course], known.courses)
        if category.station:
            yield from unknown(f"{place} (station)", "station", [category.station], known.stations)

    def above(id: str) -> list[str]:
        category = menu.categories_by_id.get(id)
        return [category.parent] if category is not None and category.parent else []

    inner = [category.id for category in menu.categories if category.parent]
    found = circles(inner, above)
    yield from (f"category {id!r} (parent) stands within itself" for id in found)
    for id in inner if not found else []:
        depth, at = 1, id
        while above(at):
            depth, [at] = depth + 1, above(at)
        if depth > CATEGORY_DEPTH_MAX:
            yield f"category {id!r} (parent) stands within {depth - 1} others; {CATEGORY_DEPTH_MAX - 1} are allowed"


def _stations(menu: Menu, known: Known) -> Iterator[str]:
    yield from unknown("the menu (default_station)", "station", [menu.default_station], known.stations)
    expos = {station.id for station in menu.stations if station.kind == "expo"}
    routed = [
        *(("the menu (default_station)", id) for id in [menu.default_station]),
        *((f"category {category.id!r} (station)", category.station) for category in menu.categories),
        *((f"item {item.id!r} (station)", item.station) for item in menu.items),
        *((f"item {item.id!r} (also_stations)", id) for item in menu.items for id in item.also_stations),
    ]
    yield from (f"{place} names {id!r}, which is an expo: it hands over and cooks nothing" for place, id in routed if id in expos)


def _floors(menu: Menu) -> Iterator[str]:
    placed = {table.id for floor in menu.floors for table in floor.tables}
    if menu.floors:
        yield from (f"the menu (tables) names {id!r}, which stands on no floor" for id in menu.tables if id not in placed)


# --- times and price levels ------------------------------------------------------------------------


def _times(menu: Menu, known: Known) -> Iterator[str]:
    for daypart in menu.dayparts:
        place = f"daypart {daypart.id!r} (windows)"
        if not daypart.windows:
            yield f"{place} has no window, so that it is never in force"
        for window in daypart.windows:
            if len(set(window.days)) < len(window.days):
                yield f"{place} names a day twice in the window from {window.starts} to {window.ends}"
    for level in menu.price_levels:
        yield from id_problems(f"price level {level.id!r} (daypart_ids)", "daypart", level.daypart_ids, known.dayparts)
    for option in menu.dining_options:
        if option.price_level:
            yield from unknown(f"dining option {option.id!r} (price_level)", "price level", [option.price_level], known.levels)
