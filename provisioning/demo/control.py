"""The demo's control socket: how `comanda demo cut`, `heal` and `status` reach the demo that runs.

What lives here: one JSON request and one JSON answer per connection, both ends. What a request does is given by the caller.
"""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from shared.limits import DEMO_CONTROL_BYTES_MAX, DEMO_CONTROL_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["Answer", "Request", "ask", "serve_control"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`act` is "cut", "heal" or "lines"; `site` is a key, a name or an id."""

    act: str
    site: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or `error` with a hint. `cut` names the sites that are cut off now, by key."""

    cut: list[str] = []
    site: str = ""
    error: str = ""
    hint: str = ""


async def serve_control(path: Path, act: Callable[[Request], Answer]) -> asyncio.Server:
    """Listen at `path`, whose directory keeps others out. The caller closes the server."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(DEMO_CONTROL_TIMEOUT_S):
                line = await reader.readline()
                writer.write(msgspec.json.encode(act(msgspec.json.decode(line, type=Request))) + b"\n")
                await writer.drain()
        except (msgspec.MsgspecError, TimeoutError, OSError, ValueError) as error:
            writer.write(msgspec.json.encode(Answer(error=f"The request cannot be read: {error}", hint="Use comanda demo.")) + b"\n")
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, path, limit=DEMO_CONTROL_BYTES_MAX)


def ask(path: Path, request: Request) -> Answer:
    """The demo's answer. Raises OperatorError when none runs, or when it refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEMO_CONTROL_TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(msgspec.json.encode(request) + b"\n")
            with connection.makefile("rb") as lines:
                answer = msgspec.json.decode(lines.readline(DEMO_CONTROL_BYTES_MAX), type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        raise OperatorError("demo.not_running", f"No demo answers at {path}: {error}", "Start it: make demo") from error
    if answer.error:
        raise OperatorError("demo.refused", answer.error, answer.hint)
    return answer
