"""Closing a check: from here on it is a document with a number.

What lives here: CloseCheck, its event and its rules. A closing keeps the figures, so that later corrections can be told from it.
"""

from collections.abc import Iterable, Mapping

from shared.domain.check.acts import before, ensure_unchanged, find_check
from shared.domain.check.books import keep_books
from shared.domain.check.opening import series_of
from shared.domain.check.paying import Revision
from shared.domain.check.reckoning import due_minor, figures_of, noted
from shared.domain.check.state import CHECK_STATES, Check, Closing, LineStatus
from shared.domain.check.tabs import TabReleased
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.site import next_number, numbered
from shared.domain.text import Id

__all__ = ["FEATURE", "RECEIPTS", "CheckClosed", "CloseCheck"]

RECEIPTS = "receipt"


class CloseCheck(Command, frozen=True):
    """Close a check on which nothing is held and nothing is due. A card that is still held for it is let go.

    The receipt gets the next number of its series. A check that was reopened and is closed again gets a new one, and refers to
    its first.
    """

    check_id: Id
    revision: Revision | None = None


class CheckClosed(Event, frozen=True):
    """The totals are stated for readers; they follow from the lines and are checked against them when projected.

    `net_minor` is without any tax, service charges within. `receipt_number` runs in the series "receipt" by the epoch of the
    entry; of a check that was reopened, `corrects_number` and `corrects_epoch` are those of its first receipt.
    """

    check_id: str
    gross_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    receipt_number: int = 0
    corrects_number: int = 0
    corrects_epoch: int = 0


def _close(view: View, command: CloseCheck, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "close")
    ensure_unchanged(check, command.revision)
    _ensure_done(check)
    if check.authorization is not None and check.authorization.status == "held":
        yield TabReleased(check_id=command.check_id, authorization_id=check.authorization.authorization_id, by_closing=True)
    sums = figures_of(check)
    first = check.closings[0] if check.closings else None
    yield CheckClosed(
        check_id=command.check_id,
        gross_minor=sums.gross_minor,
        net_minor=sums.net_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
        receipt_number=next_number(view, context.epoch, series_of(RECEIPTS, check.training)),
        corrects_number=first.receipt_number if first else 0,
        corrects_epoch=first.epoch if first else 0,
    )


def _ensure_done(check: Check) -> None:
    held = sum(line.status is LineStatus.HELD for line in check.lines)
    if held:
        raise Refused("check.lines_held", f"{held} lines of check {check.number} have not been sent.", check_id=check.check_id, held=held)
    due = due_minor(check)
    if due > 0:
        raise Refused("check.not_paid", f"{due} is due on check {check.number}.", check_id=check.check_id, due_minor=due)
    if due < 0:
        detail = f"{-due} too much is paid on check {check.number}."
        raise Refused("check.return_due", detail, check_id=check.check_id, due_minor=due)


def _closed(view: View, event: CheckClosed, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "close")
    figures = figures_of(check)
    stated = event.gross_minor, event.net_minor, event.tax_minor, event.total_minor
    if stated != (figures.gross_minor, figures.net_minor, figures.tax_minor, figures.total_minor):
        raise ValueError(f"check {event.check_id} was closed at {stated}, its lines come to {figures}")
    closing = Closing(
        date=meta.date, at=meta.at, figures=figures, receipt_number=event.receipt_number, epoch=meta.epoch, covers=check.covers
    )
    closed = noted(check, status=CHECK_STATES[check.status, "close"], closed_at=meta.at, closings=(*check.closings, closing))
    changes = dict(keep_books(view, (check, closed)))
    if event.receipt_number:
        changes |= numbered(meta.epoch, series_of(RECEIPTS, check.training), event.receipt_number)
    return changes


FEATURE = Feature(
    name="check.closing",
    deciders={CloseCheck: ("pay", _close)},
    evolvers={CheckClosed: _closed},
    errors={
        "check.lines_held": ErrorInfo(409, "Lines of the check have not been sent.", "Send or void them, then close."),
        "check.not_paid": ErrorInfo(409, "The check is not fully paid.", "Take payment for what is due, then close."),
        "check.return_due": ErrorInfo(
            409, "More is paid on the check than it comes to.", "Let a manager give the rest back (ReturnOverpaid)."
        ),
    },
)
