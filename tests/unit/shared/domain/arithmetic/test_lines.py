"""Lines at menu price."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.lines import line_amount, weighed_amount
from tests.unit.shared.domain.arithmetic.cases import nearest

prices = st.integers(0, 10**6)


@given(prices, st.lists(prices, max_size=4), st.integers(0, 9_999))
def test_a_line_is_base_and_modifiers_times_quantity(base: int, modifiers: list[int], quantity: int) -> None:
    assert line_amount(base, modifiers, quantity) == (base + sum(modifiers)) * quantity == line_amount(base, modifiers, str(quantity))


@given(prices, prices, st.integers(0, 10**6))
def test_parts_of_a_unit_are_rounded_once_and_a_weight_before_its_modifiers(base: int, modifier: int, thousandths: int) -> None:
    text, exact = f"{thousandths}/1000", Fraction(thousandths, 1000)
    assert line_amount(base, [modifier], text) == nearest((base + modifier) * exact)
    assert weighed_amount(base, text, [modifier]) == nearest(base * exact) + modifier


def test_a_modifier_may_take_something_off_but_no_line_costs_less_than_nothing() -> None:
    assert line_amount(1000, [-150], 2) == 1700
    assert line_amount(100, [-150], 2) == line_amount(100, [-150], "1.5") == weighed_amount(100, "1", [-150]) == 0


@pytest.mark.parametrize("quantity", [-1, "-1", "two", "1e9"])
def test_a_quantity_that_is_none_is_refused(quantity: int | str) -> None:
    with pytest.raises(ValueError, match=r"below zero|is no rate"):
        line_amount(100, (), quantity)
