"""CSV as a table: from bytes, as spreadsheets of all countries write them, to cells by column, and back.

What lives here: encoding, separators, quotes and the header. What a column means is not known here.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from shared.domain.menu.csv_codes import CsvProblem
from shared.limits import MENU_ITEMS_MAX

__all__ = ["Row", "Table", "read_table", "write_table"]

_SEPARATORS = ",;\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# What a spreadsheet would take for a formula, and the mark that keeps it from doing so.
_FORMULA, _GUARD = ("=", "+", "-", "@", "'"), "'"


class Row(NamedTuple):
    """A row of the file: its number in the spreadsheet (the header is 1) and its cells by column."""

    number: int
    cells: dict[str, str]


class Table(NamedTuple):
    """What could be read: the columns in the file's order, and the rows that fit them."""

    columns: tuple[str, ...]
    rows: list[Row]
    problems: list[CsvProblem]


def read_table(data: bytes, column_problem: Callable[[str], tuple[str, str] | None]) -> Table:
    """The table in a file. UTF-8 with or without a byte order mark; separated by comma, semicolon or tab, whichever the header
    holds most of; empty rows are passed over. `column_problem` gives (code, sentence) for a column that cannot be used."""
    text, problem = _decoded(data)
    if problem:
        return Table((), [], [problem])
    separator = _separator(text)
    if text[:4].lower() == "sep=":  # what spreadsheets write to tell the separator
        text = text.partition("\n")[2]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: tuple[str, ...] | None = None
    rows: list[Row] = []
    problems: list[CsvProblem] = []
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            problems.append(CsvProblem(row=number, column="", code="csv.unreadable", detail=f"Row {number}: {error}."))
            break  # where a quote is open nobody can say where the next row begins
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = tuple(cell.strip() for cell in cells)
            problems += _header_problems(columns, number, column_problem)
        elif len(rows) >= MENU_ITEMS_MAX:
            problems.append(
                CsvProblem(row=number, column="", code="csv.too_many_rows", detail=f"A menu has {MENU_ITEMS_MAX} items at most.")
            )
            break
        else:
            problems += _width_problems(cells, columns, number)
            rows.append(Row(number, dict(zip(columns, (_unguarded(cell.strip()) for cell in cells), strict=False))))
    if columns is None and not problems:
        problems.append(CsvProblem(row=0, column="", code="csv.empty", detail="The file holds no header."))
    return Table(columns or (), rows, problems)


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]], separator: str = ",", numeric: frozenset[str] = frozenset()) -> str:
    """The text of a table, lines ended as RFC 4180 says. Cells of columns that are not `numeric` are guarded: a spreadsheet takes
    none of them for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell if column in numeric else _guarded(cell) for column, cell in zip(columns, row, strict=True)])
    return out.getvalue()


def _decoded(data: bytes) -> tuple[str, CsvProblem | None]:
    if data.startswith(_UTF16):
        return "", CsvProblem(row=0, column="", code="csv.encoding", detail="The file is UTF-16.")
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        detail = f"Row {row} holds the byte 0x{data[error.start]:02x}, which is no UTF-8."
        return "", CsvProblem(row=row, column="", code="csv.encoding", detail=detail)


def _separator(text: str) -> str:
    if text[:4].lower() == "sep=" and text[4:5] in tuple(_SEPARATORS):
        return text[4]
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=header.count)


def _header_problems(columns: tuple[str, ...], row: int, column_problem: Callable[[str], tuple[str, str] | None]) -> Iterable[CsvProblem]:
    for place, column in enumerate(columns):
        if column in columns[:place]:
            yield CsvProblem(row=row, column=column, code="csv.column_twice", detail=f"The column {column!r} stands twice.")
        elif wrong := column_problem(column):
            yield CsvProblem(row=row, column=column, code=wrong[0], detail=wrong[1])
    if "id" not in columns:
        yield CsvProblem(row=row, column="id", code="csv.column_missing", detail="The header names no column id.")


def _width_problems(cells: list[str], columns: tuple[str, ...], row: int) -> Iterable[CsvProblem]:
    if len(cells) < len(columns):
        detail = f"Row {row} has {len(cells)} cells, the header {len(columns)}."
        yield CsvProblem(row=row, column=columns[len(cells)], code="csv.cell_missing", detail=detail)
    if any(cell.strip() for cell in cells[len(columns) :]):
        detail = f"Row {row} has {len(cells)} cells, the header {len(columns)}."
        yield CsvProblem(row=row, column="", code="csv.cell_extra", detail=detail)


def _guarded(cell: str) -> str:
    return _GUARD + cell if cell.startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith(_GUARD) and cell[1:].startswith(_FORMULA) else cell
