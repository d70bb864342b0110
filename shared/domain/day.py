"""The business day: which date a moment belongs to.

What lives here: one pure function over a time zone and a cut-over. Whose clock says the moment is not known here.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.limits import BUSINESS_DATES_CACHED_MAX

__all__ = ["business_date", "business_date_of_local"]


def business_date(moment: datetime, zone: ZoneInfo, cut_over_minutes: int) -> str:
    """The business date (ISO 8601) of an aware `moment`: the date turns at `cut_over_minutes` after local midnight.

    Local wall time decides, so on the day the clocks change the date still turns once: at the first instant at or
    after the cut-over (DESIGN.md, Business day). Where the clocks go back over the cut-over, the hour that is lived
    twice belongs to the new date from its first cut-over on.
    """
    return _date_in_second((moment - _EPOCH) // timedelta(seconds=1), zone, cut_over_minutes)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(BUSINESS_DATES_CACHED_MAX)
def _date_in_second(seconds: int, zone: ZoneInfo, cut_over_minutes: int) -> str:
    """The same for a second since 1970. Zones are whole seconds away from UTC, so the date never turns within one; every
    command asks for it twice, and working it out takes several times as long as remembering."""
    moment = _EPOCH + timedelta(seconds=seconds)
    local = moment.astimezone(zone).replace(tzinfo=None)
    tomorrow = local.date() + timedelta(days=1)  # some clocks go back over midnight
    for day in (tomorrow, local.date()):
        turn = datetime.combine(day, time(*divmod(cut_over_minutes, 60)))
        if local >= turn or moment.astimezone(UTC) >= turn.replace(tzinfo=zone).astimezone(UTC):  # fold=0: the first of two
            return day.isoformat()
    return (local.date() - timedelta(days=1)).isoformat()


def business_date_of_local(local: datetime, cut_over_minutes: int) -> str:
    """The same for a naive `local` time in the site's zone."""
    turned = local.hour * 60 + local.minute >= cut_over_minutes
    day: date = local.date() if turned else local.date() - timedelta(days=1)
    return day.isoformat()
