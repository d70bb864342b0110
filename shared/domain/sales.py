"""What a check adds to the sales of its business date.

What lives here: one pure function, used alike by the edge's report and the hub's rollup, so that both agree to the cent
(Law 8).
"""

import msgspec

from shared.domain.check import Check, CheckStatus, LineStatus, check_totals

__all__ = ["NO_SALES", "Sales", "sales_of"]


class Sales(msgspec.Struct, frozen=True, kw_only=True):
    """Closed checks (`orders`), their lines, and minor units: gross at menu price, net without tax, tax."""

    orders: int = 0
    lines: int = 0
    gross_minor: int = 0
    net_minor: int = 0
    tax_minor: int = 0

    def __add__(self, other: "Sales") -> "Sales":
        return self._combine(other, 1)

    def __sub__(self, other: "Sales") -> "Sales":
        return self._combine(other, -1)

    def _combine(self, other: "Sales", sign: int) -> "Sales":
        return Sales(
            orders=self.orders + sign * other.orders,
            lines=self.lines + sign * other.lines,
            gross_minor=self.gross_minor + sign * other.gross_minor,
            net_minor=self.net_minor + sign * other.net_minor,
            tax_minor=self.tax_minor + sign * other.tax_minor,
        )


NO_SALES = Sales()


def sales_of(check: Check | None) -> Sales:
    """The sales of one check: nothing until it is closed; voided lines do not count."""
    if check is None or check.status is not CheckStatus.CLOSED:
        return NO_SALES
    sums = check_totals(check)
    return Sales(
        orders=1,
        lines=sum(line.status is not LineStatus.VOIDED for line in check.lines),
        gross_minor=sums.gross_minor,
        net_minor=sums.net_minor,
        tax_minor=sums.tax_minor,
    )
