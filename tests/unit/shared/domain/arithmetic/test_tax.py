"""Taxes: groups, per line, in the price, on top, one on another, exempt; in currencies of any exponent."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Line, Tax
from shared.domain.money import format_amount
from tests.unit.shared.domain.arithmetic.cases import CITY, DRINK, FOOD, LEVY, STATE, SUGAR, amounts, nearest, number


@given(st.lists(amounts, max_size=8), st.sampled_from(["half_up", "half_even", "up", "down"]), st.booleans())
def test_a_group_is_rounded_once_and_a_tax_per_line_on_each(prices: list[int], rule: str, per_line: bool) -> None:
    tax = Tax(id="t", rate="8.875%", rounding=rule, per_line=per_line)
    exact = [price * number("8.875%") for price in prices]
    expected = sum(nearest(each, rule) for each in exact) if per_line else nearest(sum(exact, Fraction(0)), rule)
    assert reckon([Line(id=str(n), amount_minor=price, taxes=(tax,)) for n, price in enumerate(prices)]).tax_minor == expected


def test_a_compound_tax_is_raised_on_the_net_and_the_taxes_it_declares() -> None:
    sums = reckon([Line(id="a", amount_minor=10_000, taxes=(LEVY, CITY, STATE)), Line(id="b", amount_minor=10_000, taxes=(LEVY,))])
    by_id = {group.tax.id: (group.base_minor, group.tax_minor) for group in sums.taxes}
    assert by_id == {"city": (10_000, 888), "state": (10_000, 400), "levy": (21_288, 2123)}


def test_a_compound_tax_in_the_price_is_taken_out_at_its_rate_on_the_net() -> None:
    """Net 100.00, 19 % of it, and 2.5 % of 119.00 (2.975)."""
    sums = reckon([Line(id="a", amount_minor=12_198, taxes=(SUGAR, DRINK))])
    by_id = {group.tax.id: (group.base_minor, group.tax_minor) for group in sums.taxes}
    assert by_id == {"drink": (10_000, 1900), "sugar": (11_900, 298)}
    assert sums.total_minor == 12_198


def test_taxes_raised_on_one_another_are_refused() -> None:
    a, b = Tax(id="a", rate="1%", on=("b",)), Tax(id="b", rate="1%", on=("a",))
    with pytest.raises(ValueError, match="on one another"):
        reckon([Line(id="1", amount_minor=100, taxes=(a, b))])
    with pytest.raises(ValueError, match="on one another"):
        reckon([Line(id="1", amount_minor=100, taxes=(a,)), Line(id="2", amount_minor=100, taxes=(b,))])
    inside = Tax(id="c", rate="1%", inclusive=True, on=("city",))
    with pytest.raises(ValueError, match="comes on top"):
        reckon([Line(id="1", amount_minor=100, taxes=(inside, CITY))])
    with pytest.raises(ValueError, match="twice"):
        reckon([Line(id="1", amount_minor=100, taxes=(CITY, Tax(id="city", rate="1%")))])


def test_who_is_exempt_pays_the_price_without_the_tax() -> None:
    city, food = (msgspec.structs.replace(tax, exempt=True) for tax in (CITY, FOOD))
    sums = reckon([Line(id="a", amount_minor=1070, taxes=(food,)), Line(id="b", amount_minor=1000, taxes=(city,))])
    assert (sums.net_minor, sums.tax_minor, sums.total_minor) == (2000, 0, 2000)
    assert [(group.tax.id, group.base_minor, group.relieved_minor) for group in sums.taxes] == [("food", 1000, 70), ("city", 1000, 89)]


def test_taxes_rounded_up_never_come_to_more_than_the_price() -> None:
    taxes = tuple(Tax(id=str(n), rate="1%", inclusive=True, rounding="up") for n in range(3))
    sums = reckon([Line(id="a", amount_minor=2, taxes=taxes)])
    assert (sums.net_minor, sums.tax_minor, sums.total_minor) == (0, 2, 2)


@pytest.mark.parametrize(("currency", "price", "total"), [("JPY", 980, "1078"), ("USD", 1295, "14.25"), ("OMR", 1235, "1.359")])
def test_currencies_of_no_two_and_three_decimals(currency: str, price: int, total: str) -> None:
    rounding = "down" if currency == "JPY" else "half_up"
    sums = reckon([Line(id="a", amount_minor=price, taxes=(Tax(id="t", rate="10%", rounding=rounding),))])
    assert format_amount(sums.total_minor, currency) == total
