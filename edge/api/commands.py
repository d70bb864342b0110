"""Routes for commands: decode, ask the writer, encode.

What lives here: `POST /v1/commands` and `POST /v1/batches`. No rule of any command is known here.
"""

from typing import Any, TypeVar

import msgspec
from litestar import Request, Router, post
from litestar.params import RawBody

from edge.api.current import with_current
from edge.api.openapi import BatchOperation, SubmitOperation, refusals
from edge.api.problems import RefusedRequest
from edge.api.state import Edge, Here
from edge.app.site import RefusedCommand
from edge.app.site import Request as SiteRequest
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS
from shared.protocol.session import Accepted, Batch, BatchAccepted, Submit

__all__ = ["accept_command", "decode_body", "router"]

S = TypeVar("S")
_REFUSALS = refusals(*sorted(ERRORS), "request.too_large")


async def _submit(edge: Edge, request: Request[Any, Any, Any], commands: tuple[Submit, ...]) -> tuple[Accepted, ...]:
    device = edge.identify(request)
    outcome = await edge.writer.submit(SiteRequest(device=device, commands=commands))
    if isinstance(outcome, RefusedCommand):
        edge.metrics.refused(outcome.error.code)
        raise RefusedRequest(await with_current(edge.reader, outcome))
    edge.metrics.accepted(len(commands))
    return outcome


async def accept_command(edge: Edge, request: Request[Any, Any, Any], body: bytes) -> Accepted:
    """The answer to one command as sent. Raises Refused or RefusedRequest."""
    return (await _submit(edge, request, (decode_body(body, Submit),)))[0]


def decode_body(body: bytes, cls: type[S]) -> S:
    """The body as sent: a command stays raw until the writer decides it, so that its bytes are decoded once."""
    try:
        return msgspec.json.decode(body, type=cls)
    except RecursionError as error:
        raise Refused("request.malformed", "The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("request.malformed", f"The body cannot be read: {error}") from error


@post("/commands", status_code=200, summary="Submit one command", operation_class=SubmitOperation, responses=_REFUSALS)
async def submit_command(request: Request[Any, Any, Any], edge: Here, body: RawBody) -> Accepted:
    """Decide one command. It is on disk when the answer comes. Sent again with the same id it gets the first answer."""
    return await accept_command(edge, request, body)


@post("/batches", status_code=200, summary="Submit commands that belong together", operation_class=BatchOperation, responses=_REFUSALS)
async def submit_batch(request: Request[Any, Any, Any], edge: Here, body: RawBody) -> BatchAccepted:
    """Decide several commands in order; all are accepted or none. Each keeps its own id."""
    return BatchAccepted(answers=await _submit(edge, request, decode_body(body, Batch).commands))


router = Router(path="/v1", route_handlers=[submit_command, submit_batch], tags=["commands"])
