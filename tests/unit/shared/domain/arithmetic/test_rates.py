"""Rounding of products of integers: the same rules as money.py, by another way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.rates import rate_of, ratio, round_ratio
from shared.domain.money import ROUNDING, apply_rate, parse_rate

rules = st.sampled_from(sorted(ROUNDING))


@given(st.fractions(min_value=-(10**9), max_value=10**9), rules, st.integers(1, 50))
def test_a_ratio_is_rounded_as_the_fraction_is_also_when_it_is_not_reduced(value, rule: str, times: int) -> None:
    assert round_ratio(value.numerator * times, value.denominator * times, rule) == ROUNDING[rule](value)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["8.875%", "1/3", "0.08875", "50%", "0%"]), rules)
def test_a_rate_of_an_amount_is_what_money_says(amount: int, rate: str, rule: str) -> None:
    assert rate_of(amount, rate, rule) == apply_rate(amount, parse_rate(rate), rule)


@pytest.mark.parametrize("rate", ["-5%", "five", ""])
def test_a_rate_below_zero_or_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match=r"below zero|is no rate"):
        ratio(rate)
