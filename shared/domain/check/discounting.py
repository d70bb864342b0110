"""Discounts and comps: what somebody takes off a line or a check, and puts back.

What lives here: GiveDiscount, CompLines, RemoveDiscount, their events and rules; what a discount may be at all is in
discount_terms.py. In which order discounts come off, and that
nothing goes below zero, is order arithmetic's (golden rules 2 and 9); promotions, which give themselves, are in promotions.py.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import msgspec

from shared.domain.check.acts import (
    before,
    changed,
    ensure_approved,
    ensure_ids,
    ensure_not_overpaid,
    ensure_reason,
    ensure_unchanged,
    find_check,
)  # fmt: skip
from shared.domain.check.discount_terms import ensure_not_twice, ensure_rate_or_amount, lines_in_scope, lines_meant
from shared.domain.check.reckoning import money_changed
from shared.domain.check.state import Check, GivenDiscount
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.rules import DiscountRule
from shared.domain.text import Id, Note, ensure_text
from shared.limits import AMOUNT_MINOR_MAX, CHECK_DISCOUNTS_MAX, CHECK_LINES_MAX, NAME_LENGTH_MAX

__all__ = ["FEATURE", "CompLines", "DiscountGiven", "DiscountRemoved", "GiveDiscount", "RemoveDiscount"]

LineIds = Annotated[tuple[Id, ...], msgspec.Meta(max_length=CHECK_LINES_MAX, description="lines; a combo's id names all its components")]
Rate = Annotated[str, msgspec.Meta(max_length=40, description='an exact rate above 0% and up to 100%, such as "12.5%"')]
Amount = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX, description="minor units")]


class GiveDiscount(Command, frozen=True):
    """Take something off lines, or off the whole check: by the `rule_id` of a discount of the menu, or as somebody makes it up,
    with a `name`, a `rate` or an `amount_minor`, and a `scope`; that needs approval and a reason.

    What is given on `line_ids` is of the scope item. A percentage is one of each of the lines, an amount is shared out.
    """

    check_id: Id
    discount_id: Id
    rule_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    name: Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)] = ""
    rate: Rate = ""
    amount_minor: Amount = 0
    scope: Literal["item", "order"] = "order"
    line_ids: LineIds = ()
    reason: Note = ""
    revision: int | None = None


class CompLines(Command, frozen=True):
    """Give lines away, with approval and a reason; they stay in gross sales, and are shown as a comp. With a `rate` or an
    `amount_minor` only that much of what is left of them."""

    check_id: Id
    discount_id: Id
    line_ids: Annotated[LineIds, msgspec.Meta(min_length=1)]
    reason: Note = ""
    rate: Rate = ""
    amount_minor: Amount = 0
    revision: int | None = None


class RemoveDiscount(Command, frozen=True):
    """Take a discount or comp off the check again."""

    check_id: Id
    discount_id: Id
    revision: int | None = None


class DiscountGiven(Event, frozen=True):
    check_id: str
    discount: GivenDiscount


class DiscountRemoved(Event, frozen=True):
    check_id: str
    discount_id: str


# --- decisions -------------------------------------------------------------------------------------


def _give(view: View, command: GiveDiscount, context: Context) -> Iterable[Event]:
    check = _ready(view, command.check_id, command.discount_id, command.revision)
    ensure_text(command.name, command.reason)
    given = _by_rule(check, command, context) if command.rule_id else _made_up(check, command, context)
    ensure_not_twice(check, given)
    yield from _given(check, given)


def _comp(view: View, command: CompLines, context: Context) -> Iterable[Event]:
    check = _ready(view, command.check_id, command.discount_id, command.revision)
    approver = ensure_approved(context, "A comp")
    ensure_reason(context, "comp", command.reason)
    rate = command.rate or ("" if command.amount_minor else "100%")
    ensure_rate_or_amount(check, rate, command.amount_minor)
    comp = GivenDiscount(
        discount_id=command.discount_id, name="Comp", scope="comp", rate=rate, amount_minor=command.amount_minor,
        line_ids=lines_meant(check, command.line_ids), reason=command.reason, given_by=context.actor_id, approved_by=approver,
    )  # fmt: skip
    ensure_not_twice(check, comp)
    yield from _given(check, comp)


def _remove(view: View, command: RemoveDiscount, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "discount")
    ensure_unchanged(check, command.revision)
    found = next((each for each in check.discounts if each.discount_id == command.discount_id), None)
    if found is None:
        raise Refused("discount.not_given", f"Check {check.number} has no discount {command.discount_id}.", check_id=check.check_id)
    rules = {each.id for each in context.menu.rules.promotions}
    if found.scope == "promotion" and not found.granted and found.rule_id in rules:
        raise Refused("discount.by_rule", f"{found.name} is on check {check.number} by rule.", check_id=check.check_id)
    yield DiscountRemoved(check_id=check.check_id, discount_id=found.discount_id)


def _ready(view: View, check_id: str, discount_id: str, revision: int | None) -> Check:
    """The check, if a discount of that id can be put on it."""
    check = find_check(view, check_id, "discount")
    ensure_unchanged(check, revision)
    ensure_ids(discount_id)
    if any(each.discount_id == discount_id for each in check.discounts):
        raise Refused("discount.already_given", f"Discount {discount_id} stands on check {check.number}.", check_id=check_id)
    if sum(each.scope != "promotion" for each in check.discounts) >= CHECK_DISCOUNTS_MAX:
        detail = f"Check {check.number} has {CHECK_DISCOUNTS_MAX} discounts."
        raise Refused("check.too_many_discounts", detail, check_id=check_id, maximum=CHECK_DISCOUNTS_MAX)
    return check


def _by_rule(check: Check, command: GiveDiscount, context: Context) -> GivenDiscount:
    rules = context.menu.rules.discounts
    rule = next((each for each in rules if each.id == command.rule_id), None)
    if rule is None:
        known = [each.id for each in rules]
        raise Refused("discount.unknown", f"The menu has no discount {command.rule_id!r}.", check_id=check.check_id, discounts=known)
    if command.rate or command.amount_minor:
        raise Refused("discount.malformed", f"{rule.name} says by itself what comes off.", check_id=check.check_id)
    ensure_rate_or_amount(check, rule.rate, rule.amount_minor)
    return GivenDiscount(
        discount_id=command.discount_id, name=rule.name, scope=rule.scope, rate=rule.rate, amount_minor=rule.amount_minor,
        line_ids=lines_in_scope(check, rule.scope, command.line_ids), rule_id=rule.id, reason=command.reason, given_by=context.actor_id,
        approved_by=_approver(rule, context),
    )  # fmt: skip


def _approver(rule: DiscountRule, context: Context) -> str:
    return ensure_approved(context, rule.name) if rule.needs_approval else ""


def _made_up(check: Check, command: GiveDiscount, context: Context) -> GivenDiscount:
    approver = ensure_approved(context, "A discount that is not on the menu")
    ensure_reason(context, "discount", command.reason)
    if not command.name.strip():
        raise Refused("discount.malformed", "A discount that is not on the menu needs a name.", check_id=check.check_id)
    ensure_rate_or_amount(check, command.rate, command.amount_minor)
    scope = "item" if command.line_ids else command.scope
    return GivenDiscount(
        discount_id=command.discount_id, name=command.name, scope=scope, rate=command.rate, amount_minor=command.amount_minor,
        line_ids=lines_in_scope(check, scope, command.line_ids), reason=command.reason, given_by=context.actor_id, approved_by=approver,
    )  # fmt: skip


def _given(check: Check, given: GivenDiscount) -> Iterable[Event]:
    ensure_not_overpaid(_with(check, given))
    yield DiscountGiven(check_id=check.check_id, discount=given)


# --- state -----------------------------------------------------------------------------------------


def _with(check: Check, given: GivenDiscount) -> Check:
    return money_changed(check, discounts=(*check.discounts, given))


def _was_given(view: View, event: DiscountGiven, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "discount")
    if any(each.discount_id == event.discount.discount_id for each in check.discounts):
        raise ValueError(f"discount {event.discount.discount_id} was given twice on check {event.check_id}")
    return changed(_with(check, event.discount))


def _removed(view: View, event: DiscountRemoved, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "discount")
    left = tuple([each for each in check.discounts if each.discount_id != event.discount_id])
    if len(left) == len(check.discounts):
        raise LookupError(f"an event removes a discount that check {event.check_id} does not have: {event.discount_id}")
    return changed(money_changed(check, discounts=left))


FEATURE = Feature(
    name="check.discounting",
    deciders={GiveDiscount: ("order", _give), CompLines: ("order", _comp), RemoveDiscount: ("order", _remove)},
    evolvers={DiscountGiven: _was_given, DiscountRemoved: _removed},
    errors={
        "discount.unknown": ErrorInfo(422, "The menu has no such discount.", "Choose one that the menu lists."),
        "discount.malformed": ErrorInfo(
            422, "That is no discount.", "Name a discount of the menu, or say a name, a rate up to 100% or an amount, and what it is off."
        ),
        "discount.already_given": ErrorInfo(409, "A discount of that id is on the check.", "Give every new discount an id of its own."),
        "discount.repeated": ErrorInfo(409, "That discount is on it already.", "Nothing needs to be done, or remove it first."),
        "discount.not_given": ErrorInfo(404, "The check has no such discount.", "Load the check again."),
        "discount.by_rule": ErrorInfo(409, "The promotion is on the check by rule.", "Change the lines that it is for, or the menu."),
        "line.not_discountable": ErrorInfo(409, "The line is sold at its price.", "Leave it out of the discount."),
        "check.too_many_discounts": ErrorInfo(409, "The check has as many discounts as it can hold.", "Remove some that are not needed."),
    },
)
