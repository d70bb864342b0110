"""Cash: the smallest coin, and change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.cash import CashSettlement, cash_payable, settle_cash


@given(st.integers(-(10**9), 10**9), st.sampled_from([1, 5, 10, 25, 100]))
def test_rounding_goes_to_the_nearest_coin_and_is_symmetric(left: int, step: int) -> None:
    payable = cash_payable(left, step)
    assert payable % step == 0
    assert abs(payable - left) * 2 <= step
    assert cash_payable(-left, step) == -payable


@given(st.integers(0, 10**6), st.integers(0, 2 * 10**6), st.sampled_from([1, 5, 10, 100]))
def test_every_coin_given_is_accounted_for(left: int, tendered: int, step: int) -> None:
    done = settle_cash(left, tendered, step)
    assert done.settled_minor + done.rounding_minor + done.change_minor == tendered
    assert 0 <= done.settled_minor <= left
    assert done.change_minor >= 0
    assert done.rounding_minor == 0 or done.settled_minor == left


@pytest.mark.parametrize(
    ("left", "tendered", "settled", "rounding", "change"),
    [(1303, 2000, 1303, 2, 695), (1302, 1300, 1302, -2, 0), (1303, 1303, 1303, 0, 0), (1303, 1000, 1000, 0, 0), (2, 0, 2, -2, 0)],
)
def test_only_cash_that_settles_what_is_left_is_rounded(left: int, tendered: int, settled: int, rounding: int, change: int) -> None:
    expected = CashSettlement(settled_minor=settled, rounding_minor=rounding, change_minor=change)
    assert settle_cash(left, tendered, 5) == expected


def test_amounts_and_coins_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="smallest coin"):
        cash_payable(100, 0)
    with pytest.raises(ValueError, match="negative"):
        settle_cash(-1, 0)
