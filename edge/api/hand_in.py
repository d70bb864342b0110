"""The route by which devices hand in what they were told is accepted (Law 3).

What lives here: decode, ask the desk, encode. What is played, when and in which order is the desk's business (edge/app/hand_in.py).
"""

from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.params import RawBody

from edge.api.alarms import alarms
from edge.api.openapi import WRITES, HandInOperation, refusals
from edge.api.state import Here
from shared.domain.errors import Refused
from shared.protocol.session import HandedIn, HandIn

__all__ = ["router"]


def _decode(body: bytes) -> HandIn:
    """The body as sent: commands stay raw, byte for byte what the device had sent before, so that their digests are the same."""
    try:
        return msgspec.json.decode(body, type=HandIn)
    except RecursionError as error:
        raise Refused("request.malformed", "The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("request.malformed", f"The body cannot be read: {error}") from error


@post(
    "/hand-in",
    status_code=200,
    summary="Hand in what another box accepted",
    operation_class=HandInOperation,
    responses=refusals("request.too_large", "box.fenced", *WRITES),
)
async def hand_in(request: Request[Any, Any, Any], edge: Here, body: RawBody) -> HandedIn:
    """A device hands in commands that it was told are accepted and that the cloud may not have, because this box's journal does not
    hold its cursor, or because the box recovers. Each is played once, whoever hands it in and however often, as at the time at which
    it was acknowledged; with the permissions of the device that asks, and never for another. While the box recovers it collects."""
    device = edge.identify(request)
    edge.fence.ensure_open(plays=True)
    before = edge.refused_hand_ins.open
    answer = await edge.hand_ins.take(device, _decode(body))
    if edge.refused_hand_ins.open != before:  # one was refused, or one that had been fits by now
        edge.feed.say_alarms(alarms(edge))
    return answer


router = Router(path="/v1", route_handlers=[hand_in], tags=["commands"])
