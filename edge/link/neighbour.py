"""Asking the edge beside us, over the box's Unix socket.

What lives here: two small HTTP requests by the standard library, each in a thread. A full client would take the link longer
to import than everything else it needs, and the first entry after a start waits for that. NATS is not known here.
"""

import asyncio
import http.client
import socket
from pathlib import Path

from shared.limits import LOCAL_TIMEOUT_S

__all__ = ["Neighbour", "NeighbourError"]


class NeighbourError(Exception):
    """The edge did not answer, or not with a 2xx. The text says what it did instead."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("edge", timeout=LOCAL_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LOCAL_TIMEOUT_S)
        self.sock.connect(str(self._path))


class Neighbour:
    """The edge's API. Each request has a connection of its own: there are a few a second at most."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def get(self, target: str) -> bytes:
        """The body of a resource. Raises NeighbourError."""
        return await asyncio.to_thread(self._request, "GET", target, None)

    async def put(self, target: str, body: bytes) -> None:
        """Put JSON there. Raises NeighbourError."""
        await asyncio.to_thread(self._request, "PUT", target, body)

    def _request(self, method: str, target: str, body: bytes | None) -> bytes:
        connection = _UnixConnection(self._path)
        try:
            connection.request(method, target, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NeighbourError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise NeighbourError(f"{answer.status}: {data[:200].decode(errors='replace')}")
        return data
