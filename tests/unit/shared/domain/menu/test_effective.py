"""What of a menu is in force at a moment."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.menu import Menu, MenuItem, Modifier, Tax
from shared.domain.menu.document import Category, LevelPrice, OptionTaxes
from shared.domain.menu.effective import (
    course_of,
    dayparts_in_force,
    is_served,
    levels_in_force,
    modifier_price,
    price_of,
    station_of,
    taxes_of,
    within,
)  # fmt: skip
from shared.domain.menu.floor import DiningOption
from shared.domain.menu.overrides import ItemOverride
from shared.domain.menu.pricing import Daypart, PriceLevel, Window
from tests.unit.shared.domain.world import MENU

MONDAY = datetime(2026, 3, 2)


def at(text: str, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=int(text[:2]), minutes=int(text[3:]))


LUNCH = Daypart(id="lunch", name="Lunch", windows=(Window(starts="11:00", ends="15:00", days=(1, 2, 3, 4, 5)),))
HAPPY = Daypart(
    id="happy", name="Happy hour", windows=(Window(starts="17:00", ends="19:00"), Window(starts="23:00", ends="01:00", days=(5,)))
)
BEER = MenuItem(
    id="beer", name="Beer", category="draught", price_minor=500, station="", tax_ids=("vat",), local_price=True,
    prices=(LevelPrice(level="happy", price_minor=350), LevelPrice(level="togo", price_minor=450)),
    option_taxes=(OptionTaxes(dining_option="take_away", tax_ids=("low", "levy")),),
)  # fmt: skip
DISH = MenuItem(id="dish", name="Dish of the day", category="food", price_minor=900, daypart_ids=("lunch",), course="main")
PUB = Menu(
    name="Pub", currency="EUR", items=(BEER, DISH), dayparts=(LUNCH, HAPPY), default_station="pass",
    price_levels=(PriceLevel(id="happy", name="Happy hour", daypart_ids=("happy",)), PriceLevel(id="togo", name="To go"),
                  PriceLevel(id="staff", name="Staff")),
    dining_options=(DiningOption(id="dine_in", name="Eat in"), DiningOption(id="take_away", name="To go", price_level="togo")),
    categories=(Category(id="drinks", name="Drinks", station="bar", course="drinks"), Category(id="draught", name="Draught", parent="drinks"),
                Category(id="food", name="Food")),
    taxes=(Tax(id="vat", name="VAT", rate="19%", inclusive=True, valid_to="2026-12-31"),
           Tax(id="vat2", name="VAT", rate="20%", inclusive=True, valid_from="2027-01-01"),
           Tax(id="low", name="Low", rate="7%"), Tax(id="levy", name="Levy", rate="1%", on=("low", "vat"))),
)  # fmt: skip


# --- when ---


@pytest.mark.parametrize(
    ("moment", "inside"),
    [(at("17:00"), True), (at("18:59"), True), (at("19:00"), False), (at("16:59"), False),
     (at("23:00", day=4), True), (at("00:59", day=5), True), (at("01:00", day=5), False),
     (at("00:30", day=4), False), (at("23:30", day=5), False)],
)  # fmt: skip
def test_a_window_over_midnight_belongs_to_the_day_it_starts_on(moment: datetime, inside: bool) -> None:
    assert ("happy" in dayparts_in_force(PUB, moment)) is inside


def test_a_window_that_ends_when_it_starts_is_a_whole_day() -> None:
    tuesday = Window(starts="06:00", ends="06:00", days=(2,))
    assert [within(tuesday, at(text, day)) for text, day in (("05:59", 1), ("06:00", 1), ("05:59", 2), ("06:00", 2))] == [
        False, True, True, False,
    ]  # fmt: skip


@given(st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1), st.sets(st.integers(1, 7)), st.integers(0, 7 * 24 * 60 - 1))
def test_a_window_and_the_one_that_begins_where_it_ends_share_no_moment_and_leave_none_out(
    starts: int, ends: int, days: set[int], minute: int
) -> None:
    def clock(minutes: int) -> str:
        return "{:02}:{:02}".format(*divmod(minutes, 60))

    local = MONDAY + timedelta(minutes=minute)
    one = Window(starts=clock(starts), ends=clock(ends))
    other = Window(starts=clock(ends), ends=clock(starts))
    if starts != ends:
        assert within(one, local) != within(other, local)
    dated = Window(starts=one.starts, ends=one.ends, days=tuple(sorted(days)))
    began = local - timedelta(minutes=(minute - starts) % (24 * 60))  # the last time that the window began
    assert within(dated, local) == (within(one, local) and (not days or began.isoweekday() in days))


def test_the_dish_of_the_day_is_served_at_lunch_on_workdays_only() -> None:
    assert is_served(PUB, DISH, at("12:00"))
    assert not is_served(PUB, DISH, at("12:00", day=5))
    assert not is_served(PUB, DISH, at("15:00"))
    assert is_served(PUB, BEER, at("04:00"))


# --- prices ---


def test_levels_hold_by_the_hour_by_the_dining_option_and_by_choice() -> None:
    assert levels_in_force(PUB, at("12:00"), "dine_in", "") == ()
    assert levels_in_force(PUB, at("12:00"), "take_away", "") == ("togo",)
    assert levels_in_force(PUB, at("18:00"), "take_away", "") == ("happy", "togo")
    assert levels_in_force(PUB, at("18:00"), "take_away", "staff") == ("staff", "happy", "togo")
    assert levels_in_force(PUB, at("12:00"), "dine_in", "gone") == ()


def test_the_first_level_that_has_a_price_for_the_item_counts() -> None:
    assert price_of(PUB, BEER, ("staff", "happy", "togo"), None) == (350, "happy")
    assert price_of(PUB, BEER, ("togo", "happy"), None) == (450, "togo")
    assert price_of(PUB, DISH, ("happy",), None) == (900, "")
    olives = Modifier(id="olives", name="Olives", price_minor=80, prices=(LevelPrice(level="happy", price_minor=0),))
    assert modifier_price(olives, ("staff", "happy")) == 0
    assert modifier_price(olives, ("staff",)) == 80


def test_a_local_price_stands_for_the_base_price_and_happy_hour_is_happy_hour_still() -> None:
    dear = ItemOverride(item_id="beer", price_minor=550)
    assert price_of(PUB, BEER, (), dear) == (550, "")
    assert price_of(PUB, BEER, ("happy",), dear) == (350, "happy")
    assert price_of(PUB, DISH, (), dear) == (900, "")


# --- taxes ---


def test_a_new_rate_holds_from_its_business_date_on() -> None:
    item = msgspec.structs.replace(BEER, tax_ids=("vat", "vat2"))
    assert [tax.rate for tax in taxes_of(PUB, item, "dine_in", "2026-12-31")] == ["19%"]
    assert [tax.rate for tax in taxes_of(PUB, item, "dine_in", "2027-01-01")] == ["20%"]


def test_a_dining_option_has_taxes_of_its_own_and_a_compound_tax_names_those_beside_it() -> None:
    assert [tax.id for tax in taxes_of(PUB, BEER, "dine_in", "2026-03-02")] == ["vat"]
    low, levy = taxes_of(PUB, BEER, "take_away", "2026-03-02")
    assert (low.id, levy.on) == ("low", ("low",))
    assert taxes_of(PUB, DISH, "take_away", "2026-03-02") == ()


def test_items_of_the_same_taxes_share_them() -> None:
    soup, pizza = MENU.items_by_id["soup"], MENU.items_by_id["pizza"]
    assert taxes_of(MENU, soup, "dine_in", "2026-03-02") is taxes_of(MENU, pizza, "dine_in", "2026-03-02")


# --- station and course ---


def test_what_an_item_does_not_say_its_category_says_or_the_one_above() -> None:
    assert (station_of(PUB, BEER), course_of(PUB, BEER)) == ("bar", "drinks")
    assert (station_of(PUB, DISH), course_of(PUB, DISH)) == ("kitchen", "main")
    silent = msgspec.structs.replace(DISH, station="", course="")
    assert (station_of(PUB, silent), course_of(PUB, silent)) == ("pass", "")


def test_categories_in_a_circle_end_too() -> None:
    circle = Menu(
        name="Circle", currency="EUR",
        categories=(Category(id="a", name="A", parent="b"), Category(id="b", name="B", parent="a")),
    )  # fmt: skip
    assert station_of(circle, MenuItem(id="x", name="X", category="a", price_minor=1, station="")) == "kitchen"
