"""Showing the bill to the guest, which is no document: that it was shown, and what it said.

What lives here: ShowBill, its event and its rules. What stands on a bill or receipt is in papers.py.
"""

from collections.abc import Iterable, Mapping

from shared.domain.check.acts import before, changed, ensure_unchanged, find_check
from shared.domain.check.paying import Revision
from shared.domain.check.reckoning import noted, total_minor
from shared.domain.check.state import BillMark
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id

__all__ = ["FEATURE", "BillShown", "ShowBill"]


class ShowBill(Command, frozen=True):
    """Show the guest what the check comes to. Any later change of that makes the bill outdated."""

    check_id: Id
    revision: Revision | None = None


class BillShown(Event, frozen=True):
    """`count` is the how many-th bill of the check it was."""

    check_id: str
    count: int
    total_minor: int


def _show(view: View, command: ShowBill, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "bill")
    ensure_unchanged(check, command.revision)
    if not check.kept_lines:
        raise Refused("bill.empty", f"Nothing stands on check {check.number}.", check_id=check.check_id)
    count = check.bill.count + 1 if check.bill else 1
    yield BillShown(check_id=command.check_id, count=count, total_minor=total_minor(check))


def _shown(view: View, event: BillShown, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "bill")
    if event.count != (check.bill.count + 1 if check.bill else 1):
        raise ValueError(f"bill {event.count} of check {event.check_id} is shown out of turn")
    return changed(noted(check, bill=BillMark(count=event.count, total_minor=event.total_minor, at=meta.at)))


FEATURE = Feature(
    name="check.billing",
    deciders={ShowBill: ("order", _show)},
    evolvers={BillShown: _shown},
    errors={"bill.empty": ErrorInfo(409, "Nothing stands on the check.", "Add what was ordered, or close it.")},
)
