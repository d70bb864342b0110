"""Which item a row means, and what a file adds to a menu."""

import msgspec
import pytest

from edge.replay.catalogue import IMPORTED, Catalogue, extended
from edge.replay.codes import RowRejectedError
from shared.domain.menu import Menu, menu_problems
from shared.limits import MENU_ITEMS_MAX
from tests.unit.edge.replay.kit import row
from tests.unit.shared.domain.world import MENU

LUNCH = Catalogue("v", MENU)


@pytest.mark.parametrize("name", ["soup", "Soup", "SOUP", " so up ".replace("so up", "soup"), "Ｓoup"])
def test_an_item_is_found_by_id_or_by_name_whatever_its_case_and_width(name: str) -> None:
    found = LUNCH.find(name)
    assert found is not None
    assert found.id == "soup"


def test_the_row_decides_what_was_paid_and_the_menu_only_how_it_is_shared() -> None:
    pizza = row(item="Pizza", unit_price_minor=1_000, modifiers=(("Big", 0), ("Olives", 100)))
    choice = LUNCH.choose(pizza)
    assert [chosen.modifier_id for chosen in choice.modifiers] == ["big", "olives"]
    assert choice.unit_price_minor + 175 + 80 == 1_000 + 100
    assert [tax.id for tax in LUNCH.taxable(pizza, choice).taxes] == ["food"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"item": "Cake"}, "item.unknown"),
        ({"item": "Soup", "modifiers": (("Big", 0),)}, "modifier.unknown"),
        ({"item": "Pizza", "unit_price_minor": 100, "modifiers": (("Big", 0),)}, "modifier.price"),
    ],
)
def test_what_the_menu_has_no_place_for_is_rejected(fields: dict[str, object], code: str) -> None:
    with pytest.raises(RowRejectedError) as error:
        LUNCH.choose(row(**fields))  # type: ignore[arg-type] - a row of the case
    assert error.value.code == code


def test_a_site_without_a_menu_gets_one_of_what_is_seen() -> None:
    menu = extended(None, "EUR", {"Mac & Cheese": 700, "Crème brûlée": 550, "寿司": 900}, {})
    assert [(item.id, item.price_minor) for item in menu.items[:2]] == [("mac-cheese", 700), ("creme-brulee", 550)]
    assert menu_problems(menu) == []
    assert Catalogue("", menu).find("寿司") is not None


def test_a_menu_is_extended_and_nothing_of_it_destroyed() -> None:
    grown = extended(MENU, "EUR", {"soup": 1, "Cake": 400}, {})
    assert grown.items[: len(MENU.items)] == MENU.items
    assert [item.name for item in grown.items[len(MENU.items) :]] == ["Cake"]
    assert msgspec.structs.replace(grown, items=MENU.items) == MENU


def test_a_menu_that_lacks_nothing_stays_the_very_same() -> None:
    assert extended(MENU, "EUR", {"Soup": 1}, {("Pizza", "olives"): 0}) == MENU
    once = extended(MENU, "EUR", {"Cake": 400}, {("Cake", "Cream"): 50, ("Soup", "Cream"): 30})
    assert extended(once, "EUR", {"Cake": 300}, {("Cake", "cream"): 10}) == once


def test_modifiers_that_were_seen_are_offered_at_their_least_surcharge() -> None:
    menu = extended(MENU, "EUR", {"Cake": 400}, {("Cake", "Cream"): 50, ("Soup", "Cream"): 30})
    group = menu.groups_by_id[IMPORTED]
    assert [(modifier.name, modifier.price_minor) for modifier in group.modifiers] == [("Cream", 30)]
    assert [item.id for item in menu.items if IMPORTED in item.modifier_group_ids] == ["soup", "cake"]
    assert menu_problems(menu) == []
    assert Catalogue("", menu).choose(row(item="Cake", unit_price_minor=0, modifiers=(("Cream", 30),))).unit_price_minor == 0


def test_names_that_make_the_same_id_are_told_apart() -> None:
    menu = extended(None, "EUR", {"Soup!": 1, "Soup?": 2, "soup": 3}, {})
    assert len({item.id for item in menu.items}) == 3
    assert menu_problems(menu) == []


def test_what_a_menu_cannot_hold_is_left_out_and_its_rows_rejected() -> None:
    menu = extended(None, "EUR", {f"Item {number}": 100 for number in range(MENU_ITEMS_MAX + 2)}, {})
    assert len(menu.items) == MENU_ITEMS_MAX
    msgspec.json.decode(msgspec.json.encode(menu), type=Menu)
    with pytest.raises(RowRejectedError, match=r"item\.menu_full"):
        Catalogue("", menu).choose(row(item=f"Item {MENU_ITEMS_MAX + 1}"))
