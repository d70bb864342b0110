"""The mirror's shell: the box's Unix socket on one side, a disk of its own on the other.

What lives here: following the feed, gathering entries by time, patience with a disk that is full, pulled or broken, and telling the
box how far the mirror is. What entries mean is not known; how they lie in the file is file.py's business.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import websockets
from websockets.asyncio.client import unix_connect

from edge.box import Box
from edge.link.neighbour import Neighbour, NeighbourError
from edge.mirror.disk import Disk, DiskError
from edge.mirror.keepsakes import Keeper
from shared.limits import (
    FEED_FRAME_BYTES_MAX,
    LOCAL_RETRY_S,
    MIRROR_FRAME_BYTES_MAX,
    MIRROR_GROUP_S,
    MIRROR_KEEPSAKES_EVERY_S,
    MIRROR_REPORT_EVERY_S,
    MIRROR_RETRY_MAX_S,
)
from shared.protocol.entry import START, Position, StoredEntry

__all__ = ["Mirror"]

log = logging.getLogger(__name__)

_page_decoder = msgspec.msgpack.Decoder(tuple[str, list[StoredEntry]])
_FITS_NOT = 4409  # the feed's close code for a cursor that is no position of this journal
_TRIMMED = "feed.trimmed"  # its reason where the journal begins later
Run = list[StoredEntry]
Following = asyncio.Queue[Run]


class _Status(msgspec.Struct):
    """What the mirror takes of the box's status."""

    begins: str = ""


class Mirror:
    """One box's mirror, until cancelled."""

    def __init__(self, box: Box, socket_path: Path, disk: Disk, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._socket_path = socket_path
        self._edge = Neighbour(socket_path)
        self._disk = disk
        self._keeper = Keeper(self._edge)
        self._sleep = sleep
        self._position = ""
        self._alarm = ""
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled; whatever fails is tried again for ever: a stick that is pulled comes back, or another does."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (self._keep_mirroring(), self._keep_keepsakes(), self._tell_box()):
                    tasks.create_task(part)
        finally:
            await asyncio.to_thread(self._disk.close)

    # --- entries -------------------------------------------------------------------------------

    async def _keep_mirroring(self) -> None:
        wait_s = LOCAL_RETRY_S
        while True:
            try:
                position = await asyncio.to_thread(self._disk.open)
                self._is_at(position, self._disk.warning)
                wait_s = LOCAL_RETRY_S
                await self._mirror(position)
            except DiskError as error:
                self._alert(error.code, error.detail)
                await self._sleep(wait_s)
                wait_s = min(wait_s * 2, MIRROR_RETRY_MAX_S)

    async def _mirror(self, position: Position) -> None:
        """Follow from a position, and write, until the disk fails (DiskError) or the journal turns out to be another."""
        pages: Following = asyncio.Queue(1)
        reader = asyncio.create_task(self._follow(position, pages))
        try:
            while not reader.done() or not pages.empty():
                runs = await self._gather(pages, reader)
                if runs:
                    self._is_at(await asyncio.to_thread(self._disk.append, runs), self._disk.warning)
                else:
                    await asyncio.to_thread(self._disk.look)
                    self._alarm = self._disk.warning
            is_trimmed = reader.result() == _TRIMMED
            kept = await asyncio.to_thread(self._disk.begin_anew, is_earlier=is_trimmed)
            why = "begins later than the mirror ends" if is_trimmed else "is another than the mirror's"
            log.error("the journal of the box %s: what the mirror held is kept as %s", why, kept)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _gather(self, pages: Following, reader: asyncio.Task[str]) -> list[Run]:
        """What comes within MIRROR_GROUP_S of the first page, up to a group's bytes; nothing after MIRROR_REPORT_EVERY_S without any."""
        first = asyncio.ensure_future(pages.get())
        try:
            await asyncio.wait({first, reader}, timeout=MIRROR_REPORT_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                return []
            runs = [first.result()]
        finally:
            first.cancel()
        size = _size(runs[0])
        with suppress(TimeoutError):
            async with asyncio.timeout(MIRROR_GROUP_S):
                while size < MIRROR_FRAME_BYTES_MAX:
                    runs.append(await pages.get())
                    size += _size(runs[-1])
        return runs

    async def _follow(self, position: Position, pages: Following) -> str:
        """Read the journal from after a position; returns why when the box does not hold the position. An empty mirror begins where the
        journal does, which may have been trimmed."""
        while True:
            cursor = str(position) if position.sequence else ""
            url = f"ws://edge/v1/feed?view=entries&encoding=msgpack&after={cursor}"
            try:
                async with unix_connect(str(self._socket_path), url, max_size=FEED_FRAME_BYTES_MAX, max_queue=1, compression=None) as feed:
                    while True:
                        _, run = _page_decoder.decode(await feed.recv(decode=False))
                        await pages.put(run)
                        position = run[-1].position
            except websockets.ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == _FITS_NOT:
                    if position.sequence or closed.rcvd.reason != _TRIMMED:
                        return closed.rcvd.reason
                    position = await self._begins()
            except (OSError, websockets.WebSocketException) as error:
                log.warning("the edge does not answer: %s; trying again", error)
            await self._sleep(LOCAL_RETRY_S)

    async def _begins(self) -> Position:
        """Where the journal of the box begins; START while it does not tell."""
        try:
            begins = msgspec.json.decode(await self._edge.get("/v1/status"), type=_Status).begins
        except (NeighbourError, msgspec.MsgspecError) as error:
            log.warning("the edge does not tell where its journal begins: %s; trying again", error)
            return START
        return Position.parse(begins) if begins else START

    def _is_at(self, position: Position, alarm: str) -> None:
        if self._alarm and not alarm:
            log.info("the mirror goes on at %s", position)
        self._position, self._alarm = str(position), alarm
        self._news.set()

    def _alert(self, code: str, detail: str) -> None:
        if code != self._alarm:
            log.error("alarm: %s %s", code, detail)
        self._alarm = code
        self._news.set()

    # --- beside the journal --------------------------------------------------------------------

    async def _keep_keepsakes(self) -> None:
        """Menus and devices are in no entry; a replacement needs them."""
        while True:
            directory = self._disk.directory
            if directory is None:
                await self._sleep(MIRROR_GROUP_S)
                continue
            try:
                await self._keeper.keep(directory)
            except (NeighbourError, OSError, msgspec.MsgspecError) as error:
                log.warning("what the box holds beside its journal could not be mirrored: %s; trying again", error)
            await self._sleep(MIRROR_KEEPSAKES_EVERY_S)

    async def _tell_box(self) -> None:
        """Tell the box how far the mirror is: when that changes, and now and then, so that a dead mirror is seen to be silent."""
        told, due_at = b"", 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(MIRROR_REPORT_EVERY_S):
                    await self._news.wait()
            self._news.clear()
            report = msgspec.json.encode({"position": self._position, "alarm": self._alarm})
            if report == told and time.monotonic() < due_at:
                continue
            try:
                await self._edge.put("/v1/followers/mirror", report)
                told, due_at = report, time.monotonic() + MIRROR_REPORT_EVERY_S
            except NeighbourError as error:
                log.warning("the edge does not take the mirror's position: %s; trying again", error)
            await self._sleep(LOCAL_RETRY_S)


def _size(run: Run) -> int:
    return sum(len(entry.entry) for entry in run)
