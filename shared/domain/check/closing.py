"""Closing a check.

What lives here: CloseCheck, its event and its rules. A closing keeps the figures, so that later corrections can be told from it.
"""

from collections.abc import Iterable, Mapping

from shared.domain.check.acts import before, find_check
from shared.domain.check.books import keep_books
from shared.domain.check.reckoning import due_minor, figures_of, noted, sums_of
from shared.domain.check.state import CHECK_STATES, Closing, LineStatus
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id

__all__ = ["FEATURE", "CheckClosed", "CloseCheck"]


class CloseCheck(Command, frozen=True):
    """Close a check on which nothing is held and nothing is due."""

    check_id: Id


class CheckClosed(Event, frozen=True):
    """The totals are stated for readers; they follow from the lines and are checked against them when projected.

    `net_minor` is without any tax, service charges within.
    """

    check_id: str
    gross_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int


def _close(view: View, command: CloseCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "close")
    held = sum(line.status is LineStatus.HELD for line in check.lines)
    if held:
        raise Refused("check.lines_held", f"{held} lines of check {check.number} have not been sent.", held=held)
    due = due_minor(check)
    if due != 0:
        raise Refused("check.not_paid", f"{due} is due on check {check.number}.", due_minor=due)
    sums = sums_of(check)
    yield CheckClosed(
        check_id=command.check_id,
        gross_minor=sums.gross_minor,
        net_minor=sums.net_minor + sums.service_net_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
    )


def _closed(view: View, event: CheckClosed, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "close")
    figures = figures_of(check)
    stated = event.gross_minor, event.net_minor, event.tax_minor, event.total_minor
    if stated != (figures.gross_minor, figures.net_minor, figures.tax_minor, figures.total_minor):
        raise ValueError(f"check {event.check_id} was closed at {stated}, its lines come to {figures}")
    closing = Closing(date=meta.date, at=meta.at, figures=figures)
    closed = noted(check, status=CHECK_STATES[check.status, "close"], closed_at=meta.at, closings=(*check.closings, closing))
    return keep_books(view, (check, closed))


FEATURE = Feature(
    name="check.closing",
    deciders={CloseCheck: ("pay", _close)},
    evolvers={CheckClosed: _closed},
    errors={
        "check.lines_held": ErrorInfo(409, "Lines of the check have not been sent.", "Send or void them, then close."),
        "check.not_paid": ErrorInfo(409, "The check is not fully paid.", "Take payment for what is due, then close."),
    },
)
