"""Routes for the site as a whole: its menu, and how the box is.

What lives here: queries in, views out. Nothing is decided or written here, except the menu that is handed in.
"""

import shutil
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Router, get, put
from litestar.params import JSONBody

from edge.api.problems import RefusedRequest
from edge.api.state import Edge, Here
from edge.app.site import RefusedCommand
from edge.app.site import Request as SiteRequest
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.menu import Menu, menu_problems, menu_version
from shared.domain.site import ApplyMenu
from shared.limits import DISK_FREE_ALARM_BYTES
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


router = Router(path="/v1", route_handlers=[get_menu, put_menu, get_status], tags=["site"])
