"""The routes that read what the sites have sent: decode, call a use case, encode.

What lives here: paths and parameters. What is reported is said in hub/app, figures are added up by nobody here.
"""

from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Response

from hub.api.asking import Caller, SiteId, State
from hub.api.documented import described
from hub.api.wire import SalesAnswer, answer, sales_answer
from hub.app.checks import CheckPage, CheckReport, list_checks, view_check
from hub.app.kitchen import TicketTimes, report_ticket_times
from hub.app.ports import ChecksAsked
from hub.app.sales import TaxesReport, TendersReport, report_sales, report_taxes, report_tenders
from shared.limits import CHECKS_PAGE_MAX, ID_LENGTH_MAX

__all__ = ["router"]

router = APIRouter(prefix="/v1/sites/{site_id}")
_IS_DATE: dict[str, Any] = {"format": "date"}


class Dates(NamedTuple):
    """The first and last business date that are asked for, as they were written."""

    first: str
    last: str


class Filter(NamedTuple):
    """Which checks are asked for; None lets all pass."""

    status: Literal["open", "closed", "merged"] | None
    table_id: str | None
    training: bool | None


def dates_of(
    from_date: Annotated[str, Query(description="first business date, ISO", json_schema_extra=_IS_DATE, examples=["2026-03-01"])],
    to_date: Annotated[
        str | None, Query(description="last business date, ISO; from_date by default", json_schema_extra=_IS_DATE, examples=["2026-03-31"])
    ] = None,
) -> Dates:
    return Dates(from_date, to_date or from_date)


def filter_of(
    status: Annotated[Literal["open", "closed", "merged"] | None, Query(description="only those of this status")] = None,
    table_id: Annotated[
        str | None, Query(max_length=ID_LENGTH_MAX, pattern=r"^[^\x00-\x1f]*$", description="only those of this table")
    ] = None,
    training: Annotated[bool | None, Query(description="only those of training, or only those that are not")] = None,
) -> Filter:
    return Filter(status, table_id, training)


Range = Annotated[Dates, Depends(dates_of)]


@router.get("/sales", tags=["reports"], summary="Sales by business date", **described(SalesAnswer, 400, 401, 404, 422, 503))
async def sales(state: State, scope: Caller, site_id: SiteId, dates: Range) -> Response:
    """What the site sold, as far as it has arrived and is projected: closed checks on the date of their closing, refunds and
    corrections on the date on which they were given or made. Checks of training count nowhere."""
    return answer(sales_answer(await report_sales(state.control, state.shards, scope, site_id, *dates)))


@router.get("/tenders", tags=["reports"], summary="Tenders by business date", **described(TendersReport, 400, 401, 404, 422, 503))
async def tenders(state: State, scope: Caller, site_id: SiteId, dates: Range) -> Response:
    """What each tender took and gave back on the date on which it did, with tips and cash rounding, and what should be in the drawer
    or on the terminal of it."""
    return answer(await report_tenders(state.control, state.shards, scope, site_id, *dates))


@router.get("/taxes", tags=["reports"], summary="Taxes by business date", **described(TaxesReport, 400, 401, 404, 422, 503))
async def taxes(state: State, scope: Caller, site_id: SiteId, dates: Range) -> Response:
    """What each tax was raised on and came to, by rate, and what exempt guests did not owe of it."""
    return answer(await report_taxes(state.control, state.shards, scope, site_id, *dates))


@router.get("/checks", tags=["checks"], summary="Checks by business date", **described(CheckPage, 400, 401, 404, 422, 503))
async def checks(
    state: State,
    scope: Caller,
    site_id: SiteId,
    dates: Range,
    wanted: Annotated[Filter, Depends(filter_of)],
    after: Annotated[str | None, Query(description="`next` of the answer before")] = None,
    limit: Annotated[int, Query(ge=1, le=CHECKS_PAGE_MAX, description="checks in one answer")] = CHECKS_PAGE_MAX,
) -> Response:
    """Checks by the business date on which they were opened, in the order of their numbers, with what each comes to."""
    asked = ChecksAsked(**dates._asdict(), **wanted._asdict(), limit=limit)
    return answer(await list_checks(state.control, state.shards, scope, site_id, asked, after))


@router.get("/checks/{check_id}", tags=["checks"], summary="One check with everything on it", **described(CheckReport, 401, 404, 503))
async def check(state: State, scope: Caller, site_id: SiteId, check_id: Annotated[str, Path(description="UUID of the check")]) -> Response:
    """The check with its lines and what each bears, discounts, service charges, taxes, payments, refunds, and its tickets with their
    times."""
    return answer(await view_check(state.control, state.shards, scope, site_id, check_id))


@router.get("/ticket-times", tags=["reports"], summary="Speed of service by station", **described(TicketTimes, 400, 401, 404, 422, 503))
async def ticket_times(state: State, scope: Caller, site_id: SiteId, dates: Range) -> Response:
    """How long each station took, median and p90: by business date, and over all of them."""
    return answer(await report_ticket_times(state.control, state.shards, scope, site_id, *dates))
