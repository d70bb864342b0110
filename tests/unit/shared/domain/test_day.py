"""The business day: which date a moment belongs to, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.day import business_date, business_date_of_local

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]
BEFORE_FOUR = 240


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def test_a_guest_who_pays_at_two_in_the_morning_dined_yesterday() -> None:
    assert business_date(berlin("2026-03-02 03:59:59"), BERLIN, BEFORE_FOUR) == "2026-03-01"
    assert business_date(berlin("2026-03-02 04:00:00"), BERLIN, BEFORE_FOUR) == "2026-03-02"


def test_the_zone_of_the_site_decides_not_that_of_the_clock() -> None:
    moment = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)  # 03:30 in Berlin, 21:30 of the day before in New York
    assert business_date(moment, BERLIN, BEFORE_FOUR) == "2026-03-01"
    assert business_date(moment, ZoneInfo("Asia/Tokyo"), BEFORE_FOUR) == "2026-03-02"


def test_a_cut_over_that_the_clocks_leap_over_turns_at_the_leap() -> None:
    """On 29 March 2026 the clocks in Berlin go from 02:00 to 03:00: 02:30 never comes."""
    assert business_date(berlin("2026-03-29 01:59:59"), BERLIN, 150) == "2026-03-28"
    assert business_date(berlin("2026-03-29 03:00:00"), BERLIN, 150) == "2026-03-29"


def test_the_hour_lived_twice_belongs_to_the_new_date_from_its_first_cut_over() -> None:
    """On 25 October 2026 the clocks go from 03:00 back to 02:00. At the second 02:10 it has been 02:30 already; the date
    once fell back to the day before for twenty minutes."""
    assert business_date(berlin("2026-10-25 02:29:59"), BERLIN, 150) == "2026-10-24"
    assert business_date(berlin("2026-10-25 02:30:00"), BERLIN, 150) == "2026-10-25"
    assert business_date(berlin("2026-10-25 02:10:00", fold=1), BERLIN, 150) == "2026-10-25"


def test_clocks_that_go_back_over_midnight_do_not_bring_yesterday_back() -> None:
    """In St. John's the clocks of 7 November 2010 went from 00:01 back to 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    moments = [datetime(2010, 11, 7, 2, 25, tzinfo=UTC) + timedelta(minutes=n) for n in range(90)]
    dates = [business_date(moment, zone, 0) for moment in moments]
    assert dates == sorted(dates)
    assert set(dates) == {"2010-11-06", "2010-11-07"}


@given(
    st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1)),
    st.integers(0, 3 * 24 * 3600),
    st.sampled_from(ZONES),
    st.integers(0, 24 * 60 - 1),
)
def test_the_date_never_goes_back_as_time_goes_on(start: datetime, seconds: int, zone: str, cut_over: int) -> None:
    moment = start.replace(tzinfo=UTC)
    earlier = business_date(moment, ZoneInfo(zone), cut_over)
    assert earlier <= business_date(moment + timedelta(seconds=seconds), ZoneInfo(zone), cut_over)


@given(st.datetimes(datetime(2001, 1, 1), datetime(2035, 1, 1)), st.integers(0, 24 * 60 - 1))
def test_where_no_clock_changes_an_import_books_on_the_date_of_the_time_in_its_file(local: datetime, cut_over: int) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    assert business_date_of_local(local, cut_over) == business_date(local.replace(tzinfo=zone), zone, cut_over)


@pytest.mark.parametrize(("local", "date"), [("2016-05-01 00:00", "2016-04-30"), ("2016-05-01 04:00", "2016-05-01")])
def test_an_import_is_cut_over_like_a_sale(local: str, date: str) -> None:
    assert business_date_of_local(datetime.fromisoformat(local), BEFORE_FOUR) == date
