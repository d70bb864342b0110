"""The two requests that a box answers most, without the framework around them: a command of a device, and the link's word of the cloud.

What lives here: reading such a request and sending its answer. Both say and refuse what their routes do, by the same functions, and stand
in the API's document as routes; whatever is unusual about a request is left to the route, which is given the same body.

Why: of the time that an accepted command takes of the interpreter, most was the framework's (docs/benchmarks.md).
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from litestar.connection import Request
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Receive, Scope, Send

from edge.api.commands import accept_command
from edge.api.link import CloudReport, hear_cloud
from edge.api.problems import problem_response
from edge.api.state import Edge
from shared.limits import REQUEST_BYTES_MAX

__all__ = ["Shortcut"]

_Connection = Request[Any, Any, Any]
_JSON = (b"content-type", b"application/json")


class _Unusual(Exception):
    """The request is the route's to answer; nothing was done about it."""


class Shortcut:
    """An ASGI application before another: it answers its two requests and hands on all others."""

    def __init__(self, app: ASGIApp, edge: Edge) -> None:
        self._app = app
        self._edge = edge
        self._answers: dict[tuple[str, str], Callable[[_Connection, bytes], Awaitable[tuple[int, bytes]]]] = {
            ("POST", "/v1/commands"): self._command,
            ("PUT", "/v1/followers/cloud"): self._cloud,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        answer = self._answers.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if answer is None or not _is_bounded(cast("HTTPScope", scope)):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:  # the client has gone
            return
        request = _Connection(scope, receive, send)
        headers: list[tuple[bytes, bytes]] = []
        try:
            status, answered = await answer(request, body)
        except _Unusual:
            await self._app(scope, _again(body, receive), send)
            return
        # Whatever goes wrong is told as the framework would: its table of handlers knows every exception.
        except Exception as error:
            status, answered, headers = problem_response(request, error)
        await _send(send, status, answered, headers or [_JSON])

    async def _command(self, request: _Connection, body: bytes) -> tuple[int, bytes]:
        return 200, msgspec.json.encode(await accept_command(self._edge, request, body))

    async def _cloud(self, request: _Connection, body: bytes) -> tuple[int, bytes]:
        try:
            report = _report(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _Unusual from error
        await hear_cloud(self._edge, request, report)
        return 204, b""


_report = msgspec.json.Decoder(CloudReport).decode


def _is_bounded(scope: HTTPScope) -> bool:
    """Whether the request says how long it is, and that is no more than a request may be."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return length.isdigit() and int(length) <= REQUEST_BYTES_MAX


async def _read(receive: Receive) -> bytes | None:
    """The body, which the server has made sure is as long as it says; None when the client has gone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message["body"])
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body which was read already, and then what comes."""
    messages: list[HTTPReceiveMessage] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Any:
        return messages.pop() if messages else await receive()

    return receive_again


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = [(b"content-length", str(len(body)).encode())] if body else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length] if body else []})
    await send({"type": "http.response.body", "body": body, "more_body": False})
