"""Money as integers: rounding, rates and sharing out.

What lives here: minor units, exact rational rates, the written rounding rules and the largest-remainder
allocation. Floats have no place here, nor has any knowledge of lines, checks or taxes.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

__all__ = ["EXPONENTS", "ROUNDING", "allocate", "apply_rate", "exponent", "format_amount", "parse_amount", "parse_rate", "round_half_up"]

# ISO 4217: currencies whose minor unit is not a hundredth. All others have two decimals.
_BY_EXPONENT: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: dict[str, int] = {currency: places for places, currencies in _BY_EXPONENT.items() for currency in currencies.split()}


def exponent(currency: str) -> int:
    """Decimals of a currency's minor unit (ISO 4217): 2 for USD, 0 for JPY, 3 for OMR."""
    return EXPONENTS.get(currency, 2)


def round_half_up(value: Fraction) -> int:
    """Nearest integer, halves away from zero: 5/2 -> 3, -5/2 -> -3."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    rounded = whole + (2 * rest >= value.denominator)
    return rounded if value >= 0 else -rounded


def _round_half_even(value: Fraction) -> int:
    return round(value)


def _round_up(value: Fraction) -> int:
    whole, rest = divmod(abs(value.numerator), value.denominator)
    rounded = whole + (rest > 0)
    return rounded if value >= 0 else -rounded


def _round_down(value: Fraction) -> int:
    whole = abs(value.numerator) // value.denominator
    return whole if value >= 0 else -whole


ROUNDING: dict[str, Callable[[Fraction], int]] = {
    "half_up": round_half_up,
    "half_even": _round_half_even,
    "up": _round_up,
    "down": _round_down,
}


# No exponents: Fraction("1e999999999") would take all the memory there is.
_RATE = re.compile(r"(?P<over>-?[0-9]{1,18}(?:\.[0-9]{1,18})?)(?:/(?P<under>[0-9]{1,18}))?\s?(?P<percent>%)?")


def parse_rate(text: str) -> Fraction:
    """An exact rate from `"8.875%"`, `"71/800"` or `"0.08875"`.

    Raises ValueError with a sentence when the text is no such rate.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or (match["under"] and not int(match["under"])):
        raise ValueError(f"{text[:40]!r} is no rate: write a percentage such as 8.875% or a fraction such as 71/800")
    rate = Fraction(match["over"]) / int(match["under"] or 1)
    return rate / 100 if match["percent"] else rate


def apply_rate(amount_minor: int, rate: Fraction, rounding: str = "half_up") -> int:
    """`amount_minor * rate`, rounded once by the named rule of `ROUNDING`."""
    return ROUNDING[rounding](amount_minor * rate)


def allocate(amount_minor: int, weights: Sequence[int], ties: Sequence[int] | None = None) -> list[int]:
    """Share out `amount_minor` in proportion to `weights` by largest remainder.

    The parts add up to the amount; ties go to the earliest part, or in the order of the indexes `ties`; the sign of the
    amount is symmetric (`allocate(-a, w)` is `allocate(a, w)` negated). If all weights are zero the amount is shared evenly.
    Weights are not negative. Source: golden/ORDER_MATH.md, preamble.
    """
    if not weights:
        if amount_minor:
            raise ValueError(f"{amount_minor} cannot be shared out over no parts")
        return []
    if min(weights) < 0:
        raise ValueError("weights must not be negative")
    shares, total = weights, sum(weights)
    if not total:
        shares, total = [1] * len(weights), len(weights)
    size = abs(amount_minor)
    parts = [size * share // total for share in shares]
    missing = size - sum(parts)
    if missing:
        # Sorting is stable: equal remainders stay in the order of the ties.
        remainders = [-(size * share % total) for share in shares]
        for index in sorted(ties or range(len(parts)), key=remainders.__getitem__)[:missing]:
            parts[index] += 1
    return parts if amount_minor >= 0 else [-part for part in parts]


_DIGITS_MAX = 15  # digits before the point: far above every bound on amounts, far below what slows int()


def parse_amount(text: str, currency: str) -> int:
    """Minor units from a decimal such as `"12.95"`, `"$12.95"` or `"1,234.50 USD"`.

    A currency sign or code before or after the number is passed over; commas group thousands. More decimals
    than the currency has, or anything else that is no amount, raises ValueError with a sentence.
    """
    bare = text.strip().removeprefix(currency).removesuffix(currency).strip(" $€£¥₩₹\u00a0")
    negative = bare.startswith("-")
    bare = bare.removeprefix("-").strip(" $€£¥₩₹\u00a0")
    if not bare or not (bare[0].isdigit() or bare[0] == ".") or any(c not in "0123456789.," for c in bare):
        raise ValueError(f"{text!r} is no amount: write a decimal such as 12.95")
    whole, _, decimals = bare.partition(".")
    if "," in bare:
        groups = whole.split(",")
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])) or "," in decimals:
            raise ValueError(f"{text!r} is no amount: commas may only group thousands, the decimal sign is a point")
    digits = whole.replace(",", "")
    if "." in decimals or not (digits or decimals) or len(digits) > _DIGITS_MAX:
        raise ValueError(f"{text[:60]!r} is no amount: write a decimal such as 12.95")
    places = exponent(currency)
    if decimals[places:].strip("0"):
        raise ValueError(f"{text[:60]!r} has more decimals than {currency} has")
    amount = int((digits or "0") + decimals[:places].ljust(places, "0"))
    return -amount if negative else amount


def format_amount(amount_minor: int, currency: str) -> str:
    """`1295, "USD"` -> `"12.95"`, for people and exports; the currency is not named."""
    places = exponent(currency)
    sign, digits = ("-", str(-amount_minor)) if amount_minor < 0 else ("", str(amount_minor))
    if not places:
        return sign + digits
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"
