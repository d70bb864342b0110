"""Records of the books: what each day and currency comes to.

What lives here: types. How they come of state is in hub/project/rows.py.
"""

from hub.records import Record

__all__ = ["DaySales", "DayTax", "DayTender"]


class DaySales(Record, frozen=True):
    """Sales of one business date in one currency, minor units: closed checks (`orders`), their lines and guests (`covers`). `gross`
    is at menu price; `net` (service charges within) and `tax` are what is left after discounts, comps and refunds; `refund` is what
    was given back, tax within; `void` was voided after fire and never sold. See Sales in shared/domain/check/books.py."""

    business_date: str
    currency: str
    orders: int
    lines: int
    gross_minor: int
    net_minor: int
    tax_minor: int
    discount_minor: int
    comp_minor: int
    void_minor: int
    service_minor: int
    refund_minor: int
    covers: int


class DayTender(Record, frozen=True):
    """What one tender took on one business date in one currency, minor units: `count` payments; `amount` settled checks, `refund`
    was given back to it (what a reopened check was overpaid by within), `rounding` is that of cash in and out."""

    business_date: str
    currency: str
    tender: str
    count: int
    amount_minor: int
    rounding_minor: int
    tip_minor: int
    refund_minor: int


class DayTax(Record, frozen=True):
    """One tax at one rate on one business date in one currency, minor units: what it was raised on, what it came to, what exempt
    guests did not owe of it; refunds are taken off base and tax."""

    business_date: str
    currency: str
    tax_id: str
    rate: str
    inclusive: bool
    base_minor: int
    tax_minor: int
    relieved_minor: int
