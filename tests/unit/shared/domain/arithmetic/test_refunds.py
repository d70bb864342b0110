"""Refunds: unit by unit, exactly what was paid comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.refunds import refund_part, refund_units
from shared.domain.arithmetic.sums import reckon
from tests.unit.shared.domain.arithmetic.cases import checks


@given(st.integers(0, 10**9), st.lists(st.integers(0, 5), max_size=8))
def test_all_portions_together_give_back_exactly_what_was_paid(paid: int, portions: list[int]) -> None:
    units = sum(portions)
    back = [refund_part(paid, units, sum(portions[:place]), count) for place, count in enumerate(portions)]
    assert sum(back) == (paid if units else 0)
    assert min(back, default=0) >= 0
    assert back == [-refund_part(-paid, units, sum(portions[:place]), count) for place, count in enumerate(portions)]


@given(checks(most=3), st.integers(1, 9))
def test_unit_by_unit_the_net_and_every_tax_return_to_nothing(check: tuple, units: int) -> None:
    for line in reckon(*check).lines:
        refunds = [refund_units(line, units, before) for before in range(units)]
        assert sum(refund.net_minor for refund in refunds) == line.net_minor
        assert sum(refund.total_minor for refund in refunds) == line.net_minor + sum(share.tax_minor for share in line.taxes)
        for place, share in enumerate(line.taxes):
            assert sum(refund.taxes[place].tax_minor for refund in refunds) == share.tax_minor


@pytest.mark.parametrize(("refunded", "count"), [(3, 1), (0, 4), (-1, 1), (1, -1)])
def test_no_more_units_come_back_than_were_sold(refunded: int, count: int) -> None:
    with pytest.raises(ValueError, match="cannot be refunded"):
        refund_part(1400, 3, refunded, count)
