"""Service charges: by rule of the menu, or added by hand, and waived.

What lives here: AddCharge, WaiveCharge, their events and rules, and which charges the menu's rules put on a check. What a charge
comes to is order arithmetic's (golden rule 3); when rules are asked is in settling.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from shared.domain.check.acts import (
    before,
    changed,
    ensure_approved,
    ensure_not_overpaid,
    ensure_reason,
    ensure_unchanged,
    find_check,
)  # fmt: skip
from shared.domain.check.reckoning import money_changed
from shared.domain.check.state import Check, CheckStatus, GivenCharge
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.menu.rules import SellingRules, ServiceChargeRule
from shared.domain.text import Id, Note, ShortId
from shared.limits import RULE_IDS_CACHED_MAX

__all__ = ["FEATURE", "AddCharge", "ChargeAdded", "ChargeWaived", "WaiveCharge", "automatic_charges"]


class AddCharge(Command, frozen=True):
    """Put a service charge of the menu on the check by hand; also one that was waived."""

    check_id: Id
    rule_id: ShortId
    revision: int | None = None


class WaiveCharge(Command, frozen=True):
    """Take a service charge off the check, with approval and reason. One that came by rule does not come back."""

    check_id: Id
    charge_id: Id
    reason: Note = ""
    revision: int | None = None


class ChargeAdded(Event, frozen=True):
    check_id: str
    charge: GivenCharge


class ChargeWaived(Event, frozen=True):
    check_id: str
    charge_id: str
    rule_id: str = ""
    reason: str = ""
    approved_by: str = ""


def automatic_charges(check: Check, rules: SellingRules) -> tuple[GivenCharge, ...]:
    """The charges that the rules put on the check: none on one that is merged or that no line is left on, none that was waived,
    and none beside one of the same rule that was added by hand or given by a split."""
    if not rules.service_charges or check.status is CheckStatus.MERGED:
        return ()
    due = [rule for rule in rules.service_charges if 0 < rule.from_covers <= check.covers and _is_for(rule, check)]
    if not due or not check.kept_lines:
        return ()
    stood_down = {charge.rule_id for charge in check.charges if not charge.automatic}.union(check.waived_charges)
    return tuple([_given(check.check_id, rule, automatic=True) for rule in due if rule.id not in stood_down])


def _is_for(rule: ServiceChargeRule, check: Check) -> bool:
    return not rule.dining_options or check.dining_option in rule.dining_options


_charge_id = lru_cache(maxsize=RULE_IDS_CACHED_MAX)(derived_id)


def _given(check_id: str, rule: ServiceChargeRule, automatic: bool) -> GivenCharge:
    return GivenCharge(
        charge_id=_charge_id(check_id, rule.id), name=rule.name, rate=rule.rate, amount_minor=rule.amount_minor, taxable=rule.taxable,
        automatic=automatic, rule_id=rule.id,
    )  # fmt: skip


def _add(view: View, command: AddCharge, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "discount")
    ensure_unchanged(check, command.revision)
    rules: Sequence[ServiceChargeRule] = context.menu.rules.service_charges
    rule = next((each for each in rules if each.id == command.rule_id), None)
    if rule is None:
        known = [each.id for each in rules]
        raise Refused("charge.unknown", f"The menu has no service charge {command.rule_id!r}.", check_id=check.check_id, charges=known)
    if not _is_for(rule, check):
        detail = f"{rule.name} is not for checks that are {check.dining_option}."
        raise Refused("charge.not_for_option", detail, check_id=check.check_id, dining_options=list(rule.dining_options))
    if any(charge.rule_id == rule.id for charge in check.charges):
        raise Refused("charge.already_added", f"{rule.name} is on check {check.number}.", check_id=check.check_id)
    if not check.kept_lines:
        raise Refused("charge.nothing_to_charge", f"Nothing is on check {check.number}.", check_id=check.check_id)
    yield ChargeAdded(check_id=check.check_id, charge=_given(check.check_id, rule, automatic=False))


def _waive(view: View, command: WaiveCharge, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "discount")
    ensure_unchanged(check, command.revision)
    charge = next((each for each in check.charges if each.charge_id == command.charge_id), None)
    if charge is None:
        raise Refused("charge.not_on_check", f"Check {check.number} has no service charge {command.charge_id}.", check_id=check.check_id)
    approver = ensure_approved(context, f"Waiving {charge.name}")
    ensure_reason(context, "waive", command.reason)
    event = ChargeWaived(
        check_id=check.check_id, charge_id=charge.charge_id, rule_id=charge.rule_id, reason=command.reason, approved_by=approver
    )
    ensure_not_overpaid(_without(check, event))
    yield event


def _with(check: Check, charge: GivenCharge) -> Check:
    waived = tuple([id for id in check.waived_charges if id != charge.rule_id])
    return money_changed(check, charges=(*check.charges, charge), waived_charges=waived)


def _without(check: Check, event: ChargeWaived) -> Check:
    waived = check.waived_charges
    if event.rule_id and event.rule_id not in waived:
        waived = (*waived, event.rule_id)
    charges = tuple([charge for charge in check.charges if charge.charge_id != event.charge_id])
    return money_changed(check, charges=charges, waived_charges=waived)


def _added(view: View, event: ChargeAdded, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "discount")
    if any(charge.charge_id == event.charge.charge_id for charge in check.charges):
        raise ValueError(f"the service charge {event.charge.charge_id} was added twice to check {event.check_id}")
    return changed(_with(check, event.charge))


def _waived(view: View, event: ChargeWaived, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "discount")
    if not any(charge.charge_id == event.charge_id for charge in check.charges):
        raise LookupError(f"an event waives a service charge that check {event.check_id} does not have: {event.charge_id}")
    return changed(_without(check, event))


FEATURE = Feature(
    name="check.charging",
    deciders={AddCharge: ("order", _add), WaiveCharge: ("order", _waive)},
    evolvers={ChargeAdded: _added, ChargeWaived: _waived},
    errors={
        "charge.unknown": ErrorInfo(422, "The menu has no such service charge.", "Choose one that the menu lists."),
        "charge.not_for_option": ErrorInfo(
            409, "That service charge is not for this dining option.", "Choose another, or change the option."
        ),
        "charge.already_added": ErrorInfo(409, "That service charge is on the check.", "Nothing needs to be done."),
        "charge.not_on_check": ErrorInfo(404, "The check has no such service charge.", "Load the check again."),
        "charge.nothing_to_charge": ErrorInfo(409, "Nothing is on the check.", "Add lines first."),
    },
)
