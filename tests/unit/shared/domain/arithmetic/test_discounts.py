"""Discounts: their order, and what could not be applied."""

import pytest
from hypothesis import given

from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Discount, Line
from tests.unit.shared.domain.arithmetic.cases import checks

LINES = [Line(id="a", amount_minor=1000), Line(id="b", amount_minor=500)]


def test_percentages_stack_one_after_the_other_each_rounded_in_the_order_given() -> None:
    one, other = Discount(id="1", scope="order", rate="15%"), Discount(id="2", scope="order", rate="50%")
    assert [d.applied_minor for d in reckon([Line(id="a", amount_minor=333)], [one, other]).discounts] == [50, 142]
    assert [d.applied_minor for d in reckon([Line(id="a", amount_minor=333)], [other, one]).discounts] == [167, 25]


def test_promotions_come_first_then_items_then_comps_then_the_whole_check() -> None:
    off = [
        Discount(id="voucher", scope="order", amount_minor=100),
        Discount(id="staff", scope="order", rate="10%"),
        Discount(id="cold", scope="comp", rate="100%", line_ids=("a",)),
        Discount(id="sorry", scope="item", amount_minor=100, line_ids=("a",)),
        Discount(id="happy", scope="item", rate="50%", line_ids=("a",)),
        Discount(id="2 for 1", scope="promotion", amount_minor=200, line_ids=("a",)),
    ]
    sums = reckon(LINES, off)
    assert [(d.id, d.applied_minor) for d in sums.discounts] == [
        ("2 for 1", 200), ("happy", 400), ("sorry", 100), ("cold", 300), ("staff", 50), ("voucher", 100),
    ]  # fmt: skip
    assert (sums.gross_minor, sums.discount_minor, sums.comp_minor, sums.total_minor) == (1500, 850, 300, 350)


def test_what_cannot_be_applied_is_reported() -> None:
    sums = reckon(LINES, [Discount(id="big", scope="order", amount_minor=2000), Discount(id="more", scope="order", amount_minor=1)])
    assert [(d.applied_minor, d.unapplied_minor) for d in sums.discounts] == [(1500, 500), (0, 1)]
    assert sums.total_minor == 0
    most = reckon(LINES, [Discount(id="odd", scope="item", rate="150%", line_ids=("b",))]).discounts[0]
    assert (most.applied_minor, most.unapplied_minor) == (500, 250)


def test_a_discount_on_a_voided_line_takes_nothing_off() -> None:
    sums = reckon([Line(id="a", amount_minor=900, voided=True)], [Discount(id="d", scope="item", amount_minor=100, line_ids=("a",))])
    assert (sums.discounts[0].unapplied_minor, sums.void_minor, sums.total_minor) == (100, 900, 0)


def test_a_percentage_on_several_lines_is_one_of_each_and_an_amount_is_shared_out_by_what_is_left() -> None:
    lines = [Line(id="a", amount_minor=105), Line(id="b", amount_minor=105), Line(id="c", amount_minor=1000)]
    tenth = Discount(id="tenth", scope="item", rate="10%", line_ids=("a", "b"))
    sums = reckon(lines, [Discount(id="two", scope="item", amount_minor=200, line_ids=("a", "c")), tenth])
    assert [(d.id, d.applied_minor) for d in sums.discounts] == [("tenth", 22), ("two", 200)]
    assert [line.discount_minor for line in sums.lines] == [11 + 17, 11, 183]  # 200 over 94 and 1000


def test_a_promotion_knows_what_comes_off_each_line_and_takes_no_more_than_is_left() -> None:
    off = Discount(id="d", scope="promotion", amount_minor=700, line_ids=("b", "a"), parts_minor=(600, 100))
    sums = reckon(LINES, [off])
    assert [line.discount_minor for line in sums.lines] == [100, 500]
    assert [(d.applied_minor, d.unapplied_minor) for d in sums.discounts] == [(600, 100)]


def test_a_gift_card_that_is_sold_is_not_discounted_with_the_check() -> None:
    card = Line(id="card", amount_minor=5000, discountable=False)
    sums = reckon([card, *LINES], [Discount(id="d", scope="order", rate="10%")])
    assert [line.discount_minor for line in sums.lines] == [0, 100, 50]


@given(checks())
def test_an_applied_discount_is_the_sum_of_what_its_lines_bear(check: tuple) -> None:
    for discount in reckon(*check).discounts:
        assert sum(share.amount_minor for share in discount.lines) == discount.applied_minor


@pytest.mark.parametrize(
    "discount",
    [
        Discount(id="d", scope="order"),
        Discount(id="d", scope="order", rate="5%", amount_minor=5),
        Discount(id="d", scope="order", amount_minor=-5),
        Discount(id="d", scope="order", rate="5%", line_ids=("a",)),
        Discount(id="d", scope="item", rate="5%"),
        Discount(id="d", scope="item", rate="5%", line_ids=("a", "b", "c")),
        Discount(id="d", scope="promotion", amount_minor=5, line_ids=("a", "b"), parts_minor=(5,)),
        Discount(id="d", scope="promotion", amount_minor=5, line_ids=("a", "b"), parts_minor=(5, 5)),
        Discount(id="d", scope="promotion", amount_minor=5, line_ids=("a", "b"), parts_minor=(6, -1)),
        Discount(id="d", scope="promotion", rate="5%", line_ids=("a",), parts_minor=(5,)),
        Discount(id="d", scope="promotion", rate="5%", line_ids=("a", "a")),
        Discount(id="d", scope="comp", rate="100%", line_ids=("c",)),
    ],
)
def test_a_discount_that_says_no_or_two_things_is_refused(discount: Discount) -> None:
    with pytest.raises(ValueError, match="the discount d"):
        reckon(LINES, [discount])
    with pytest.raises(ValueError, match="less than nothing"):
        reckon([Line(id="a", amount_minor=-1)])
