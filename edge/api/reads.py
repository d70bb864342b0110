"""The route for the site as a whole: how the box is.

What lives here: a query in, a view out. Nothing is decided or written here.
"""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Router, get

from edge.api.alarms import alarms
from edge.api.openapi import refusals
from edge.api.state import Edge, Here
from shared.protocol.entry import decode_entry
from shared.protocol.session import CloudState
from shared.version import VERSION

__all__ = ["oldest_pending_at", "router"]

Anybody = Request[Any, Any, Any]


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


async def oldest_pending_at(edge: Edge) -> datetime | None:
    """When the oldest entry that is not in the cloud was written (UTC); None when all is there."""
    if edge.cloud.sequence >= edge.feed.head.sequence:
        return None
    entry = await edge.reader.entry(edge.cloud.sequence + 1)
    return decode_entry(entry.entry).at if entry else None


@get("/status", summary="How the box is", responses=refusals())
async def get_status(request: Anybody, edge: Here) -> Status:
    """Its site, where its journal stands, what the cloud has of it, and alarms: codes of what a person should look at."""
    edge.identify(request)
    checks, tickets = await edge.reader.live_counts()
    return Status(
        org_id=edge.box.org_id, site_id=edge.box.site_id, site_name=edge.box.site_name, epoch=edge.site.epoch,
        currency=edge.site.currency, time_zone=edge.site.time_zone, business_date=edge.site.business_date, head=str(edge.feed.head),
        sequence=edge.feed.head.sequence, cloud=edge.cloud,
        pending_entries=max(0, edge.feed.head.sequence - edge.cloud.sequence), oldest_pending_at=await oldest_pending_at(edge),
        open_checks=checks, open_tickets=tickets, alarms=alarms(edge), version=VERSION,
    )  # fmt: skip


router = Router(path="/v1", route_handlers=[get_status], tags=["site"])
