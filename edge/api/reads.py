"""Routes that read: menu, checks, tickets, sales, status.

What lives here: queries in, views out. Nothing is decided or written here, except the menu that is handed in.
"""

import shutil
from contextlib import aclosing
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, put
from litestar.params import FromPath, JSONBody, QueryParameter

from edge.api.problems import RefusedRequest
from edge.api.state import Edge, Here
from edge.app.site import RefusedCommand
from edge.app.site import Request as SiteRequest
from edge.journal.reader import Reader
from shared.domain.check.books import NO_SALES, Sales, sales_of
from shared.domain.errors import Refused
from shared.domain.ids import derived_id, is_id
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu import Menu, menu_problems, menu_version
from shared.domain.site import ApplyMenu
from shared.domain.views import CheckView, check_view
from shared.limits import CHECKS_PAGE_MAX, DISK_FREE_ALARM_BYTES, SALES_CHECKS_MAX, TICKETS_PAGE_MAX
from shared.protocol.entry import decode_entry
from shared.protocol.session import CloudState, Submit
from shared.version import VERSION

__all__ = ["oldest_pending_at", "router"]

Anybody = Request[Any, Any, Any]


class MenuAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The menu in force and the content hash that names it; an empty version when there is none yet."""

    version: str
    menu: Menu | None


class MenuApplied(msgspec.Struct, frozen=True, kw_only=True):
    """`applied` is false when that very menu was in force already."""

    version: str
    applied: bool


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    checks: tuple[CheckView, ...]


class Tickets(msgspec.Struct, frozen=True, kw_only=True):
    tickets: tuple[Ticket, ...]


class DaySales(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of one business date, minor units."""

    business_date: str
    orders: int
    lines: int
    gross_minor: int
    net_minor: int
    tax_minor: int


class SalesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Sales by business date, and their sum, minor units of `currency`."""

    currency: str
    days: tuple[DaySales, ...]
    total: Sales


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the box is. `head` is the journal's last position; `pending_entries` are not in the cloud, the oldest since `oldest_pending_at` (UTC)."""

    org_id: str
    site_id: str
    site_name: str
    epoch: int
    currency: str
    time_zone: str
    business_date: str
    head: str
    sequence: int
    cloud: CloudState
    pending_entries: int
    oldest_pending_at: datetime | None
    open_checks: int
    open_tickets: int
    alarms: tuple[str, ...]
    version: str


@get("/menu", summary="The menu in force")
async def get_menu(request: Anybody, edge: Here) -> MenuAnswer:
    edge.identify(request)
    version = edge.site.menu_version
    document = await edge.reader.document(version) if version else None
    return MenuAnswer(version=version if document else "", menu=msgspec.json.decode(document, type=Menu) if document else None)


@put("/menu", summary="Put a menu in force")
async def put_menu(request: Anybody, edge: Here, data: JSONBody[Menu]) -> MenuApplied:
    """Keep the menu and put it in force at once. Lines on open checks keep the price they were added at."""
    device = edge.identify(request)
    if "manage" not in device.permissions:
        raise Refused("permission.missing", "Putting a menu in force needs the permission 'manage'.", permission="manage")
    problems = menu_problems(data)
    if problems:
        raise Refused("menu.inconsistent", f"{len(problems)} problems: {problems[0]}.", problems=problems)
    version = menu_version(data)
    document = msgspec.json.encode(data, order="deterministic")
    await edge.writer.call(lambda site, _: site.put_menu(version, document))
    command_id = derived_id(edge.box.site_id, "menu", version, str(edge.feed.head))
    command = Submit(id=command_id, command=msgspec.Raw(msgspec.json.encode(ApplyMenu(version=version))))
    outcome = await edge.writer.submit(SiteRequest(device=device, commands=(command,)))
    if isinstance(outcome, RefusedCommand):
        if outcome.error.code == "menu.already_applied":
            return MenuApplied(version=version, applied=False)
        raise RefusedRequest(outcome)
    return MenuApplied(version=version, applied=True)


def ensure_date(text: str | None) -> str | None:
    """The date as given, or nothing for none. Raises Refused `request.malformed`: a typing error must not look like a day without sales."""
    try:
        if text and date.fromisoformat(text).isoformat() != text:
            raise ValueError("write it as YYYY-MM-DD")
    except ValueError as error:
        raise Refused("request.malformed", f"{text!r} is no date: {error}.") from error
    return text


