"""Tips: a pool over those who worked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.tips import pool_shares


@given(st.integers(-(10**9), 10**9), st.dictionaries(st.text(max_size=4), st.integers(0, 10_000), min_size=1, max_size=12))
def test_a_pool_is_given_out_to_the_cent_and_nobody_without_minutes_has_part(pool: int, minutes: dict[str, int]) -> None:
    shares = pool_shares(pool, minutes)
    assert sum(shares.values()) == pool
    assert list(shares) == list(minutes)
    assert not any(minutes.values()) or all(minutes[name] or not share for name, share in shares.items())
    assert pool_shares(-pool, minutes) == {name: -share for name, share in shares.items()}


def test_the_odd_cent_goes_to_whoever_is_named_first() -> None:
    assert pool_shares(100, {"Ann": 240, "Bo": 240, "Cy": 240}) == {"Ann": 34, "Bo": 33, "Cy": 33}


def test_a_pool_that_nobody_has_a_part_in_is_refused() -> None:
    assert pool_shares(0, {}) == {}
    with pytest.raises(ValueError, match="no parts"):
        pool_shares(100, {})
