"""The menu: its content hash, and every way in which it can contradict itself."""

from typing import Any

import msgspec
import pytest

from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax, decode_menu, menu_problems, menu_version
from tests.unit.shared.domain.world import MENU


def item(**fields: Any) -> MenuItem:
    return MenuItem(**{"id": "tea", "name": "Tea", "category": "Drinks", "price_minor": 300} | fields)


def menu(**fields: Any) -> Menu:
    return Menu(name="Test", currency="EUR", **fields)


def test_a_sound_menu_has_no_problems() -> None:
    assert menu_problems(MENU) == []


def test_a_menu_survives_its_own_json_with_the_same_version() -> None:
    assert menu_version(decode_menu(msgspec.json.encode(MENU))) == menu_version(MENU)


def test_a_price_makes_a_new_version() -> None:
    assert menu_version(menu(items=(item(),))) != menu_version(menu(items=(item(price_minor=301),)))


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (menu(items=(item(), item())), "'tea' stands twice"),
        (menu(tables=("1", "1")), "table '1' stands twice"),
        (menu(items=(item(tax_ids=("vat",)),)), "unknown tax 'vat'"),
        (menu(items=(item(tax_ids=("vat", "vat")),), taxes=(Tax(id="vat", name="VAT", rate="7%"),)), "names the tax 'vat' twice"),
        (menu(items=(item(modifier_group_ids=("milk",)),)), "unknown modifier group 'milk'"),
        (menu(items=(item(modifier_group_ids=("milk", "milk")),), modifier_groups=(ModifierGroup(id="milk", name="Milk", modifiers=()),)), "twice"),
        (menu(taxes=(Tax(id="vat", name="VAT", rate="lots"),)), "'lots' is no rate"),
        (menu(taxes=(Tax(id="vat", name="VAT", rate="101%"),)), "not between 0% and 100%"),
        (menu(taxes=(Tax(id="vat", name="VAT", rate="-1%"),)), "not between 0% and 100%"),
        (menu(taxes=(Tax(id="vat", name="VAT", rate="1e999999999%"),)), "is no rate"),
        (menu(modifier_groups=(ModifierGroup(id="g", name="G", modifiers=(Modifier(id="m", name="M"),), minimum=3, maximum=2),)), "asks for more"),
        (menu(modifier_groups=(ModifierGroup(id="g", name="G", modifiers=(), minimum=1),)), "offers none"),
        (menu(modifier_groups=(ModifierGroup(id="g", name="G", modifiers=(Modifier(id="m", name="M"), Modifier(id="m", name="N"))),)), "twice"),
        (menu(items=(item(name="Tea\x00"),)), "control character"),
        (menu(items=(item(station="bar\x1b"),)), "control character"),
        (menu(tables=("1\n2\x07",)), "control character"),
        (menu(modifier_groups=(ModifierGroup(id="g", name="G", modifiers=(Modifier(id="m", name="\x7f"),)),)), "control character"),
    ],
)  # fmt: skip
def test_a_menu_that_contradicts_itself_says_where(broken: Menu, problem: str) -> None:
    assert any(problem in sentence for sentence in menu_problems(broken)), menu_problems(broken)


@pytest.mark.parametrize(
    "fields",
    [{"price_minor": -1}, {"price_minor": 10**12 + 1}, {"price_minor": 1.5}, {"id": ""}, {"name": "x" * 121}, {"colour": "red"}],
)
def test_a_menu_outside_its_schema_is_not_read(fields: dict[str, object]) -> None:
    document = msgspec.json.encode({"name": "T", "currency": "EUR", "items": [msgspec.to_builtins(item()) | fields]})
    with pytest.raises(msgspec.ValidationError):
        decode_menu(document)
