"""What follows by rule from a change of a check: promotions and automatic service charges come and go.

What lives here: the one function that every rule module asks after a change of lines, covers or dining option, and its events.
Which promotions and charges hold is in promotions.py and charging.py.
"""

from collections.abc import Iterable, Mapping

from shared.domain.check.acts import before, changed, ensure_not_overpaid
from shared.domain.check.charging import automatic_charges
from shared.domain.check.promotions import promotions_of
from shared.domain.check.reckoning import money_changed, total_minor
from shared.domain.check.state import Check, GivenCharge, GivenDiscount
from shared.domain.kernel import Aggregate, Context, Event, Feature, Key, Meta, View

__all__ = ["FEATURE", "ChargesApplied", "PromotionsApplied", "settle"]


class PromotionsApplied(Event, frozen=True):
    """All promotions that hold on the check from here on, in the order in which they come off."""

    check_id: str
    promotions: tuple[GivenDiscount, ...]


class ChargesApplied(Event, frozen=True):
    """All automatic service charges on the check from here on; those that were added by hand stay."""

    check_id: str
    charges: tuple[GivenCharge, ...]


def settle(after: Check, context: Context) -> Iterable[Event]:
    """The events by which promotions and automatic charges on `after` (the check as the decision leaves it) become what the
    menu's rules say; none where they are so already, and at no cost where the menu has neither.

    No rule makes a check overpaid, for whoever pays has paid what the bill said: on one that is paid in part what the rules
    would say is left until it fits (a bundle that came together after its first half was paid comes off with the next round).
    Nor is a waiter refused what he does because of a rule that he does not see: where what stands would make the check
    overpaid (the pizza was voided that the free one came with), it is taken away. Raises Refused `check.overpaid` where the
    check would come to less than was paid whatever the rules say; so an act that calls this need not ask for itself.
    """
    rules = context.menu.rules
    if not after.is_live or not (rules.promotions or rules.service_charges or after.charges or after.paid_minor):
        return
    promotions = _promotions(after)
    charges = tuple([charge for charge in after.charges if charge.automatic])
    due_promotions = promotions_of(after, context.menu, context.zone)
    due_charges = automatic_charges(after, rules)
    if after.paid_minor > 0 and not after.closings:
        due_promotions, due_charges = _affordable(
            after,
            ((due_promotions, due_charges), (due_promotions, charges), (promotions, due_charges), (promotions, charges),
             ((), due_charges), ((), charges)),
        )  # fmt: skip
    if due_promotions != promotions:
        yield PromotionsApplied(check_id=after.check_id, promotions=due_promotions)
    if due_charges != charges:
        yield ChargesApplied(check_id=after.check_id, charges=due_charges)


_Ruled = tuple[tuple[GivenDiscount, ...], tuple[GivenCharge, ...]]


def _affordable(after: Check, choices: Iterable[_Ruled]) -> _Ruled:
    """The first of the choices under which the check comes to what was paid on it, or more."""
    tried: Check = after
    for promotions, charges in choices:
        tried = _with_charges(_with_promotions(after, promotions), charges)
        if total_minor(tried) >= after.paid_minor:
            return promotions, charges
    ensure_not_overpaid(tried)
    raise AssertionError("a check that comes to less than was paid is overpaid")


def _promotions(check: Check) -> tuple[GivenDiscount, ...]:
    return tuple([each for each in check.discounts if each.scope == "promotion"]) if check.discounts else ()


def _with_promotions(check: Check, promotions: tuple[GivenDiscount, ...]) -> Check:
    if promotions == _promotions(check):
        return check
    return money_changed(check, discounts=(*promotions, *[each for each in check.discounts if each.scope != "promotion"]))


def _with_charges(check: Check, charges: tuple[GivenCharge, ...]) -> Check:
    if charges == tuple([charge for charge in check.charges if charge.automatic]):
        return check
    return money_changed(check, charges=(*charges, *[charge for charge in check.charges if not charge.automatic]))


def _promoted(view: View, event: PromotionsApplied, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_with_promotions(before(view, event.check_id, "discount"), event.promotions))


def _charged(view: View, event: ChargesApplied, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_with_charges(before(view, event.check_id, "discount"), event.charges))


FEATURE = Feature(name="check.settling", evolvers={PromotionsApplied: _promoted, ChargesApplied: _charged})
