"""The menu as a guest meets it at a moment."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.menu.effective import dayparts_in_force
from shared.domain.menu.listing import EffectiveItem, EffectiveMenu, effective_menu, next_change
from shared.domain.menu.overrides import ItemOverride
from tests.unit.shared.domain.menu.rich import RICH, but

MONDAY_NOON = datetime(2026, 3, 2, 12, 30)
EVENING = datetime(2026, 3, 2, 19, 0)


def listed(
    local: datetime = MONDAY_NOON,
    option: str = "dine_in",
    level: str = "",
    overrides: Mapping[str, ItemOverride] | None = None,
    **more: str,
) -> EffectiveMenu:
    return effective_menu(RICH, overrides or {}, local, option, level, **more)


def item(menu: EffectiveMenu, id: str) -> EffectiveItem:
    return next(each for each in menu.items if each.id == id)


def test_an_item_is_listed_with_all_that_its_category_and_the_menu_say_of_it() -> None:
    pizza = item(listed(), "margherita")
    assert (pizza.price_minor, pizza.price_level, pizza.station, pizza.course) == (850, "", "oven", "second")
    assert [tax.id for tax in pizza.taxes] == ["low"]
    assert pizza.available
    assert pizza.unavailable == ""


def test_prices_are_those_of_the_hour_and_of_the_dining_option() -> None:
    assert item(listed(), "wine").price_minor == 500
    assert (item(listed(EVENING), "wine").price_minor, item(listed(EVENING), "wine").price_level) == (350, "happy")
    togo = listed(option="take_away")
    assert (togo.price_levels, item(togo, "margherita").price_minor) == (("togo",), 750)
    assert next(m for g in togo.modifier_groups for m in g.modifiers if m.id == "olives").price_minor == 90
    assert item(listed(level="togo"), "margherita").price_minor == 750
    assert [tax.id for tax in item(togo, "wine").taxes] == ["high", "levy"]


def test_the_taxes_are_those_of_the_business_date() -> None:
    assert [tax.id for tax in item(listed(business_date="2027-01-01"), "wine").taxes] == []


def test_what_cannot_be_had_says_why() -> None:
    overrides = {"margherita": ItemOverride(item_id="margherita", is_86=True), "wine": ItemOverride(item_id="wine", left=0)}
    menu = listed(EVENING, overrides=overrides)
    assert {each.id: each.unavailable for each in menu.items} == {
        "margherita": "eighty_sixed", "dish": "not_served_now", "ham": "", "wine": "sold_out", "gift": "", "menu": "no_choice",
    }  # fmt: skip
    assert {each.id for each in menu.items if each.available} == {"ham", "gift"}
    assert item(menu, "wine").left == 0


def test_a_combo_can_be_had_while_what_it_requires_can() -> None:
    menu = listed(overrides={"wine": ItemOverride(item_id="wine", is_86=True)})
    assert item(menu, "menu").available
    assert [[choice.available for choice in slot.choices] for slot in item(menu, "menu").slots] == [[True], [False]]


def test_the_sites_own_price_is_listed_where_hq_allows_one() -> None:
    overrides = {id: ItemOverride(item_id=id, price_minor=1, left=7) for id in ("margherita", "wine")}
    menu = listed(overrides=overrides)
    assert (item(menu, "margherita").price_minor, item(menu, "wine").price_minor) == (1, 500)
    assert item(menu, "wine").left == 7


def test_names_are_in_the_language_asked_for() -> None:
    menu = listed(language="en-GB")
    assert (item(menu, "margherita").name, item(menu, "wine").name) == ("Margherita pizza", "Vino")
    assert [category.name for category in menu.categories] == ["Food", "Pizze", "Bevande"]
    assert [course.name for course in menu.courses] == ["First", "Secondo"]
    assert [slot.name for slot in item(menu, "menu").slots] == ["Pizza", "Da bere"]
    assert menu.modifier_groups[0].modifiers[1].name == "Cheese"


def test_prices_stay_until_the_next_daypart_begins_or_ends() -> None:
    assert listed().valid_until == datetime(2026, 3, 2, 15, 0)
    assert listed(datetime(2026, 3, 2, 15, 0)).valid_until == datetime(2026, 3, 2, 18, 0)
    assert listed(datetime(2026, 3, 6, 20, 0)).valid_until == datetime(2026, 3, 7, 18, 0)  # no lunch on Saturday
    assert next_change(but("dayparts", []), MONDAY_NOON) is None


@given(st.integers(0, 7 * 24 * 60 - 1))
def test_until_then_nothing_changes_and_then_something_does(minute: int) -> None:
    local = datetime(2026, 3, 2) + timedelta(minutes=minute)
    until = next_change(RICH, local)
    assert until is not None
    assert until > local
    now = dayparts_in_force(RICH, local)
    assert dayparts_in_force(RICH, until) != now
    assert all(
        dayparts_in_force(RICH, local + timedelta(minutes=n)) == now for n in range(0, int((until - local).total_seconds() // 60), 7)
    )


def test_it_travels_as_json() -> None:
    menu = listed()
    assert msgspec.json.decode(msgspec.json.encode(menu), type=EffectiveMenu) == menu
