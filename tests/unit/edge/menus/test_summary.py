"""What an import came to, as a person reads it."""

from typing import Any

from edge.menus.summary import problem_lines, summary
from shared.limits import IMPORT_LINES_SHOWN_MAX

ANSWER: dict[str, Any] = {
    "version": "0123456789abcdef", "name": "Lunch", "currency": "EUR", "items": 4, "applied": True, "effective_at": None,
    "changes": {
        "added": [{"item_id": "tea", "name": "Tea", "price_minor": 300}],
        "changed": [
            {"item_id": "soup", "name": "Soup", "fields": ["name", "price_minor"], "price_before_minor": 650, "price_minor": 700},
            {"item_id": "wine", "name": "Wine", "fields": ["station"], "price_before_minor": 500, "price_minor": 500},
        ],
        "removed": [{"item_id": "gold", "name": "Gold leaf", "price_minor": 1}],
        "reordered": True, "parts": ["taxes", "rules"],
    },
}  # fmt: skip


def test_a_person_sees_what_is_dearer_what_is_new_and_what_is_gone() -> None:
    assert summary(ANSWER, checked=False).splitlines() == [
        "menu 'Lunch', 4 items: 1 added, 2 changed, 1 removed",
        "  + tea: Tea, 3.00",
        "  ~ soup: Soup, 6.50 -> 7.00, name",
        "  ~ wine: Wine, station",
        "  - gold: Gold leaf",
        "  the items stand in another order",
        "  beside the items: taxes, rules",
        "in force now: version 0123456789ab",
    ]


def test_the_last_line_says_what_became_of_it() -> None:
    def last(checked: bool = False, **fields: Any) -> str:
        return summary(ANSWER | fields, checked=checked).splitlines()[-1]

    assert last(checked=True) == "checked: nothing was put in force"
    assert last(applied=False) == "that menu was in force already: version 0123456789ab"
    assert last(effective_at="2026-12-01T06:00:00").startswith("in force from 2026-12-01 06:00:00, local time of the site")


def test_a_long_list_is_cut_where_nobody_reads_on() -> None:
    added = [{"item_id": str(n), "name": "x", "price_minor": 1} for n in range(IMPORT_LINES_SHOWN_MAX + 5)]
    changes = ANSWER["changes"] | {"added": added, "changed": [], "removed": []}
    lines = summary(ANSWER | {"changes": changes}, checked=False).splitlines()
    assert "  … and 5 more (--json tells all)" in lines
    assert len(lines) == IMPORT_LINES_SHOWN_MAX + 5


def test_every_problem_has_its_place() -> None:
    csv = [
        {"row": 2, "column": "price", "code": "csv.price_malformed", "detail": "'x' is no price."},
        {"row": 3, "column": "", "code": "csv.cell_extra", "detail": "Too many."},
        {"row": 0, "column": "", "code": "csv.empty", "detail": "Nothing."},
    ]
    assert list(problem_lines({"facts": {"problems": csv, "total": 5}})) == [
        "row 2, price: 'x' is no price. [csv.price_malformed]",
        "row 3: Too many. [csv.cell_extra]",
        "the file: Nothing. [csv.empty]",
        "… and 2 more",
    ]
    assert list(problem_lines({"facts": {"problems": ["item 'tea' stands twice"], "total": 1}})) == ["item 'tea' stands twice"]
    assert list(problem_lines({"code": "permission.missing"})) == []
