"""Every way in which a menu can contradict itself is told with its place."""

from typing import Any

import pytest

from shared.domain.menu import menu_problems
from shared.domain.menu.document import Menu, MenuItem
from tests.unit.shared.domain.menu.rich import RICH, but

TEA: dict[str, Any] = {"id": "tea", "name": "Tea", "category": "drinks", "price_minor": 300, "station": "bar"}


def test_a_menu_that_uses_everything_is_sound() -> None:
    assert menu_problems(RICH) == []


def twice(path: str) -> Menu:
    """The menu with the first of a list in it twice."""
    place: Any = RICH
    for step in path.split("."):
        place = getattr(place, step)
    return but(f"{path}+", place[0])


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("items", "the item 'margherita' stands twice"),
        ("modifier_groups", "the modifier group 'toppings' stands twice"),
        ("taxes", "the tax 'low' stands twice"),
        ("categories", "the category 'food' stands twice"),
        ("courses", "the course 'first' stands twice"),
        ("stations", "the station 'kitchen' stands twice"),
        ("floors", "the floor 'hall' stands twice"),
        ("dining_options", "the dining option 'dine_in' stands twice"),
        ("price_levels", "the price level 'happy' stands twice"),
        ("dayparts", "the daypart 'lunch' stands twice"),
        ("tables", "the table '1' stands twice"),
        ("languages", "the language 'it' stands twice"),
        ("rules.discounts", "the discount 'ten' stands twice"),
        ("rules.promotions", "the promotion 'three' stands twice"),
        ("rules.service_charges", "the service charge 'large' stands twice"),
        ("rules.tenders", "the tender 'cash' stands twice"),
        ("rules.reasons", "the reason 'dropped' for a void stands twice"),
    ],
)
def test_an_id_stands_for_one_thing(path: str, sentence: str) -> None:
    assert sentence in menu_problems(twice(path))


