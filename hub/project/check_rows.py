"""The rows of a check: pure, by the same sums as at the site (Law 8).

What lives here: one function for each table that a check stands in. Which of them a change replaces is said in rows.py. Of what
guests are called nothing is kept: the name of a tab stays in the state of its check.
"""

from hub.records import Record
from hub.records.checks import (
    ChargeRecord,
    CheckSummary,
    DiscountRecord,
    LineRecord,
    ModifierRecord,
    PaymentRecord,
    RefundedLineRecord,
    RefundedTenderRecord,
    RefundRecord,
    TaxRecord,
)  # fmt: skip
from shared.domain.arithmetic.types import LineSums, Sums
from shared.domain.check.books import tax_key
from shared.domain.check.reckoning import due_minor, sums_of
from shared.domain.check.state import Check, Line

__all__ = ["OF_CHECK", "check_rows"]

OF_CHECK = ("guest_checks", "check_lines", "check_discounts", "check_charges", "check_taxes", "check_payments", "check_refunds")


def check_rows(check: Check) -> dict[str, tuple[Record, ...]]:
    """The rows of a check, by the tables of OF_CHECK. Raises ValueError for one that no arithmetic can be done on."""
    sums = sums_of(check)
    rows: tuple[tuple[Record, ...], ...] = (
        (_summary(check, sums),), _lines(check, sums), _discounts(check, sums), _charges(check, sums), _taxes(sums), _payments(check),
        _refunds(check),
    )  # fmt: skip
    return dict(zip(OF_CHECK, rows, strict=True))


def _summary(check: Check, sums: Sums) -> CheckSummary:
    return CheckSummary(
        business_date=check.business_date, check_id=check.check_id, number=check.number, epoch=check.epoch,
        order_number=check.order_number, receipt_number=check.closings[-1].receipt_number if check.closings else 0, status=check.status,
        reopenings=len(check.reopenings), training=check.training, service=check.service, dining_option=check.dining_option,
        table_id=check.table_id, covers=check.covers, owner_id=check.owner_id, device_id=check.device_id, currency=check.currency,
        opened_at=check.opened_at, closed_at=check.closed_at, revision=check.revision, lines=len(check.kept_lines),
        gross_minor=sums.gross_minor, discount_minor=sums.discount_minor, comp_minor=sums.comp_minor, void_minor=sums.void_minor,
        service_minor=sums.service_minor, net_minor=sums.net_minor + sums.service_net_minor, tax_minor=sums.tax_minor,
        total_minor=sums.total_minor, paid_minor=check.paid_minor, due_minor=due_minor(check),
        tip_minor=sum(payment.tip_minor for payment in check.payments),
        refund_minor=sum(refund.total_minor for refund in check.refunds if not refund.correction), split_from=check.split_from or None,
        merged_into=check.merged_into or None,
    )  # fmt: skip


def _lines(check: Check, sums: Sums) -> tuple[LineRecord, ...]:
    by_id = {line.line_id: line for line in sums.lines}
    return tuple([_line(position, line, by_id.get(line.line_id)) for position, line in enumerate(check.lines)])


_NOTHING = LineSums(line_id="", gross_minor=0, discount_minor=0, comp_minor=0, price_minor=0, net_minor=0)


def _line(position: int, line: Line, sums: LineSums | None) -> LineRecord:
    void, combo, share = line.void, line.combo, line.share
    is_waste = void is not None and void.after_fire
    borne = sums or _NOTHING  # voided lines stand nowhere in the sums of lines
    return LineRecord(
        line_id=line.line_id, position=position, item_id=line.item_id, name=line.name, category=line.category, seat=line.seat,
        course=line.course, station=line.station, quantity=line.quantity, weight=line.weight, weight_unit=line.weight_unit,
        dining_option=line.dining_option, price_level=line.price_level, status=line.status, unit_price_minor=line.unit_price_minor,
        gross_minor=borne.gross_minor, discount_minor=borne.discount_minor, comp_minor=borne.comp_minor, price_minor=borne.price_minor,
        net_minor=borne.net_minor, tax_minor=sum([part.tax_minor for part in borne.taxes]),
        void_minor=line.menu_amount_minor if is_waste else 0, voided_after_fire=is_waste, void_reason=void.reason if void else "",
        void_approved_by=void.approved_by if void else "", combo_id=combo.combo_id if combo else "",
        combo_item_id=combo.item_id if combo else "", share=share.part if share else "", share_of=share.source_line_id if share else "",
        modifiers=tuple([
            ModifierRecord(
                group_id=each.group_id, modifier_id=each.modifier_id, name=each.name, price_minor=each.price_minor, portion=each.portion,
                depth=each.depth,
            )
            for each in line.modifiers
        ]), added_at=line.added_at, sent_at=line.sent_at,
    )  # fmt: skip


