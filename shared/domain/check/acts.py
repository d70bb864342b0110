"""What every act on a check begins with: finding it, asking its tables, refusing with the state it is in.

What lives here: helpers of the rule modules beside this one, for decisions (which refuse) and for evolution (which raises, for
what no decision allows, no journal may hold). No act is known here.
"""

from collections.abc import Iterable, Mapping, Sequence

from shared.domain.check.reckoning import total_minor
from shared.domain.check.state import CHECK, CHECK_STATES, LINE_STATES, Check, Line
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import is_id
from shared.domain.kernel import Aggregate, Context, Key, View
from shared.domain.text import ensure_text

__all__ = [
    "ACT_ERRORS", "allow", "allow_line", "before", "changed", "ensure_approved", "ensure_exempt", "ensure_ids", "ensure_lines", "ensure_no_share",
    "ensure_not_overpaid", "ensure_reason", "ensure_seen", "ensure_unchanged", "ensure_whole", "find_check", "find_line", "lines_of",
]  # fmt: skip


def find_check(view: View, check_id: str, act: str) -> Check:
    """The check, if `act` may be done to it. Raises Refused `check.unknown`, `check.closed`, `check.merged` or `check.still_open`."""
    check = view.find(Check, CHECK, check_id)
    if check is None:
        raise Refused("check.unknown", f"There is no check {check_id}.")
    allow(check, act)
    return check


def allow(check: Check, act: str) -> None:
    """Raises Refused unless CHECK_STATES has an arrow for `act`."""
    if (check.status, act) not in CHECK_STATES:
        code = "check.still_open" if check.is_live else f"check.{check.status}"
        raise Refused(code, f"Check {check.number} is {check.status}.", check_id=check.check_id, status=check.status)


def find_line(check: Check, line_id: str) -> Line:
    """The line. Raises Refused `line.unknown`."""
    line = check.line(line_id)
    if line is None:
        raise Refused("line.unknown", f"Check {check.number} has no line {line_id}.", check_id=check.check_id)
    return line


def lines_of(check: Check, line_id: str) -> list[Line]:
    """The line, or all components of a combo. Raises Refused `line.unknown`."""
    return check.lines_named((line_id,)) or [find_line(check, line_id)]


def ensure_whole(check: Check, line: Line, line_id: str) -> None:
    """Raises Refused `combo.not_whole` where a component is named by its own id and not by its combo's."""
    if line.combo is not None and line.combo.combo_id != line_id:
        detail = f"{line.name} is part of {line.combo.name}, whose components come and go together."
        raise Refused("combo.not_whole", detail, check_id=check.check_id, combo_id=line.combo.combo_id)


def ensure_seen(check: Check, lines: Sequence[Line], revision: int | None) -> None:
    """Raises Refused `line.changed` where a device acts on another `revision` of a line than this one; None is any. The revision of
    a combo is the highest of its components'."""
    now = max(line.revision for line in lines)
    if revision is not None and revision != now:
        detail = f"{lines[0].name} on check {check.number} has been changed meanwhile."
        raise Refused("line.changed", detail, check_id=check.check_id, line_id=lines[0].line_id, line_revision=now)


def ensure_no_share(check: Check, lines: Iterable[Line]) -> None:
    """Raises Refused `line.is_share`."""
    for line in lines:
        if line.share is not None:
            detail = f"Check {check.number} has {line.share.part} of {line.name}; the rest of it is on other checks."
            raise Refused("line.is_share", detail, check_id=check.check_id, line_id=line.line_id)


def allow_line(check: Check, line: Line, act: str) -> None:
    """Raises Refused `line.already_sent`, `line.already_voided` or `line.already_held` unless LINE_STATES has an arrow for `act`."""
    if (line.status, act) not in LINE_STATES:
        detail = f"{line.name} on check {check.number} is {line.status}."
        raise Refused(f"line.already_{line.status}", detail, check_id=check.check_id, line_id=line.line_id, status=line.status)


def ensure_ids(*ids: str) -> None:
    """Raises Refused `id.malformed` for what is no UUID in canonical lower-case form."""
    for id in ids:
        if not is_id(id):
            raise Refused("id.malformed", f"{id!r} is no UUID in canonical lower-case form.")


def ensure_approved(context: Context, what: str) -> str:
    """Who approves: whoever acts on a device that may. Raises Refused `approval.missing`."""
    if "approve" not in context.permissions:
        raise Refused("approval.missing", f"{what} needs the approval of a manager.", permission="approve")
    return context.actor_id or context.device_id


