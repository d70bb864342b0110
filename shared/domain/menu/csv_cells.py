"""What stands in a cell: prices, lists, rates, numbers and choices, read and written.

What lives here: the values of cells, each with its inverse. Columns, items and rows are not known here.
"""

import re
from typing import cast

from shared.domain.menu.csv_codes import CellError
from shared.domain.money import exponent, format_amount, parse_rate

__all__ = ["read_choice", "read_list", "read_number", "read_price", "read_tax", "write_choice", "write_list", "write_price", "write_tax"]

_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0"})
_GROUPED = 3  # digits of a thousand
_DIGITS_MAX = 15  # digits of a price: far above the bound on amounts, far below what slows int()
_PRICE = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[.,][0-9]+")
_SPACED = re.compile("(?<=[0-9])[\u00a0\u202f](?=[0-9]{3}(?![0-9]))")  # the thin space that some countries group thousands by
_ESCAPES: dict[str, str] = {r"\|": "|", "\\\\": "\\"}
_PIECES = re.compile(r"\\.|[|]|[^\\|]+|\\", re.DOTALL)


# --- prices ----------------------------------------------------------------------------------------


def read_price(text: str, currency: str) -> int:
    """Minor units from `12.50`, `12,50`, `1,234.50` or `1.234,50`. Raises CellError `csv.price_malformed`, or `csv.price_ambiguous` for
    what is a thousand to some and a little more than one to others: `1.250`."""
    bare = text.strip().removesuffix(currency).removeprefix(currency).strip(" $€£¥\u00a0\u202f")
    bare = _SPACED.sub("", bare)
    if not _PRICE.fullmatch(bare) or len(bare) > _DIGITS_MAX:
        raise CellError("csv.price_malformed", f"{text[:40]!r} is no price.")
    places = exponent(currency)
    sign = max(".,", key=bare.rfind)  # whichever stands last
    other = "." if sign == "," else ","
    whole, found, decimals = bare.rpartition(sign)
    if not found:
        whole, decimals = bare, ""
    elif other not in bare and (bare.count(sign) > 1 or (len(decimals) == _GROUPED and places == 0)):
        whole, decimals = bare, ""  # nothing but thousands
    elif other not in bare and len(decimals) == _GROUPED and places != _GROUPED and whole.strip("0"):
        raise CellError("csv.price_ambiguous", f"{text[:40]!r} can be read in two ways.")
    if sign in whole and other in whole:
        raise CellError("csv.price_malformed", f"{text[:40]!r} is no price.")
    first, *groups = re.split("[.,]", whole)
    if any(len(group) != _GROUPED for group in groups) or (groups and not 1 <= len(first) <= _GROUPED):
        raise CellError("csv.price_malformed", f"{text[:40]!r} is no price: separators of thousands stand before every three digits.")
    if decimals[places:].strip("0"):
        raise CellError("csv.price_malformed", f"{text[:40]!r} has more decimals than {currency} has.")
    return int((first + "".join(groups) or "0") + decimals[:places].ljust(places, "0"))


def write_price(amount_minor: int, currency: str, separator: str) -> str:
    """The price with the decimal sign that belongs to a separator of cells: a comma beside semicolons."""
    text = format_amount(amount_minor, currency)
    return text.replace(".", ",") if separator == ";" else text


# --- lists, numbers, choices -----------------------------------------------------------------------


def read_list(text: str) -> list[str]:
    """What stands between bars: `gluten | milk`; a bar or backslash that belongs to a name follows a backslash."""
    parts = [""]
    for piece in cast("list[str]", _PIECES.findall(text)):
        if piece == "|":
            parts.append("")
        else:
            parts[-1] += _ESCAPES.get(piece, piece)
    return [part.strip() for part in parts if part.strip()]


def write_list(parts: list[str] | tuple[str, ...]) -> str:
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def read_number(text: str) -> int:
    """A whole number. Raises CellError `csv.number_malformed`."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise CellError("csv.number_malformed", f"{text[:40]!r} is no whole number.")
    return int(text)


def read_choice(text: str) -> bool:
    """Yes or no. Raises CellError `csv.choice_malformed`."""
    word = text.lower()
    if word not in _YES | _NO:
        raise CellError("csv.choice_malformed", f"{text[:40]!r} is neither yes nor no.")
    return word in _YES


def write_choice(value: bool) -> str:
    return "yes" if value else "no"


# --- taxes -----------------------------------------------------------------------------------------


def read_tax(text: str) -> tuple[str, str, bool]:
    """(id, rate or "", whether it is in the price) from `food`, `food=7%` or `food=7% incl`. Raises CellError `csv.rate_malformed`."""
    id, given, rate = text.rpartition("=")
    if not given:
        return text.strip(), "", False
    rate = rate.strip()
    inclusive = rate.lower().endswith("incl")
    rate = rate[: -len("incl")].strip() if inclusive else rate
    rate = rate.replace(",", ".")
    try:
        parse_rate(rate)
    except ValueError as error:
        raise CellError("csv.rate_malformed", f"{text[:60]!r}: {error}.") from error
    return id.strip(), rate, inclusive


def write_tax(id: str, rate: str, inclusive: bool) -> str:
    return f"{id}={rate} incl" if inclusive else f"{id}={rate}"
