"""Routes for the link, on the Unix socket only: what the hub has, what it wants of this box, and its commands.

What lives here: routes. NATS and the frames of the wire are not known here; what fences a box is judged in edge/app/fence.py.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, put
from litestar.params import JSONBody

from edge.api.feed import ensure_cursor
from edge.api.fence import fence_turned
from edge.api.identity import ensure_box
from edge.api.openapi import WRITES, refusals
from edge.api.state import Edge, Here
from edge.app.followers import CLOUD, FollowerRow
from shared.domain.errors import Refused
from shared.limits import CLAIM_TOKEN_CHARS_MAX
from shared.protocol.entry import EPOCH_MAX, SEQUENCE_MAX, Position
from shared.protocol.session import CloudState, LinkState

__all__ = ["CloudReport", "cloud_of", "hear_cloud", "router"]

Anybody = Request[Any, Any, Any]


class CloudReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the link has heard: the watermark (empty: nothing since it started), the hub's incarnation, the state of the link, and an
    alarm code or none.

    Once the hub has said that this box was replaced: `claim` is the token of the higher claim, `fenced_epoch` its
    epoch, and `kept` how far the hub keeps apart what this box wrote. `backed_up` is the last sequence in a backup of the hub.
    """

    position: str
    incarnation: str
    link: LinkState
    alarm: str = ""
    claim: Annotated[str, msgspec.Meta(max_length=CLAIM_TOKEN_CHARS_MAX)] = ""
    fenced_epoch: Annotated[int, msgspec.Meta(ge=0, le=EPOCH_MAX)] = 0
    kept: str = ""
    backed_up: Annotated[int, msgspec.Meta(ge=0, le=SEQUENCE_MAX)] = 0


def cloud_of(row: FollowerRow | None) -> tuple[CloudState, int, int]:
    """(what the cloud has, the kept and the backed-up sequence) as the link last told before a restart."""
    if row is None:
        return CloudState(), 0, 0
    report = msgspec.json.decode(row.info, type=CloudReport)
    cloud = CloudState(sequence=_sequence(row.position), link="starting", reported_at=row.at, alarm=report.alarm)
    return cloud, _sequence(report.kept), report.backed_up


def _sequence(position: str) -> int:
    return Position.parse(position).sequence if position else 0


@put(
    "/followers/cloud",
    status_code=204,
    summary="What the link has heard from the hub",
    responses=refusals("device.box_only", "feed.bad_cursor", *WRITES),
)
async def put_cloud(request: Anybody, edge: Here, data: JSONBody[CloudReport]) -> None:
    """A watermark that is no position of this journal is not shown as "in the cloud": it raises the alarm instead (Law 2). The word that
    this box was replaced fences it, if the claim proves it."""
    await hear_cloud(edge, request, data)


async def hear_cloud(edge: Edge, request: Anybody, data: CloudReport) -> None:
    """Take the link's word. Raises Refused `device.box_only` or `feed.bad_cursor`."""
    ensure_box(request)
    before = edge.told.find(CLOUD)
    position, sequence, alarm = await _reached(edge, data.position, (before.position if before else "", edge.cloud.sequence), data.alarm)
    kept_at, kept, alarm = await _reached(edge, data.kept, ("", edge.kept_sequence), alarm)
    has_turned, alarm = _hear_fence(edge, data, alarm)
    now = edge.now()
    edge.cloud = CloudState(sequence=sequence, link=data.link, reported_at=now, alarm=alarm)
    edge.kept_sequence, edge.backed_up = kept, data.backed_up
    edge.metrics.cloud_sequence.set(sequence)
    edge.feed.say_cloud(edge.cloud)
    lasting = msgspec.structs.replace(data, position=position, kept=kept_at, link="starting", alarm=alarm)
    edge.told.tell(CLOUD, FollowerRow(position, msgspec.json.encode(lasting).decode(), now))
    if has_turned:
        await fence_turned(edge)


async def _reached(edge: Edge, position: str, before: tuple[str, int], alarm: str) -> tuple[str, int, str]:
    """(position, its sequence, alarm code). None told leaves what was `before`; so does one that is none of this journal, and is the
    alarm. One from before the checkpoint is taken: nobody here can judge it any more, and what the hub lacks, it lacks."""
    if not position:
        return *before, alarm
    try:
        return position, (await ensure_cursor(edge, position)).sequence, alarm
    except Refused as refused:
        if refused.code == "feed.bad_cursor":
            raise
        if refused.code == "feed.trimmed":
            return position, _sequence(position), alarm
        return *before, refused.code


def _hear_fence(edge: Edge, data: CloudReport, alarm: str) -> tuple[bool, str]:
    """(whether the fence has closed or opened, alarm code): a claim that proves nothing is the alarm, and the box sells on."""
    if not data.fenced_epoch:
        return data.link == "sending" and edge.fence.lift(), alarm
    try:
        return edge.fence.obey(data.fenced_epoch, data.claim), alarm
    except Refused as refused:
        return False, str(refused.facts["reason"])


router = Router(path="/v1", route_handlers=[put_cloud], tags=["box"])
