"""The route by which a device shows a box the claim of another, and what follows from one that fences (Law 6).

What lives here: decode, ask the fence, keep and tell. What a claim proves is judged in edge/app/fence.py; who was granted one is the
hub's business. No token of a device is asked for: the claim carries its own proof, and the device may be one that only the present
box knows.
"""

import logging
from typing import Any

from litestar import Request, Router, post
from litestar.params import JSONBody

from edge.api.alarms import say_box
from edge.api.openapi import WRITES, refusals
from edge.api.state import Edge, Here
from edge.app.followers import FENCE, FollowerRow
from shared.protocol.session import BoxState, ShowClaim

__all__ = ["fence_turned", "router"]

log = logging.getLogger(__name__)


async def fence_turned(edge: Edge) -> None:
    """The fence has closed, or the hub has taken its bare word back: tell every screen, and keep it, so that no restart changes it.
    Raises Refused where it cannot be written; it holds all the same, and is written as soon as that can be done."""
    state = edge.fence.state
    if edge.fence.is_fenced:
        log.error("this box (epoch %s) is fenced: another one holds epoch %s of the site", state.epoch, state.fenced_epoch)
    else:
        log.warning("the hub takes back that this box was replaced: it is the present one")
    say_box(edge)
    edge.told.tell(FENCE, FollowerRow("", edge.fence.kept, edge.now()))
    await edge.told.flush()


@post("/fence", status_code=200, summary="Show the box the claim of another", responses=refusals("fence.bad_claim", *WRITES))
async def show_claim(request: Request[Any, Any, Any], edge: Here, data: JSONBody[ShowClaim]) -> BoxState:
    """A device that has talked to a box of a higher epoch shows its claim to this one: signed by the hub, it is proof without asking
    anybody, and this box takes no more commands. One of this box's epoch or a lower one changes nothing. Answers how the box stands."""
    if edge.fence.believe(data.claim):
        await fence_turned(edge)
    return edge.fence.state


router = Router(path="/v1", route_handlers=[show_claim], tags=["box"])
