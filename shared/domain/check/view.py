"""What screens and readers are shown of a check: the same facts with the sums worked out, because no pricing rule stands in a browser.

What lives here: view types and the pure function that makes them. Commands and events are not known here.
"""

from datetime import datetime

import msgspec

from shared.domain.arithmetic.types import LineSums, Sums
from shared.domain.check.reckoning import due_minor, kept_of, sums_of
from shared.domain.check.state import (
    Authorization,
    BillMark,
    Check,
    CheckStatus,
    ComboPart,
    Exemption,
    GivenCharge,
    GivenDiscount,
    Line,
    LineModifier,
    LineStatus,
    Payment,
    Refund,
    Share,
    Voiding,
)  # fmt: skip

__all__ = ["ChargeView", "CheckView", "DiscountView", "LineView", "TaxGroup", "check_view"]


class LineView(msgspec.Struct, frozen=True, gc=False):
    """A line. `amount_minor` is at menu price; `price_minor` is what is left of it after `discount` (promotions, and its part of
    discounts of the whole check, within) and `comp`. `tax_minor` is what it bears of the taxes `tax_ids`, on top or in the price."""

    line_id: str
    item_id: str
    name: str
    quantity: int
    unit_price_minor: int
    amount_minor: int
    status: LineStatus
    modifiers: tuple[LineModifier, ...]
    note: str
    price_minor: int
    discount_minor: int
    comp_minor: int
    tax_minor: int
    tax_ids: tuple[str, ...]
    seat: int
    course: str
    on_hold: bool
    weight: str
    weight_unit: str
    combo: ComboPart | None
    share: Share | None
    void: Voiding | None
    dining_option: str
    price_level: str
    discountable: bool
    revision: int


class DiscountView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A discount, comp or promotion as given, what of it came off, and what could not: more than was left, or on lines that are gone."""

    given: GivenDiscount
    applied_minor: int
    unapplied_minor: int


class ChargeView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A service charge as given, and what it comes to."""

    given: GivenCharge
    amount_minor: int


class TaxGroup(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One tax of a check: what it is raised on (without it), what it comes to, and what an exempt guest does not owe of it."""

    id: str
    name: str
    rate: str
    inclusive: bool
    net_minor: int
    tax_minor: int
    relieved_minor: int


class CheckView(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A check with its sums, in minor units of `currency`. `revision` grows with every change."""

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
    service: str
    order_number: int
    name: str
    dining_option: str
    price_level: str
    owner_id: str
    device_id: str
    training: bool
    revision: int
    discount_minor: int
    comp_minor: int
    void_minor: int
    service_minor: int
    refunded_minor: int
    tip_minor: int
    discounts: tuple[DiscountView, ...]
    charges: tuple[ChargeView, ...]
    waived_charges: tuple[str, ...]
    exemption: Exemption | None
    authorization: Authorization | None
    even_shares: tuple[int, ...]
    bill: BillMark | None
    refunds: tuple[Refund, ...]
    reopened: bool
    receipt_number: int
    split_from: str
    merged_into: str


def check_view(check: Check) -> CheckView:
    """The check as screens show it."""
    sums = sums_of(check)
    paid = check.paid_minor
    return CheckView(
        check_id=check.check_id, number=check.number, epoch=check.epoch, business_date=check.business_date, currency=check.currency,
        status=check.status, opened_at=check.opened_at, closed_at=check.closed_at, table_id=check.table_id, covers=check.covers,
        lines=_lines(check, sums), payments=check.payments, gross_minor=sums.gross_minor,
        net_minor=sums.net_minor + sums.service_net_minor, tax_minor=sums.tax_minor, total_minor=sums.total_minor, paid_minor=paid,
        due_minor=due_minor(check), tax_groups=_taxes(sums), service=check.service, order_number=check.order_number, name=check.name,
        dining_option=check.dining_option, price_level=check.price_level, owner_id=check.owner_id, device_id=check.device_id,
        training=check.training, revision=check.revision, discount_minor=sums.discount_minor, comp_minor=sums.comp_minor,
        void_minor=sums.void_minor, service_minor=sums.service_minor,
        refunded_minor=sum(refund.total_minor for refund in check.refunds if not refund.correction),
        tip_minor=sum(payment.tip_minor for payment in check.payments), discounts=_discounts(check, sums), charges=_charges(check, sums),
        waived_charges=check.waived_charges, exemption=check.exemption, authorization=check.authorization, even_shares=check.even_shares,
        bill=check.bill, refunds=check.refunds,
        reopened=check.is_live and bool(check.closings), receipt_number=check.closings[-1].receipt_number if check.closings else 0,
        split_from=check.split_from, merged_into=check.merged_into,
    )  # fmt: skip


def _lines(check: Check, sums: Sums) -> tuple[LineView, ...]:
    """Each line; the view of one that is as it was, and comes to the same, is taken from the state before."""
    by_id = {line.line_id: line for line in sums.lines}
    of = [by_id.get(line.line_id) for line in check.lines]
    kept = kept_of(check)
    lines, figures, views = kept.views
    known = len(lines)
    now = tuple([
        views[place] if place < known and lines[place] is line and figures[place] == own else _line(line, own)
        for place, (line, own) in enumerate(zip(check.lines, of, strict=True))
    ])  # fmt: skip
    kept.views = (check.lines, of, now)
    return now


def _line(line: Line, sums: LineSums | None) -> LineView:
    if sums is None:  # voided
        price = discount = comp = tax = 0
        amount = line.amount_minor
    else:
        amount, price, discount, comp = sums.gross_minor, sums.price_minor, sums.discount_minor, sums.comp_minor
        tax = sum([share.tax_minor for share in sums.taxes])
    return LineView(
        line.line_id, line.item_id, line.name, line.quantity, line.unit_price_minor, amount, line.status, line.modifiers, line.note,
        price, discount, comp, tax, tuple([tax.id for tax in line.taxes]), line.seat, line.course, line.on_hold, line.weight,
        line.weight_unit, line.combo, line.share, line.void, line.dining_option, line.price_level, line.discountable, line.revision,
    )  # fmt: skip


def _taxes(sums: Sums) -> tuple[TaxGroup, ...]:
    return tuple([
        TaxGroup(
            id=group.tax.id, name=group.tax.name, rate=group.tax.rate, inclusive=group.tax.inclusive, net_minor=group.base_minor,
            tax_minor=group.tax_minor, relieved_minor=group.relieved_minor,
        )
        for group in sums.taxes
    ])  # fmt: skip


def _discounts(check: Check, sums: Sums) -> tuple[DiscountView, ...]:
    """Each discount with what came off by it; one that arithmetic was not told of has no line left to be on."""
    by_id = {each.id: each for each in sums.discounts}
    views: list[DiscountView] = []
    for given in check.discounts:
        applied = by_id.get(given.discount_id)
        off, not_off = (applied.applied_minor, applied.unapplied_minor) if applied else (0, given.amount_minor)
        views.append(DiscountView(given=given, applied_minor=off, unapplied_minor=not_off))
    return tuple(views)


def _charges(check: Check, sums: Sums) -> tuple[ChargeView, ...]:
    amounts = {charge.charge.id: charge.amount_minor for charge in sums.charges}
    return tuple([ChargeView(given=given, amount_minor=amounts.get(given.charge_id, 0)) for given in check.charges])
