"""Reopening a closed check, to put right what was wrong on it.

What lives here: ReopenCheck, its event and its rules. History stays: payments and closings keep what they were, and what the
next closing differs by is booked on its day (books.py). What is overpaid then is given back by refunding.py.
"""

from collections.abc import Iterable, Mapping

from shared.domain.check.acts import before, ensure_approved, ensure_reason, ensure_unchanged, find_check
from shared.domain.check.books import closings_of, keep_books
from shared.domain.check.paying import Revision
from shared.domain.check.reckoning import noted
from shared.domain.check.state import CHECK_STATES, Reopening
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id, Note
from shared.limits import CHECK_CLOSINGS_MAX

__all__ = ["FEATURE", "CheckReopened", "ReopenCheck"]


class ReopenCheck(Command, frozen=True):
    """Open a closed check again, with a manager's approval. Not once something of it was refunded: its sums are fixed then."""

    check_id: Id
    reason: Note
    revision: Revision | None = None


class CheckReopened(Event, frozen=True):
    check_id: str
    reason: str
    approved_by: str


def _reopen(view: View, command: ReopenCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "reopen")
    approved_by = ensure_approved(context, "Reopening a check")
    ensure_reason(context, "reopen", command.reason)
    ensure_unchanged(check, command.revision)
    if any(not refund.correction for refund in check.refunds):
        raise Refused("check.refunded", f"Something of check {check.number} was refunded.", check_id=check.check_id)
    if len(check.closings) >= CHECK_CLOSINGS_MAX:
        detail = f"Check {check.number} has been closed {CHECK_CLOSINGS_MAX} times."
        raise Refused("check.too_many_closings", detail, check_id=check.check_id, maximum=CHECK_CLOSINGS_MAX)
    yield CheckReopened(check_id=command.check_id, reason=command.reason, approved_by=approved_by)


def _reopened(view: View, event: CheckReopened, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "reopen")
    reopening = Reopening(reason=event.reason, approved_by=event.approved_by, date=meta.date, at=meta.at)
    after = noted(
        check,
        status=CHECK_STATES[check.status, "reopen"],
        closed_at=None,
        closings=closings_of(check),
        reopenings=(*check.reopenings, reopening),
    )
    return keep_books(view, (check, after))


FEATURE = Feature(
    name="check.reopening",
    deciders={ReopenCheck: ("pay", _reopen)},
    evolvers={CheckReopened: _reopened},
    errors={
        "check.refunded": ErrorInfo(
            409, "Something of the check was refunded.", "Refund the rest, and enter what is right on a new check."
        ),
        "check.too_many_closings": ErrorInfo(409, "The check has been closed as often as it can be.", "Refund it, and open a new check."),
    },
)
