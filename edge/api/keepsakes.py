"""Routes for what a replacement needs and no entry holds, on the Unix socket only: the link and the mirror ask for it.

What lives here: routes. What a keepsake is, is in edge/app/keepsakes.py. The list of devices holds the hashes of their tokens, so no
device is shown it.
"""

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.params import PathParameter

from edge.api.identity import ensure_box
from edge.api.openapi import refusals
from edge.api.state import Edge, Here
from edge.app.keepsakes import DEVICES, device_list, version_of
from shared.domain.errors import Refused
from shared.limits import KEEPSAKES_MAX
from shared.protocol.envelope import Keepsake

__all__ = ["router"]

Anybody = Request[Any, Any, Any]
Version = Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$", description="SHA-256 of its bytes, in lower-case hexadecimal")]


async def _device_list(edge: Edge) -> bytes:
    return device_list(await edge.reader.kept_devices())


async def _held(edge: Edge) -> list[Keepsake]:
    """The list of devices first, then the menu in force and those to come, then the rest, the last received first."""
    documents = await edge.reader.documents(KEEPSAKES_MAX * 2)
    needed = [edge.site.menu_version, *(each.version for each in edge.site.scheduled)]
    documents.sort(key=lambda document: needed.index(document[0]) if document[0] in needed else len(needed))
    first = Keepsake(kind=DEVICES, version=version_of(await _device_list(edge)))
    return [first, *(Keepsake(kind=kind, version=version) for version, kind in documents)][:KEEPSAKES_MAX]


@get("/keepsakes", summary="What a replacement needs beside the journal", responses=refusals("device.box_only"))
async def list_keepsakes(request: Anybody, edge: Here) -> list[Keepsake]:
    """Menus and the list of devices, by kind and version (SHA-256 of their bytes), what is needed most first."""
    ensure_box(request)
    return await _held(edge)


@get(
    "/keepsakes/{version:str}",
    summary="One of them, as it is kept",
    media_type="application/json",
    responses=refusals("device.box_only", "keepsake.unknown"),
)
async def get_keepsake(request: Anybody, edge: Here, version: Version) -> Response[bytes]:
    """The bytes that hash to the version."""
    ensure_box(request)
    document = await edge.reader.document(version)
    if document is None:
        devices = await _device_list(edge)
        document = devices if version_of(devices) == version else None
    if document is None:
        raise Refused("keepsake.unknown", f"This box holds no document {version[:64]!r}.")
    return Response(document, media_type="application/json")


router = Router(path="/v1", route_handlers=[list_keepsakes, get_keepsake], tags=["box"])
