"""Merging checks: what stands on some goes onto one, and shares of a line that meet there become that line again.

What lives here: MergeChecks, its event and its rules. How parts become whole is in joining.py; moving single lines is moving.py.

A check that was merged away keeps its number and owes nothing. What hangs on a check as a whole stays behind, and so a check with
any of it is refused: payments, discounts of the whole check, charges that somebody added, an exemption, a card held for a tab, and
what was booked when it was closed before. Business dates may differ, as they do when a table sits over the cut-over: the lines
count on the date of the check that they go to, which is where they are paid.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.check.acts import before, changed, ensure_exempt, ensure_unchanged, find_check
from shared.domain.check.joining import LineTwice, received
from shared.domain.check.parts import divided, kitchen_ids
from shared.domain.check.reckoning import money_changed
from shared.domain.check.settling import settle
from shared.domain.check.state import CHECK_STATES, Check, GivenCharge
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.kitchen.labels import lines_moved, relabelled
from shared.domain.text import Id
from shared.limits import CHECK_DISCOUNTS_MAX, CHECK_LINES_MAX, CHECKS_MOVED_MAX

__all__ = ["FEATURE", "ChecksMerged", "MergeChecks", "ensure_fits"]


class MergeChecks(Command, frozen=True):
    """Put everything that stands on these checks onto another, all of them or none; guests add up. `revision` is that of the check
    that stays."""

    into_check_id: Id
    check_ids: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=CHECKS_MOVED_MAX)]
    revision: Annotated[int, msgspec.Meta(ge=0)] | None = None


class ChecksMerged(Event, frozen=True):
    """What stood on `from_check_ids` stands on `check_id`."""

    check_id: str
    from_check_ids: tuple[str, ...]


# --- what is refused -------------------------------------------------------------------------------

_Objection = tuple[str, Callable[[Check, Check], bool], str]
# (reason, when it holds of a check and the one it would go to, what is said). The first that holds is told.
_OBJECTIONS: tuple[_Objection, ...] = (
    ("same_check", lambda check, into: check.check_id == into.check_id, "is the check to merge into"),
    ("training", lambda check, into: check.training != into.training, "is for training, or the other is"),
    ("currency", lambda check, into: check.currency != into.currency, "is in another currency"),
    ("closings", lambda check, _: bool(check.closings), "was closed before: correct it, then close it again"),
    ("payments", lambda check, _: bool(check.payments or check.refunds), "has payments: merge the other check into this one"),
    ("authorization", lambda check, _: _holds_card(check), "has a card held for it: release that first"),
    ("exemption", lambda check, into: check.exemption is not None and check.exemption != into.exemption,
     "is exempt from tax: remove the exemption first"),
    ("discounts", lambda check, _: any(not each.line_ids for each in check.discounts),
     "has a discount of the whole check: remove it first, and give it on the check that stays"),
    ("charges", lambda check, into: any(not each.automatic and not _is_charged(into, each) for each in check.charges),
     "has a service charge that was added: waive it first"),
)  # fmt: skip


def _holds_card(check: Check) -> bool:
    return check.authorization is not None and check.authorization.status == "held"


def _is_charged(into: Check, charge: GivenCharge) -> bool:
    """Whether the check has the same charge: one by rate covers what comes, one of an amount takes the other's on top."""
    return any(_is_same(each, charge) and not (each.automatic and each.amount_minor) for each in into.charges)


def _is_same(one: GivenCharge, other: GivenCharge) -> bool:
    named = one.charge_id == other.charge_id or (bool(one.rule_id) and one.rule_id == other.rule_id)
    return named and (one.rate, one.taxable) == (other.rate, other.taxable)


def _ensure_mergeable(check: Check, into: Check) -> None:
    for reason, holds, said in _OBJECTIONS:
        if holds(check, into):
            raise Refused("merge.refused", f"Check {check.number} {said}.", check_id=check.check_id, reason=reason)


def ensure_fits(after: Check) -> None:
    """Raises Refused `check.too_many_lines` or `check.too_many_discounts` where a check would hold more than it can."""
    lines, discounts = len(after.lines), sum(each.scope != "promotion" for each in after.discounts)
    if lines > CHECK_LINES_MAX:
        detail = f"Check {after.number} would have {lines} lines; {CHECK_LINES_MAX} are the most."
        raise Refused("check.too_many_lines", detail, check_id=after.check_id, maximum=CHECK_LINES_MAX)
    if discounts > CHECK_DISCOUNTS_MAX:
        detail = f"Check {after.number} would have {discounts} discounts; {CHECK_DISCOUNTS_MAX} are the most."
        raise Refused("check.too_many_discounts", detail, check_id=after.check_id, maximum=CHECK_DISCOUNTS_MAX)


# --- decision --------------------------------------------------------------------------------------


def _merge(view: View, command: MergeChecks, context: Context) -> Iterable[Event]:
    into = find_check(view, command.into_check_id, "add")
    ensure_unchanged(into, command.revision)
    checks = [find_check(view, check_id, "merge") for check_id in dict.fromkeys(command.check_ids)]
    for check in checks:
        _ensure_mergeable(check, into)
        ensure_exempt(check, into, context)
    try:
        after = _with_all(into, checks)
    except LineTwice as error:
        raise Refused("line.already_added", f"{error}.", check_id=into.check_id, line_id=error.line_id) from error
    ensure_fits(after)
    yield ChecksMerged(check_id=into.check_id, from_check_ids=tuple([check.check_id for check in checks]))
    for check in checks:
        ids = [id for line in check.lines for id in kitchen_ids(line)]
        yield from lines_moved(view, check.check_id, into.check_id, ids, into.number, into.table_id)
    if after.covers != into.covers:
        yield from relabelled(view, into.check_id, into.table_id, covers=after.covers)
    yield from settle(after, context)


# --- evolution -------------------------------------------------------------------------------------


def _with_all(into: Check, checks: Iterable[Check]) -> Check:
    for check in checks:
        _, discounts = divided(check.discounts, frozenset([line.line_id for line in check.lines]))
        into = msgspec.structs.replace(
            received(into, check, check.lines, discounts), covers=into.covers + check.covers, charges=_charges(into, check)
        )
    return into


def _charges(into: Check, check: Check) -> tuple[GivenCharge, ...]:
    """The charges of the check that stays, those of an amount with what the other had of the same; automatic ones settle anew."""
    charges = list(into.charges)
    for coming in check.charges:
        place = next((place for place, each in enumerate(charges) if not coming.automatic and _is_same(each, coming)), None)
        if place is not None and coming.amount_minor:
            amount = charges[place].amount_minor + coming.amount_minor
            charges[place] = msgspec.structs.replace(charges[place], amount_minor=amount)
    return tuple(charges)


def _merged(view: View, event: ChecksMerged, meta: Meta) -> Mapping[Key, Aggregate]:
    into = before(view, event.check_id, "add")
    checks = [before(view, check_id, "merge") for check_id in event.from_check_ids]
    if event.check_id in event.from_check_ids:
        raise ValueError(f"an event merges check {event.check_id} into itself")
    gone = [
        money_changed(
            check, status=CHECK_STATES[check.status, "merge"], merged_into=event.check_id, lines=(), discounts=(), charges=(), covers=0
        )
        for check in checks
    ]
    return changed(_with_all(into, checks), *gone)


FEATURE = Feature(
    name="check.merging",
    deciders={MergeChecks: ("order", _merge)},
    evolvers={ChecksMerged: _merged},
    errors={
        "merge.refused": ErrorInfo(409, "These checks cannot be merged.", "Do what the answer says with the check it names, then merge."),
    },
)