def _discounts(check: Check, sums: Sums) -> tuple[DiscountRecord, ...]:
    """As given; one whose lines are all gone is not known to arithmetic and takes nothing off."""
    applied = {each.id: each for each in sums.discounts}
    records: list[DiscountRecord] = []
    for position, given in enumerate(check.discounts):
        came = applied.get(given.discount_id)
        off, not_off = (came.applied_minor, came.unapplied_minor) if came else (0, given.amount_minor)
        records.append(
            DiscountRecord(
                discount_id=given.discount_id, position=position, scope=given.scope, name=given.name, rule_id=given.rule_id, rate=given.rate,
                reason=given.reason, given_by=given.given_by, approved_by=given.approved_by, applied_minor=off, unapplied_minor=not_off,
            )
        )  # fmt: skip
    return tuple(records)


def _charges(check: Check, sums: Sums) -> tuple[ChargeRecord, ...]:
    amounts = {each.charge.id: each.amount_minor for each in sums.charges}
    return tuple([
        ChargeRecord(
            charge_id=given.charge_id, position=position, name=given.name, rule_id=given.rule_id, rate=given.rate,
            automatic=given.automatic, taxable=given.taxable, amount_minor=amounts.get(given.charge_id, 0),
        )
        for position, given in enumerate(check.charges)
    ])  # fmt: skip


def _taxes(sums: Sums) -> tuple[TaxRecord, ...]:
    """By the key of the books: two groups that differ in how they are rounded are one tax to whoever owes it."""
    records: dict[str, TaxRecord] = {}
    for group in sums.taxes:
        tax = group.tax
        key = tax_key(tax)
        known = records.get(key)
        records[key] = TaxRecord(
            tax_id=tax.id, rate=tax.rate, inclusive=tax.inclusive, name=known.name if known else tax.name,
            base_minor=group.base_minor + (known.base_minor if known else 0), tax_minor=group.tax_minor + (known.tax_minor if known else 0),
            relieved_minor=group.relieved_minor + (known.relieved_minor if known else 0),
        )  # fmt: skip
    return tuple(records.values())


def _payments(check: Check) -> tuple[PaymentRecord, ...]:
    return tuple([
        PaymentRecord(
            payment_id=each.payment_id, position=position, tender=each.tender, kind=each.kind, amount_minor=each.amount_minor,
            tendered_minor=each.tendered_minor, change_minor=each.change_minor, rounding_minor=each.rounding_minor,
            tip_minor=each.tip_minor, share=each.share, approval_code=each.approval_code, reference=each.reference,
            paid_on=each.date or check.business_date, paid_at=each.at, actor_id=each.actor_id, device_id=each.device_id,
        )
        for position, each in enumerate(check.payments)
    ])  # fmt: skip


def _refunds(check: Check) -> tuple[RefundRecord, ...]:
    return tuple([
        RefundRecord(
            refund_id=each.refund_id, position=position, number=each.number, epoch=each.epoch, correction=each.correction,
            total_minor=each.total_minor, net_minor=each.net_minor, tax_minor=sum(part.tax_minor for part in each.taxes),
            reason=each.reason, approved_by=each.approved_by, refunded_on=each.date or check.business_date, refunded_at=each.at,
            lines=tuple([
                RefundedLineRecord(line_id=line.line_id, units=line.units, total_minor=line.total_minor) for line in each.lines
            ]),
            tenders=tuple([
                RefundedTenderRecord(
                    payment_id=part.payment_id, tender=part.tender, amount_minor=part.amount_minor, rounding_minor=part.rounding_minor,
                    approval_code=part.approval_code,
                )
                for part in each.tenders
            ]),
        )
        for position, each in enumerate(check.refunds)
    ])  # fmt: skip
