"""What a check comes to: discounts, service charges and taxes in their order, over its lines.

What lives here: the order of the rules, and the sums. Each rule is in its own module; how lines come to stand on a check
is not known here.
"""

from collections.abc import Sequence

import msgspec

from shared.domain.arithmetic.discounts import apply_discounts
from shared.domain.arithmetic.profiles import Profile, nets_of, profile_of
from shared.domain.arithmetic.service import raise_charges
from shared.domain.arithmetic.tax import Taxed, raise_taxes
from shared.domain.arithmetic.types import AppliedDiscount, Charge, Discount, Line, LineSums, ServiceCharge, Sums, Totals

__all__ = ["Priced", "add_up", "reckon", "totals", "with_taxes"]


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """Lines, or parts of them, after their discounts: a column for each figure. `price = gross - discount - comp`."""

    ids: list[str] = msgspec.field(default_factory=list[str])
    gross: list[int] = msgspec.field(default_factory=list[int])
    discounts: list[int] = msgspec.field(default_factory=list[int])
    comps: list[int] = msgspec.field(default_factory=list[int])
    prices: list[int] = msgspec.field(default_factory=list[int])
    profiles: list[Profile] = msgspec.field(default_factory=list[Profile])
    seats: list[int] = msgspec.field(default_factory=list[int])


def reckon(lines: Sequence[Line], discounts: Sequence[Discount] = (), charges: Sequence[ServiceCharge] = ()) -> Sums:
    """All sums of a check, in minor units. Raises ValueError for what no check can hold; see each rule's module."""
    sold, profiles, prices, applied = _after_discounts(lines, discounts, detailed=True)
    gross = [line.amount_minor for line in sold]
    comps = _comps(sold, applied)
    off = [full - price - comp for full, price, comp in zip(gross, prices, comps, strict=True)] if applied else comps
    priced = Priced(
        ids=[line.id for line in sold],
        gross=gross,
        discounts=off,
        comps=comps,
        prices=prices,
        profiles=profiles,
        seats=[line.seat for line in sold],
    )
    raised = raise_charges(charges, nets_of(prices, profiles)) if charges else []
    return with_taxes(priced, applied, raised, _void(lines, sold))


def totals(lines: Sequence[Line], discounts: Sequence[Discount] = (), charges: Sequence[ServiceCharge] = ()) -> Totals:
    """The same sums by the same rules, without what each line bears: for a decision, which asks for no more.

    Lines of one profile are taxed as if they were one, since a group is rounded once, whatever its lines; not so where a tax
    rounds on each line, or hangs on how another falls on them.
    """
    sold, profiles, prices, applied = _after_discounts(lines, discounts, detailed=False)
    nets = nets_of(prices, profiles)
    gross, left = sum([line.amount_minor for line in sold]), sum(nets.values())
    comp = sum([discount.applied_minor for discount in applied if discount.scope == "comp"])
    raised = raise_charges(charges, nets)
    if not any(profile.is_per_line or profile.is_tangled for profile in nets):
        prices, profiles = list(nets.values()), list(nets)
    _put_charges(prices, profiles, raised)
    taxed = raise_taxes(prices, profiles)
    net, tax = sum(taxed.nets), sum([group.tax_minor for group in taxed.groups])
    return Totals(
        gross_minor=gross,
        discount_minor=gross - left - comp,
        comp_minor=comp,
        void_minor=_void(lines, sold),
        service_minor=sum([charge.amount_minor for charge in raised]),
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        taxes=taxed.groups,
    )


def _after_discounts(
    lines: Sequence[Line], discounts: Sequence[Discount], detailed: bool
) -> tuple[Sequence[Line], list[Profile], list[int], list[AppliedDiscount]]:
    """(the lines that are not voided, the profile of each, what is left of each, the discounts as they came out)."""
    profiles = [profile_of(line.taxes) for line in lines]
    left, applied = apply_discounts(lines, profiles, discounts, detailed)
    sold = [line for line in lines if not line.voided]
    if len(sold) < len(lines):
        at = [place for place, line in enumerate(lines) if not line.voided]
        profiles, left = [profiles[place] for place in at], [left[place] for place in at]
    return sold, profiles, left, applied


def _void(lines: Sequence[Line], sold: Sequence[Line]) -> int:
    return sum([line.amount_minor for line in lines if line.voided]) if len(sold) < len(lines) else 0


def _comps(lines: Sequence[Line], applied: Sequence[AppliedDiscount]) -> list[int]:
    """What is comped of each line."""
    comps: dict[str, int] = {}
    for discount in applied:
        if discount.scope == "comp":
            for share in discount.lines:
                comps[share.line_id] = comps.get(share.line_id, 0) + share.amount_minor
    return [comps.get(line.id, 0) for line in lines] if comps else [0] * len(lines)


def with_taxes(priced: Priced, discounts: Sequence[AppliedDiscount], charges: Sequence[Charge], void_minor: int = 0) -> Sums:
    """The sums of lines after discounts, and of charges, whose taxes are computed here."""
    prices, profiles = priced.prices.copy(), priced.profiles.copy()
    _put_charges(prices, profiles, charges)
    return add_up(priced, discounts, charges, raise_taxes(prices, profiles), void_minor)


def _put_charges(prices: list[int], profiles: list[Profile], charges: Sequence[Charge]) -> None:
    """Put what is to be taxed of charges after the lines."""
    for charge in charges:
        for share in charge.shares:
            prices.append(share.amount_minor)
            profiles.append(profile_of(share.taxes))


def add_up(priced: Priced, discounts: Sequence[AppliedDiscount], charges: Sequence[Charge], taxed: Taxed, void_minor: int = 0) -> Sums:
    """The sums, where the taxes are known: those of the lines first, those of the charges' shares after them."""
    count = len(priced.ids)
    nets = taxed.nets[:count]
    lines = map(
        LineSums, priced.ids, priced.gross, priced.discounts, priced.comps, priced.prices, nets, taxed.shares(priced.profiles), priced.seats
    )
    net, service_net = sum(nets), sum(taxed.nets[count:])
    tax = sum([group.tax_minor for group in taxed.groups])
    return Sums(
        gross_minor=sum(priced.gross),
        discount_minor=sum(priced.discounts),
        comp_minor=sum(priced.comps),
        void_minor=void_minor,
        service_minor=sum([charge.amount_minor for charge in charges]),
        service_net_minor=service_net,
        net_minor=net,
        tax_minor=tax,
        total_minor=net + service_net + tax,
        lines=tuple(lines),
        discounts=tuple(discounts),
        charges=tuple(charges),
        taxes=taxed.groups,
    )
