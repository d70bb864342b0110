"""What screens and readers are shown of the state: the same facts with the sums worked out.

What lives here: view types and the pure functions that make them, because no pricing rule stands in a browser.
"""

from datetime import datetime

import msgspec

from shared.domain.check import Check, CheckStatus, LineModifier, LineStatus, Payment, check_totals
from shared.domain.ticket import Ticket
from shared.domain.totals import TaxGroup

__all__ = ["CheckView", "LineView", "check_view", "view_of"]


class LineView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    line_id: str
    item_id: str
    name: str
    quantity: int
    unit_price_minor: int
    amount_minor: int
    status: LineStatus
    modifiers: tuple[LineModifier, ...]
    note: str


class CheckView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A check with its sums, in minor units of `currency`."""

    check_id: str
    number: int
    epoch: int
    business_date: str
    currency: str
    status: CheckStatus
    opened_at: datetime
    closed_at: datetime | None
    table_id: str
    covers: int
    lines: tuple[LineView, ...]
    payments: tuple[Payment, ...]
    gross_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    due_minor: int
    tax_groups: tuple[TaxGroup, ...]


def check_view(check: Check) -> CheckView:
    """The check as screens show it."""
    sums = check_totals(check)
    paid = sum(payment.amount_minor for payment in check.payments)
    return CheckView(
        check_id=check.check_id,
        number=check.number,
        epoch=check.epoch,
        business_date=check.business_date,
        currency=check.currency,
        status=check.status,
        opened_at=check.opened_at,
        closed_at=check.closed_at,
        table_id=check.table_id,
        covers=check.covers,
        lines=tuple(
            LineView(
                line_id=line.line_id,
                item_id=line.item_id,
                name=line.name,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                amount_minor=line.amount_minor,
                status=line.status,
                modifiers=line.modifiers,
                note=line.note,
            )
            for line in check.lines
        ),
        payments=check.payments,
        gross_minor=sums.gross_minor,
        net_minor=sums.net_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
        paid_minor=paid,
        due_minor=sums.total_minor - paid,
        tax_groups=sums.tax_groups,
    )


def view_of(aggregate: object) -> CheckView | Ticket | None:
    """What a device is shown of an aggregate, or None where it concerns the box alone."""
    if isinstance(aggregate, Check):
        return check_view(aggregate)
    return aggregate if isinstance(aggregate, Ticket) else None
