"""Routes for the programs of the box, on its Unix socket only: devices, and followers that tell where they stand.

What lives here: routes. Followers report here what the screens shall show; nothing of it stands in the journal (Law 2). What the link
tells and asks is in link.py.
"""

import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, delete, post, put
from litestar.params import JSONBody, PathParameter

from edge.api.feed import ensure_cursor
from edge.api.followers import FollowerInfo
from edge.api.identity import ensure_box
from edge.api.openapi import WRITES, refusals
from edge.api.state import Here
from edge.app.devices import token_hash
from edge.app.followers import OWN, FollowerRow
from shared.domain.errors import Refused
from shared.domain.ids import uuid7
from shared.domain.registry import ROLES
from shared.domain.text import Name, ensure_text
from shared.limits import FOLLOWERS_MAX, ID_LENGTH_MAX

__all__ = ["router"]

Anybody = Request[Any, Any, Any]
_NOT_OF_DEVICES = frozenset({"box", "hub"})


class NewDevice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    role: str


class DeviceToken(msgspec.Struct, frozen=True, kw_only=True):
    """The token is shown this once and kept nowhere."""

    device_id: str
    token: str


class FollowerReport(msgspec.Struct, frozen=True, kw_only=True):
    """How far a follower of the journal is: the `position` of the last entry that it holds synced, empty for none yet, and the code of
    what a person should look at, or none."""

    position: str
    alarm: Annotated[str, msgspec.Meta(max_length=ID_LENGTH_MAX, pattern=r"^([a-z]+\.[a-z_]+)?$")] = ""


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
async def add_device(request: Anybody, edge: Here, data: JSONBody[NewDevice]) -> DeviceToken:
    """Give a device a token. Its role says what it may do: pos, kds, manager or import."""
    ensure_box(request)
    ensure_text(data.name)
    if data.role not in ROLES or data.role in _NOT_OF_DEVICES:
        raise Refused("device.role_unknown", f"{data.role!r} is no role of a device.")
    now = edge.now()
    device_id, token = uuid7(int(now.timestamp() * 1000), secrets.token_bytes(10)), secrets.token_urlsafe(32)
    await edge.writer.call(lambda _, store: store.add_device(device_id, data.name, data.role, token_hash(token)))
    edge.devices.add(device_id, data.role, token_hash(token))
    return DeviceToken(device_id=device_id, token=token)


FollowerName = Annotated[str, PathParameter(pattern="^[a-z][a-z0-9-]{0,31}$", description="what it calls itself, such as mirror")]


def _ensure_name(name: str) -> None:
    if name in OWN:
        raise Refused("follower.unknown", f"{name!r} is the box's own.")


@put(
    "/followers/{name:str}",
    status_code=204,
    summary="Where a follower of the journal stands",
    responses=refusals("device.box_only", "follower.unknown", "follower.too_many", "feed.bad_cursor"),
)
async def put_follower(request: Anybody, edge: Here, name: FollowerName, data: JSONBody[FollowerReport]) -> None:
    """A mirror, say, tells how far it is; `/v1/status` shows it with its age. A position that is none of this journal is not shown: the
    alarm is, for the follower is on another branch, or ahead of a journal whose tail is missing."""
    ensure_box(request)
    _ensure_name(name)
    before = edge.told.find(name)
    if before is None and len(edge.told.names) >= FOLLOWERS_MAX:
        raise Refused("follower.too_many", f"{FOLLOWERS_MAX} followers tell of themselves already.")
    position, alarm = data.position, data.alarm
    try:
        await ensure_cursor(edge, position)
    except Refused as refused:
        if refused.code == "feed.bad_cursor":
            raise
        position, alarm = before.position if before else "", alarm or refused.code
    info = msgspec.json.encode(FollowerInfo(alarm=alarm)).decode()
    edge.told.tell(name, FollowerRow(position, info, edge.now()))


@delete(
    "/followers/{name:str}",
    status_code=204,
    summary="Forget a follower of the journal",
    responses=refusals("device.box_only", "follower.unknown", *WRITES),
)
async def forget_follower(request: Anybody, edge: Here, name: FollowerName) -> None:
    """Of a mirror that was taken away for good: its silence is no alarm any more."""
    ensure_box(request)
    _ensure_name(name)
    if edge.told.find(name) is None:
        raise Refused("follower.unknown", f"No follower {name!r} has told of itself.")
    await edge.writer.call(lambda _, store: store.forget_follower(name))
    edge.told.forget(name)


router = Router(path="/v1", route_handlers=[add_device, put_follower, forget_follower], tags=["box"])
