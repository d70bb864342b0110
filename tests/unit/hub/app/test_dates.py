"""Ranges of business dates: a typing error must not look like days without sales."""

import pytest

from hub.app.dates import ensure_range
from hub.app.errors import HubRefused
from shared.limits import SALES_DAYS_MAX


def test_a_range_is_written_in_one_way() -> None:
    assert ensure_range("2026-03-01", "2026-03-31") == ("2026-03-01", "2026-03-31")
    assert ensure_range("20260301", "2026-W10-1") == ("2026-03-01", "2026-03-02")
    assert ensure_range("2024-02-29", "2024-02-29") == ("2024-02-29", "2024-02-29")


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-03-02", "2026-03-01", "ends on 2026-03-01, before it begins on 2026-03-02"),
        ("yesterday", "2026-03-01", "no ISO date"),
        ("2026-02-29", "2026-03-01", "no ISO date"),
        ("2026-03-01", "", "no ISO date"),
        ("2025-01-01", "2026-12-31", f"1 to {SALES_DAYS_MAX} days"),
    ],
)
def test_a_range_that_is_none_is_refused(first: str, last: str, said: str) -> None:
    with pytest.raises(HubRefused, match=said) as refused:
        ensure_range(first, last)
    assert refused.value.code == "sales.range_invalid"


def test_the_longest_range_is_reported() -> None:
    assert ensure_range("2026-01-01", "2027-02-04") == ("2026-01-01", "2027-02-04")
    with pytest.raises(HubRefused):
        ensure_range("2026-01-01", "2027-02-05")