@get("/checks", summary="Checks, open or closed")
async def list_checks(
    request: Anybody,
    edge: Here,
    status: Annotated[str, QueryParameter(pattern="^(open|closed)$", description="open or closed")] = "open",
    business_date: Annotated[str | None, QueryParameter(description="ISO date; of closed checks only")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=CHECKS_PAGE_MAX)] = CHECKS_PAGE_MAX,
) -> Checks:
    """Open checks, the longest untouched first; closed ones of a business date (today by default), the last closed first."""
    edge.identify(request)
    if status == "open":
        found = await edge.reader.open_checks(limit)
    else:
        day = ensure_date(business_date) or edge.site.business_date
        found = await edge.reader.closed_checks(day, day, limit)
    return Checks(checks=tuple(check_view(check) for check in found))


@get("/checks/{check_id:str}", summary="One check")
async def get_check(request: Anybody, edge: Here, check_id: FromPath[str]) -> CheckView:
    edge.identify(request)
    check = await edge.reader.check(check_id) if is_id(check_id) else None
    if check is None:
        raise Refused("check.unknown", f"There is no check {check_id[:64]!r}.")
    return check_view(check)


@get("/tickets", summary="Open kitchen tickets")
async def list_tickets(
    request: Anybody, edge: Here, station: Annotated[str, QueryParameter(description="only this station's")] = ""
) -> Tickets:
    edge.identify(request)
    found = await edge.reader.open_tickets(TICKETS_PAGE_MAX)
    return Tickets(tickets=tuple(ticket for ticket in found if station in ("", ticket.station)))


async def sales_by_day(reader: Reader, first: str, last: str) -> dict[str, Sales]:
    """Sales of closed checks by business date. Raises Refused `report.too_large`: a part of the sum would look like the whole."""
    days: dict[str, Sales] = {}
    count = 0
    async with aclosing(reader.closed_pages(first, last, SALES_CHECKS_MAX + 1)) as pages:
        async for page in pages:
            count += len(page)
            if count > SALES_CHECKS_MAX:
                raise Refused("report.too_large", f"More than {SALES_CHECKS_MAX} checks were closed from {first} to {last}.")
            for check in page:
                days[check.business_date] = days.get(check.business_date, NO_SALES) + sales_of(check)
    return days


@get("/sales", summary="Sales by business date")
async def get_sales(
    request: Anybody,
    edge: Here,
    from_date: Annotated[str | None, QueryParameter(description="first business date, ISO; today by default")] = None,
    to_date: Annotated[str | None, QueryParameter(description="last business date, ISO; from_date by default")] = None,
) -> SalesAnswer:
    """Closed checks only. The hub computes the same figures with the same function from the same entries."""
    edge.identify(request)
    first = ensure_date(from_date) or edge.site.business_date
    days = await sales_by_day(edge.reader, first, ensure_date(to_date) or first)
    return SalesAnswer(
        currency=edge.site.currency,
        days=tuple(
            DaySales(
                business_date=each, orders=day.orders, lines=day.lines, gross_minor=day.gross_minor, net_minor=day.net_minor,
                tax_minor=day.tax_minor,
            )
            for each, day in sorted(days.items())
        ),
        total=sum(days.values(), NO_SALES),
    )  # fmt: skip


async def oldest_pending_at(edge: Edge) -> datetime | None:
    """When the oldest entry that is not in the cloud was written (UTC); None when all is there."""
    if edge.cloud.sequence >= edge.feed.head.sequence:
        return None
    entry = await edge.reader.entry(edge.cloud.sequence + 1)
    return decode_entry(entry.entry).at if entry else None


@get("/status", summary="How the box is")
async def get_status(request: Anybody, edge: Here) -> Status:
    edge.identify(request)
    checks, tickets = await edge.reader.live_counts()
    return Status(
        org_id=edge.box.org_id, site_id=edge.box.site_id, site_name=edge.box.site_name, epoch=edge.site.epoch,
        currency=edge.site.currency, time_zone=edge.site.time_zone, business_date=edge.site.business_date, head=str(edge.feed.head),
        sequence=edge.feed.head.sequence, cloud=edge.cloud,
        pending_entries=max(0, edge.feed.head.sequence - edge.cloud.sequence), oldest_pending_at=await oldest_pending_at(edge),
        open_checks=checks, open_tickets=tickets, alarms=alarms(edge), version=VERSION,
    )  # fmt: skip


def alarms(edge: Edge) -> tuple[str, ...]:
    """Codes of what a person should look at."""
    free = shutil.disk_usage(edge.settings.data_dir).free
    return (*(["storage.low"] if free < DISK_FREE_ALARM_BYTES else []), *([edge.cloud.alarm] if edge.cloud.alarm else []))


router = Router(
    path="/v1", route_handlers=[get_menu, put_menu, list_checks, get_check, list_tickets, get_sales, get_status], tags=["reads"]
)
