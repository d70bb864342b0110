"""The feed over HTTP and WebSocket: one cursor rule for every follower.

What lives here: pages of raw entries for followers (`view=entries`), changed aggregates for screens (`view=screens`), and
dropping who reads too slowly. What entries mean is not known here.

Each follower is a task of its own with a cursor, so that one who stops reading holds up nobody; a frame that is not taken
within FEED_SEND_TIMEOUT_S closes the connection, and the follower comes back with its cursor.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromQuery, QueryParameter

from edge.api.alarms import alarms
from edge.api.kitchen import is_expo
from edge.api.openapi import refusals
from edge.api.state import Edge, Here
from edge.app.feed import Change, Filter, Word, changes_frame
from shared.domain.check import Check
from shared.domain.errors import Refused
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu.overrides import ItemOverride
from shared.domain.views import check_view
from shared.limits import (
    FEED_CLIENTS_MAX,
    FEED_PAGE_BYTES_MAX,
    FEED_PAGE_ENTRIES_MAX,
    FEED_RESUME_AGGREGATES_MAX,
    FEED_SEND_TIMEOUT_S,
    LIVE_AGGREGATES_MAX,
)  # fmt: skip
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.session import EntriesFrame, FeedEntry, SnapshotFrame

__all__ = ["router"]

CLOSE_BAD_CURSOR, CLOSE_UNKNOWN_DEVICE, CLOSE_TOO_SLOW, CLOSE_FORK, CLOSE_FULL = 4400, 4401, 4408, 4409, 4429
_CLOSE = {
    "feed.bad_cursor": CLOSE_BAD_CURSOR,
    "feed.unknown_view": CLOSE_BAD_CURSOR, "feed.fork": CLOSE_FORK, "feed.ahead": CLOSE_FORK, "feed.trimmed": CLOSE_FORK,
    "device.unknown": CLOSE_UNKNOWN_DEVICE, "request.foreign_origin": CLOSE_UNKNOWN_DEVICE, "permission.missing": CLOSE_UNKNOWN_DEVICE,
}  # fmt: skip


async def ensure_cursor(edge: Edge, after: str) -> Position:
    """The position a follower goes on from. Raises Refused `feed.bad_cursor`, `feed.fork` or `feed.ahead` (Law 2), and `feed.trimmed`
    for one that lies behind the checkpoint, of which nobody here can say any more whether it is of this journal."""
    if not after:
        return START
    try:
        position = Position.parse(after)
    except ValueError as error:
        raise Refused("feed.bad_cursor", str(error)) from error
    if position.sequence == 0 or position == edge.begins:
        return position if position.sequence else START
    if position.sequence < edge.begins.sequence:
        raise Refused("feed.trimmed", f"The cursor is at {position.sequence}, the journal begins after {edge.begins.sequence}.")
    held = edge.feed.entry(position.sequence)  # where the link and most screens are
    if held is None:
        held = await edge.reader.entry(position.sequence)  # asked before the head: a reader may be a moment ahead of the feed
    if held is None and position.sequence > edge.feed.head.sequence:
        raise Refused("feed.ahead", f"The cursor is at {position.sequence}, the journal ends at {edge.feed.head.sequence}.")
    if held is None or held.position != position:
        raise Refused("feed.fork", f"The entry at sequence {position.sequence} is not the one of the cursor.")
    return position


async def page(edge: Edge, after_sequence: int, limit: int) -> list[StoredEntry]:
    """The next entries after a sequence, within the bounds of a frame; at least one if there is one."""
    found = edge.feed.recent(after_sequence, limit)
    if found is None:
        found = await edge.reader.entries(after_sequence, limit)
    size = 0
    for index, entry in enumerate(found):
        size += len(entry.entry)
        if size > FEED_PAGE_BYTES_MAX:
            return found[: max(index, 1)]
    return found


def ensure_held(edge: Edge, position: Position) -> Position:
    """The position, for a follower that needs every entry after it. Raises Refused `feed.trimmed`."""
    if position.sequence < edge.begins.sequence:
        raise Refused("feed.trimmed", f"The journal begins after {edge.begins.sequence}.", begins=str(edge.begins))
    return position


async def screen_cursor(edge: Edge, after: str) -> Position | None:
    """Where a screen goes on from; None where it begins anew: it has no cursor, or one from before the checkpoint."""
    try:
        return await ensure_cursor(edge, after) if after else None
    except Refused as refused:
        if refused.code != "feed.trimmed":
            raise
        return None


def entries_frame(head: Position, entries: Sequence[StoredEntry]) -> EntriesFrame:
    return EntriesFrame(
        head=str(head), entries=tuple(FeedEntry(position=str(entry.position), entry=msgspec.Raw(entry.entry)) for entry in entries)
    )


@get(
    "/feed",
    summary="Journal entries after a cursor",
    responses=refusals("permission.missing", "feed.bad_cursor", "feed.fork", "feed.ahead", "feed.trimmed"),
)
async def get_feed(
    request: Request[Any, Any, Any],
    edge: Here,
    after: Annotated[
        str, QueryParameter(description="position of the last entry you have, `epoch.sequence.hash`; empty for the beginning")
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=FEED_PAGE_ENTRIES_MAX, description="how many at most")] = FEED_PAGE_ENTRIES_MAX,
) -> EntriesFrame:
    """A page of raw entries in order, for the programs of the box and for managers."""
    ensure_reads_journal(edge, request)
    position = ensure_held(edge, await ensure_cursor(edge, after))
    return entries_frame(edge.feed.head, await page(edge, position.sequence, limit))


def ensure_reads_journal(edge: Edge, connection: Any) -> None:
    """Raw entries hold everything of the site: whoever reads them must be allowed to see everything."""
    if "manage" not in edge.identify(connection).permissions:
        raise Refused("permission.missing", "The raw journal needs the permission 'manage'.", permission="manage")


@websocket("/feed")
async def follow_feed(
    socket: WebSocket[Any, Any, Any], edge: Here, after: FromQuery[str] = "", view: FromQuery[str] = "screens",
    encoding: FromQuery[str] = "json", checks: FromQuery[bool] = True,
    tickets: FromQuery[bool] = True, station: FromQuery[str] = "",
) -> None:  # fmt: skip
    """Follow the journal. `view=entries` sends raw entries, `view=screens` checks, tickets, overrides and alarms as they change; with
    `station` only that station's tickets, an expo's being everybody's.

    `encoding=msgpack` (entries only) sends binary frames `[head, [[epoch, sequence, hash, entry], …]]`.
    """
    await socket.accept()
    if edge.followers >= FEED_CLIENTS_MAX:
        await socket.close(CLOSE_FULL, "feed.full")
        return
    edge.followers += 1
    edge.metrics.followers.set(edge.followers)
    try:
        if view not in ("entries", "screens") or encoding not in ("json", "msgpack"):
            raise Refused("feed.unknown_view", f"There is no view {view[:40]!r} with encoding {encoding[:40]!r}.")
        if view == "entries":
            ensure_reads_journal(edge, socket)
            frames = entry_frames(edge, ensure_held(edge, await ensure_cursor(edge, after)), encoding)
        else:
            edge.identify(socket)
            wanted = Filter(checks, tickets, "" if is_expo(await edge.menu(), station) else station)
            frames = screen_frames(edge, await screen_cursor(edge, after), wanted)
        await _pump(edge, socket, frames)
    except Refused as refused:
        await socket.close(_CLOSE[refused.code], refused.code)
    finally:
        edge.followers -= 1
        edge.metrics.followers.set(edge.followers)


async def _pump(edge: Edge, socket: WebSocket[Any, Any, Any], frames: AsyncIterator[bytes | str]) -> None:
    """Send frames until the client goes or reads too slowly."""

    async def send() -> None:
        async for frame in frames:
            try:
                async with asyncio.timeout(FEED_SEND_TIMEOUT_S):
                    await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_text(frame))
            except TimeoutError:
                edge.metrics.dropped.inc()
                await socket.close(CLOSE_TOO_SLOW, "feed.too_slow")
                return

    async def receive() -> None:
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_data(mode="text")

    tasks = [asyncio.create_task(send()), asyncio.create_task(receive())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except WebSocketDisconnect:
        return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def entry_frames(edge: Edge, position: Position, encoding: str) -> AsyncIterator[bytes | str]:
    """Pages of entries for ever, beginning after a position."""
    sequence = position.sequence
    while True:
        await edge.feed.wait(lambda: edge.feed.head.sequence > sequence)  # noqa: B023 -- awaited before sequence moves
        entries = await page(edge, sequence, FEED_PAGE_ENTRIES_MAX)
        sequence = entries[-1].sequence
        if encoding == "msgpack":
            yield msgspec.msgpack.encode((str(edge.feed.head), entries))
        else:
            yield msgspec.json.encode(entries_frame(edge.feed.head, entries)).decode()


async def screen_frames(edge: Edge, position: Position | None, wanted: Filter) -> AsyncIterator[bytes | str]:
    """A snapshot, or what changed since the cursor; then every change; a snapshot again after falling far behind."""
    sequence = position.sequence if position else None
    while True:
        place = edge.feed.count
        head, changed = await edge.reader.screens(sequence, FEED_RESUME_AGGREGATES_MAX)
        if sequence is None or changed is None:
            head, changed = await edge.reader.screens(None, LIVE_AGGREGATES_MAX)
            yield snapshot_frame(edge, head, changed or [], wanted)
        else:
            yield (changes_frame(head, changed, wanted, Word(edge.cloud, alarms(edge), edge.fence.state)) or b"").decode()
        while (batches := edge.feed.batches(place)) is not None:
            for place, batch in batches:  # noqa: B007 -- the loop above goes on from the last place
                frame = batch.frame(wanted) if batch.position.sequence > head.sequence or batch.is_word else None
                if frame is not None:
                    yield frame.decode()
            await edge.feed.wait(lambda: edge.feed.count > place)  # noqa: B023 -- awaited before place moves
        sequence = None


def snapshot_frame(edge: Edge, head: Position, live: Sequence[Change], wanted: Filter) -> str:
    """Everything live that a filter lets through."""
    checks = [(check_view(each), sequence) for each, sequence in live if isinstance(each, Check)] if wanted.checks else []
    frame = SnapshotFrame(
        position=str(head), site=edge.site, cloud=edge.cloud,
        checks=tuple([view for view, _ in checks]), check_sequences=tuple([sequence for _, sequence in checks]),
        tickets=tuple(each for each, _ in live if isinstance(each, Ticket) and wanted.shows(each)),
        overrides=tuple(each for each, _ in live if isinstance(each, ItemOverride)), alarms=alarms(edge), box=edge.fence.state,
    )  # fmt: skip
    return msgspec.json.encode(frame).decode()


router = Router(path="/v1", route_handlers=[get_feed, follow_feed], tags=["feed"])
