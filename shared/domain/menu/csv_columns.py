"""The columns of a menu as CSV: for each, the field of an item that it is, how its cell is read, and how it is written.

What lives here: one table. Rows and files are not known here; what a cell may hold is in csv_cells.py.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from shared.domain.menu.csv_cells import (
    read_choice,
    read_list,
    read_number,
    read_price,
    read_tax,
    write_choice,
    write_list,
    write_price,
    write_tax,
)  # fmt: skip
from shared.domain.menu.csv_codes import CellError
from shared.domain.menu.document import Menu, MenuItem, Tax, Weighing
from shared.domain.money import parse_rate

__all__ = ["COLUMNS", "NAME_IN", "NUMERIC", "PRICE_AT", "REQUIRED", "USUAL", "Column", "Reading", "column_problem"]

PRICE_AT, NAME_IN = "price:", "name:"
REQUIRED = ("name", "category", "price")  # of an item that is new
USUAL = ("id", "name", "category", "price", "station", "course", "taxes", "modifier_groups")  # in every export
NUMERIC = frozenset({"price", "prep_s"})


class Reading(NamedTuple):
    """What cells are read against: the menu that is laid under them, and the taxes that the file itself brings."""

    menu: Menu
    taxes: dict[str, Tax]


@dataclass(frozen=True)
class Column:
    """A column: the field of MenuItem, its reading (raises CellError) and its writing; `empty` is what an empty cell means."""

    field: str
    read: Callable[[str, Reading], Any]
    write: Callable[[MenuItem, Menu, str], str]
    empty: Any = ""


def _text(field: str) -> Column:
    return Column(field, lambda text, reading: text, lambda item, menu, separator: getattr(item, field))


def _choice(field: str, empty: bool) -> Column:
    return Column(field, lambda text, reading: read_choice(text), lambda item, menu, separator: write_choice(getattr(item, field)), empty)


def _ids(field: str, code: str, what: str, known: Callable[[Menu], Collection[str] | None]) -> Column:
    def read(text: str, reading: Reading) -> tuple[str, ...]:
        ids = _each_once(read_list(text))
        found = known(reading.menu)
        if found is not None and (missing := [id for id in ids if id not in found]):
            raise CellError(code, f"The menu has no {what} {missing[0]!r}.")
        return ids

    return Column(field, read, lambda item, menu, separator: write_list(getattr(item, field)), ())


def _each_once(ids: list[str]) -> tuple[str, ...]:
    if len(set(ids)) < len(ids):
        raise CellError("csv.named_twice", f"{next(id for place, id in enumerate(ids) if id in ids[:place])!r} stands twice.")
    return tuple(ids)


def _one_of(field: str, code: str, what: str, listed: Callable[[Menu], Iterable[Any]], *, always: bool = False) -> Column:
    """The id of something that the menu lists, which may be named by its name. A menu that lists none takes any, unless `always`."""

    def read(text: str, reading: Reading) -> str:
        things = list(listed(reading.menu))
        if any(thing.id == text for thing in things) or not (things or always):
            return text
        named = [thing.id for thing in things if thing.name.casefold() == text.casefold()]
        if len(named) != 1:
            raise CellError(code, f"The menu has no {what} {text[:64]!r}.")
        return named[0]

    return Column(field, read, lambda item, menu, separator: getattr(item, field))


def _read_taxes(text: str, reading: Reading) -> tuple[str, ...]:
    ids: list[str] = []
    for cell in read_list(text):
        if cell in reading.menu.taxes_by_id:  # an id may hold anything, also an equals sign
            ids.append(cell)
            continue
        id, rate, inclusive = read_tax(cell)
        known = reading.menu.taxes_by_id.get(id) or reading.taxes.get(id)
        if known is None and not rate:
            raise CellError("csv.tax_unknown", f"The menu has no tax {id[:64]!r}.")
        if known is None:
            reading.taxes[id] = Tax(id=id, name=id, rate=rate, inclusive=inclusive)
        elif rate and (parse_rate(rate), inclusive) != (parse_rate(known.rate), known.inclusive):
            raise CellError("csv.tax_differs", f"The tax {id!r} is {write_tax(id, known.rate, known.inclusive)!r} elsewhere.")
        ids.append(id)
    return _each_once(ids)


def _write_taxes(item: MenuItem, menu: Menu, separator: str) -> str:
    """Taxes that CSV can tell in full are, so that the file can be read by a box that has none."""
    taxes = [menu.taxes_by_id[id] for id in item.tax_ids]
    return write_list([write_tax(tax.id, tax.rate, tax.inclusive) if _is_plain(tax) else tax.id for tax in taxes])


def _is_plain(tax: Tax) -> bool:
    return tax == Tax(id=tax.id, name=tax.name, rate=tax.rate, inclusive=tax.inclusive) and tax.id == tax.id.strip()


def _read_weighing(text: str, reading: Reading) -> Weighing:
    try:
        return msgspec.convert({"unit": text}, Weighing)
    except msgspec.ValidationError as error:
        raise CellError("csv.value_invalid", f"{text[:40]!r} is no unit: there are kg, g, lb, oz and l.") from error


COLUMNS: dict[str, Column] = {
    "id": _text("id"),
    "name": _text("name"),
    "category": _one_of("category", "csv.category_unknown", "category", lambda menu: menu.categories),
    "price": Column(
        "price_minor",
        lambda text, reading: read_price(text, reading.menu.currency),
        lambda item, menu, separator: write_price(item.price_minor, menu.currency, separator),
    ),
    "station": _one_of("station", "csv.station_unknown", "station", lambda menu: menu.stations),
    "course": _one_of("course", "csv.course_unknown", "course", lambda menu: menu.courses, always=True),
    "taxes": Column("tax_ids", _read_taxes, _write_taxes, ()),
    "modifier_groups": _ids("modifier_group_ids", "csv.group_unknown", "modifier group", lambda menu: menu.groups_by_id),
    "description": _text("description"),
    "also_stations": _ids(
        "also_stations", "csv.station_unknown", "station", lambda menu: {each.id for each in menu.stations} if menu.stations else None
    ),
    "dayparts": _ids("daypart_ids", "csv.daypart_unknown", "daypart", lambda menu: menu.dayparts_by_id),
    "prep_s": Column("prep_s", lambda text, reading: read_number(text), lambda item, menu, separator: str(item.prep_s), 0),
    "allergens": _ids("allergens", "", "", lambda menu: None),
    "dietary": _ids("dietary", "", "", lambda menu: None),
    "weight_unit": Column(
        "weighing", _read_weighing, lambda item, menu, separator: item.weighing.unit if item.weighing is not None else "", None
    ),
    "open_price": _choice("open_price", False),
    "local_price": _choice("local_price", False),
    "discountable": _choice("discountable", True),
    "image": _text("image"),
}


def column_problem(column: str, menu: Menu) -> tuple[str, str] | None:
    """(code, sentence) where the menu has no such column."""
    if column.startswith(PRICE_AT):
        level = column.removeprefix(PRICE_AT)
        return (
            None
            if any(each.id == level for each in menu.price_levels)
            else ("csv.level_unknown", f"The menu has no price level {level!r}.")
        )
    if column.startswith(NAME_IN):
        tag = column.removeprefix(NAME_IN)
        return None if tag in menu.languages or not menu.languages else ("csv.language_unknown", f"The menu does not list {tag!r}.")
    return None if column in COLUMNS else ("csv.column_unknown", f"There is no column {column[:64]!r}; there are {', '.join(COLUMNS)}.")
