"""How the selling rules of a menu can contradict themselves or the rest of it.

What lives here: checks on discounts, promotions, service charges and tenders. What the rules do is in shared/domain/check.
"""

from collections.abc import Iterator

from shared.domain.menu.document import Menu
from shared.domain.menu.problems_kit import Known, id_problems, rate_problem
from shared.domain.menu.rules import DiscountRule, Promotion, ServiceChargeRule

__all__ = ["rule_problems"]

_BUNDLE_ITEMS_MIN = 2


def rule_problems(menu: Menu, known: Known) -> Iterator[str]:
    """Every contradiction of the selling rules, one sentence each."""
    rules = menu.rules
    for discount in rules.discounts:
        yield from _either(f"discount {discount.id!r}", discount)
    for promotion in rules.promotions:
        yield from _promotion(promotion, known)
    for charge in rules.service_charges:
        place = f"service charge {charge.id!r}"
        yield from _either(place, charge)
        yield from id_problems(f"{place} (dining_options)", "dining option", charge.dining_options, known.dining_options)
    if not rules.tenders:
        yield "the rules (tenders) name no way to pay"


def _either(place: str, rule: DiscountRule | ServiceChargeRule) -> Iterator[str]:
    """A rule of a rate or an amount has one of them."""
    if bool(rule.rate) == bool(rule.amount_minor):
        yield f"{place} needs a rate or an amount_minor, and not both"
    elif rule.rate:
        yield from rate_problem(place, rule.rate, above_zero=True)


def _promotion(promotion: Promotion, known: Known) -> Iterator[str]:
    place = f"promotion {promotion.id!r}"
    yield from id_problems(f"{place} (item_ids)", "item", promotion.item_ids, known.items)
    yield from id_problems(f"{place} (category_ids)", "category", promotion.category_ids, known.categories)
    yield from id_problems(f"{place} (daypart_ids)", "daypart", promotion.daypart_ids, known.dayparts)
    if promotion.kind == "bundle":
        if len(promotion.item_ids) < _BUNDLE_ITEMS_MIN or promotion.category_ids:
            yield f"{place} is a bundle: it needs two or more item_ids, and no category_ids"
        if not promotion.amount_minor:
            yield f"{place} is a bundle: it needs an amount_minor, its price"
        return
    yield from rate_problem(place, promotion.rate, above_zero=True)
    if promotion.amount_minor:
        yield f"{place} (amount_minor) is no bundle: it takes off by its rate"
    if promotion.kind == "buy_get" and not (promotion.item_ids or promotion.category_ids):
        yield f"{place} is of the kind buy_get: it needs item_ids or category_ids"
    if promotion.kind == "happy_hour" and not promotion.daypart_ids:
        yield f"{place} is of the kind happy_hour: it needs daypart_ids"
