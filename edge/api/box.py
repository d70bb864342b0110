"""Routes for the programs of the box, on its Unix socket only: devices, and what the link tells of the cloud.

What lives here: routes. Followers report here what the screens shall show; nothing of it stands in the journal (Law 2).
"""

import secrets
from typing import Any

import msgspec
from litestar import Request, Router, post, put
from litestar.params import JSONBody

from edge.api.feed import ensure_cursor
from edge.api.identity import ensure_box
from edge.api.openapi import WRITES, refusals
from edge.api.state import Here
from edge.app.devices import token_hash
from shared.domain.errors import Refused
from shared.domain.ids import uuid7
from shared.domain.registry import ROLES
from shared.domain.text import Name, ensure_text
from shared.protocol.session import CloudState, LinkState

__all__ = ["CLOUD", "router"]

CLOUD = "cloud"


class NewDevice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    role: str


class DeviceToken(msgspec.Struct, frozen=True, kw_only=True):
    """The token is shown this once and kept nowhere."""

    device_id: str
    token: str


class CloudReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the link has heard: the watermark (empty: nothing since it started), the hub's incarnation, the state of the link,
    and an alarm code or none."""

    position: str
    incarnation: str
    link: LinkState
    alarm: str = ""


@post(
    "/devices",
    status_code=201,
    summary="Know a new device",
    responses=refusals(
        "device.box_only",
        "device.role_unknown",
        "text.control_character",
        *WRITES,
    ),
)
async def add_device(request: Request[Any, Any, Any], edge: Here, data: JSONBody[NewDevice]) -> DeviceToken:
    """Give a device a token. Its role says what it may do: pos, kds, manager or import."""
    ensure_box(request)
    ensure_text(data.name)
    if data.role not in ROLES or data.role == "box":
        raise Refused("device.role_unknown", f"{data.role!r} is no role of a device.")
    now = edge.now()
    device_id, token = uuid7(int(now.timestamp() * 1000), secrets.token_bytes(10)), secrets.token_urlsafe(32)
    await edge.writer.call(lambda _, store: store.add_device(device_id, data.name, data.role, token_hash(token)))
    edge.devices.add(device_id, data.role, token_hash(token))
    return DeviceToken(device_id=device_id, token=token)


@put(
    "/followers/cloud",
    status_code=204,
    summary="What the link has heard from the hub",
    responses=refusals("device.box_only", "feed.bad_cursor", *WRITES),
)
async def put_cloud(request: Request[Any, Any, Any], edge: Here, data: JSONBody[CloudReport]) -> None:
    """A watermark that is no position of this journal is not shown as "in the cloud": it raises the alarm instead (Law 2)."""
    ensure_box(request)
    before, sequence, alarm = edge.cloud.sequence, edge.cloud.sequence, data.alarm
    try:
        sequence = (await ensure_cursor(edge, data.position)).sequence if data.position else before
    except Refused as refused:
        if refused.code == "feed.bad_cursor":
            raise
        alarm = refused.code
    now = edge.now()
    edge.cloud = CloudState(sequence=sequence, link=data.link, reported_at=now, alarm=alarm)
    edge.metrics.cloud_sequence.set(sequence)
    edge.feed.say_cloud(edge.cloud)
    if sequence != before:
        info = msgspec.json.encode(data).decode()
        await edge.writer.call(lambda _, store: store.put_follower(CLOUD, data.position, info, now))


router = Router(path="/v1", route_handlers=[add_device, put_cloud], tags=["box"])
