"""Discounts, promotions and comps (golden rules 2 and 9): what is left of each line.

What lives here: their order, their rounding, and their allocation to lines. Taxes are known only as what decides ties.
"""

from collections.abc import Sequence

from shared.domain.arithmetic.profiles import Profile, tie_order
from shared.domain.arithmetic.rates import rate_of
from shared.domain.arithmetic.types import AppliedDiscount, Discount, Line, LineShare
from shared.domain.money import allocate

__all__ = ["apply_discounts"]

# In which order they apply, by (scope, whether it is fixed); within a stage in the order in which they were given.
_STAGES: dict[tuple[str, bool], int] = {
    ("promotion", False): 0,
    ("promotion", True): 0,
    ("item", False): 1,
    ("item", True): 2,
    ("comp", False): 3,
    ("comp", True): 3,
    ("order", False): 4,
    ("order", True): 5,
}


def apply_discounts(
    lines: Sequence[Line], profiles: Sequence[Profile], discounts: Sequence[Discount]
) -> tuple[list[int], list[AppliedDiscount]]:
    """(what is left of each line, the discounts as they came out), in minor units; nothing is left of voided lines.

    Promotions, item percentages, item fixed, comps, order percentages, order fixed. Each percentage is of what the ones
    before have left, and rounded. Nothing goes below zero: what cannot be applied is reported as such. Decided here:
    a comp comes after what would have come off anyway, so that it shows what the house gives away, and before the discounts
    of the whole check, which then fall on what is paid for; odd cents of a promotion go to the line that it names first.
    Raises ValueError for a discount that is neither or both of rate and amount, below zero, or that names the wrong lines.
    """
    places = {line.id: place for place, line in enumerate(lines)}
    if len(places) < len(lines):
        raise ValueError("two lines have one id")
    left = [0 if line.voided else line.amount_minor for line in lines]
    if left and min(left) < 0:
        raise ValueError("a line costs less than nothing")
    if not discounts:
        return left, []
    for discount in discounts:
        _ensure_sound(discount, places)
    whole = [place for place, line in enumerate(lines) if line.discountable and not line.voided]
    by_amount = any(profile.is_per_line for profile in set(profiles))
    ties = None if by_amount else tie_order(profiles, left)
    applied: list[AppliedDiscount] = []
    for discount in sorted(discounts, key=lambda discount: _STAGES[discount.scope, not discount.rate]):
        if discount.scope == "order":
            applied.append(_apply(discount, whole, left, lines, tie_order(profiles, left) if by_amount else ties))
        else:
            applied.append(_apply(discount, [places[id] for id in discount.line_ids], left, lines, None))
    return left, applied


def _ensure_sound(discount: Discount, places: dict[str, int]) -> None:
    if bool(discount.rate) == bool(discount.amount_minor) or discount.amount_minor < 0:
        raise ValueError(f"the discount {discount.id} needs either a rate or an amount above zero")
    counts = {"order": not discount.line_ids, "item": len(discount.line_ids) == 1}
    if not counts.get(discount.scope, bool(discount.line_ids)):
        raise ValueError(f"the discount {discount.id} of scope {discount.scope} names {len(discount.line_ids)} lines")
    if len(set(discount.line_ids)) < len(discount.line_ids) or not places.keys() >= set(discount.line_ids):
        raise ValueError(f"the discount {discount.id} names a line twice, or one that is not there")


def _apply(discount: Discount, at: list[int], left: list[int], lines: Sequence[Line], ties: list[int] | None) -> AppliedDiscount:
    """Take the discount off `left`, at these places; `ties` are places of the whole check, or None for the order of `at`."""
    weights = [left[place] for place in at]
    most = sum(weights)
    asked = rate_of(most, discount.rate) if discount.rate else discount.amount_minor
    amount = min(asked, most)
    shares: list[LineShare] = []
    if amount:
        if ties and len(at) < len(left):
            index = {place: i for i, place in enumerate(at)}
            ties = [index[place] for place in ties if place in index]
        parts = allocate(amount, weights, ties)
        shares = [LineShare(lines[place].id, part) for place, part in zip(at, parts, strict=True) if part]
        for place, part in zip(at, parts, strict=True):
            left[place] -= part
    return AppliedDiscount(id=discount.id, scope=discount.scope, applied_minor=amount, unapplied_minor=asked - amount, lines=tuple(shares))
