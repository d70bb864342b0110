"""Taxes of a check (golden rule 4): one rounding for each group, allocated back to the lines.

What lives here: taxes over prices, which are lines and parts of service charges alike. Where a price came from is not known
here.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import add, sub

import msgspec

from shared.domain.arithmetic.profiles import Profile, in_order_of_bases, tie_order
from shared.domain.arithmetic.rates import rate_of, round_ratio
from shared.domain.arithmetic.types import Tax, TaxShare, TaxSums
from shared.domain.money import allocate

__all__ = ["Taxed", "raise_taxes", "tax_sums"]


class Taxed(msgspec.Struct, frozen=True, kw_only=True):
    """Prices with their taxes: the net of each, what each bears of which tax (`parts[tax][place]`), and the groups."""

    nets: list[int]
    parts: dict[Tax, list[int]]
    groups: tuple[TaxSums, ...]

    def shares(self, profiles: Sequence[Profile]) -> list[tuple[TaxShare, ...]]:
        """What each of the first prices, of these profiles, bears of each of its taxes."""
        columns = {
            tax: [TaxShare(tax, 0, part) for part in given] if tax.exempt else list(map(TaxShare, repeat(tax), given))
            for tax, given in self.parts.items()
        }
        rows = {profile: list(zip(*[columns[tax] for tax in profile.taxes], strict=True)) for profile in set(profiles) if profile.taxes}
        return [rows[profile][place] if profile.taxes else () for place, profile in enumerate(profiles)]


def raise_taxes(prices_minor: Sequence[int], profiles: Sequence[Profile]) -> Taxed:
    """All taxes on prices that are not negative.

    Inclusive: the *tax* is rounded, `price * r / (1 + sum of the inclusive rates)`, and net is what is left; exclusive taxes
    are raised on that net. Decided here: a tax that stands beside other inclusive taxes on some lines than on others is, in
    the price, another share there, and is rounded for each; its group shows the sum. The base of a compound tax holds
    the declared taxes as rounded and allocated to its own lines, that is, as the receipt shows them; an exempt tax is in the
    base of none that comes on top. Inclusive taxes that are rounded up never come to more than the price.
    """
    ties = tie_order(profiles, prices_minor)
    nets = list(prices_minor)
    parts: dict[Tax, list[int]] = {}
    bases: dict[Tax, int] = {}
    _take_out(nets, profiles, ties, parts, bases)
    _put_on(nets, profiles, ties, parts, bases)
    groups = tuple(tax_sums(tax, bases[tax], sum(given)) for tax, given in parts.items())
    return Taxed(nets=nets, parts=parts, groups=groups)


def tax_sums(tax: Tax, base_minor: int, amount_minor: int) -> TaxSums:
    """The group of a tax: its amount is due, or relieved where the tax is exempt."""
    due, relieved = (0, amount_minor) if tax.exempt else (amount_minor, 0)
    return TaxSums(tax=tax, base_minor=base_minor, tax_minor=due, relieved_minor=relieved)


def _take_out(
    nets: list[int], profiles: Sequence[Profile], ties: list[int] | None, parts: dict[Tax, list[int]], bases: dict[Tax, int]
) -> None:
    """Take the inclusive taxes out of the prices, which become nets; lines with the same set of them are one group."""
    sets: dict[tuple[Tax, ...], list[int]] = {}
    ratios: dict[tuple[Tax, ...], tuple[tuple[int, int], ...]] = {}
    for place, profile in enumerate(profiles):
        if profile.inclusive:
            sets.setdefault(profile.inclusive, []).append(place)
            ratios[profile.inclusive] = profile.parts
    for taxes, places in sets.items():
        prices = _only(places, nets)
        room = prices.copy()
        amounts: dict[str, int] = {}
        for tax, (numerator, denominator) in zip(taxes, ratios[taxes], strict=True):
            if tax.per_line:
                shared = [min(round_ratio(prices[i] * numerator, denominator, tax.rounding), room[i]) for i in range(len(room))]
            else:
                shared = allocate(min(round_ratio(sum(prices) * numerator, denominator, tax.rounding), sum(room)), room, ties)
            room = list(map(sub, room, shared))
            parts[tax] = list(map(add, parts[tax], shared)) if tax in parts else shared
            amounts[tax.id] = sum(shared)
        for tax in taxes:
            bases[tax] = bases.get(tax, 0) + sum(room) + sum(amounts.get(id, 0) for id in tax.on)
        for place in places:
            nets[place] = room[place]


def _put_on(
    nets: list[int], profiles: Sequence[Profile], ties: list[int] | None, parts: dict[Tax, list[int]], bases: dict[Tax, int]
) -> None:
    """Raise the exclusive taxes, each after those that it is on."""
    where: dict[Tax, list[int]] = {}
    for place, profile in enumerate(profiles):
        for tax in profile.exclusive:
            if tax in where:
                where[tax].append(place)
            else:
                where[tax] = [place]
    for tax in where:
        parts[tax] = []  # groups show in the order in which they came onto the check
    for tax in in_order_of_bases(where):
        base = _only(where[tax], nets)
        for other in parts if tax.on else ():
            if other.id in tax.on and not other.exempt:
                base = list(map(add, base, _only(where[tax], parts[other])))
        whole = sum(base)
        if tax.per_line:
            parts[tax] = [rate_of(amount, tax.rate, tax.rounding) for amount in base]
        else:
            parts[tax] = allocate(rate_of(whole, tax.rate, tax.rounding), base, ties)
        bases[tax] = whole


def _only(places: Sequence[int], amounts: Sequence[int]) -> list[int]:
    """The amounts at these places, and nothing elsewhere: what has no weight gets no part."""
    if len(places) == len(amounts):
        return list(amounts)
    only = [0] * len(amounts)
    for place in places:
        only[place] = amounts[place]
    return only
