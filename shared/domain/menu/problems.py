"""Every way in which a menu can contradict itself, and the codes of what is refused because of a menu.

What lives here: checks over the whole document, one sentence for each problem. Checks of single fields are in the types.
"""

from collections import Counter
from collections.abc import Iterator

from shared.domain.errors import ErrorInfo
from shared.domain.menu.document import Menu
from shared.domain.money import parse_rate
from shared.domain.text import control_character

__all__ = ["MENU_ERRORS", "menu_problems"]

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
