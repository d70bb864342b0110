"""A menu from CSV: the items of a spreadsheet, laid over the menu that is there.

What lives here: from a table to a menu, with everything that is wrong told at once, by row and column. A column says what it says; what
no column speaks of (allergens, say, in a list of prices) stays as it is on the item of that id. Taxes, modifier groups and all
else that is no item come from the menu underneath. Files and HTTP are not known here.
"""

from typing import Any

import msgspec

from shared.domain.menu.csv_cells import read_price
from shared.domain.menu.csv_codes import CellError, CsvProblem
from shared.domain.menu.csv_columns import COLUMNS, NAME_IN, PRICE_AT, REQUIRED, Reading, column_problem
from shared.domain.menu.csv_table import Row, read_table
from shared.domain.menu.document import LevelPrice, Menu, MenuItem, Weighing
from shared.domain.menu.problems import menu_problems
from shared.domain.text import control_character

__all__ = ["import_csv"]

# A struct around each field's type: msgspec looks at a struct once, and at a bare annotated type with every value.
_BOUNDS: dict[str, Any] = {field.name: msgspec.defstruct(field.name, [("value", field.type)]) for field in msgspec.structs.fields(MenuItem)}
_PRICES_AT = msgspec.defstruct("prices", [("value", LevelPrice)])


def import_csv(data: bytes, menu: Menu, *, keep: bool = False) -> tuple[Menu | None, list[CsvProblem]]:
    """The menu with the items of the file, in the order of its rows; with `keep`, items that the file does not name stay, and new ones
    come after them. None and every problem where anything is wrong: nothing is taken from a file that is not right as a whole."""
    table = read_table(data, lambda column: column_problem(column, menu))
    problems = list(table.problems)
    if problems and "id" not in table.columns:
        return None, problems
    reading = Reading(menu, {})
    rows: dict[str, int] = {}
    items: dict[str, MenuItem] = {}
    for row in table.rows:
        item = _item(row, reading, problems)
        id = row.cells.get("id", "")
        if id in rows:
            problems.append(CsvProblem(row=row.number, column="id", code="csv.id_twice", detail=f"{id!r} stands in row {rows[id]} too."))
        elif id:
            rows[id] = row.number
            if item is not None:
                items[id] = item
    if problems:
        return None, sorted(problems, key=lambda problem: problem.row)
    found = msgspec.structs.replace(menu, items=_merged(menu, items, keep), taxes=(*menu.taxes, *reading.taxes.values()))
    problems = [_inconsistent(sentence, rows) for sentence in menu_problems(found)]
    return (None, problems) if problems else (found, [])


def _merged(menu: Menu, items: dict[str, MenuItem], keep: bool) -> tuple[MenuItem, ...]:
    if not keep:
        return tuple(items.values())
    return (*(items.get(item.id, item) for item in menu.items), *(item for id, item in items.items() if id not in menu.items_by_id))


def _inconsistent(sentence: str, rows: dict[str, int]) -> CsvProblem:
    row = next((row for id, row in rows.items() if sentence.startswith((f"item {id!r} ", f"item {id!r},", f"items[{id!r}]"))), 0)
    return CsvProblem(row=row, column="", code="csv.inconsistent", detail=f"{sentence}.")


def _item(row: Row, reading: Reading, problems: list[CsvProblem]) -> MenuItem | None:
    """The item of a row, or None where a problem was added."""
    before = reading.menu.items_by_id.get(row.cells.get("id", ""))
    fields: dict[str, Any] = {} if before is not None else {"station": ""}
    count = len(problems)
    for column, text in row.cells.items():
        try:
            fields |= _field(column, text, reading, before, fields)
        except CellError as error:
            problems.append(CsvProblem(row=row.number, column=column, code=error.code, detail=error.detail))
    for column in REQUIRED if before is None else ():
        if column not in row.cells:
            detail = f"{row.cells.get('id', '')!r} is not on the menu yet and needs a {column}."
            problems.append(CsvProblem(row=row.number, column=column, code="csv.value_missing", detail=detail))
    if len(problems) > count:
        return None
    return MenuItem(**fields) if before is None else msgspec.structs.replace(before, **fields)


def _field(column: str, text: str, reading: Reading, before: MenuItem | None, fields: dict[str, Any]) -> dict[str, Any]:
    """The field of the item that a cell says, as {name: value}. Raises CellError."""
    if found := control_character(text):
        raise CellError("csv.control_character", f"The text {text[:40]!r} holds the control character {found!r}.")
    if column.startswith(PRICE_AT):
        prices = fields.get("prices", before.prices if before is not None else ())
        return {"prices": _with_price(prices, column.removeprefix(PRICE_AT), text, reading)}
    if column.startswith(NAME_IN):
        names = fields.get("names", before.names if before is not None else {})
        return {"names": _with_name(names, column.removeprefix(NAME_IN), text)}
    known = COLUMNS.get(column)
    if known is None:  # the header's problem, which is told once
        return {}
    if not text:
        if column in ("id", *REQUIRED):
            raise CellError("csv.value_missing", f"The row has no {column}.")
        return {known.field: known.empty}
    value = _within(_BOUNDS[known.field], known.read(text, reading), text)
    if isinstance(value, Weighing) and before is not None and before.weighing is not None and before.weighing.unit == value.unit:
        value = before.weighing  # whose largest weight no column tells
    return {known.field: value}


def _within(bounds: Any, value: Any, text: str) -> Any:
    """The value, which is within the bounds of its type. Raises CellError `csv.value_invalid`."""
    try:
        return msgspec.convert({"value": msgspec.to_builtins(value)}, bounds).value
    except msgspec.ValidationError as error:
        raise CellError("csv.value_invalid", f"{text[:40]!r}: {str(error).partition(' - at ')[0]}.") from error


def _with_price(prices: tuple[LevelPrice, ...], level: str, text: str, reading: Reading) -> tuple[LevelPrice, ...]:
    """The prices with that of a level changed in its place, added or, for an empty cell, taken away."""
    if not text:
        return tuple(price for price in prices if price.level != level)
    found = _within(_PRICES_AT, {"level": level, "price_minor": read_price(text, reading.menu.currency)}, text)
    if all(price.level != level for price in prices):
        return (*prices, found)
    return tuple(found if price.level == level else price for price in prices)


def _with_name(names: dict[str, str], tag: str, text: str) -> dict[str, str]:
    if not text:
        return {each: name for each, name in names.items() if each != tag}
    return _within(_BOUNDS["names"], names | {tag: text}, text)
