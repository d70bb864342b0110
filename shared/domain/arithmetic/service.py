"""Service charges (golden rule 3). An automatic gratuity is one; a tip is not.

What lives here: what a charge comes to and on which tax groups it falls. When a charge is due (six guests and more) is not
known here.
"""

from collections.abc import Mapping, Sequence

from shared.domain.arithmetic.profiles import Profile
from shared.domain.arithmetic.rates import rate_of
from shared.domain.arithmetic.types import Charge, ChargeShare, ServiceCharge
from shared.domain.money import allocate

__all__ = ["raise_charges", "share_charge"]


def raise_charges(charges: Sequence[ServiceCharge], nets: Mapping[Profile, int]) -> list[Charge]:
    """What each charge comes to on lines that come to `nets` after discounts, and how it falls on their tax groups.

    Decided here: each charge is on the lines alone, not on another charge. The discounted net that it is a rate of is what
    the guest reads, inclusive tax within; so its part in a group of inclusive tax contains that tax, as the price of a line
    does, and 10 % of service on a menu price of 10.00 is 1.00. Raises ValueError for a charge below zero, or that has both
    rate and amount.
    """
    if not charges:
        return []
    net = sum(nets.values())
    raised: list[Charge] = []
    for charge in charges:
        if charge.amount_minor < 0 or (charge.rate and charge.amount_minor):
            raise ValueError(f"the service charge {charge.id} needs either a rate or an amount, not below zero")
        amount = rate_of(net, charge.rate) if charge.rate else charge.amount_minor
        raised.append(share_charge(charge, amount, nets))
    return raised


def share_charge(charge: ServiceCharge, amount_minor: int, nets: Mapping[Profile, int]) -> Charge:
    """A charge of this amount over the rate groups by their nets; whole and without tax where it is not taxable."""
    groups = sorted(nets, key=lambda profile: profile.key) if charge.taxable else []
    if not groups:
        shares = (ChargeShare((), amount_minor),) if amount_minor else ()
        return Charge(charge=charge, amount_minor=amount_minor, shares=shares)
    parts = allocate(amount_minor, [nets[group] for group in groups])
    return Charge(
        charge=charge,
        amount_minor=amount_minor,
        shares=tuple(ChargeShare(group.taxes, part) for group, part in zip(groups, parts, strict=True) if part),
    )
