"""Taxes of a check (golden rule 4): one rounding for each group, allocated back to the lines.

What lives here: taxes over prices, which are lines and parts of service charges alike. Where a price came from is not known
here.
"""

from collections.abc import Mapping, Sequence
from operator import add, sub

import msgspec

from shared.domain.arithmetic.profiles import Profile, in_order_of_bases, in_tie_order, members_of
from shared.domain.arithmetic.rates import rate_of, round_ratio
from shared.domain.arithmetic.types import Tax, TaxShare, TaxSums
from shared.domain.money import allocate

__all__ = ["Taxed", "raise_taxes", "tax_sums"]

_Ranked = Sequence[tuple[Profile, Sequence[int]]]  # profiles with the places of their prices, in the order of ties


class Taxed(msgspec.Struct, frozen=True, kw_only=True):
    """Prices with their taxes: the net of each, what each bears of which tax (`parts[tax][place]`), and the groups."""

    nets: list[int]
    parts: dict[Tax, list[int]]
    groups: tuple[TaxSums, ...]

    def shares(self, profiles: Sequence[Profile]) -> list[tuple[TaxShare, ...]]:
        """What each of the first prices, of these profiles, bears of each of its taxes."""
        rows: list[tuple[TaxShare, ...]] = [()] * len(profiles)
        for profile, places in members_of(profiles).items():
            columns = [(tax, self.parts[tax]) for tax in profile.taxes]
            if len(columns) == 1 and not columns[0][0].exempt:  # by far the most
                [(tax, given)] = columns
                for place in places:
                    rows[place] = (TaxShare(tax, given[place]),)
            elif columns:
                for place in places:
                    rows[place] = tuple(
                        [TaxShare(tax, 0, part[place]) if tax.exempt else TaxShare(tax, part[place]) for tax, part in columns]
                    )
        return rows


def raise_taxes(prices_minor: Sequence[int], profiles: Sequence[Profile]) -> Taxed:
    """All taxes on prices that are not negative.

    Inclusive: the *tax* is rounded, `price * r / (1 + sum of the inclusive rates)`, and net is what is left; exclusive taxes
    are raised on that net. Decided here: a tax that stands beside other inclusive taxes on some lines than on others is, in
    the price, another share there, and is rounded for each; its group shows the sum. The base of a compound tax holds
    the declared taxes as rounded and allocated to its own lines, that is, as the receipt shows them; an exempt tax is in the
    base of none that comes on top. Inclusive taxes that are rounded up never come to more than the price.
    """
    members = members_of(profiles)
    ranked = in_tie_order(members, prices_minor)
    nets = list(prices_minor)
    parts: dict[Tax, list[int]] = {}
    bases: dict[Tax, int] = {}
    _take_out(nets, members, ranked, parts, bases)
    _put_on(nets, members, ranked, parts, bases)
    groups = tuple([tax_sums(tax, bases[tax], sum(given)) for tax, given in parts.items()])
    return Taxed(nets=nets, parts=parts, groups=groups)


def tax_sums(tax: Tax, base_minor: int, amount_minor: int) -> TaxSums:
    """The group of a tax: its amount is due, or relieved where the tax is exempt."""
    due, relieved = (0, amount_minor) if tax.exempt else (amount_minor, 0)
    return TaxSums(tax=tax, base_minor=base_minor, tax_minor=due, relieved_minor=relieved)


def _take_out(
    nets: list[int], members: Mapping[Profile, Sequence[int]], ranked: _Ranked, parts: dict[Tax, list[int]], bases: dict[Tax, int]
) -> None:
    """Take the inclusive taxes out of the prices, which become nets; lines with the same set of them are one group."""
    sets = {profile.inclusive: profile.parts for profile in members if profile.inclusive}
    for taxes, ratios in sets.items():
        places = [place for profile, own in ranked if profile.inclusive == taxes for place in own]
        prices = [nets[place] for place in places]
        whole = left = sum(prices)
        room = prices
        amounts: dict[str, int] = {}
        for tax, (numerator, denominator) in zip(taxes, ratios, strict=True):
            if tax.per_line:
                shared = [min(round_ratio(prices[i] * numerator, denominator, tax.rounding), room[i]) for i in range(len(room))]
                amount = sum(shared)
            else:
                amount = min(round_ratio(whole * numerator, denominator, tax.rounding), left)
                shared = allocate(amount, room)
            room = list(map(sub, room, shared))
            left -= amount
            _put(shared, places, parts.setdefault(tax, [0] * len(nets)))
            amounts[tax.id] = amount
        for tax in taxes:
            bases[tax] = bases.get(tax, 0) + left + sum([amounts.get(id, 0) for id in tax.on])
        _put(room, places, nets)


def _put_on(
    nets: list[int], members: Mapping[Profile, Sequence[int]], ranked: _Ranked, parts: dict[Tax, list[int]], bases: dict[Tax, int]
) -> None:
    """Raise the exclusive taxes, each after those that it is on."""
    raised = dict.fromkeys([tax for profile in members for tax in profile.exclusive])
    for tax in raised:
        parts[tax] = [0] * len(nets)  # groups show in the order in which they came onto the check
    for tax in in_order_of_bases(raised):
        places = [place for profile, own in ranked if tax in profile.exclusive for place in own]
        base = [nets[place] for place in places]
        for other, given in parts.items() if tax.on else ():
            if other.id in tax.on and not other.exempt:
                base = list(map(add, base, [given[place] for place in places]))
        whole = sum(base)
        if tax.per_line:
            shared = [rate_of(amount, tax.rate, tax.rounding) for amount in base]
        else:
            shared = allocate(rate_of(whole, tax.rate, tax.rounding), base)
        _put(shared, places, parts[tax])
        bases[tax] = whole


def _put(amounts: Sequence[int], places: Sequence[int], into: list[int]) -> None:
    for place, amount in zip(places, amounts, strict=True):
        into[place] = amount
