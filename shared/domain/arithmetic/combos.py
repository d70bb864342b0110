"""The price of a combo over its components (golden rule 10), so that each component is taxed at its own rate.

What lives here: the division of one price. What may be chosen for a combo is not known here.
"""

from collections.abc import Sequence

from shared.domain.money import allocate

__all__ = ["combo_amounts"]


def combo_amounts(price_minor: int, standalone_minor: Sequence[int], quantity: int = 1, extras_minor: Sequence[int] = ()) -> list[int]:
    """What each component of a combo costs: the price by largest remainder on the stand-alone prices.

    Decided here: one combo is divided and then multiplied by the quantity, so that every unit on the line is alike and any
    of them can be taken back; and what a component costs extra (`extras_minor`, for one unit: a large drink, a modifier)
    stays with that component, on top of its part. Raises ValueError for a negative price, extra or quantity, or for no components.
    """
    extras = extras_minor or [0] * len(standalone_minor)
    if price_minor < 0 or quantity < 0 or any(extra < 0 for extra in extras):
        raise ValueError("a combo's price, extras and quantity must not be negative")
    parts = allocate(price_minor, standalone_minor)
    return [(part + extra) * quantity for part, extra in zip(parts, extras, strict=True)]
