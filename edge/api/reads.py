"""The route for the site as a whole: how the box is.

What lives here: a query in, a view out. Nothing is decided or written here.
"""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Router, get

from edge.api.alarms import alarms, oldest_pending_at
from edge.api.followers import FollowerStatus, follower_statuses
from edge.api.openapi import refusals
from edge.api.state import Here
from shared.protocol.entry import Position
from shared.protocol.session import BoxState, CloudState
from shared.version import VERSION

__all__ = ["router"]

Anybody = Request[Any, Any, Any]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the box is. `head` is the journal's last position; `pending_entries` are not in the cloud, the oldest since
    `oldest_pending_at` (UTC), which is `oldest_pending_age_s` ago. Of a fenced box they are those that the hub does not keep apart yet:
    `kept_sequence` is how far it does, `fence_claim` the token of the claim that fenced it. `backed_up` is the last sequence in a backup
    of the hub, `begins` the position after which the box holds entries, empty for the beginning, `epoch_begins` those before the first
    entry of each epoch that it holds (`0.0.` and zeros where that is the first of all), its own last, less those that were trimmed;
    `refused_commands` are codes of commands of the hub that the site refused, by id, `refused_asks` until when (Unix milliseconds) each
    was to be carried out."""

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
    oldest_pending_age_s: float | None
    open_checks: int
    open_tickets: int
    alarms: tuple[str, ...]
    version: str
    box: BoxState
    kept_sequence: int
    backed_up: int
    begins: str
    epoch_begins: tuple[str, ...]
    followers: tuple[FollowerStatus, ...]
    fence_claim: str
    refused_commands: dict[str, str]
    refused_asks: dict[str, int]


@get("/status", summary="How the box is", responses=refusals())
async def get_status(request: Anybody, edge: Here) -> Status:
    """Its site, where its journal stands, what the cloud has of it, and alarms: codes of what a person should look at."""
    edge.identify(request)
    checks, tickets = await edge.reader.live_counts()
    oldest = await oldest_pending_at(edge)
    return Status(
        org_id=edge.box.org_id, site_id=edge.box.site_id, site_name=edge.box.site_name, epoch=edge.site.epoch,
        currency=edge.site.currency, time_zone=edge.site.time_zone, business_date=edge.site.business_date, head=str(edge.feed.head),
        sequence=edge.feed.head.sequence, cloud=edge.cloud,
        pending_entries=max(0, edge.feed.head.sequence - edge.safe_sequence), oldest_pending_at=oldest,
        oldest_pending_age_s=None if oldest is None else max(0.0, (edge.now() - oldest).total_seconds()),
        open_checks=checks, open_tickets=tickets, alarms=alarms(edge), version=VERSION, box=edge.fence.state,
        kept_sequence=edge.kept_sequence, backed_up=edge.backed_up, followers=follower_statuses(edge),
        begins=_told(edge.begins), epoch_begins=tuple(str(each) for each in await edge.epoch_begins()), fence_claim=edge.fence.claim_shown,
        refused_commands={id: refusal.code for id, refusal in edge.hub_refusals.items()},
        refused_asks={id: refusal.expires_at_ms for id, refusal in edge.hub_refusals.items()},
    )  # fmt: skip


def _told(position: Position) -> str:
    return str(position) if position.sequence else ""


router = Router(path="/v1", route_handlers=[get_status], tags=["site"])
