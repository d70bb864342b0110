"""A whole check: relations that hold for every one, and a second opinion on what it comes to."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arithmetic.sums import reckon, totals
from shared.domain.arithmetic.types import Discount, Line, ServiceCharge, Sums
from tests.unit.shared.domain.arithmetic.cases import CITY, CUP, DRINK, FOOD, STATE, checks, slowly

Check = tuple[list[Line], list[Discount], list[ServiceCharge]]


@settings(max_examples=200)
@given(checks(pool=(CITY, STATE, CUP)) | checks(pool=(FOOD, DRINK)))
def test_a_second_opinion_comes_to_the_same(check: Check) -> None:
    sums, again = reckon(*check), slowly(*check)
    assert {name: getattr(sums, f"{name}_minor") for name in again} == again


@given(checks())
def test_every_sum_is_that_of_its_parts(check: Check) -> None:
    sums = reckon(*check)
    assert sums.total_minor == sums.net_minor + sums.service_net_minor + sums.tax_minor
    assert sums.gross_minor - sums.discount_minor - sums.comp_minor == sum(line.price_minor for line in sums.lines)
    for name in ("gross_minor", "discount_minor", "comp_minor", "net_minor"):
        assert getattr(sums, name) == sum(getattr(line, name) for line in sums.lines)
    assert sums.tax_minor == sum(group.tax_minor for group in sums.taxes)
    assert sums.discount_minor + sums.comp_minor == sum(discount.applied_minor for discount in sums.discounts)
    assert sums.service_minor == sum(share.amount_minor for charge in sums.charges for share in charge.shares)
    for line in sums.lines:
        inside = sum(share.tax_minor for share in line.taxes if share.tax.inclusive)
        assert line.net_minor == line.price_minor - inside


@given(checks())
def test_what_is_not_taxed_as_a_charge_falls_on_lines_to_the_cent(check: Check) -> None:
    lines, off, _ = check
    sums = reckon(lines, off)
    for group in sums.taxes:
        borne = [share.tax_minor for line in sums.lines for share in line.taxes if share.tax == group.tax]
        assert sum(borne) == group.tax_minor


def _figures(value: Any) -> list[int]:
    if isinstance(value, int):
        return [value]
    if isinstance(value, tuple | list):
        return [figure for each in value for figure in _figures(each)]
    return [figure for name in getattr(value, "__struct_fields__", ()) for figure in _figures(getattr(value, name))]


@given(checks())
def test_nothing_goes_below_zero(check: Check) -> None:
    assert min(_figures(reckon(*check)), default=0) >= 0


def _unordered(sums: Sums) -> tuple[Any, ...]:
    groups = {(group.tax, group.base_minor, group.tax_minor) for group in sums.taxes}
    applied = [(discount.id, discount.applied_minor, discount.unapplied_minor) for discount in sums.discounts]
    whole = sums.gross_minor, sums.discount_minor, sums.comp_minor, sums.service_minor, sums.net_minor, sums.tax_minor, sums.total_minor
    return whole, applied, groups


@settings(max_examples=200)
@given(checks(), st.randoms(use_true_random=False))
def test_adding_lines_in_any_order_gives_the_same_totals(check: Check, random: Any) -> None:
    lines, off, service = check
    shuffled = random.sample(lines, len(lines))
    assert _unordered(reckon(shuffled, off, service)) == _unordered(reckon(lines, off, service))


@settings(max_examples=400)
@given(checks())
def test_the_totals_alone_are_those_of_the_detail(check: Check) -> None:
    """Decisions ask for totals, screens for lines: the two must never tell a guest different things."""
    sums, quick = reckon(*check), totals(*check)
    for name in ("gross", "discount", "comp", "void", "service", "tax", "total"):
        assert getattr(quick, f"{name}_minor") == getattr(sums, f"{name}_minor"), name
    assert quick.net_minor == sums.net_minor + sums.service_net_minor
    assert quick.taxes == sums.taxes


def test_an_odd_cent_between_two_taxes_does_not_hang_on_who_ordered_first() -> None:
    beer, bread = Line(id="beer", amount_minor=50, taxes=(CUP,)), Line(id="bread", amount_minor=50)
    off = [Discount(id="d", scope="order", amount_minor=1)]
    assert reckon([beer, bread], off).total_minor == reckon([bread, beer], off).total_minor


def test_an_empty_check_comes_to_nothing_and_a_fixed_charge_on_it_to_itself() -> None:
    assert reckon([]).total_minor == 0
    sums = reckon([], [], [ServiceCharge(id="s", amount_minor=500, taxable=True)])
    assert (sums.service_minor, sums.tax_minor, sums.total_minor) == (500, 0, 500)


def test_two_lines_of_one_id_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="one id"):
        reckon([Line(id="a", amount_minor=1), Line(id="a", amount_minor=1)])
