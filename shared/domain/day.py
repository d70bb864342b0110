"""The business day: which date a moment belongs to.

What lives here: one pure function over a time zone and a cut-over. Whose clock says the moment is not known here.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["business_date", "business_date_of_local"]


def business_date(moment: datetime, zone: ZoneInfo, cut_over_minutes: int) -> str:
    """The business date (ISO 8601) of an aware `moment`: the date turns at `cut_over_minutes` after local midnight.

    Local wall time decides, so on the day the clocks change the date still turns once: at the first instant at or
    after the cut-over (DESIGN.md, Business day).
    """
    return business_date_of_local(moment.astimezone(zone).replace(tzinfo=None), cut_over_minutes)


def business_date_of_local(local: datetime, cut_over_minutes: int) -> str:
    """The same for a naive `local` time in the site's zone."""
    turned = local.hour * 60 + local.minute >= cut_over_minutes
    day: date = local.date() if turned else local.date() - timedelta(days=1)
    return day.isoformat()
