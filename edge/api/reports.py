"""Routes that read the books: sales, tenders and taxes by business date.

What lives here: queries in, answers out. The books are the domain's (shared/domain/check/books.py); nothing is added up here that the
hub adds up otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.params import QueryParameter

from edge.api.dates import ensure_range
from edge.api.openapi import refusals
from edge.api.state import Here
from shared.domain.check.books import NO_SALES, DayBook, Sales, TaxSum, TenderSum, tax_of_key
from shared.domain.errors import Refused
from shared.limits import REPORT_DAYS_MAX

__all__ = ["router"]


class TenderSales(msgspec.Struct, frozen=True, kw_only=True):
    """What one tender took, minor units: `amount` settled checks, `refund` was given back, `rounding` is that of cash in and out.
    `expected` is what should be in the drawer, or on the terminal: amount + rounding + tip - refund."""

    tender: str
    count: int
    amount_minor: int
    rounding_minor: int
    tip_minor: int
    refund_minor: int
    expected_minor: int


class TaxSales(msgspec.Struct, frozen=True, kw_only=True):
    """One tax at one rate, minor units: what it was raised on, what it came to, and what exempt guests did not owe of it."""

    tax_id: str
    rate: str
    inclusive: bool
    base_minor: int
    tax_minor: int
    relieved_minor: int


class DaySales(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked on one business date, minor units; see `Sales` for each figure."""

    business_date: str
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
    tenders: tuple[TenderSales, ...]
    taxes: tuple[TaxSales, ...]


class SalesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked by business date, and the sum of it, minor units of `currency`. Days on which nothing was booked are left out."""

    currency: str
    days: tuple[DaySales, ...]
    total: Sales
    tenders: tuple[TenderSales, ...]
    taxes: tuple[TaxSales, ...]


def tenders_of(tenders: Mapping[str, TenderSum]) -> tuple[TenderSales, ...]:
    """The tenders of a book, by name."""
    return tuple([
        TenderSales(tender=name, expected_minor=each.expected_minor, **msgspec.structs.asdict(each)) for name, each in sorted(tenders.items())
    ])  # fmt: skip


def taxes_of(taxes: Mapping[str, TaxSum]) -> tuple[TaxSales, ...]:
    """The taxes of a book, by their key."""
    found: list[TaxSales] = []
    for key, each in sorted(taxes.items()):
        tax_id, rate, inclusive = tax_of_key(key)
        found.append(
            TaxSales(
                tax_id=tax_id, rate=rate, inclusive=inclusive, base_minor=each.base_minor, tax_minor=each.tax_minor,
                relieved_minor=each.relieved_minor,
            )
        )  # fmt: skip
    return tuple(found)


def sales_answer(currency: str, books: Sequence[DayBook]) -> SalesAnswer:
    """The answer made of the books of a currency, each of another date."""
    days = [book for book in books if book.currency == currency and not book.is_empty]
    total = DayBook(business_date="", currency=currency)
    for book in days:
        total = total.plus(book)
    return SalesAnswer(
        currency=currency,
        days=tuple([
            DaySales(
                business_date=book.business_date, **msgspec.structs.asdict(book.sales), tenders=tenders_of(book.tenders),
                taxes=taxes_of(book.taxes),
            )
            for book in days
        ]),
        total=total.sales if days else NO_SALES,
        tenders=tenders_of(total.tenders),
        taxes=taxes_of(total.taxes),
    )  # fmt: skip


@get("/sales", summary="Sales, tenders and taxes by business date", responses=refusals("report.reversed", "report.too_large"))
async def get_sales(
    request: Request[Any, Any, Any],
    edge: Here,
    from_date: Annotated[str, QueryParameter(description="first business date, ISO; today where it is left out")] = "",
    to_date: Annotated[str, QueryParameter(description="last business date, ISO; from_date where it is left out")] = "",
) -> SalesAnswer:
    """Closed checks count as sales; payments, tips and refunds on the day they were taken or given. The hub computes the same figures
    with the same functions from the same entries."""
    edge.identify(request)
    first, last = ensure_range(from_date, to_date, edge.site.business_date)
    books = await edge.reader.books(first, last, REPORT_DAYS_MAX + 1)
    if len(books) > REPORT_DAYS_MAX:
        raise Refused("report.too_large", f"Something was booked on more than {REPORT_DAYS_MAX} days from {first} to {last}.")
    return sales_answer(edge.site.currency, books)


router = Router(path="/v1", route_handlers=[get_sales], tags=["reports"])
