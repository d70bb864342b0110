"""From rows to orders: whatever stands between the rows of one."""

import pytest

from edge.replay import orders as orders_module
from edge.replay.orders import survey
from edge.replay.rows import read_header, records
from shared.operator_error import OperatorError
from tests.unit.edge.replay.kit import HEADER, TERMS, play_through


def line(order: str, item: str = "Soup", at: str = "2026-03-02T12:00:00", modifiers: str = "") -> str:
    return f"{order},{at},{item},1,6.50,{modifiers}"


def test_rows_of_an_order_need_not_be_neighbours() -> None:
    _, orders, rejected = play_through(line("a"), line("b"), line("a", "Wine"), line("c"), line("b", "Pizza"))
    assert [(order.order_id, [row.item for row in order.rows]) for order in orders] == [
        ("a", ["Soup", "Wine"]), ("c", ["Soup"]), ("b", ["Soup", "Pizza"]),
    ], "each as soon as its last row has been read"  # fmt: skip
    assert rejected == []


def test_an_item_that_stands_twice_in_an_order_is_two_lines() -> None:
    _, orders, _ = play_through(line("a"), line("a"))
    assert [row.ordinal for row in orders[0].rows] == [1, 2]


def test_a_bad_row_keeps_its_place_so_that_mending_it_shifts_nobody() -> None:
    _, broken, rejected = play_through(line("a"), line("a", ""), line("a", "Wine"))
    _, mended, _ = play_through(line("a"), line("a", "Pizza"), line("a", "Wine"))
    assert [(row.ordinal, row.item) for row in broken[0].rows] == [(1, "Soup"), (3, "Wine")]
    assert [(row.ordinal, row.item) for row in mended[0].rows] == [(1, "Soup"), (2, "Pizza"), (3, "Wine")]
    assert [(each.row, each.code) for each in rejected] == [(3, "item.missing")]


def test_an_order_with_only_bad_rows_is_none() -> None:
    _, orders, rejected = play_through(line("a", ""), line("b"), line("a", "NULL"))
    assert [order.order_id for order in orders] == ["b"]
    assert [each.row for each in rejected] == [2, 4]


def test_an_order_id_that_comes_again_on_another_day_is_not_mixed_into_the_first() -> None:
    _, orders, rejected = play_through(
        line("a", at="2026-02-27T20:00:00"), line("a", at="2026-03-02T12:00:00"), line("a", at="2026-02-27T20:40:00")
    )
    assert [row.number for row in orders[0].rows] == [2, 4]
    assert [(each.row, each.code) for each in rejected] == [(3, "order.times_apart")]


def test_an_order_with_more_rows_than_a_check_has_lines_is_cut() -> None:
    _, orders, rejected = play_through(*[line("a")] * 502)
    assert len(orders[0].rows) == 500
    assert [(each.row, each.code) for each in rejected] == [(502, "order.too_many_lines"), (503, "order.too_many_lines")]


def test_only_good_rows_say_what_is_on_the_menu() -> None:
    seen, _, _ = play_through(
        line("a", "Soup", modifiers="Big +2.00"), line("b", "Soup", modifiers="Big +1.50"), line("c", "Ghost", at="never"), line("d", "")
    )
    assert seen.items == {"Soup": 650}
    assert seen.modifiers == {("Soup", "Big"): 150}
    assert (seen.rows, seen.orders) == (4, {"a": 1, "b": 1, "c": 1, "d": 1})


def test_a_file_beyond_the_bound_is_refused_before_anything_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "IMPORT_ROWS_MAX", 2)
    found = records([f"{each}\n" for each in (HEADER, line("a"), line("b"), line("c"))])
    with pytest.raises(OperatorError, match=r"replay\.too_many_rows"):
        survey(found, read_header(next(found)), TERMS, lambda _: None)
