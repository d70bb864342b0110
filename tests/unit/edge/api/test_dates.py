"""Dates in queries: a typing error must not look like a day without sales."""

import pytest

from edge.api.dates import ensure_date, ensure_range
from shared.domain.errors import Refused

TODAY = "2026-03-02"


def test_today_is_the_default_and_one_day_where_the_last_is_left_out() -> None:
    assert ensure_range("", "", TODAY) == (TODAY, TODAY)
    assert ensure_range("2026-02-01", "", TODAY) == ("2026-02-01", "2026-02-01")
    assert ensure_range("2026-02-01", "2026-02-28", TODAY) == ("2026-02-01", "2026-02-28")
    assert ensure_range("", "2026-03-05", TODAY) == (TODAY, "2026-03-05")


@pytest.mark.parametrize(("first", "last"), [("2026-03-02", "2026-03-01"), ("", "2026-03-01"), ("9999-12-31", "0001-01-01")])
def test_a_range_that_ends_before_it_begins_is_refused(first: str, last: str) -> None:
    with pytest.raises(Refused) as refused:
        ensure_range(first, last, TODAY)
    assert refused.value.code == "report.reversed"


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "20260302", "2026-3-2", "2026-W10-1", "\0", "２０２６-03-02", "2026-03-02 "])
def test_what_is_no_date_as_we_write_it_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        ensure_date(text)
    assert refused.value.code == "request.malformed"
