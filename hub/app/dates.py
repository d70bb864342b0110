"""Ranges of business dates in what is asked.

What lives here: reading one. What is reported of it is not known here.
"""

from datetime import date

from hub.app.errors import HubRefused
from shared.limits import SALES_DAYS_MAX

__all__ = ["ensure_range"]


def ensure_range(first: str, last: str) -> tuple[str, str]:
    """The first and last business date, ISO. Raises HubRefused `sales.range_invalid`: a typing error must not look like days without
    sales."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise HubRefused("sales.range_invalid", f"{first[:20]!r} or {last[:20]!r} is no ISO date.") from error
    if end < begin:
        raise HubRefused("sales.range_invalid", f"The range ends on {end}, before it begins on {begin}.")
    if (end - begin).days >= SALES_DAYS_MAX:
        raise HubRefused("sales.range_invalid", f"{begin} to {end} is no range of 1 to {SALES_DAYS_MAX} days.")
    return begin.isoformat(), end.isoformat()
