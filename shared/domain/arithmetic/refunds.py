"""Refunds of units of a line, by cumulative rounding (golden rule 8).

What lives here: how much one unit gives back of what was paid for all. To which tender it goes is not known here.
"""

import msgspec

from shared.domain.arithmetic.rates import round_ratio
from shared.domain.arithmetic.types import LineSums, TaxShare

__all__ = ["UnitsRefund", "refund_part", "refund_units"]


class UnitsRefund(msgspec.Struct, frozen=True, kw_only=True):
    """What units of a line give back. `total = net + all taxes`."""

    net_minor: int
    taxes: tuple[TaxShare, ...]
    total_minor: int


def refund_part(paid_minor: int, units: int, refunded: int, count: int = 1) -> int:
    """What the next `count` of `units` give back of `paid_minor`, when `refunded` were given back before.

    The first k units together give back `paid * k / units`, rounded half up; so all of them give back exactly what was
    paid, in whatever portions. Raises ValueError for more units than there are.
    """
    if refunded < 0 or count < 0 or refunded + count > units:
        raise ValueError(f"{count} units cannot be refunded: {refunded} of {units} were")
    if not count:
        return 0
    return round_ratio(paid_minor * (refunded + count), units) - round_ratio(paid_minor * refunded, units)


def refund_units(line: LineSums, units: int, refunded: int, count: int = 1) -> UnitsRefund:
    """What the next `count` of the line's `units` give back: its net and each of its taxes by `refund_part`.

    Decided here: each is cumulated by itself, so that every report of net and of each tax returns to nothing, and not only
    their sum. A service charge is no part of a line; it is given back with `refund_part`, or not, as the site decides.
    """
    net = refund_part(line.net_minor, units, refunded, count)
    taxes = tuple(
        TaxShare(
            share.tax,
            refund_part(share.tax_minor, units, refunded, count),
            refund_part(share.relieved_minor, units, refunded, count),
        )
        for share in line.taxes
    )
    return UnitsRefund(net_minor=net, taxes=taxes, total_minor=net + sum(share.tax_minor for share in taxes))
