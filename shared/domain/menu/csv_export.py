"""A menu as CSV: its items as a spreadsheet, to be changed there and imported again.

What lives here: from a menu to a table. What CSV cannot tell (combos, taxes that stand on others) is left out, and stays on the menu when
the file is imported again.
"""

from shared.domain.menu.csv_cells import write_price
from shared.domain.menu.csv_columns import COLUMNS, NAME_IN, NUMERIC, PRICE_AT, USUAL
from shared.domain.menu.csv_table import write_table
from shared.domain.menu.document import Menu, MenuItem

__all__ = ["export_csv"]


def export_csv(menu: Menu, separator: str = ",") -> str:
    """The items as CSV, in the menu's order: the usual columns, and of the others those that any item uses. Beside semicolons
    decimals take a comma, as spreadsheets in most of Europe read them."""
    rows = [{name: column.write(item, menu, separator) for name, column in COLUMNS.items()} for item in menu.items]
    for row, item in zip(rows, menu.items, strict=True):
        row |= {f"{PRICE_AT}{price.level}": write_price(price.price_minor, menu.currency, separator) for price in item.prices}
        row |= {f"{NAME_IN}{tag}": name for tag, name in item.names.items()}
    columns = [name for name in COLUMNS if name in USUAL or any(_says(item, name) for item in menu.items)]
    levels = [f"{PRICE_AT}{level.id}" for level in menu.price_levels]
    tags = [f"{NAME_IN}{tag}" for tag in (menu.languages or sorted({tag for item in menu.items for tag in item.names}))]
    columns += [name for name in (*levels, *tags) if any(name in row for row in rows)]
    numeric = NUMERIC | set(levels)
    return write_table(columns, ([row.get(name, "") for name in columns] for row in rows), separator, numeric)


def _says(item: MenuItem, name: str) -> bool:
    """Whether the item says anything in that column that an empty cell would not."""
    return getattr(item, COLUMNS[name].field) != COLUMNS[name].empty
