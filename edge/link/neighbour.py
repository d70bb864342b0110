"""Asking the edge beside us, over the box's Unix socket.

What lives here: HTTP/1.1 in as few lines as its few requests need, over one connection that is kept. A full client would take the link
longer to import than everything else it needs, and the first entry after a start waits for that; a connection and a thread for each
watermark would be most of what a watermark costs. NATS is not known here.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from shared.limits import LOCAL_TIMEOUT_S

__all__ = ["Neighbour", "NeighbourError"]

_EMPTY = frozenset({204, 304})  # statuses that come without a body (RFC 9112, 6.3)
_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NeighbourError(Exception):
    """The edge did not answer, or not with a 2xx. The text says what it did instead."""


class _Gone(Exception):
    """The edge had closed the kept connection before it took anything from it."""


class Neighbour:
    """The edge's API, one request at a time. Whatever is asked may be asked twice: every request means the same when repeated."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Lock()
        self._kept: _Stream | None = None

    async def get(self, target: str) -> bytes:
        """The body of a resource. Raises NeighbourError."""
        return await self._request("GET", target)

    async def put(self, target: str, body: bytes) -> None:
        """Put JSON there. Raises NeighbourError."""
        await self._request("PUT", target, body)

    async def post(self, target: str, body: bytes) -> bytes:
        """Post JSON there; the answer's body. Raises NeighbourError."""
        return await self._request("POST", target, body)

    def close(self) -> None:
        """Let go of the connection; the next request makes another."""
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    async def _request(self, method: str, target: str, body: bytes | None = None) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", "host: edge"]
        if body is not None:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        request = "\r\n".join([*lines, "", ""]).encode() + (body or b"")
        async with self._turn:
            try:
                async with asyncio.timeout(LOCAL_TIMEOUT_S):
                    status, answer = await self._exchange(request)
            except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:  # a TimeoutError is an OSError
                self.close()
                raise NeighbourError(f"{type(error).__name__}: {error}") from error
            except BaseException:  # cancelled in the middle: what comes next on the connection belongs to this request
                self.close()
                raise
        if not 200 <= status < 300:
            raise NeighbourError(f"{status}: {answer[:200].decode(errors='replace')}")
        return answer

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        """(status, body). A kept connection may have been closed while nobody asked: then once more, over a new one."""
        if self._kept is not None:
            with suppress(_Gone):
                return await self._ask(self._kept, request, is_kept=True)
            self.close()
        self._kept = await asyncio.open_unix_connection(str(self._path))
        return await self._ask(self._kept, request, is_kept=False)

    async def _ask(self, stream: _Stream, request: bytes, *, is_kept: bool) -> tuple[int, bytes]:
        reader, writer = stream
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if is_kept and not getattr(error, "partial", b""):
                raise _Gone from error
            raise
        status, headers = _read_head(head)
        if "transfer-encoding" in headers:
            raise ValueError("the answer comes in chunks")
        length = headers.get("content-length")
        if status in _EMPTY:
            body = b""
        elif length is not None:
            body = await reader.readexactly(int(length))
        else:
            body = await reader.read(-1)
            self.close()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, body


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    """(status, headers by their lower-case name). Raises ValueError for what is no answer of HTTP/1."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"no answer of HTTP/1: {first[:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return int(rest[:3]), headers
