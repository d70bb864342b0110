"""Discounts, promotions and comps (golden rules 2 and 9): what is left of each line.

What lives here: their order, their rounding, and their allocation to lines. Taxes are known only as what decides ties.
"""

from collections.abc import Sequence

from shared.domain.arithmetic.profiles import Profile, in_tie_order, members_of
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
    lines: Sequence[Line], profiles: Sequence[Profile], discounts: Sequence[Discount], detailed: bool = True
) -> tuple[list[int], list[AppliedDiscount]]:
    """(what is left of each line, the discounts as they came out), in minor units; nothing is left of voided lines.

    Promotions, item percentages, item fixed, comps, order percentages, order fixed. Each percentage is of what the ones
    before have left, and rounded; an item percentage on several lines is one of each of them. Nothing goes below zero: what
    cannot be applied is reported as such. Decided here: a comp comes after what would have come off anyway, so that it shows
    what the house gives away, and before the discounts of the whole check, which then fall on what is paid for; odd cents go
    to the line that a discount names first. Not `detailed`, the discounts do not say which line bears what.
    Raises ValueError for a discount that is neither or both of rate and amount, below zero, or that names the wrong lines.
    """
    left = [0 if line.voided else line.amount_minor for line in lines]
    if left and min(left) < 0:
        raise ValueError("a line costs less than nothing")
    places = {line.id: place for place, line in enumerate(lines)}
    if len(places) < len(lines):
        raise ValueError("two lines have one id")
    if not discounts:
        return left, []
    whole: list[int] | None = None
    applied: list[AppliedDiscount] = []
    for discount in sorted(discounts, key=lambda discount: _STAGES[discount.scope, not discount.rate]):
        _ensure_sound(discount, places)
        if discount.scope == "order":
            if whole is None or any(profile.is_per_line for profile in profiles):
                whole = _whole(lines, profiles, left)
            applied.append(_apply(discount, whole, left, lines, detailed))
        else:
            applied.append(_apply(discount, [places[id] for id in discount.line_ids], left, lines, detailed))
    return left, applied


def _ensure_sound(discount: Discount, places: dict[str, int]) -> None:
    if bool(discount.rate) == bool(discount.amount_minor) or discount.amount_minor < 0:
        raise ValueError(f"the discount {discount.id} needs either a rate or an amount above zero")
    if (discount.scope == "order") == bool(discount.line_ids):
        raise ValueError(f"the discount {discount.id} of scope {discount.scope} names {len(discount.line_ids)} lines")
    named = set(discount.line_ids)
    if len(named) < len(discount.line_ids) or not places.keys() >= named:
        raise ValueError(f"the discount {discount.id} names a line twice, or one that is not there")
    parts = discount.parts_minor
    if parts and (len(parts) != len(discount.line_ids) or min(parts) < 0 or sum(parts) != discount.amount_minor):
        raise ValueError(f"the parts of the discount {discount.id} are not one for each line, which add up to its amount")


def _whole(lines: Sequence[Line], profiles: Sequence[Profile], left: Sequence[int]) -> list[int]:
    """The places of what a discount of the whole check is on, in the order in which they get odd cents."""
    free = [line.discountable and not line.voided for line in lines]
    ranked = in_tie_order(members_of(profiles), left)
    return [place for _, own in ranked for place in own if free[place]]


def _apply(discount: Discount, at: list[int], left: list[int], lines: Sequence[Line], detailed: bool) -> AppliedDiscount:
    """Take the discount off `left`, at these places."""
    weights = [left[place] for place in at]
    if discount.parts_minor:
        asked, parts = discount.amount_minor, list(map(min, discount.parts_minor, weights))
    elif discount.scope == "item" and discount.rate:
        wanted = [rate_of(weight, discount.rate) for weight in weights]
        asked, parts = sum(wanted), list(map(min, wanted, weights))
    else:
        most = sum(weights)
        asked = rate_of(most, discount.rate) if discount.rate else discount.amount_minor
        parts = allocate(min(asked, most), weights)
    shares: tuple[LineShare, ...] = ()
    for place, part in zip(at, parts, strict=True):
        left[place] -= part
    amount = sum(parts)
    if detailed and amount:
        shares = tuple([LineShare(lines[place].id, part) for place, part in zip(at, parts, strict=True) if part])
    return AppliedDiscount(id=discount.id, scope=discount.scope, applied_minor=amount, unapplied_minor=asked - amount, lines=shares)
