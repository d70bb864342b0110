"""Combos: one price over components."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.combos import combo_amounts


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**5), min_size=1, max_size=6), st.integers(0, 9))
def test_components_cost_what_the_combo_costs_and_every_unit_is_alike(price: int, standalone: list[int], quantity: int) -> None:
    amounts = combo_amounts(price, standalone, quantity)
    assert sum(amounts) == price * quantity
    assert amounts == [amount * quantity for amount in combo_amounts(price, standalone)]


def test_what_a_component_costs_extra_stays_with_it() -> None:
    assert combo_amounts(990, [750, 320, 280], 2, [0, 0, 50]) == [1100, 470, 510]


def test_a_combo_below_zero_or_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        combo_amounts(-1, [1])
    with pytest.raises(ValueError, match="no parts"):
        combo_amounts(100, [])
