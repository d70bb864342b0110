"""Routes that read checks: lists of them, one of them, how far the kitchen is with it, and what happened to it.

What lives here: queries in, views out. Nothing is decided or written here; sums come from the domain.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get
from litestar.params import FromPath, QueryParameter

from edge.api.dates import ensure_date
from edge.api.openapi import refusals
from edge.api.state import Edge, Here
from edge.journal.reader import ChecksWanted
from shared.domain.check import Check
from shared.domain.errors import Refused
from shared.domain.ids import is_id
from shared.domain.kitchen.progress import kitchen_state
from shared.domain.kitchen.state import Ticket
from shared.domain.views import CheckView, check_view
from shared.limits import CHECKS_PAGE_MAX, HISTORY_ENTRIES_MAX, ID_LENGTH_MAX
from shared.protocol.entry import SEQUENCE_MAX, decode_entry

__all__ = ["router"]

Anybody = Request[Any, Any, Any]
CheckId = FromPath[str]


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """Checks as they are now; at most as many as were asked for. `check_sequences` are those of the last entry of each: it is in the
    cloud once the watermark is there."""

    checks: tuple[CheckView, ...]
    check_sequences: tuple[int, ...] = ()


class KitchenLine(msgspec.Struct, frozen=True, kw_only=True):
    """How far a line is: `held` or `on_hold` before it is fired, then sent, displayed, started, ready, served; or voided."""

    line_id: str
    name: str
    quantity: int
    state: str


class CheckKitchen(msgspec.Struct, frozen=True, kw_only=True):
    """Each line of a check with its state over all stations, and the tickets on which they stand, live ones first."""

    check_id: str
    lines: tuple[KitchenLine, ...]
    tickets: tuple[Ticket, ...]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened: `event` as it was written, when (UTC), on which business date, by which command, device and person."""

    position: str
    at: datetime
    business_date: str
    command_id: str
    device_id: str
    actor_id: str
    event: msgspec.Raw


class CheckHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a check, the last first. `before` is what to ask with for what was earlier; 0 when that was all."""

    check_id: str
    entries: tuple[HistoryEntry, ...]
    before: int


async def find_check(edge: Edge, check_id: str) -> Check:
    """The check as committed. Raises Refused `check.unknown`."""
    check = await edge.reader.check(check_id) if is_id(check_id) else None
    if check is None:
        raise Refused("check.unknown", f"There is no check {check_id[:64]!r}.")
    return check


@get("/checks", summary="Checks, open or closed", responses=refusals())
async def list_checks(
    request: Anybody,
    edge: Here,
    status: Annotated[str, QueryParameter(pattern="^(open|closed|merged)$", description="open, closed or merged")] = "open",
    business_date: Annotated[
        str, QueryParameter(description="ISO date; open checks of every date, and others of today, where it is left out")
    ] = "",
    table: Annotated[str, QueryParameter(max_length=ID_LENGTH_MAX, description="only those at this table")] = "",
    owner: Annotated[str, QueryParameter(max_length=ID_LENGTH_MAX, description="only those of this person")] = "",
    service: Annotated[str, QueryParameter(pattern="^(|table|quick|tab)$", description="only table, quick or tab")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=CHECKS_PAGE_MAX, description="how many at most")] = CHECKS_PAGE_MAX,
) -> Checks:
    """Open checks, the longest untouched first; closed or merged ones of a business date, the last touched first."""
    edge.identify(request)
    day = ensure_date(business_date) or ("" if status == "open" else edge.site.business_date)
    wanted = ChecksWanted(status=status, from_date=day, to_date=day, table_id=table, owner_id=owner, service=service)
    found = await edge.reader.check_changes(wanted, limit)
    return Checks(checks=tuple([check_view(check) for check, _ in found]), check_sequences=tuple([sequence for _, sequence in found]))


@get("/checks/{check_id:str}", summary="One check", responses=refusals("check.unknown"))
async def get_check(request: Anybody, edge: Here, check_id: CheckId) -> CheckView:
    """The check with its lines and sums, open or not."""
    edge.identify(request)
    return check_view(await find_check(edge, check_id))


@get("/checks/{check_id:str}/kitchen", summary="How far the kitchen is with a check", responses=refusals("check.unknown"))
async def get_check_kitchen(request: Anybody, edge: Here, check_id: CheckId) -> CheckKitchen:
    """One state for each line, whatever the number of stations that work on it, and the tickets themselves."""
    edge.identify(request)
    check = await find_check(edge, check_id)
    tickets = await edge.reader.tickets_of(check_id)
    states = kitchen_state(tickets)
    lines = [
        KitchenLine(
            line_id=line.line_id,
            name=line.name,
            quantity=line.quantity,
            state=states.get(line.share.source_line_id if line.share else line.line_id, "on_hold" if line.on_hold else line.status),
        )
        for line in check.lines
    ]
    return CheckKitchen(check_id=check_id, lines=tuple(lines), tickets=tuple(tickets))


@get("/checks/{check_id:str}/history", summary="What happened to a check", responses=refusals("check.unknown"))
async def get_check_history(
    request: Anybody,
    edge: Here,
    check_id: CheckId,
    before: Annotated[int, QueryParameter(ge=0, le=SEQUENCE_MAX, description="`before` of the last answer; 0 for the newest")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=HISTORY_ENTRIES_MAX, description="how many at most")] = HISTORY_ENTRIES_MAX,
) -> CheckHistory:
    """Every journal entry that names the check, the last first. An answer may be empty and still name a `before` to go on from:
    the box looks through so much of the journal for one answer, and no more."""
    edge.identify(request)
    await find_check(edge, check_id)
    found, rest = await edge.reader.entries_naming(check_id, before or edge.feed.head.sequence + 1, limit)
    entries: list[HistoryEntry] = []
    for stored in found:
        entry = decode_entry(stored.entry)
        entries.append(
            HistoryEntry(
                position=str(stored.position), at=entry.at, business_date=entry.date, command_id=entry.command, device_id=entry.device,
                actor_id=entry.actor, event=entry.event,
            )
        )  # fmt: skip
    return CheckHistory(check_id=check_id, entries=tuple(entries), before=rest)


router = Router(path="/v1", route_handlers=[list_checks, get_check, get_check_kitchen, get_check_history], tags=["checks"])
