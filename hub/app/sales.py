"""The books of a site by business date: sales, tenders and taxes.

What lives here: the reports, the same for the API and the command line. The figures are those of the books that the site's own
entries come to by the same functions as at the site (Law 8); every figure is of one currency, since a site may change its own.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from hub.app.dates import ensure_range
from hub.app.ports import Control, ReadShard, Scope, Site
from hub.app.sites import ask
from hub.records.books import DaySales, DayTax, DayTender
from shared.domain.check.books import NO_SALES, Sales, TaxSum, TenderSum

__all__ = [
    "SalesReport", "SalesTotal", "TaxTotal", "TaxesReport", "TenderDay", "TenderTotal", "TendersReport", "report_sales", "report_taxes",
    "report_tenders",
]  # fmt: skip

S = TypeVar("S", Sales, TenderSum, TaxSum)


class SalesTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of all dates of a report in one currency, minor units; see DaySales."""

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


class SalesReport(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of a site from one business date to another, inclusive; days without any are left out. `total` is that of the site's
    present currency, `totals` those of every currency. Not `is_current`: more has arrived than is in it yet."""

    site: Site
    first: str
    last: str
    is_current: bool
    days: tuple[DaySales, ...]
    total: Sales
    totals: tuple[SalesTotal, ...]


class TenderTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What one tender took, minor units: `count` payments; `amount` settled checks, `refund` was given back to it (what a reopened
    check was overpaid by within), `rounding` is that of cash in and out. `expected` is what should be in the drawer, or on the
    terminal: amount + rounding + tip - refund."""

    currency: str
    tender: str
    count: int
    amount_minor: int
    rounding_minor: int
    tip_minor: int
    refund_minor: int
    expected_minor: int


class TenderDay(TenderTotal, frozen=True, kw_only=True):
    """The same of one business date."""

    business_date: str


class TendersReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a site's tenders took from one business date to another, inclusive. Not `is_current`: more has arrived than is in it yet."""

    site_id: str
    is_current: bool
    days: tuple[TenderDay, ...]
    totals: tuple[TenderTotal, ...]


class TaxTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One tax at one rate over all dates of a report, minor units; see DayTax."""

    currency: str
    tax_id: str
    rate: str
    inclusive: bool
    base_minor: int
    tax_minor: int
    relieved_minor: int


class TaxesReport(msgspec.Struct, frozen=True, kw_only=True):
    """The taxes of a site from one business date to another, inclusive. Not `is_current`: more has arrived than is in it yet."""

    site_id: str
    is_current: bool
    days: tuple[DayTax, ...]
    totals: tuple[TaxTotal, ...]


async def report_sales(control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, first: str, last: str) -> SalesReport:
    """Sales of the site. Raises HubRefused."""
    first, last = ensure_range(first, last)
    site, shard, is_current = await ask(control, shards, scope, site_id)
    days = tuple(await shard.sales(site.org_id, site.site_id, first, last))
    totals = _summed(Sales, ((day.currency, day) for day in days))
    return SalesReport(
        site=site,
        first=first,
        last=last,
        is_current=is_current,
        days=days,
        total=totals.get(site.currency, NO_SALES),
        totals=tuple([SalesTotal(currency=currency, **msgspec.structs.asdict(total)) for currency, total in sorted(totals.items())]),
    )


async def report_tenders(
    control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, first: str, last: str
) -> TendersReport:
    """Tenders of the site. Raises HubRefused."""
    first, last = ensure_range(first, last)
    site, shard, is_current = await ask(control, shards, scope, site_id)
    days = await shard.tenders(site.org_id, site.site_id, first, last)
    totals = _summed(TenderSum, (((day.currency, day.tender), day) for day in days))
    return TendersReport(
        site_id=site.site_id,
        is_current=is_current,
        days=tuple([_tender_day(day) for day in days]),
        totals=tuple([
            TenderTotal(currency=currency, tender=tender, expected_minor=total.expected_minor, **msgspec.structs.asdict(total))
            for (currency, tender), total in sorted(totals.items())
        ]),
    )  # fmt: skip


async def report_taxes(control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, first: str, last: str) -> TaxesReport:
    """Taxes of the site. Raises HubRefused."""
    first, last = ensure_range(first, last)
    site, shard, is_current = await ask(control, shards, scope, site_id)
    days = tuple(await shard.taxes(site.org_id, site.site_id, first, last))
    totals = _summed(TaxSum, (((day.currency, day.tax_id, day.rate, day.inclusive), day) for day in days))
    return TaxesReport(
        site_id=site.site_id,
        is_current=is_current,
        days=days,
        totals=tuple([
            TaxTotal(currency=currency, tax_id=tax_id, rate=rate, inclusive=inclusive, **msgspec.structs.asdict(total))
            for (currency, tax_id, rate, inclusive), total in sorted(totals.items())
        ]),
    )  # fmt: skip


# --- adding up -----------------------------------------------------------------------------------

K = TypeVar("K")


def _summed(cls: type[S], days: Iterable[tuple[K, DaySales | DayTender | DayTax]]) -> dict[K, S]:
    """The sums of the fields that `cls` has, by key, as the books themselves add up."""
    totals: dict[K, S] = {}
    for key, day in days:
        sums = cls(**{name: getattr(day, name) for name in cls.__struct_fields__})
        totals[key] = totals[key] + sums if key in totals else sums
    return totals


def _tender_day(day: DayTender) -> TenderDay:
    sums = TenderSum(**{name: getattr(day, name) for name in TenderSum.__struct_fields__})
    return TenderDay(expected_minor=sums.expected_minor, **msgspec.structs.asdict(day))
