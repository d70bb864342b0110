"""What the answers of the reports look like, for whoever reads the OpenAPI document.

What lives here: one value for each type of answer. It is made of the types themselves, so that it cannot go stale unnoticed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.api.wire import SalesAnswer
from hub.app.checks import CheckPage, CheckReport
from hub.app.kitchen import DayTimes, TicketTimes
from hub.app.ports import StationTimes
from hub.app.sales import SalesTotal, TaxesReport, TaxTotal, TenderDay, TendersReport, TenderTotal
from hub.records.books import DaySales, DayTax
from hub.records.checks import (
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
from hub.records.kitchen import TicketRecord
from shared.domain.check.books import Sales

__all__ = ["EXAMPLES"]

_DATE = "2026-03-02"
_NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def _id(number: int) -> str:
    return f"0197f2c4-8a00-7000-8000-{number:012d}"


def _at(minutes: float) -> datetime:
    return _NOON + timedelta(minutes=minutes)


_SITE, _CHECK, _LINE, _PAYMENT = _id(1), _id(2), _id(3), _id(4)
# Two pizzas of 12.50 EUR with 7 % in the price, 10 % off; one was given back when it came cold.
_SALES: dict[str, Any] = {
    "orders": 1, "lines": 1, "gross_minor": 2500, "net_minor": 1052, "tax_minor": 73, "discount_minor": 250, "comp_minor": 0,
    "void_minor": 0, "service_minor": 0, "refund_minor": 1125, "covers": 2,
}  # fmt: skip
_TENDER: dict[str, Any] = {
    "currency": "EUR", "tender": "external", "count": 1, "amount_minor": 2250, "rounding_minor": 0, "tip_minor": 250,
    "refund_minor": 1125, "expected_minor": 1375,
}  # fmt: skip
_TAX: dict[str, Any] = {
    "currency": "EUR", "tax_id": "food", "rate": "7%", "inclusive": True, "base_minor": 1052, "tax_minor": 73, "relieved_minor": 0,
}  # fmt: skip
_TIMES: dict[str, Any] = {
    "station": "oven", "tickets": 41, "bumped": 40, "served": 38, "recalled": 1, "late": 3, "shown_median_s": 0.4, "shown_p90_s": 1.2,
    "started_median_s": 35.0, "started_p90_s": 120.5, "bumped_median_s": 540.0, "bumped_p90_s": 790.3, "served_median_s": 610.5,
    "served_p90_s": 903.0,
}  # fmt: skip

_SUMMARY = CheckSummary(
    business_date=_DATE, check_id=_CHECK, number=17, epoch=1, order_number=0, receipt_number=9, status="closed", reopenings=0, training=False,
    service="table", dining_option="dine_in", table_id="12", covers=2, owner_id="anna", device_id=_id(9), currency="EUR",
    opened_at=_at(0), closed_at=_at(62), revision=9, lines=1, gross_minor=2500, discount_minor=250, comp_minor=0, void_minor=0,
    service_minor=0, net_minor=2103, tax_minor=147, total_minor=2250, paid_minor=2250, due_minor=0, tip_minor=250, refund_minor=1125,
    split_from=None, merged_into=None,
)  # fmt: skip
_PIZZA = LineRecord(
    line_id=_LINE, position=0, item_id="pizza", name="Pizza", category="mains", seat=1, course="main", station="oven", quantity=2, weight="",
    weight_unit="", dining_option="", price_level="", status="sent", unit_price_minor=1170, gross_minor=2500, discount_minor=250,
    comp_minor=0, price_minor=2250, net_minor=2103, tax_minor=147, void_minor=0, voided_after_fire=False, void_reason="",
    void_approved_by="", combo_id="", combo_item_id="", share="", share_of="",
    modifiers=(ModifierRecord(group_id="extras", modifier_id="olives", name="Olives", price_minor=80, portion="left", depth=0),),
    added_at=_at(3), sent_at=_at(4),
)  # fmt: skip
_TICKET = TicketRecord(
    business_date=_DATE, ticket_id=_id(6), station="oven", number=23, epoch=1, check_id=_CHECK, check_number=17, table_id="12",
    course="main", service="table", dining_option="dine_in", status="served", lines=1, voided_lines=0, priority=0, recalls=0, adds_to=0,
    awaits_expo=True, served_early=False, created_at=_at(4), due_at=_at(4), ready_by=_at(14), printed_at=None, shown_at=_at(4.01),
    started_at=_at(4.5), bumped_at=_at(13), served_at=_at(14.2),
)  # fmt: skip
_REFUND = RefundRecord(
    refund_id=_id(7), position=0, number=3, epoch=1, correction=False, total_minor=1125, net_minor=1051, tax_minor=74, reason="cold",
    approved_by=_id(9), refunded_on=_DATE, refunded_at=_at(80), lines=(RefundedLineRecord(line_id=_LINE, units=1, total_minor=1125),),
    tenders=(
        RefundedTenderRecord(payment_id=_PAYMENT, tender="external", amount_minor=1125, rounding_minor=0, approval_code="R7"),
    ),
)  # fmt: skip

EXAMPLES: Mapping[type[Any], Any] = {
    SalesAnswer: SalesAnswer(
        site_id=_SITE, currency="EUR", is_current=True, days=(DaySales(business_date=_DATE, currency="EUR", **_SALES),), total=Sales(**_SALES),
        totals=(SalesTotal(currency="EUR", **_SALES),),
    ),
    TendersReport: TendersReport(
        site_id=_SITE, is_current=True, days=(TenderDay(business_date=_DATE, **_TENDER),), totals=(TenderTotal(**_TENDER),)
    ),
    TaxesReport: TaxesReport(site_id=_SITE, is_current=True, days=(DayTax(business_date=_DATE, **_TAX),), totals=(TaxTotal(**_TAX),)),
    CheckPage: CheckPage(site_id=_SITE, is_current=True, checks=(_SUMMARY,), next=f"{_DATE}.1.17.{_CHECK}"),
    CheckReport: CheckReport(
        site_id=_SITE, is_current=True, check=_SUMMARY, lines=(_PIZZA,),
        discounts=(
            DiscountRecord(
                discount_id=_id(5), position=0, scope="order", name="Friends", rule_id="friends", rate="10%", reason="", given_by="anna",
                approved_by="", applied_minor=250, unapplied_minor=0,
            ),
        ),
        charges=(),
        taxes=(
            TaxRecord(tax_id="food", rate="7%", inclusive=True, name="VAT 7 %", base_minor=2103, tax_minor=147, relieved_minor=0),
        ),
        payments=(
            PaymentRecord(
                payment_id=_PAYMENT, position=0, tender="external", kind="external", amount_minor=2250, tendered_minor=2500, change_minor=0,
                rounding_minor=0, tip_minor=250, share=0, approval_code="A1B2C3", reference="", paid_on=_DATE, paid_at=_at(60),
                actor_id="anna", device_id=_id(9),
            ),
        ),
        refunds=(_REFUND,), tickets=(_TICKET,),
    ),
    TicketTimes: TicketTimes(
        site_id=_SITE, is_current=True, days=(DayTimes(business_date=_DATE, **_TIMES),), stations=(StationTimes(**_TIMES),)
    ),
}  # fmt: skip
