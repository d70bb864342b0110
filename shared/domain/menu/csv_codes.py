"""What can be wrong with a menu as CSV: a table of stable codes, and the problem as it is told, by row and column.

What lives here: codes and types. What finds them is in csv_table.py, csv_cells.py and csv_import.py.
"""

import msgspec

__all__ = ["CSV_CODES", "CellError", "CsvProblem"]

# code -> (what is wrong, what to do)
CSV_CODES: dict[str, tuple[str, str]] = {
    # the file
    "csv.encoding": ("The file is not UTF-8.", "Save it as CSV UTF-8."),
    "csv.unreadable": ("The line is no CSV record.", "Close the quote that was opened, or double a quote that belongs to the text."),
    "csv.empty": ("The file has no header.", "Name the columns in the first line."),
    "csv.column_missing": ("The file has no column id.", "Add a column with an id for each item."),
    "csv.column_unknown": ("There is no such column.", "Leave it out, or name it as docs/menu.md does."),
    "csv.column_twice": ("A column stands twice.", "Leave one of them out."),
    "csv.level_unknown": ("The menu has no such price level.", "Name one of its price levels, or import a menu as JSON that has it."),
    "csv.language_unknown": ("The menu does not list that language.", "Name one of its languages, or import a menu as JSON that has it."),
    "csv.too_many_rows": ("The file has more items than a menu may have.", "Leave some out."),
    # a row
    "csv.cell_missing": ("The row has fewer cells than the header.", "Fill in the missing cells; an empty one still takes its separator."),
    "csv.cell_extra": ("The row has more cells than the header.", "Put a text that holds a separator between quotes."),
    "csv.id_twice": ("Two rows have the same id.", "Give every item an id of its own."),
    # a cell
    "csv.value_missing": ("The cell is empty and must not be.", "Fill it in."),
    "csv.value_invalid": ("The value is outside what the menu takes.", "Shorten or correct it."),
    "csv.control_character": ("The text holds a control character, such as NUL.", "Remove it."),
    "csv.named_twice": ("The cell names the same thing twice.", "Leave one out."),
    "csv.price_malformed": ("The price is no amount of the menu's currency.", "Write it as 12.50 or 12,50, without a currency."),
    "csv.price_ambiguous": ("The price can be read in two ways.", "Write 1250.00 for a thousand and more, and two decimals for less."),
    "csv.number_malformed": ("The value is no whole number.", "Write it in digits, such as 420."),
    "csv.choice_malformed": ("The value is neither yes nor no.", "Write yes or no."),
    "csv.rate_malformed": ("The tax rate cannot be read.", "Write it as food=7%, or as food=7% incl where the price holds the tax."),
    "csv.tax_unknown": ("The menu has no such tax.", "Give its rate in the cell, such as food=7%, or name one of the menu's taxes."),
    "csv.tax_differs": ("The tax has another rate elsewhere.", "Give one rate for each tax; a rate on the menu is changed by JSON."),
    "csv.category_unknown": ("The menu has no such category.", "Name one of its categories, or import a menu as JSON that has it."),
    "csv.station_unknown": ("The menu has no such station.", "Name one of its stations, or import a menu as JSON that has it."),
    "csv.course_unknown": ("The menu has no such course.", "Name one of its courses, or import a menu as JSON that has it."),
    "csv.group_unknown": ("The menu has no such modifier group.", "Name one of its groups, or import a menu as JSON that has it."),
    "csv.daypart_unknown": ("The menu has no such daypart.", "Name one of its dayparts, or import a menu as JSON that has it."),
    "csv.inconsistent": ("The menu would contradict itself.", "Mend what the sentence names."),
}


class CsvProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. `row` counts as a spreadsheet does: the header is 1, and 0 is the file as a whole; `column` is "" where
    the whole row is meant. `code` is one of CSV_CODES."""

    row: int
    column: str
    code: str
    detail: str


class CellError(Exception):
    """A cell that cannot be used, with its code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
