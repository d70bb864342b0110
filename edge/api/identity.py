"""Who asks: the box itself, a paired device, or, on the box's own loopback, an unpaired one.

What lives here: from a connection to a `Device`. What a device may do is a table in the domain.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from edge.app.devices import Devices
from edge.app.site import BOX, Device
from shared.domain.errors import Refused
from shared.domain.ids import is_id
from shared.domain.registry import ROLES

__all__ = ["LOOPBACK", "ensure_box", "identify", "is_box"]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
Connection = ASGIConnection[Any, Any, Any, Any]


def is_box(connection: Connection) -> bool:
    """Whether the request came over the Unix socket, whose file permissions vouch for it: ASGI then gives no port."""
    server = connection.scope.get("server")
    return server is not None and server[1] is None


def ensure_box(connection: Connection) -> None:
    """Refuse `device.box_only` to everybody who is not on the Unix socket."""
    if not is_box(connection):
        raise Refused("device.box_only", "This resource is for the programs of the box.")


def identify(connection: Connection, devices: Devices, trust_loopback: bool) -> Device:
    """The device that asks. Raises Refused `device.unknown` or `request.foreign_origin`.

    Until pairing exists, an unpaired client on loopback is trusted with the role `pos`. A browser on the same machine
    would lend that trust to any web page, so Host and Origin must then name this box.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        device = devices.find(token.strip())
        if device is None:
            raise Refused("device.unknown", "The token of this request belongs to no device of this box.")
        return device
    if is_box(connection):
        return BOX
    client = connection.scope.get("client")
    if not trust_loopback or client is None or client[0] not in LOOPBACK:
        raise Refused("device.unknown", "The request carries no device token.")
    _ensure_own_page(connection)
    named = connection.headers.get("comanda-device", "")
    is_own = is_id(named) and not devices.knows(named)  # a paired device shows its token
    return Device(device_id=named if is_own else "unpaired", permissions=ROLES["pos"])


def _ensure_own_page(connection: Connection) -> None:
    host = connection.headers.get("host", "")
    origin = connection.headers.get("origin")
    try:
        own = urlsplit(f"//{host}").hostname in LOOPBACK and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:  # a bracket that is not closed
        own = False
    if not own:
        raise Refused("request.foreign_origin", f"Host {host!r} and origin {origin!r} are not this box.")
