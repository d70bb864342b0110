"""What a check comes to: discounts, service charges and taxes in their order, over its lines.

What lives here: the order of the rules, and the sums. Each rule is in its own module; how lines come to stand on a check
is not known here.
"""

from collections.abc import Sequence

import msgspec

from shared.domain.arithmetic.discounts import apply_discounts
from shared.domain.arithmetic.profiles import Profile, profile_of
from shared.domain.arithmetic.service import raise_charges
from shared.domain.arithmetic.tax import Taxed, raise_taxes
from shared.domain.arithmetic.types import AppliedDiscount, Charge, Discount, Line, LineSums, ServiceCharge, Sums

__all__ = ["Priced", "add_up", "reckon", "with_taxes"]


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or a part of one, after its discounts."""

    line_id: str
    gross_minor: int
    discount_minor: int
    comp_minor: int
    price_minor: int
    profile: Profile
    seat: int = 0


def reckon(lines: Sequence[Line], discounts: Sequence[Discount] = (), charges: Sequence[ServiceCharge] = ()) -> Sums:
    """All sums of a check, in minor units. Raises ValueError for what no check can hold; see each rule's module."""
    profiles = [profile_of(line.taxes) for line in lines]
    left, applied = apply_discounts(lines, profiles, discounts)
    comps: dict[str, int] = {}
    for discount in applied:
        if discount.scope == "comp":
            for share in discount.lines:
                comps[share.line_id] = comps.get(share.line_id, 0) + share.amount_minor
    priced: list[Priced] = []
    for line, price, profile in zip(lines, left, profiles, strict=True):
        if not line.voided:
            comp = comps.get(line.id, 0)
            priced.append(
                Priced(
                    line_id=line.id,
                    gross_minor=line.amount_minor,
                    discount_minor=line.amount_minor - price - comp,
                    comp_minor=comp,
                    price_minor=price,
                    profile=profile,
                    seat=line.seat,
                )
            )
    raised = raise_charges(charges, [line.price_minor for line in priced], [line.profile for line in priced])
    return with_taxes(priced, applied, raised, sum(line.amount_minor for line in lines if line.voided))


def with_taxes(priced: Sequence[Priced], discounts: Sequence[AppliedDiscount], charges: Sequence[Charge], void_minor: int = 0) -> Sums:
    """The sums of lines after discounts, and of charges, whose taxes are computed here."""
    prices = [line.price_minor for line in priced]
    profiles = [line.profile for line in priced]
    for charge in charges:
        for share in charge.shares:
            prices.append(share.amount_minor)
            profiles.append(profile_of(share.taxes))
    return add_up(priced, discounts, charges, raise_taxes(prices, profiles), void_minor)


def add_up(
    priced: Sequence[Priced], discounts: Sequence[AppliedDiscount], charges: Sequence[Charge], taxed: Taxed, void_minor: int = 0
) -> Sums:
    """The sums, where the taxes are known: those of the lines first, those of the charges' shares after them."""
    lines = tuple([
        LineSums(
            line_id=line.line_id,
            gross_minor=line.gross_minor,
            discount_minor=line.discount_minor,
            comp_minor=line.comp_minor,
            price_minor=line.price_minor,
            net_minor=net,
            taxes=taxes,
            seat=line.seat,
        )
        for line, net, taxes in zip(priced, taxed.nets, taxed.shares([line.profile for line in priced]), strict=False)
    ])  # fmt: skip
    net = sum(taxed.nets[: len(priced)])
    service_net = sum(taxed.nets[len(priced) :])
    tax = sum(group.tax_minor for group in taxed.groups)
    return Sums(
        gross_minor=sum(line.gross_minor for line in priced),
        discount_minor=sum(line.discount_minor for line in priced),
        comp_minor=sum(line.comp_minor for line in priced),
        void_minor=void_minor,
        service_minor=sum(charge.amount_minor for charge in charges),
        service_net_minor=service_net,
        net_minor=net,
        tax_minor=tax,
        total_minor=net + service_net + tax,
        lines=lines,
        discounts=tuple(discounts),
        charges=tuple(charges),
        taxes=taxed.groups,
    )
