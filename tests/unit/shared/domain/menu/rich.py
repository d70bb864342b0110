"""A menu that uses every part of the document once, for tests of the menu.

What lives here: one sound document, and `but`, which changes one thing of it by its path.
"""

from typing import Any, cast

import msgspec

from shared.domain.menu.document import Menu

__all__ = ["RICH", "but"]

_DOCUMENT: dict[str, Any] = {
    "name": "Osteria",
    "currency": "EUR",
    "languages": ["it", "en", "pt-BR"],
    "taxes": [
        {"id": "low", "name": "IVA 10 %", "rate": "10%", "inclusive": True},
        {"id": "high", "name": "IVA 22 %", "rate": "22%", "inclusive": True, "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
        {"id": "levy", "name": "Levy", "rate": "1%", "on": ["low"]},
    ],
    "courses": [{"id": "first", "name": "Primo", "names": {"en": "First"}}, {"id": "second", "name": "Secondo", "waits": True}],
    "stations": [
        {"id": "kitchen", "name": "Cucina"}, {"id": "oven", "name": "Forno", "fires_by_prep": True}, {"id": "bar", "name": "Bar"},
        {"id": "pass", "name": "Passe", "kind": "expo"},
    ],
    "floors": [{"id": "hall", "name": "Sala", "tables": [{"id": "1", "seats": 4}, {"id": "2", "seats": 2, "x": 3, "shape": "round"}]}],
    "tables": ["1", "2"],
    "dining_options": [{"id": "dine_in", "name": "Al tavolo"}, {"id": "take_away", "name": "Da asporto", "price_level": "togo"}],
    "dayparts": [
        {"id": "lunch", "name": "Pranzo", "windows": [{"starts": "12:00", "ends": "15:00", "days": [1, 2, 3, 4, 5]}]},
        {"id": "happy", "name": "Aperitivo", "windows": [{"starts": "18:00", "ends": "20:00"}]},
    ],
    "price_levels": [{"id": "happy", "name": "Aperitivo", "daypart_ids": ["happy"]}, {"id": "togo", "name": "Da asporto"}],
    "categories": [
        {"id": "food", "name": "Cibo", "names": {"en": "Food"}, "course": "second"},
        {"id": "pizza", "name": "Pizze", "parent": "food", "station": "oven"},
        {"id": "drinks", "name": "Bevande", "station": "bar"},
    ],
    "modifier_groups": [
        {"id": "toppings", "name": "Aggiunte", "maximum": 4, "included": 1, "halves": True, "half_price": "full", "modifiers": [
            {"id": "olives", "name": "Olive", "price_minor": 80, "prices": [{"level": "togo", "price_minor": 90}], "allergens": ["sulphites"]},
            {"id": "cheese", "name": "Formaggio", "price_minor": 150, "group_ids": ["cheeses"], "names": {"en": "Cheese"},
             "ingredients": [{"name": "cheese", "count": 2}]}]},
        {"id": "cheeses", "name": "Quale", "minimum": 1, "maximum": 1, "modifiers": [
            {"id": "goat", "name": "Capra", "is_default": True}, {"id": "blue", "name": "Gorgonzola"}]},
    ],
    "items": [
        {"id": "margherita", "name": "Margherita", "names": {"en": "Margherita pizza"}, "category": "pizza", "price_minor": 850, "station": "",
         "tax_ids": ["low"], "modifier_group_ids": ["toppings"], "also_stations": ["kitchen"], "prep_s": 420, "allergens": ["gluten", "milk"],
         "dietary": ["vegetarian"], "ingredients": [{"name": "dough"}], "prices": [{"level": "togo", "price_minor": 750}], "local_price": True},
        {"id": "dish", "name": "Piatto del giorno", "category": "food", "price_minor": 1200, "station": "kitchen", "course": "first",
         "tax_ids": ["low"], "daypart_ids": ["lunch"], "description": "Chiedete", "image": "sha256:00", "discountable": False},
        {"id": "ham", "name": "Prosciutto", "category": "food", "price_minor": 3900, "station": "kitchen", "tax_ids": ["low"],
         "weighing": {"unit": "kg", "maximum": "2.5"}},
        {"id": "wine", "name": "Vino", "category": "drinks", "price_minor": 500, "station": "", "tax_ids": ["high"],
         "prices": [{"level": "happy", "price_minor": 350}], "option_taxes": [{"dining_option": "take_away", "tax_ids": ["high", "levy"]}]},
        {"id": "gift", "name": "Buono", "category": "food", "price_minor": 0, "station": "bar", "open_price": True},
        {"id": "menu", "name": "Menu pizza", "category": "food", "price_minor": 1200, "station": "", "slots": [
            {"id": "main", "name": "Pizza", "names": {"en": "Pizza"}, "choices": [{"item_id": "margherita"}]},
            {"id": "drink", "name": "Da bere", "minimum": 0, "choices": [{"item_id": "wine", "extra_minor": 100}]}]},
    ],
    "rules": {
        "discounts": [{"id": "ten", "name": "10 %", "rate": "10%"}, {"id": "five", "name": "Buono", "scope": "item", "amount_minor": 500}],
        "promotions": [
            {"id": "three", "name": "3 per 2", "kind": "buy_get", "category_ids": ["pizza"], "buy": 2, "get": 1},
            {"id": "cheap", "name": "Happy", "kind": "happy_hour", "daypart_ids": ["happy"], "category_ids": ["drinks"], "rate": "50%"},
            {"id": "pair", "name": "Coppia", "kind": "bundle", "item_ids": ["margherita", "wine"], "amount_minor": 1100}],
        "service_charges": [{"id": "large", "name": "Servizio", "rate": "12%", "from_covers": 8, "dining_options": ["dine_in"]}],
        "tenders": [{"id": "cash", "name": "Contanti", "kind": "cash"}, {"id": "card", "name": "Carta", "kind": "card", "takes_tips": True}],
        "reasons": [{"id": "dropped", "name": "Caduto", "kind": "void"}, {"id": "dropped", "name": "Caduto", "kind": "comp"}],
        "cash_step_minor": 5,
    },
}  # fmt: skip


def but(path: str, value: Any) -> Menu:
    """The menu with `value` at `path`, such as "items.margherita.price_minor"; what has an id is named by it. "items+" adds to a list."""
    document = msgspec.json.decode(msgspec.json.encode(_DOCUMENT))
    *way, last = path.removesuffix("+").split(".")
    place: Any = document
    for step in way:
        place = _inside(place, step)
    if path.endswith("+"):
        _inside(place, last).append(value)
    elif isinstance(place, list):
        found = cast("list[Any]", place)
        found[found.index(_inside(found, last))] = value
    else:
        place[last] = value
    return msgspec.convert(document, Menu)


def _inside(place: Any, step: str) -> Any:
    if isinstance(place, list):
        found = cast("list[Any]", place)
        return (
            found[int(step)]
            if step.isdigit() and not any(_id(each) == step for each in found)
            else next(x for x in found if _id(x) == step)
        )
    return place.setdefault(step, [])


def _id(value: Any) -> str:
    return str(cast("dict[str, Any]", value).get("id", "")) if isinstance(value, dict) else ""


RICH = msgspec.convert(_DOCUMENT, Menu)
