"""Every way in which a menu can contradict itself, and the codes of what is refused because of a menu.

What lives here: the one list of all checks, and those on texts, names and what stands twice. Items and groups are checked in
problems_items.py, the house, times and taxes in problems_house.py, selling rules in problems_rules.py. Checks of single fields are in
the types.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, cast

import msgspec

from shared.domain.errors import ErrorInfo
from shared.domain.menu.document import Menu
from shared.domain.menu.problems_house import house_problems
from shared.domain.menu.problems_items import item_problems
from shared.domain.menu.problems_kit import Known, repeated
from shared.domain.menu.problems_rules import rule_problems
from shared.domain.text import control_character

__all__ = ["MENU_ERRORS", "menu_problems"]

MENU_ERRORS: dict[str, ErrorInfo] = {
    "menu.malformed": ErrorInfo(
        400, "The menu document cannot be read.", "Send JSON that fits the schema at /v1/menu/schema; the problems list names the places."
    ),
    "menu.import_refused": ErrorInfo(
        422, "The spreadsheet cannot be imported.", "Mend the rows and columns named in the problems list and send it again."
    ),
    "menu.inconsistent": ErrorInfo(422, "The menu contradicts itself.", "Mend the places named in the problems list and send it again."),
    "menu.version_unknown": ErrorInfo(404, "The box does not hold that version of the menu.", "Send the menu document first."),
    "menu.currency_differs": ErrorInfo(409, "The menu's currency is not the site's.", "Send a menu with prices in the site's currency."),
    "menu.changed": ErrorInfo(
        409, "The menu is no longer the one that yours was made from.", "Take the menu in force, change that, send it again."
    ),
    "menu.already_applied": ErrorInfo(409, "That version of the menu is already in force.", "Nothing needs to be done."),
    "item.unknown": ErrorInfo(422, "The menu has no such item.", "Load the menu again and choose an item that stands on it."),
    "modifier.unknown": ErrorInfo(422, "The item has no such modifier.", "Choose modifiers from the groups of the item."),
    "modifier.too_few": ErrorInfo(422, "A required modifier is missing.", "Choose at least the minimum of each modifier group."),
    "modifier.too_many": ErrorInfo(422, "More modifiers are chosen than the group allows.", "Take some of them away."),
}

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")


def menu_problems(menu: Menu) -> list[str]:
    """Every way in which the menu contradicts itself, one sentence each with the place; empty for a sound menu."""
    known = Known.of(menu)
    return [
        *_texts(menu),
        *_twice(menu),
        *_names(menu),
        *item_problems(menu, known),
        *house_problems(menu, known),
        *rule_problems(menu, known),
    ]


def _texts(menu: Menu) -> Iterator[str]:
    for place, text in _walk(msgspec.to_builtins(menu), ""):
        if control_character(text):
            yield f"{place}: the text {text!r} holds a control character"
        elif not text.strip() and place.endswith(("name", "id")):
            yield f"{place} is blank"


def _walk(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """(place, text) of every text in a document of plain values; what has an id is named by it."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            inside = f"{place}.{key}" if place else key
            yield inside, key
            yield from _walk(each, inside)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(cast("list[Any]", value)):
            yield from _walk(each, f"{place}[{_id_of(each) or index!r}]")


def _id_of(value: Any) -> str:
    return str(cast("dict[str, Any]", value).get("id", "")) if isinstance(value, dict) else ""


def _twice(menu: Menu) -> Iterator[str]:
    rules = menu.rules
    lists: dict[str, Iterable[Any]] = {
        "item": menu.items, "modifier group": menu.modifier_groups, "tax": menu.taxes, "category": menu.categories, "course": menu.courses,
        "station": menu.stations, "floor": menu.floors, "dining option": menu.dining_options, "price level": menu.price_levels,
        "daypart": menu.dayparts, "discount": rules.discounts, "promotion": rules.promotions, "service charge": rules.service_charges,
        "tender": rules.tenders,
    }  # fmt: skip
    for what, things in lists.items():
        yield from (f"the {what} {id!r} stands twice" for id in repeated(thing.id for thing in things))
    yield from (f"the table {id!r} stands twice" for id in repeated(menu.tables))
    yield from (
        f"the table {id!r} stands twice on the floors" for id in repeated(table.id for floor in menu.floors for table in floor.tables)
    )
    yield from (f"the language {tag!r} stands twice" for tag in repeated(tag.lower() for tag in menu.languages))
    yield from (f"the reason {id!r} for a {kind} stands twice" for kind, id in repeated((each.kind, each.id) for each in rules.reasons))


def _names(menu: Menu) -> Iterator[str]:
    """Names are in languages of the menu."""
    yield from (f"the language {tag!r} is no language tag such as pt-BR" for tag in menu.languages if not _LANGUAGE.match(tag))
    listed = {tag.lower() for tag in menu.languages}
    named: Iterable[tuple[str, dict[str, str]]] = chain(
        ((f"item {item.id!r}", item.names) for item in menu.items),
        ((f"item {item.id!r}, slot {slot.id!r}", slot.names) for item in menu.items for slot in item.slots),
        ((f"modifier group {group.id!r}", group.names) for group in menu.modifier_groups),
        ((f"modifier {each.id!r} of group {group.id!r}", each.names) for group in menu.modifier_groups for each in group.modifiers),
        ((f"category {category.id!r}", category.names) for category in menu.categories),
        ((f"course {course.id!r}", course.names) for course in menu.courses),
    )
    for place, names in named:
        for tag in names:
            if not _LANGUAGE.match(tag):
                yield f"{place} (names) has the language {tag!r}, which is no language tag such as pt-BR"
            elif listed and tag.lower() not in listed:
                yield f"{place} (names) has the language {tag!r}, which the menu does not list"
