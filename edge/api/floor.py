"""Routes that read the house: tables with the checks open at them, and what the site says of its items (86, countdown, local price).

What lives here: queries in, views out. Nothing is decided or written here; sums come from the domain.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Router, get

from edge.api.openapi import refusals
from edge.api.state import Here
from edge.journal.reader import ChecksWanted
from shared.domain.check import Check, due_minor, sums_of
from shared.domain.menu import Menu
from shared.domain.menu.floor import Floor, Table
from shared.domain.menu.overrides import ItemOverride
from shared.limits import LIVE_AGGREGATES_MAX, MENU_ITEMS_MAX

__all__ = ["router"]

Anybody = Request[Any, Any, Any]


class OpenCheckLine(msgspec.Struct, frozen=True, kw_only=True):
    """An open check in one line of a floor plan; amounts in minor units. `unsent` lines are not in the kitchen yet."""

    check_id: str
    number: int
    table_id: str
    name: str
    service: str
    order_number: int
    covers: int
    owner_id: str
    opened_at: datetime
    total_minor: int
    due_minor: int
    unsent: int
    has_bill: bool
    training: bool
    revision: int


class TableState(msgspec.Struct, frozen=True, kw_only=True):
    """A table and the checks open at it, the first opened first. A free one has none."""

    table: Table
    checks: tuple[OpenCheckLine, ...]


class FloorState(msgspec.Struct, frozen=True, kw_only=True):
    """A room with its tables, in the order of the plan."""

    floor_id: str
    name: str
    tables: tuple[TableState, ...]


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """The house. `elsewhere` are open checks at no table of the plan: tabs, the counter, tables that a menu has dropped."""

    floors: tuple[FloorState, ...]
    elsewhere: tuple[OpenCheckLine, ...]


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What the site says of items, the last said first; items of which it says nothing are left out."""

    overrides: tuple[ItemOverride, ...]


def _line(check: Check) -> OpenCheckLine:
    return OpenCheckLine(
        check_id=check.check_id, number=check.number, table_id=check.table_id, name=check.name, service=check.service,
        order_number=check.order_number, covers=check.covers, owner_id=check.owner_id, opened_at=check.opened_at,
        total_minor=sums_of(check).total_minor, due_minor=due_minor(check), unsent=sum(line.status == "held" for line in check.lines),
        has_bill=check.bill is not None, training=check.training, revision=check.revision,
    )  # fmt: skip


def tables_of(menu: Menu, checks: Iterable[Check]) -> Tables:
    """The floors of a menu with the open checks at their tables. A menu without floors has one, of its `tables`."""
    floors = menu.floors or (Floor(id="floor", name=menu.name, tables=tuple([Table(id=id) for id in menu.tables])),)
    lines = [_line(check) for check in sorted(checks, key=lambda check: (check.opened_at, check.number))]
    at: dict[str, list[OpenCheckLine]] = {table.id: [] for floor in floors for table in floor.tables}
    elsewhere: list[OpenCheckLine] = []
    for line in lines:
        at.get(line.table_id, elsewhere).append(line)
    return Tables(
        floors=tuple([
            FloorState(
                floor_id=floor.id, name=floor.name, tables=tuple([TableState(table=each, checks=tuple(at[each.id])) for each in floor.tables])
            )
            for floor in floors
        ]),
        elsewhere=tuple(elsewhere),
    )  # fmt: skip


@get("/tables", summary="Floors and tables with their open checks", responses=refusals())
async def get_tables(request: Anybody, edge: Here) -> Tables:
    """The house as it is now: what a floor plan shows."""
    edge.identify(request)
    return tables_of(await edge.menu(), await edge.reader.checks(ChecksWanted(), LIVE_AGGREGATES_MAX))


@get("/overrides", summary="What the site says of its items", responses=refusals())
async def get_overrides(request: Anybody, edge: Here) -> Overrides:
    """Items that have run out (86), are counted down or have a local price. What is in force is these over the menu."""
    edge.identify(request)
    return Overrides(overrides=tuple(await edge.reader.overrides(MENU_ITEMS_MAX)))


router = Router(path="/v1", route_handlers=[get_tables, get_overrides], tags=["house"])
