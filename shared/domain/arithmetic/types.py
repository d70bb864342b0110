"""What order arithmetic takes and gives: small immutable values in minor units.

What lives here: the types only; each rule has a module of its own beside this one. Checks, commands and menus are not
known here. Source of all rules: golden/ORDER_MATH.md.
"""

from typing import Literal

import msgspec

__all__ = [
    "AppliedDiscount", "Charge", "ChargeShare", "Discount", "Line", "LineShare", "LineSums", "ServiceCharge", "Sums", "Tax", "TaxShare",
    "TaxSums", "Totals",
]  # fmt: skip


class Tax(msgspec.Struct, frozen=True, gc=False, kw_only=True, cache_hash=True):
    """A tax as it stood when its line was added. Two that differ in anything are two groups of the check.

    `rate` is exact ("8.875%"). `per_line` rounds on every line instead of once for the group. `on` names, by id, the taxes
    that are part of its base beside the net (a compound tax). `exempt` is a tax that this guest does not owe: one on top is
    not raised, one in the price is taken out of it.
    """

    id: str
    name: str = ""
    rate: str
    inclusive: bool = False
    rounding: Literal["half_up", "half_even", "up", "down"] = "half_up"
    per_line: bool = False
    on: tuple[str, ...] = ()
    exempt: bool = False


class Line(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line at menu price. `seat` 0 is the whole table; `voided` means after fire: it is no sale, and is shown as a void.

    `discountable` is false for what no discount of the whole check may touch, such as a gift card that is sold.
    """

    id: str
    amount_minor: int
    taxes: tuple[Tax, ...] = ()
    seat: int = 0
    voided: bool = False
    discountable: bool = True


class Discount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Either a `rate` ("10%") or an `amount_minor`, off the named lines, or off the whole check for the scope `order`.

    `parts_minor`, where given, is what of the amount is for each of `line_ids`; else it is shared out by what is left of them.
    """

    id: str
    scope: Literal["promotion", "item", "comp", "order"]
    rate: str = ""
    amount_minor: int = 0
    line_ids: tuple[str, ...] = ()
    parts_minor: tuple[int, ...] = ()


class LineShare(msgspec.Struct, frozen=True, gc=False):
    """What one line bears of something."""

    line_id: str
    amount_minor: int


class AppliedDiscount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A discount as it came out: `asked` of it could be applied but for `unapplied`; `lines` says where."""

    id: str
    scope: str
    applied_minor: int
    unapplied_minor: int
    lines: tuple[LineShare, ...]


class ServiceCharge(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Either a `rate` of what is left after discounts, or an `amount_minor`. An automatic gratuity is one."""

    id: str
    rate: str = ""
    amount_minor: int = 0
    taxable: bool = False


class ChargeShare(msgspec.Struct, frozen=True, gc=False):
    """The part of a service charge that falls to the lines with these taxes; inclusive tax is within the amount."""

    taxes: tuple[Tax, ...]
    amount_minor: int


class Charge(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A service charge as it came out. `shares` add up to `amount_minor`."""

    charge: ServiceCharge
    amount_minor: int
    shares: tuple[ChargeShare, ...]


class TaxShare(msgspec.Struct, frozen=True, gc=False):
    """What one line bears of a tax. `relieved_minor` is what it does not owe of it, being exempt."""

    tax: Tax
    tax_minor: int
    relieved_minor: int = 0


class TaxSums(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One tax group of a check: what it is raised on, and what it comes to. One of `tax` and `relieved` is nothing."""

    tax: Tax
    base_minor: int
    tax_minor: int
    relieved_minor: int = 0


class LineSums(msgspec.Struct, frozen=True, gc=False):
    """What a line comes to. `price = gross - discount - comp`, inclusive tax within; `net` is the price without any tax."""

    line_id: str
    gross_minor: int
    discount_minor: int
    comp_minor: int
    price_minor: int
    net_minor: int
    taxes: tuple[TaxShare, ...] = ()
    seat: int = 0


class Totals(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a check comes to without what each line bears of it: see `Sums`. `net` holds that of the service charges."""

    gross_minor: int
    discount_minor: int
    comp_minor: int
    void_minor: int
    service_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[TaxSums, ...]


class Sums(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a check, or a part of one, comes to.

    `gross` is the lines at menu price, `net` the lines after discounts and comps without any tax, `service` all service
    charges as the guest reads them and `service_net` those without inclusive tax. `total = net + service_net + tax` is owed.
    `voids` are no sales and stand in nothing else.
    """

    gross_minor: int
    discount_minor: int
    comp_minor: int
    void_minor: int
    service_minor: int
    service_net_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    lines: tuple[LineSums, ...]
    discounts: tuple[AppliedDiscount, ...]
    charges: tuple[Charge, ...]
    taxes: tuple[TaxSums, ...]
