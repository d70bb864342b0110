"""Splits: the children are the parent, to the cent."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arithmetic.splits import seats_of, split, split_anew, split_evenly
from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Discount, Line, ServiceCharge, Sums, Tax
from tests.unit.shared.domain.arithmetic.cases import CITY, DRINK, FOOD, checks

SUMS = ("gross", "discount", "comp", "service", "service_net", "net", "tax", "total")


@st.composite
def splits(draw: st.DrawFn) -> tuple[Sums, dict[str, list[int]]]:
    parent = reckon(*draw(checks(most=6)))
    ways = draw(st.integers(1, 4))
    weights = st.lists(st.integers(0, 3), min_size=ways, max_size=ways).filter(any)
    return parent, {line.line_id: draw(weights) for line in parent.lines}


def _tax(sums: Sums, tax: Tax) -> tuple[int, int]:
    return sum(group.tax_minor for group in sums.taxes if group.tax == tax), sum(g.relieved_minor for g in sums.taxes if g.tax == tax)


@settings(max_examples=200)
@given(splits())
def test_children_add_up_to_their_parent_in_every_sum_and_every_tax(case: tuple[Sums, dict[str, list[int]]]) -> None:
    parent, assignment = case
    children = split(parent, assignment)
    for name in ("gross", "discount", "comp", "service", "tax", "total"):
        assert sum(getattr(child, f"{name}_minor") for child in children) == getattr(parent, f"{name}_minor"), name
    nets = sum(child.net_minor + child.service_net_minor for child in children)
    assert nets == parent.net_minor + parent.service_net_minor
    for group in parent.taxes:
        shares = [_tax(child, group.tax) for child in children]
        assert (sum(tax for tax, _ in shares), sum(relieved for _, relieved in shares)) == (group.tax_minor, group.relieved_minor)


@given(splits())
def test_a_child_is_a_check_whose_figures_agree(case: tuple[Sums, dict[str, list[int]]]) -> None:
    for child in split(*case) + split_anew(*case):
        assert child.total_minor == child.net_minor + child.service_net_minor + child.tax_minor
        assert child.net_minor == sum(line.net_minor for line in child.lines)
        assert child.discount_minor + child.comp_minor == sum(discount.applied_minor for discount in child.discounts)
        assert child.service_minor == sum(share.amount_minor for charge in child.charges for share in charge.shares)
        for line in child.lines:
            off = sum(share.amount_minor for d in child.discounts for share in d.lines if share.line_id == line.line_id)
            assert off == line.discount_minor + line.comp_minor


@given(splits())
def test_no_child_owes_less_than_nothing(case: tuple[Sums, dict[str, list[int]]]) -> None:
    for child in split(*case) + split_anew(*case):
        figures = [getattr(child, f"{name}_minor") for name in SUMS]
        assert min(figures + [line.net_minor for line in child.lines]) >= 0


@given(checks())
def test_one_child_that_bears_everything_is_its_parent(check: Any) -> None:
    parent = reckon(*check)
    (child,) = split(parent, {line.line_id: (1,) for line in parent.lines})
    for name in ("gross", "discount", "comp", "service", "tax", "total"):
        assert getattr(child, f"{name}_minor") == getattr(parent, f"{name}_minor"), name
    assert (
        child.net_minor + child.service_net_minor == parent.net_minor + parent.service_net_minor
    )  # see `split`: charges taxed in the price
    assert {(group.tax, group.tax_minor) for group in child.taxes} == {(group.tax, group.tax_minor) for group in parent.taxes}


def test_a_fiscal_child_is_taxed_as_if_it_stood_alone() -> None:
    parent = reckon([Line(id=str(n), amount_minor=103, taxes=(CITY,)) for n in range(3)], [], [ServiceCharge(id="s", rate="12.5%")])
    assignment = {str(n): [int(n == child) for child in range(3)] for n in range(3)}
    anew = split_anew(parent, assignment)
    assert [child.tax_minor for child in split(parent, assignment)] == [9, 9, 9]
    for child in anew:
        alone = reckon([Line(id="x", amount_minor=103, taxes=(CITY,))], [], [ServiceCharge(id="s", rate="12.5%")])
        assert (child.tax_minor, child.service_minor, child.total_minor) == (alone.tax_minor, alone.service_minor, alone.total_minor)
    assert sum(child.service_minor for child in anew) == parent.service_minor  # 13 + 13 + 13 = 39, and 12.5 % of 309 is 38.6


def test_a_discount_of_the_whole_check_is_granted_once_however_it_is_split() -> None:
    lines = [Line(id="a", amount_minor=1000, taxes=(FOOD,)), Line(id="b", amount_minor=500, taxes=(DRINK,))]
    parent = reckon(lines, [Discount(id="voucher", scope="order", amount_minor=300)])
    children = split_anew(parent, {"a": (1, 1), "b": (0, 1)})
    assert [child.total_minor for child in children] == [400, 800]
    assert [child.discount_minor for child in children] == [100, 200]


def test_what_is_ordered_for_the_table_is_borne_by_every_seat() -> None:
    parent = reckon([
        Line(id="wine", amount_minor=3000), Line(id="fish", amount_minor=2000, seat=2), Line(id="soup", amount_minor=900, seat=7),
    ])  # fmt: skip
    seats, assignment = seats_of(parent)
    assert seats == [2, 7]
    assert [child.total_minor for child in split(parent, assignment)] == [3500, 2400]


def test_a_table_without_seats_is_one_child() -> None:
    parent = reckon([Line(id="wine", amount_minor=3000)])
    assert seats_of(parent) == ([0], {"wine": (1,)})


@given(st.integers(0, 10**12), st.integers(1, 40))
def test_an_even_split_differs_by_one_at_most(due: int, ways: int) -> None:
    parts = split_evenly(due, ways)
    assert sum(parts) == due
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@pytest.mark.parametrize("assignment", [{}, {"a": (1,)}, {"a": (1, 1), "b": (0, 0)}, {"a": (1, 1), "b": (2, -1)}, {"a": (), "b": ()}])
def test_an_assignment_that_leaves_a_line_to_nobody_is_refused(assignment: dict[str, tuple[int, ...]]) -> None:
    parent = reckon([Line(id="a", amount_minor=100), Line(id="b", amount_minor=100)])
    with pytest.raises(ValueError, match="weight"):
        split(parent, assignment)
    with pytest.raises(ValueError, match="ways"):
        split_evenly(100, 0)
