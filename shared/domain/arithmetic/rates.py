"""Exact rates as pairs of integers, and rounding of such products: the inner loop of arithmetic.

What lives here: the same rules as money.py's `parse_rate` and `ROUNDING`, without the price of a Fraction for each product.
"""

from collections.abc import Callable
from functools import lru_cache

from shared.domain.money import parse_rate
from shared.limits import RATES_CACHED_MAX

__all__ = ["rate_of", "ratio", "round_ratio"]


@lru_cache(maxsize=RATES_CACHED_MAX)
def ratio(rate: str) -> tuple[int, int]:
    """(numerator, denominator) of a rate that is not negative, such as "8.875%", "71/800" or "0.347".

    Raises ValueError with a sentence for anything else.
    """
    parsed = parse_rate(rate)
    if parsed < 0:
        raise ValueError(f"{rate!r} is below zero")
    return parsed.numerator, parsed.denominator


# Whether a magnitude of `whole` and `rest/denominator` is rounded away from zero.
_AWAY: dict[str, Callable[[int, int, int], bool]] = {
    "half_up": lambda whole, rest, denominator: 2 * rest >= denominator,
    "half_even": lambda whole, rest, denominator: 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1),
    "up": lambda whole, rest, denominator: rest > 0,
    "down": lambda whole, rest, denominator: False,
}


def round_ratio(numerator: int, denominator: int, rounding: str = "half_up") -> int:
    """`numerator / denominator` as the nearest integer by the named rule, symmetric for negative ones; the denominator is positive."""
    whole, rest = divmod(abs(numerator), denominator)
    whole += _AWAY[rounding](whole, rest, denominator)
    return whole if numerator >= 0 else -whole


def rate_of(amount_minor: int, rate: str, rounding: str = "half_up") -> int:
    """`amount_minor * rate`, rounded once."""
    numerator, denominator = ratio(rate)
    return round_ratio(amount_minor * numerator, denominator, rounding)