def ensure_exempt(giver: Check, to: Check, context: Context) -> None:
    """Raises Refused `approval.missing` where lines would become exempt from tax by the check that they go to."""
    if to.exemption is not None and to.exemption != giver.exemption:
        ensure_approved(context, f"Putting more on check {to.number}, which is exempt from tax,")


def ensure_reason(context: Context, kind: str, reason: str) -> None:
    """Raises Refused `reason.missing` without one, and `reason.unknown` where the menu lists reasons of this kind and it is none."""
    ensure_text(reason)
    if not reason.strip():
        raise Refused("reason.missing", "A reason is needed.", kind=kind)
    known = [each for each in context.menu.rules.reasons if each.kind == kind]
    if known and not any(reason in (each.id, each.name) for each in known):
        raise Refused("reason.unknown", f"{reason!r} is none of the reasons for a {kind}.", reasons=[each.id for each in known])


def ensure_not_overpaid(after: Check) -> None:
    """Raises Refused `check.overpaid` where the check, as a decision would leave it, comes to less than was paid on it. A reopened
    one may: what is too much is given back before it closes."""
    paid = after.paid_minor
    if paid > 0 and not after.closings and paid > total_minor(after):
        detail = f"Check {after.number} would come to less than the {after.paid_minor} paid on it."
        raise Refused("check.overpaid", detail, check_id=after.check_id, paid_minor=after.paid_minor)


def before(view: View, check_id: str, act: str) -> Check:
    """The check before an event that does `act` to it. Raises LookupError or ValueError for what no decision allows."""
    check = view.find(Check, CHECK, check_id)
    if check is None:
        raise LookupError(f"an event names the unknown check {check_id}")
    if (check.status, act) not in CHECK_STATES:
        raise ValueError(f"an event would {act} on check {check_id}, which is {check.status}")
    return check


def changed(*checks: Check) -> Mapping[Key, Aggregate]:
    """The change that puts these checks in place."""
    return {(CHECK, check.check_id): check for check in checks}


def ensure_unchanged(check: Check, revision: int | None) -> None:
    """Raises Refused `check.changed` where a device acts on another `revision` of the check than this one; None is any."""
    if revision is not None and revision != check.revision:
        detail = f"Check {check.number} has been changed meanwhile: it is at revision {check.revision}, not {revision}."
        raise Refused("check.changed", detail, check_id=check.check_id, revision=check.revision)


def ensure_lines(check: Check, line_ids: Iterable[str]) -> None:
    """Raises LookupError for an event that names lines which the check does not have."""
    if unknown := set(line_ids) - {line.line_id for line in check.lines}:
        raise LookupError(f"an event names lines that check {check.check_id} does not have: {sorted(unknown)}")


ACT_ERRORS: dict[str, ErrorInfo] = {
    "check.unknown": ErrorInfo(404, "There is no such check.", "Load the open checks again."),
    "check.closed": ErrorInfo(409, "The check is closed.", "Open a new check, or let a manager reopen this one."),
    "check.merged": ErrorInfo(409, "The check was merged into another.", "Go on with the check that it was merged into."),
    "check.still_open": ErrorInfo(409, "The check is open.", "That is done to closed checks; change the check itself."),
    "check.changed": ErrorInfo(409, "The check has been changed meanwhile.", "Look at it as it is now, and do it again."),
    "check.overpaid": ErrorInfo(409, "More would be paid than the check comes to.", "Leave it as it is; once closed, it can be refunded."),
    "line.unknown": ErrorInfo(404, "The check has no such line.", "Load the check again."),
    "line.changed": ErrorInfo(409, "The line has been changed meanwhile.", "Look at it as it is now, and do it again."),
    "line.is_share": ErrorInfo(409, "The check has a share of that line only.", "Merge the checks of the split first."),
    "combo.not_whole": ErrorInfo(409, "The components of a combo come and go together.", "Name the combo."),
    "line.already_held": ErrorInfo(409, "The line is not in the kitchen yet.", "Change or void it as a line that was not sent."),
    "line.already_sent": ErrorInfo(409, "The line is in the kitchen.", "Let a manager void it with a reason."),
    "line.already_voided": ErrorInfo(409, "The line has been voided already.", "Nothing needs to be done."),
    "approval.missing": ErrorInfo(403, "A manager has to approve that.", "Do it on a manager's device."),
    "reason.missing": ErrorInfo(422, "A reason is needed.", "Say why, in one of the site's reasons or in your own words."),
    "reason.unknown": ErrorInfo(422, "That is none of the site's reasons.", "Choose one of the reasons that the menu lists."),
    "amount.too_large": ErrorInfo(422, "The amount is larger than a check can hold.", "Check price and quantity."),
}  # fmt: skip
