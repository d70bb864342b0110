"""A menu as JSON: read, written, described by its schema, and told in full where it cannot be read."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given

from shared.domain.menu import Menu, decode_menu, menu_document, menu_version
from shared.domain.menu.reading import UnreadableMenuError, read_menu
from shared.domain.menu.schema import menu_schema
from tests.unit.shared.domain.menu.rich import RICH
from tests.unit.shared.domain.menu.strategies import documents

SCHEMA = jsonschema_rs.validator_for(menu_schema())


def wrong(document: Any) -> list[tuple[str, str]]:
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    with pytest.raises(UnreadableMenuError) as error:
        read_menu(body)
    assert str(error.value)
    return [(problem.place, problem.detail) for problem in error.value.problems]


@given(documents())
def test_a_menu_comes_back_from_its_document_as_it_was(menu: Menu) -> None:
    again = decode_menu(menu_document(menu))
    assert again == menu == read_menu(menu_document(menu))
    assert menu_version(again) == menu_version(menu)


@given(documents())
def test_every_menu_fits_the_published_schema(menu: Menu) -> None:
    SCHEMA.validate(msgspec.json.decode(menu_document(menu)))


@pytest.mark.parametrize(
    "fields",
    [{"price_minor": -1}, {"price_minor": 1.5}, {"id": ""}, {"name": "x" * 121}, {"colour": "red"}, {"weighing": {"unit": "stone"}}],
)
def test_what_does_not_fit_the_schema_is_not_read(fields: dict[str, Any]) -> None:
    item = {"id": "tea", "name": "Tea", "category": "Drinks", "price_minor": 300}
    document = {"name": "T", "currency": "EUR", "items": [item | fields]}
    assert not SCHEMA.is_valid(document)
    assert wrong(document)


def test_every_fault_is_told_with_its_place() -> None:
    document = msgspec.to_builtins(RICH)
    document["items"][0]["price_minor"] = "free"
    document["items"][1]["name"] = 5
    document["items"][1]["colour"] = "red"
    document["items"][2]["weighing"] = {"unit": "stone"}
    del document["items"][3]["name"]
    document["modifier_groups"][0]["modifiers"][1]["price_minor"] = 10**13
    document["dayparts"][0]["windows"][0]["starts"] = "25:00"
    document["rules"]["tenders"][0]["kind"] = "seashells"
    document["currency"] = "euro"
    assert sorted(wrong(document)) == [
        ("currency", "expected `str` matching regex '^[A-Z]{3}$'"),
        ("dayparts['lunch'].windows[0].starts", "expected `str` matching regex '^([01][0-9]|2[0-3]):[0-5][0-9]$'"),
        ("items['dish'].colour", "there is no such field"),
        ("items['dish'].name", "expected `str`, got `int`"),
        ("items['ham'].weighing.unit", "invalid enum value 'stone'"),
        ("items['margherita'].price_minor", "expected `int`, got `str`"),
        ("items['wine'].name", "it is missing"),
        ("modifier_groups['toppings'].modifiers['cheese'].price_minor", "expected `int` <= 1000000000000"),
        ("rules.tenders['cash'].kind", "invalid enum value 'seashells'"),
    ]


@pytest.mark.parametrize(
    ("document", "place", "detail"),
    [
        (b"", "", "the document is no JSON"),
        (b"\xff", "", "the document is no JSON"),
        (b'{"name": "\xff"}', "", "the document is no JSON"),
        (b'{"x": ' + b"[" * 100_000, "", "the document is nested too deeply"),
        (b"[]", "", "expected `object`, got `array`"),
        ({}, "name", "it is missing"),
        ({"name": "T", "currency": "EUR", "items": {}}, "items", "expected `array`, got `object`"),
        ({"name": "T", "currency": "EUR", "tables": ["x"] * 1_001}, "tables", "expected `array` of length <= 1000"),
        ({"name": "T", "currency": "EUR", "items": [5]}, "items[0]", "expected `object`, got `int`"),
    ],
)
def test_what_is_no_menu_at_all_is_told_too(document: Any, place: str, detail: str) -> None:
    assert any(found == place and detail in said for found, said in wrong(document)), wrong(document)


def test_the_schema_speaks_of_every_part() -> None:
    schema = menu_schema()
    assert schema["$defs"]["Menu"]["properties"].keys() == set(Menu.__struct_fields__)
    assert all("\n" not in part["description"] for part in schema["$defs"].values())
