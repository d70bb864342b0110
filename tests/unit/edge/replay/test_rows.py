"""Rows of a replayed file: every way in which one can be good or bad."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.replay.codes import ROW_CODES, RowRejectedError
from edge.replay.rows import parse_row, read_header, records
from shared.operator_error import OperatorError
from tests.support.programs import ROOT
from tests.unit.edge.replay.kit import HEADER, TERMS, rejection, row_of

GOOD = ["7", "2026-03-02T12:30:00", "Soup", "2", "6.50", ""]


def changed(column: int, text: str) -> str:
    return ",".join([*GOOD[:column], text, *GOOD[column + 1 :]])


def test_a_plain_row() -> None:
    row = row_of("7,2026-03-02T12:30:00,Soup,2,6.50,")
    assert (row.number, row.order_id, row.item, row.quantity, row.unit_price_minor) == (2, "7", "Soup", 2, 650)
    assert row.ordered_at == datetime(2026, 3, 2, 12, 30)
    assert row.amount_minor == 1_300


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (changed(0, ""), "order_id.missing"),
        (changed(0, "NULL"), "order_id.missing"),
        (changed(0, "x" * 121), "order_id.too_long"),
        (changed(2, ""), "item.missing"),
        (changed(2, "   "), "item.missing"),
        (changed(2, "NULL"), "item.missing"),
        (changed(2, r"\N"), "item.missing"),
        (changed(2, "x" * 121), "item.too_long"),
        (changed(2, "So\x00up"), "text.control_character"),
        (changed(2, "So\x07up"), "text.control_character"),
        (changed(2, '"Soup\nof the day"'), "text.control_character"),
        (changed(2, "Caf\udce9"), "text.not_utf8"),
        (changed(1, ""), "ordered_at.missing"),
        (changed(1, "2026-03-02"), "ordered_at.malformed"),
        (changed(1, "02-03-2026 12:30"), "ordered_at.malformed"),
        (changed(1, "2026-02-30T12:30:00"), "ordered_at.malformed"),
        (changed(1, "2026-03-02T25:30:00"), "ordered_at.malformed"),
        (changed(1, "2026-03-02T12:30:00+99:00"), "ordered_at.malformed"),
        (changed(1, "0001-01-01T00:00:00+10:00"), "ordered_at.malformed"),
        (changed(1, "٢٠٢٦-03-02T12:30:00"), "ordered_at.malformed"),
        (changed(1, "1969-12-31T23:59:59"), "ordered_at.out_of_range"),
        (changed(1, "2026-03-04T00:00:00"), "ordered_at.out_of_range"),
        (changed(1, "9999-12-31T23:59:59"), "ordered_at.out_of_range"),
        (changed(1, "2025-03-30T02:30:00"), "ordered_at.nonexistent"),
        (changed(3, ""), "quantity.missing"),
        (changed(3, "two"), "quantity.malformed"),
        (changed(3, "1.5"), "quantity.malformed"),
        (changed(3, "1e3"), "quantity.malformed"),
        (changed(3, "٣"), "quantity.malformed"),
        (changed(3, "0"), "quantity.out_of_range"),
        (changed(3, "-1"), "quantity.out_of_range"),
        (changed(3, "10000"), "quantity.out_of_range"),
        (changed(3, "9" * 5_000), "quantity.out_of_range"),
        (changed(4, ""), "unit_price.missing"),
        (changed(4, "free"), "unit_price.malformed"),
        (changed(4, "6.505"), "unit_price.malformed"),
        (changed(4, "NaN"), "unit_price.malformed"),
        (changed(4, "1e5"), "unit_price.malformed"),
        (changed(4, '"6,50"'), "unit_price.malformed"),
        (changed(4, "-6.50"), "unit_price.out_of_range"),
        (changed(4, "10000000000.01"), "unit_price.out_of_range"),
        (changed(4, "9" * 5_000), "unit_price.malformed"),
        (changed(5, "Extra shot +much"), ""),
        (changed(5, "Extra shot +0.5O"), "modifiers.malformed"),
        (changed(5, "Extra shot +0.505"), "modifiers.malformed"),
        (changed(5, "No bun -0.50"), "modifiers.malformed"),
        (changed(5, "+0.50"), "modifiers.malformed"),
        (changed(5, "x" * 121), "modifiers.malformed"),
        (changed(5, ";".join(["Salt"] * 51)), "modifiers.too_many"),
        ("7,2026-03-02T12:30:00,Soup,2,6.50", "row.too_few_fields"),
        ("7", "row.too_few_fields"),
        ("7,2026-03-02T12:30:00,Soup, of the day,2,6.50,", "row.too_many_fields"),
        ('7,2026-03-02T12:30:00,"Soup" of the day,2,6.50,', "row.malformed"),
        ('7,2026-03-02T12:30:00,"Soup,2,6.50,', "row.malformed"),
    ],
)  # fmt: skip
def test_every_kind_of_bad_row_has_its_code(line: str, code: str) -> None:
    if not code:
        assert row_of(line).modifiers == (("Extra shot +much", 0),), "what has no digit after the sign is a name"
        return
    assert rejection(line) == code
    assert code in ROW_CODES


@pytest.mark.parametrize(
    ("text", "minor"), [("6.5", 650), ("€6.50", 650), ("6.50 €", 650), ("EUR 6.50", 650), ('"1,234.50"', 123_450), ("0", 0), (" 6 ", 600)]
)
def test_money_is_a_decimal_perhaps_with_a_currency_sign(text: str, minor: int) -> None:
    assert row_of(changed(4, text)).unit_price_minor == minor


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026-03-02 12:30", datetime(2026, 3, 2, 12, 30)),
        ("2026-03-02T12:30:15.250", datetime(2026, 3, 2, 12, 30, 15, 250_000)),
        ("2026-03-02T11:30:00Z", datetime(2026, 3, 2, 12, 30)),
        ("2026-03-01T23:30:00-05:00", datetime(2026, 3, 2, 5, 30)),
        ("2025-03-30T01:30:00Z", datetime(2025, 3, 30, 3, 30)),
        ("2025-10-26T02:30:00", datetime(2025, 10, 26, 2, 30)),
        ("2025-10-26T01:30:00Z", datetime(2025, 10, 26, 2, 30)),
    ],
)
def test_a_time_is_local_and_one_with_an_offset_is_converted(text: str, local: datetime) -> None:
    assert row_of(changed(1, text)).ordered_at == local


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Oat milk; Extra shot +0.50", (("Oat milk", 0), ("Extra shot", 50))),
        ("Oat milk | Extra shot +€0.50", (("Oat milk", 0), ("Extra shot", 50))),
        ("Extra shot+0.50;;Extra shot +0.50;", (("Extra shot", 50), ("Extra shot", 50))),
        ("Cheese + bacon + 1.20", (("Cheese + bacon", 120),)),
        ("Half-and-half; 8 - 10 pieces", (("Half-and-half", 0), ("8 - 10 pieces", 0))),
        ("NULL", ()),
    ],
)
def test_modifiers_and_their_surcharges(text: str, found: tuple[tuple[str, int], ...]) -> None:
    row = row_of(changed(5, text))
    assert row.modifiers == found
    assert row.amount_minor == 2 * (650 + sum(extra for _, extra in found))


def test_columns_stand_in_any_order_and_others_are_passed_over() -> None:
    header = " Unit_Price ,waiter,ITEM,order_id,quantity,ordered_at"
    row = row_of("6.50,Ann,Soup,7,2.0,2026-03-02T12:30:00", header)
    assert (row.order_id, row.quantity, row.unit_price_minor, row.modifiers) == ("7", 2, 650, ())
    assert read_header(next(records([header]))).unused == ("waiter",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "replay.file_empty"),
        ("\n\n", "replay.file_empty"),
        ("order_id,item\n", "replay.columns_missing"),
        ("order_id;ordered_at;item;quantity;unit_price\n", "replay.columns_missing"),
        (f"{HEADER},item\n", "replay.column_repeated"),
    ],
)
def test_a_header_that_will_not_do_is_explained(text: str, code: str) -> None:
    with pytest.raises(OperatorError) as error:
        read_header(next(records(text.splitlines(keepends=True)), None))
    assert error.value.code == code
    assert error.value.hint


def test_a_quote_that_is_never_closed_costs_what_it_swallows_and_says_up_to_where() -> None:
    good = ",".join(GOOD)
    found = list(records([f"{line}\r\n" for line in (HEADER, good, changed(2, '"Soup'), good, good)]))
    assert [(record.number, bool(record.problem)) for record in found] == [(1, False), (2, False), (3, True)]
    assert "up to line 5" in found[-1].problem


def test_rows_are_counted_by_the_lines_of_the_file() -> None:
    good = ",".join(GOOD)
    found = list(
        records(
            [
                "\n",
                f"{HEADER}\n",
                "\n",
                changed(
                    2,
                    '"So\n',
                ),
                'up"\n',
                f"{good}\n",
            ]
        )
    )
    assert [record.number for record in found] == [2, 4, 6]


def test_every_code_is_documented() -> None:
    page = (ROOT / "docs" / "replay.md").read_text()
    assert [code for code in ROW_CODES if f"`{code}`" not in page] == []


@given(st.lists(st.text(), max_size=8))
def test_no_text_is_a_crash(fields: list[str]) -> None:
    lines = [f"{HEADER}\n", *(",".join(fields) + "\n").splitlines(keepends=True)]
    head, *rest = records(lines)
    for record in rest:
        try:
            parse_row(record, 1, read_header(head), TERMS)
        except RowRejectedError as error:
            assert error.code in ROW_CODES
            error.reason.encode()
