"""What the API says and hears, as JSON, where that is not what a use case answers already.

What lives here: wire types and their encoding by msgspec; FastAPI's own models cost half of the answers a second (measured). How
OpenAPI is told of them is in documented.py.
"""

import msgspec
from fastapi import Response

from hub.app.sales import SalesReport, SalesTotal
from hub.records.books import DaySales
from shared.domain.check.books import Sales

__all__ = ["ClaimRequest", "OrganisationView", "Organisations", "SalesAnswer", "answer", "sales_answer"]


class ClaimRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`code` as it was handed over; `public_key` is the public user nkey that the box has made."""

    code: str
    public_key: str


class OrganisationView(msgspec.Struct, frozen=True, kw_only=True):
    org_id: str
    name: str


class Organisations(msgspec.Struct, frozen=True, kw_only=True):
    organisations: tuple[OrganisationView, ...]


class SalesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Sales in minor units, by business date and currency, dates without sales left out: as the site itself reports them.

    `total` is that of the site's present `currency`, `totals` holds those of every currency. Not `is_current`: more has arrived
    than is in it yet.
    """

    site_id: str
    currency: str
    is_current: bool
    days: tuple[DaySales, ...]
    total: Sales
    totals: tuple[SalesTotal, ...]


def sales_answer(report: SalesReport) -> SalesAnswer:
    """The report as the API tells it."""
    site = report.site
    return SalesAnswer(
        site_id=site.site_id,
        currency=site.currency,
        is_current=report.is_current,
        days=report.days,
        total=report.total,
        totals=report.totals,
    )


def answer(value: object) -> Response:
    """The value as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json")
