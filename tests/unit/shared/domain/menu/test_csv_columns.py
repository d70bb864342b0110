"""docs/menu.md speaks of every column."""

from pathlib import Path

from shared.domain.menu.csv_columns import COLUMNS, NAME_IN, PRICE_AT

PAGE = Path(__file__).parents[5] / "docs" / "menu.md"


def test_the_page_explains_every_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = {name: f"| `{name}` | `{column.field}` |" for name, column in COLUMNS.items()}
    assert [name for name, row in rows.items() if row not in text] == []
    assert f"`{PRICE_AT}` and a level" in text
    assert f"`{NAME_IN}` and a language" in text
