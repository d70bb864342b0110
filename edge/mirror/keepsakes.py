"""What a mirror keeps beside the journal: menus and the list of devices, as files named by their version.

What lives here: asking the box, writing and reading the files. `keepsakes.json` beside them says which the box held last, since an
older list of devices must not come back. What is in a keepsake is not known here.
"""

import asyncio
import hashlib
import os
from pathlib import Path

import msgspec

from edge.link.neighbour import Neighbour
from edge.mirror.file import make_dir, sync_dir
from shared.limits import KEEPSAKES_MAX
from shared.protocol.envelope import Keepsake

__all__ = ["Keeper", "read_keepsakes"]

DIRECTORY, LIST = "keepsakes", "keepsakes.json"
_HEX = frozenset("0123456789abcdef")


class Keeper:
    """Keeps what the box holds; asks for each document once."""

    def __init__(self, edge: Neighbour) -> None:
        self._edge = edge

    async def keep(self, site_dir: Path) -> None:
        """Bring the directory up to what the box holds now. Raises NeighbourError, OSError or a msgspec error."""
        body = await self._edge.get("/v1/keepsakes")
        held = msgspec.json.decode(body, type=list[Keepsake])[:KEEPSAKES_MAX]
        for keepsake in held:
            path = _path(site_dir, keepsake.version)
            if not await asyncio.to_thread(path.exists):
                document = await self._edge.get(f"/v1/keepsakes/{keepsake.version}")
                if hashlib.sha256(document).hexdigest() != keepsake.version:
                    raise OSError(f"the box sent another document than {keepsake.version}")
                await asyncio.to_thread(_write, path, document)
        await asyncio.to_thread(_write, site_dir / LIST, msgspec.json.encode(held))


def read_keepsakes(site_dir: Path) -> list[tuple[Keepsake, bytes]]:
    """What a mirror keeps beside its journal, as the box held it last; what is damaged is left out. Raises OSError."""
    try:
        held = msgspec.json.decode((site_dir / LIST).read_bytes(), type=list[Keepsake])
    except (FileNotFoundError, msgspec.MsgspecError):
        return []
    found: list[tuple[Keepsake, bytes]] = []
    for keepsake in held:
        path = _path(site_dir, keepsake.version)
        document = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(document).hexdigest() == keepsake.version:
            found.append((keepsake, document))
    return found


def _path(site_dir: Path, version: str) -> Path:
    if len(version) != 64 or not _HEX.issuperset(version):
        raise OSError(f"{version[:80]!r} is no version of a keepsake")
    return site_dir / DIRECTORY / version


def _write(path: Path, data: bytes) -> None:
    """Put the bytes there, synced, whole or not at all; what is there already is left alone."""
    if path.exists() and path.read_bytes() == data:
        return
    make_dir(path.parent)
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_dir(path.parent)
