"""The taxes of a line, put in order once: what is in the price, what comes on top, and which tax is raised on which.

What lives here: profiles of taxes and the order in which odd cents are given out. Amounts are not known here.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

import msgspec

from shared.domain.arithmetic.rates import ratio
from shared.domain.arithmetic.types import Tax
from shared.limits import RATES_CACHED_MAX

__all__ = ["Profile", "in_order_of_bases", "in_tie_order", "members_of", "nets_of", "profile_of"]


class Profile(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """The taxes on a line, by key; `taxes` are the inclusive ones, then the others.

    `parts` are the exact shares of the price that its inclusive taxes are. One `is_tangled` whose taxes on top hang on how other
    taxes fall on its lines, to the cent; of any other the sum of its lines says what it is taxed.
    """

    key: tuple[tuple[str | bool | tuple[str, ...], ...], ...]
    taxes: tuple[Tax, ...]
    inclusive: tuple[Tax, ...]
    exclusive: tuple[Tax, ...]
    parts: tuple[tuple[int, int], ...]
    is_per_line: bool
    is_tangled: bool


@lru_cache(maxsize=RATES_CACHED_MAX)
def profile_of(taxes: tuple[Tax, ...]) -> Profile:
    """The profile of a line's taxes, in whatever order they stand on it.

    Raises ValueError for a tax that stands on the line twice, for taxes raised on one another, and for a tax in the price
    that is raised on one which is not in it.
    """
    ids = [tax.id for tax in taxes]
    if len(set(ids)) < len(ids):
        raise ValueError(f"a tax stands twice on a line: {sorted(ids)}")
    ordered = in_order_of_bases(taxes)
    inclusive = tuple(tax for tax in ordered if tax.inclusive)
    exclusive = tuple(tax for tax in ordered if not tax.inclusive)
    for tax in inclusive:
        if set(tax.on) & {other.id for other in exclusive}:
            raise ValueError(f"the tax {tax.id} is in the price and cannot be raised on one that comes on top")
    return Profile(
        key=tuple(_key(tax) for tax in sorted(taxes, key=_key)),
        taxes=inclusive + exclusive,
        inclusive=inclusive,
        exclusive=exclusive,
        parts=_parts(inclusive),
        is_per_line=any(tax.per_line for tax in taxes),
        is_tangled=bool(exclusive) and (bool(inclusive) or any(tax.on for tax in exclusive)),
    )


def _key(tax: Tax) -> tuple[str | bool | tuple[str, ...], ...]:
    return tax.id, tax.rate, tax.inclusive, tax.rounding, tax.per_line, tax.on, tax.exempt, tax.name


def _parts(inclusive: tuple[Tax, ...]) -> tuple[tuple[int, int], ...]:
    """`r / (1 + sum of the inclusive rates)` of each; the rate of a compound tax is that on the net: `r * (1 + rates it is on)`."""
    rates: dict[str, Fraction] = {}
    for tax in inclusive:
        rates[tax.id] = Fraction(*ratio(tax.rate)) * (1 + sum((rates[id] for id in tax.on if id in rates), Fraction(0)))
    whole = 1 + sum(rates.values(), Fraction(0))
    return tuple((rate / whole).as_integer_ratio() for rate in rates.values())


def in_order_of_bases(taxes: Iterable[Tax]) -> list[Tax]:
    """Taxes so that each comes after those that it is raised on, and otherwise by key. Raises ValueError for a circle."""
    waiting = sorted(taxes, key=_key)
    if not any(tax.on for tax in waiting):
        return waiting
    ordered: list[Tax] = []
    while waiting:
        open_ids = {tax.id for tax in waiting}
        ready = [tax for tax in waiting if not open_ids.intersection(tax.on)]
        if not ready:
            raise ValueError(f"taxes are raised on one another: {sorted(open_ids)}")
        ordered += ready
        waiting = [tax for tax in waiting if open_ids.intersection(tax.on)]
    return ordered


def members_of(profiles: Sequence[Profile]) -> dict[Profile, list[int]]:
    """The places of the lines of each profile, in the order in which profiles and lines stand."""
    members: dict[Profile, list[int]] = {}
    for place, profile in enumerate(profiles):
        if profile in members:
            members[profile].append(place)
        else:
            members[profile] = [place]
    return members


def in_tie_order(members: Mapping[Profile, Sequence[int]], amounts: Sequence[int]) -> list[tuple[Profile, Sequence[int]]]:
    """The same in the order in which lines get odd cents of equal claim.

    Ties go to the earliest line. Decided here: among lines that are taxed differently they go by the taxes instead, and
    where a tax rounds on each line by amount before place, because otherwise the totals of a check would hang on the order
    in which its lines were added.
    """
    ranked = sorted(members.items(), key=_member_key) if len(members) > 1 else list(members.items())
    if any(profile.is_per_line for profile in members):
        return [(profile, sorted(places, key=lambda place: -amounts[place])) for profile, places in ranked]
    return ranked


def _member_key(member: tuple[Profile, Sequence[int]]) -> tuple[tuple[str | bool | tuple[str, ...], ...], ...]:
    return member[0].key


def nets_of(prices_minor: Sequence[int], profiles: Sequence[Profile]) -> dict[Profile, int]:
    """What the lines of each profile come to together."""
    nets: dict[Profile, int] = {}
    for price, profile in zip(prices_minor, profiles, strict=True):
        if profile in nets:
            nets[profile] += price
        else:
            nets[profile] = price
    return nets
