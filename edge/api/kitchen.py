"""Routes that read the kitchen: tickets by station, fires as the expo sees them, what can be called back, and what is still to be made.

What lives here: queries in, views out. Counts come from the domain; nothing is decided or written here.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.params import QueryParameter

from edge.api.openapi import refusals
from edge.api.state import Edge, Here
from shared.domain.kitchen.counts import ItemCount, ingredient_counts, item_counts
from shared.domain.kitchen.state import IngredientNeed, Ticket, TicketStatus
from shared.domain.menu import Menu
from shared.limits import ID_LENGTH_MAX, TICKETS_PAGE_MAX

__all__ = ["router"]

Anybody = Request[Any, Any, Any]
Station = Annotated[str, QueryParameter(max_length=ID_LENGTH_MAX, description="only this station's; an expo's are everybody's")]


class Tickets(msgspec.Struct, frozen=True, kw_only=True):
    """Tickets as they are now."""

    tickets: tuple[Ticket, ...]


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """What was fired together for one check: it is handed over together. `is_ready` when every ticket of it that is still here is made."""

    fire_id: str
    check_id: str
    check_number: int
    table_id: str
    is_ready: bool
    tickets: tuple[Ticket, ...]


class Fires(msgspec.Struct, frozen=True, kw_only=True):
    """Fires with a live ticket, the oldest first."""

    fires: tuple[Fire, ...]


class KitchenCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to be made: items with their modifiers, most first, and the ingredients of them in thousandths of one."""

    items: tuple[ItemCount, ...]
    ingredients: tuple[IngredientNeed, ...]


def is_expo(menu: Menu, station: str) -> bool:
    """Whether the menu calls the station an expo."""
    return any(each.id == station and each.kind == "expo" for each in menu.stations)


def stations_of(menu: Menu) -> set[str]:
    """Every station to which the menu sends anything, or which it names."""
    named = {each.id for each in menu.stations} | {category.station for category in menu.categories} | {menu.default_station}
    return (named | {id for item in menu.items for id in (item.station, *item.also_stations)}) - {""}


def fires_of(tickets: Iterable[Ticket]) -> list[Fire]:
    """Tickets put together by what was fired together, in the order in which they came. Tickets of 0.1 were fired each alone."""
    together: dict[tuple[str, str], list[Ticket]] = {}
    for ticket in tickets:
        together.setdefault((ticket.fire_id or ticket.ticket_id, ticket.check_id), []).append(ticket)
    return [
        Fire(
            fire_id=fire_id, check_id=check_id, check_number=fired[0].check_number, table_id=fired[0].table_id,
            is_ready=all(ticket.status is not TicketStatus.OPEN for ticket in fired), tickets=tuple(fired),
        )
        for (fire_id, check_id), fired in together.items()
    ]  # fmt: skip


async def tickets_at(edge: Edge, station: str) -> list[Ticket]:
    """Live tickets of a station, all for an expo or (""), the oldest first."""
    found = await edge.reader.live_tickets(TICKETS_PAGE_MAX)
    if not station or is_expo(await edge.menu(), station):
        return found
    return [ticket for ticket in found if ticket.station == station]


@get("/tickets", summary="Live kitchen tickets", responses=refusals())
async def list_tickets(request: Anybody, edge: Here, station: Station = "") -> Tickets:
    """Tickets that a screen still shows, the oldest first: open ones, and at a site with an expo also those that wait at the pass."""
    edge.identify(request)
    return Tickets(tickets=tuple(await tickets_at(edge, station)))


@get("/tickets/recent", summary="Tickets that can be called back", responses=refusals())
async def list_recent_tickets(request: Anybody, edge: Here, station: Station = "") -> Tickets:
    """The tickets that stations were done with last, the last first: what a recall list shows."""
    edge.identify(request)
    menu = await edge.menu()
    stations = [station] if station and not is_expo(menu, station) else sorted(stations_of(menu))
    return Tickets(tickets=tuple((await edge.reader.recent_tickets(stations))[:TICKETS_PAGE_MAX]))


@get("/kitchen/fires", summary="Live tickets by fire, as the expo sees them", responses=refusals())
async def list_fires(request: Anybody, edge: Here) -> Fires:
    """Every station's live tickets, put together by check and fire, the oldest first."""
    edge.identify(request)
    return Fires(fires=tuple(fires_of(await edge.reader.live_tickets(TICKETS_PAGE_MAX))))


@get("/kitchen/counts", summary="What is still to be made", responses=refusals())
async def get_counts(request: Anybody, edge: Here, station: Station = "") -> KitchenCounts:
    """All-day counts: how many of each item with which modifiers, and of each ingredient how much, at a station or everywhere."""
    edge.identify(request)
    tickets = await tickets_at(edge, station)
    return KitchenCounts(items=item_counts(tickets), ingredients=ingredient_counts(tickets))


router = Router(path="/v1", route_handlers=[list_tickets, list_recent_tickets, list_fires, get_counts], tags=["kitchen"])