CASES = [
    # what an item refers to
    ("items.wine.category", "wines", "item 'wine' (category) names the unknown category 'wines'"),
    ("items.wine.tax_ids", ["vat"], "item 'wine' (tax_ids) names the unknown tax 'vat'"),
    ("items.wine.tax_ids", ["low", "low"], "item 'wine' (tax_ids) names the tax 'low' twice"),
    ("items.wine.modifier_group_ids", ["ice"], "item 'wine' (modifier_group_ids) names the unknown modifier group 'ice'"),
    ("items.wine.daypart_ids", ["dusk"], "item 'wine' (daypart_ids) names the unknown daypart 'dusk'"),
    ("items.wine.station", "cellar", "item 'wine' (station) names the unknown station 'cellar'"),
    ("items.wine.station", "pass", "item 'wine' (station) names 'pass', which is an expo"),
    ("items.wine.also_stations", ["cellar"], "item 'wine' (also_stations) names the unknown station 'cellar'"),
    ("items.gift.also_stations", ["bar"], "item 'gift' (also_stations) names the station 'bar', which cooks it already"),
    ("items.wine.also_stations", ["pass"], "item 'wine' (also_stations) names 'pass', which is an expo"),
    ("items.wine.course", "third", "item 'wine' (course) names the unknown course 'third'"),
    ("items.wine.allergens", ["nuts", "nuts"], "item 'wine' (allergens) names the allergen 'nuts' twice"),
    ("items.wine.dietary", ["vegan", "vegan"], "item 'wine' (dietary) names the dietary mark 'vegan' twice"),
    ("items.wine.prices", [{"level": "staff", "price_minor": 1}], "item 'wine' (prices) names the unknown price level 'staff'"),
    ("items.wine.prices", [{"level": "togo", "price_minor": -1}], "item 'wine' (prices) is below zero at the level 'togo'"),
    ("items.wine.option_taxes", [{"dining_option": "moon", "tax_ids": []}], "item 'wine' (option_taxes) names the unknown dining option 'moon'"),
    ("items.wine.option_taxes", [{"dining_option": "dine_in", "tax_ids": ["x"]}], "(option_taxes of 'dine_in') names the unknown tax 'x'"),
    ("items.wine.ingredients", [{"name": "ice"}, {"name": "ice"}], "item 'wine' (ingredients) names 'ice' twice"),
    ("items.ham.weighing", {"maximum": "much"}, "item 'ham' (weighing): 'much' is no weight"),
    ("items.ham.weighing", {"maximum": "-1"}, "item 'ham' (weighing): '-1' is no weight"),
    ("items.ham.weighing", {"maximum": "0"}, "item 'ham' (weighing): a largest weight of nothing"),
    ("items.ham.weighing", {"maximum": "9999999999"}, "cost more than a check can hold"),
    ("items.wine.names", {"de": "Wein"}, "item 'wine' (names) has the language 'de', which the menu does not list"),
    ("items.wine.names", {"English": "Wine"}, "item 'wine' (names) has the language 'English', which is no language tag"),
    ("items.menu.slots.main.names", {"de": "x"}, "item 'menu', slot 'main' (names) has the language 'de'"),
    # combos
    ("items.menu.weighing", {}, "item 'menu' is a combo: it can be neither sold by weight"),
    ("items.menu.modifier_group_ids", ["cheeses"], "item 'menu' (modifier_group_ids) is a combo"),
    ("items.menu.slots+", {"id": "main", "name": "x", "choices": [{"item_id": "wine"}]}, "item 'menu' names the slot 'main' twice"),
    ("items.menu.slots.main.minimum", 0, "item 'menu' (slots) is a combo of which nothing need be chosen"),
    ("items.menu.slots.main.minimum", 2, "item 'menu', slot 'main' asks for more than it allows"),
    ("items.menu.slots.main.choices", [], "item 'menu', slot 'main' offers none to choose"),
    ("items.menu.slots.main.choices", [{"item_id": "cake"}], "item 'menu', slot 'main' (choices) names the unknown item 'cake'"),
    ("items.menu.slots.main.choices", [{"item_id": "wine"}, {"item_id": "wine"}], "slot 'main' (choices) names the item 'wine' twice"),
    ("items.menu.slots.main.choices", [{"item_id": "menu"}], "slot 'main' (choices) names 'menu', which is a combo itself"),
    ("items.menu.slots.main.choices", [{"item_id": "gift"}], "slot 'main' (choices) names 'gift', which has no price of its own"),
    # modifier groups
    ("modifier_groups.cheeses.minimum", 2, "modifier group 'cheeses' asks for more than it allows"),
    ("modifier_groups.cheeses.modifiers", [], "modifier group 'cheeses' asks for a choice and offers none"),
    ("modifier_groups.cheeses.included", 2, "modifier group 'cheeses' (included) includes more than it allows"),
    ("modifier_groups.cheeses.modifiers.blue.is_default", True, "modifier group 'cheeses' (is_default) has more defaults than it allows"),
    ("modifier_groups.cheeses.half_price", "full", "modifier group 'cheeses' (half_price) says what a half costs and has no halves"),
    ("modifier_groups.cheeses.modifiers+", {"id": "goat", "name": "x"}, "modifier group 'cheeses' names the modifier 'goat' twice"),
    ("modifier_groups.cheeses.modifiers.goat.group_ids", ["x"], "modifier 'goat' of group 'cheeses' (group_ids) names the unknown modifier group"),
    ("modifier_groups.cheeses.modifiers.goat.prices", [{"level": "x", "price_minor": 1}], "modifier 'goat' of group 'cheeses' (prices) names the"),
    ("modifier_groups.cheeses.modifiers.goat.group_ids", ["toppings"], "modifier group 'toppings' (group_ids) asks for itself again"),
    ("modifier_groups.cheeses.modifiers.goat.names", {"xx": "x"}, "modifier 'goat' of group 'cheeses' (names) has the language 'xx'"),
    # taxes
    ("taxes.low.rate", "lots", "tax 'low' (rate): 'lots' is no rate"),
    ("taxes.low.rate", "101%", "tax 'low' (rate): '101%' is not between 0% and 100%"),
    ("taxes.low.on", ["vat"], "tax 'low' (on) names the unknown tax 'vat'"),
    ("taxes.low.on", ["levy"], "tax 'low' (on) is raised on itself"),
    ("taxes.low.on", ["low"], "tax 'low' (on) is raised on itself"),
    ("taxes.high.on", ["levy"], "tax 'high' (on) is in the price and cannot be raised on 'levy', which comes on top"),
    ("taxes.high.valid_to", "31.12.2026", "tax 'high' (valid_to): '31.12.2026' is no date"),
    ("taxes.high.valid_from", "20260101", "tax 'high' (valid_from): '20260101' is no date"),
    ("taxes.high.valid_to", "2025-12-31", "tax 'high' ends on 2025-12-31, before it begins on 2026-01-01"),
    # the house
    ("categories.pizza.parent", "meals", "category 'pizza' (parent) names the unknown category 'meals'"),
    ("categories.food.parent", "pizza", "category 'food' (parent) stands within itself"),
    ("categories.pizza.station", "grill", "category 'pizza' (station) names the unknown station 'grill'"),
    ("categories.pizza.station", "pass", "category 'pizza' (station) names 'pass', which is an expo"),
    ("categories.pizza.course", "third", "category 'pizza' (course) names the unknown course 'third'"),
    ("categories.pizza.names", {"fr": "x"}, "category 'pizza' (names) has the language 'fr'"),
    ("courses.first.names", {"fr": "x"}, "course 'first' (names) has the language 'fr'"),
    ("default_station", "grill", "the menu (default_station) names the unknown station 'grill'"),
    ("floors+", {"id": "yard", "name": "Yard", "tables": [{"id": "1"}]}, "the table '1' stands twice on the floors"),
    ("tables", ["9"], "the menu (tables) names '9', which stands on no floor"),
    ("languages", ["italiano"], "the language 'italiano' is no language tag"),
    ("dayparts.lunch.windows", [], "daypart 'lunch' (windows) has no window"),
    ("dayparts.lunch.windows.0.days", [1, 1], "daypart 'lunch' (windows) names a day twice in the window from 12:00 to 15:00"),
    ("price_levels.happy.daypart_ids", ["dusk"], "price level 'happy' (daypart_ids) names the unknown daypart 'dusk'"),
    ("dining_options.take_away.price_level", "x", "dining option 'take_away' (price_level) names the unknown price level 'x'"),
    # rules
    ("rules.discounts.ten.rate", "", "discount 'ten' needs a rate or an amount_minor, and not both"),
    ("rules.discounts.ten.amount_minor", 5, "discount 'ten' needs a rate or an amount_minor, and not both"),
    ("rules.discounts.ten.rate", "0%", "discount 'ten' (rate): '0%' is nothing"),
    ("rules.discounts.ten.rate", "-5%", "discount 'ten' (rate): '-5%' is not between 0% and 100%"),
    ("rules.promotions.three.category_ids", [], "promotion 'three' is of the kind buy_get: it needs item_ids or category_ids"),
    ("rules.promotions.three.category_ids", ["pasta"], "promotion 'three' (category_ids) names the unknown category 'pasta'"),
    ("rules.promotions.three.item_ids", ["pasta"], "promotion 'three' (item_ids) names the unknown item 'pasta'"),
    ("rules.promotions.three.rate", "some", "promotion 'three' (rate): 'some' is no rate"),
    ("rules.promotions.three.amount_minor", 5, "promotion 'three' (amount_minor) is no bundle"),
    ("rules.promotions.cheap.daypart_ids", [], "promotion 'cheap' is of the kind happy_hour: it needs daypart_ids"),
    ("rules.promotions.cheap.daypart_ids", ["dusk"], "promotion 'cheap' (daypart_ids) names the unknown daypart 'dusk'"),
    ("rules.promotions.pair.item_ids", ["wine"], "promotion 'pair' is a bundle: it needs two or more item_ids"),
    ("rules.promotions.pair.item_ids", ["wine", "wine"], "promotion 'pair' (item_ids) names the item 'wine' twice"),
    ("rules.promotions.pair.amount_minor", 0, "promotion 'pair' is a bundle: it needs an amount_minor"),
    ("rules.service_charges.large.rate", "", "service charge 'large' needs a rate or an amount_minor"),
    ("rules.service_charges.large.dining_options", ["moon"], "service charge 'large' (dining_options) names the unknown dining option 'moon'"),
    ("rules.tenders", [], "the rules (tenders) name no way to pay"),
    # texts, wherever they stand
    ("items.margherita.ingredients", [{"name": "dough\x00"}], "items['margherita'].ingredients[0].name: the text 'dough\\x00' holds a control"),
    ("items.wine.description", "\x1b", "items['wine'].description: the text '\\x1b' holds a control character"),
    ("rules.reasons.dropped.name", "\x07", "rules.reasons['dropped'].name: the text '\\x07' holds a control character"),
    ("floors.hall.tables.1.id", "\x7f", "floors['hall'].tables['\\x7f'].id: the text '\\x7f' holds a control character"),
    ("items.wine.names", {"en": "x", "e\x00": "y"}, "items['wine'].names.e\x00: the text 'e\\x00' holds a control character"),
    ("items.wine.name", "  ", "items['wine'].name is blank"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "sentence"), CASES, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_wrong_is_said_with_its_place(path: str, value: Any, sentence: str) -> None:
    problems = menu_problems(but(path, value))
    assert any(sentence in problem for problem in problems), problems


def test_everything_that_is_wrong_is_said_at_once() -> None:
    problems = menu_problems(but("items", [TEA | {"category": "x", "tax_ids": ["y"], "course": "z"}]))
    assert [problem for problem in problems if problem.startswith("item 'tea'")] == [
        "item 'tea' (category) names the unknown category 'x'",
        "item 'tea' (tax_ids) names the unknown tax 'y'",
        "item 'tea' (course) names the unknown course 'z'",
    ]


def test_without_a_list_any_station_and_category_is_known() -> None:
    tea = MenuItem(id="tea", name="Tea", category="whatever", price_minor=300, station="wherever")
    assert menu_problems(Menu(name="Bare", currency="EUR", items=(tea,))) == []


def test_groups_within_groups_deeper_than_a_line_may_be_are_told() -> None:
    chain = [
        {"id": f"g{n}", "name": "G", "modifiers": [{"id": "m", "name": "M", "group_ids": [f"g{n + 1}"] if n < 5 else []}]} for n in range(6)
    ]
    menu = but("modifier_groups", chain)
    problems = menu_problems(menu)
    assert "modifier group 'g0' (group_ids) asks through 6 groups; 4 within one another are allowed" in problems
    assert not any("'g2'" in problem for problem in problems)


def test_categories_within_categories_are_bounded() -> None:
    chain = [{"id": f"c{n}", "name": "C", "parent": f"c{n - 1}" if n else ""} for n in range(9)]
    problems = menu_problems(but("categories", chain))
    assert "category 'c8' (parent) stands within 8 others; 7 are allowed" in problems
    assert not any(problem.startswith("category 'c7'") for problem in problems)
