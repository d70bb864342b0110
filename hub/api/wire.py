"""What the API says and hears, as JSON, and how OpenAPI is told of it.

What lives here: wire types and their encoding by msgspec; FastAPI's own models cost half of the answers a second (measured).
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import Response

from hub.app.checks import CheckPage, CheckReport
from hub.app.claims import ClaimAnswer
from hub.app.kitchen import TicketTimes
from hub.app.overview import Sites, SiteView
from hub.app.sales import SalesReport, SalesTotal, TaxesReport, TendersReport
from hub.records import DaySales
from shared.domain.check.books import Sales
from shared.protocol.session import Problem

__all__ = ["ClaimRequest", "OrganisationView", "Organisations", "SalesAnswer", "answer", "components", "described", "sales_answer"]


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


_TYPES: Sequence[Any] = (
    CheckPage, CheckReport, ClaimAnswer, ClaimRequest, Organisations, Problem, SalesAnswer, Sites, SiteView, TaxesReport, TendersReport,
    TicketTimes,
)  # fmt: skip
_REF = "#/components/schemas/{name}"


def answer(value: object) -> Response:
    """The value as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def components() -> dict[str, Any]:
    """The schemas of every wire type, for the OpenAPI document."""
    _, schemas = msgspec.json.schema_components(_TYPES, schema_hook=_anything, ref_template=_REF)
    return dict(schemas)


def _anything(type_: type) -> dict[str, Any]:
    """The schema of `object`, of which msgspec knows none: the facts of a problem may be anything."""
    if type_ is object:
        return {"description": "anything"}
    raise TypeError(f"{type_} has no schema")


def _content(type_: type, media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"schema": {"$ref": _REF.format(name=type_.__name__)}}}}


def described(type_: type, *refusals: int, body: type | None = None) -> dict[str, Any]:
    """Keyword arguments of a route that tell OpenAPI what it answers, and what it takes."""
    responses: dict[int, Any] = {200: {"description": (type_.__doc__ or "").strip() or "Answered.", **_content(type_)}}
    for status in refusals:
        responses[status] = {"description": "Refused; `code` says why.", **_content(Problem, "application/problem+json")}
    extra = {"requestBody": {"required": True, **_content(body)}} if body else None
    return {"responses": responses, "openapi_extra": extra}
