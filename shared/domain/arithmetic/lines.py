"""What one line costs at menu price (golden rule 1).

What lives here: base, modifiers, quantity and weight. Discounts and taxes are not known here.
"""

from collections.abc import Iterable

from shared.domain.arithmetic.rates import ratio, round_ratio

__all__ = ["line_amount", "weighed_amount"]


def line_amount(base_minor: int, modifiers_minor: Iterable[int] = (), quantity: int | str = 1) -> int:
    """(base + modifiers) x quantity in minor units, rounded once.

    A quantity that is no whole number is written as text ("1.5", "1/2") and exact. Decided here: a modifier may take
    something off (no side dish), but a line never costs less than nothing. Raises ValueError for a quantity below zero.
    """
    if isinstance(quantity, int):
        if quantity < 0:
            raise ValueError(f"a quantity of {quantity} is below zero")
        return max(0, (base_minor + sum(modifiers_minor)) * quantity)
    numerator, denominator = ratio(quantity)
    return max(0, round_ratio((base_minor + sum(modifiers_minor)) * numerator, denominator))


def weighed_amount(price_minor: int, weight: str, modifiers_minor: Iterable[int] = ()) -> int:
    """Price x weight, rounded, plus the modifiers, which do not grow with the weight.

    `price_minor` is for one unit of weight, `weight` an exact decimal in that unit ("0.347"), net of tare. As with
    `line_amount`, never less than nothing. Raises ValueError for a weight below zero or that is none.
    """
    numerator, denominator = ratio(weight)
    return max(0, round_ratio(price_minor * numerator, denominator) + sum(modifiers_minor))
