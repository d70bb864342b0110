"""Business dates in queries.

What lives here: reading one, and a range of them. What is booked on a date is not known here.
"""

from datetime import date

from shared.domain.errors import Refused

__all__ = ["ensure_date", "ensure_range"]


def ensure_date(text: str) -> str:
    """The date as given, or nothing for none. Raises Refused `request.malformed`: a typing error must not look like a day without sales."""
    try:
        if text and date.fromisoformat(text).isoformat() != text:
            raise ValueError("write it as YYYY-MM-DD")
    except ValueError as error:
        raise Refused("request.malformed", f"{text[:40]!r} is no date: {error}.") from error
    return text


def ensure_range(from_date: str, to_date: str, today: str) -> tuple[str, str]:
    """The first and last date of a report: today by default, and one day where the last is not given. Raises Refused
    `request.malformed` or `report.reversed`."""
    first = ensure_date(from_date) or today
    last = ensure_date(to_date) or first
    if last < first:
        raise Refused("report.reversed", f"The range ends on {last}, before it begins on {first}.", from_date=first, to_date=last)
    return first, last
