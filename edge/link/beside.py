"""The link's side towards the box: what the box is told of the hub, what the hub is told of the box, and errands between both.

What lives here: requests over the Unix socket, and when each is due. When to send what on the wire is decided by
`shared.protocol.sender`; NATS is not known here, nor what entries, documents and commands mean.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from edge.link.neighbour import Neighbour, NeighbourError
from shared.limits import (
    ENVELOPE_ENTRIES_MAX,
    HELLO_INTERVAL_S,
    LINK_ERRANDS_MAX,
    LINK_REPORT_EVERY_S,
    LINK_REPORT_INTERVAL_S,
    LOCAL_RETRY_S,
)
from shared.protocol.entry import START, Position
from shared.protocol.envelope import Figures, FrameError, Keepsake, SiteCommand
from shared.protocol.sender import Action, Alarm, Carry, Sender, WantKeepsakes, Watermark

__all__ = ["Beside", "Errand"]

log = logging.getLogger(__name__)

Errand = WantKeepsakes | Carry
_TROUBLE = (NeighbourError, msgspec.MsgspecError, ValueError)


class Beside:
    """What passes between one link and its box, until cancelled. `act` carries out what the sender wants."""

    def __init__(self, socket_path: Path, sender: Sender, act: Callable[[list[Action]], None]) -> None:
        # Two connections: a watermark must not wait for a menu.
        self._reports = Neighbour(socket_path)
        self._edge = Neighbour(socket_path)
        self._sender = sender
        self._act = act
        self._errands: asyncio.Queue[Errand] = asyncio.Queue(LINK_ERRANDS_MAX)
        self._news = asyncio.Event()
        self.watermark = Watermark(START, "")
        self.alarm = Alarm("", "")
        self.is_known = asyncio.Event()  # whether the box has told how it is, so that a hello can say it

    def tell(self) -> None:
        """Something may have changed that the box should be told."""
        self._news.set()

    def run_errand(self, errand: Errand) -> None:
        """Do it soon. One that finds no room is dropped: the hub asks again until it has what it wants."""
        with suppress(asyncio.QueueFull):
            self._errands.put_nowait(errand)

    async def run(self) -> None:
        """Until cancelled; whatever fails is tried again for ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (self._tell_box(), self._watch_box(), self._run_errands()):
                    tasks.create_task(part)
        finally:
            self._reports.close()
            self._edge.close()

    # --- what the box is told ------------------------------------------------------------------

    async def _tell_box(self) -> None:
        """Tell the box what the cloud has: at once when that changes, one word at a time, so that what comes meanwhile goes together;
        and now and then, so that a dead link is seen to be silent."""
        told = b""
        due_at = 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINK_REPORT_EVERY_S):
                    await self._news.wait()
            self._news.clear()
            report = msgspec.json.encode(self._report())
            if report == told and time.monotonic() < due_at:
                continue
            try:
                await self._reports.put("/v1/followers/cloud", report)
                told, due_at = report, time.monotonic() + LINK_REPORT_EVERY_S
            except NeighbourError as error:
                log.warning("the edge does not take the watermark: %s; trying again", error)
                self._news.set()
                await asyncio.sleep(LOCAL_RETRY_S)
            if self._sender.head.sequence - self.watermark.position.sequence > ENVELOPE_ENTRIES_MAX:
                await asyncio.sleep(LINK_REPORT_INTERVAL_S)  # a backlog drains: nobody waits for any one watermark of it

    def _report(self) -> dict[str, str | int]:
        heard, fenced = self.watermark, self._sender.fence
        return {
            "position": str(heard.position) if heard.incarnation else "",
            "incarnation": heard.incarnation,
            "link": self._sender.phase.value,
            "alarm": self.alarm.code,
            "claim": fenced.claim if fenced else "",
            "fenced_epoch": fenced.epoch if fenced else 0,
            "kept": str(fenced.kept) if fenced and fenced.kept.sequence else "",
            "backed_up": self._sender.backed_up,
        }

    # --- what the hub is told ------------------------------------------------------------------

    async def _watch_box(self) -> None:
        """Keep fresh what a hello says of the box."""
        while True:
            try:
                await self.look()
            except _TROUBLE as error:
                log.warning("the edge does not tell how it is: %s", error)
            between_s = HELLO_INTERVAL_S / 2 if self.is_known.is_set() else LOCAL_RETRY_S
            await asyncio.sleep(random.uniform(0.8, 1.2) * between_s)  # drawn anew: what begins together must not go on in step

    async def look(self) -> None:
        """Ask the box for its live figures, where its journal and its epochs begin, and what it keeps beside it. A claim that a device has
        shown the box is the sender's to know too. Raises NeighbourError, msgspec.MsgspecError or ValueError."""
        status = msgspec.json.decode(await self._edge.get("/v1/status"), type=_Status)
        self._sender.figures = status.figures
        self._sender.begins = Position.parse(status.begins) if status.begins else START
        self._sender.epoch_begins = tuple(Position.parse(each) for each in status.epoch_begins)
        self._sender.keepsakes = msgspec.json.decode(await self._edge.get("/v1/keepsakes"), type=tuple[Keepsake, ...])
        self.is_known.set()
        if status.fence_claim:
            self._act(self._sender.shown_claim(status.fence_claim, time.monotonic()))

    # --- errands -------------------------------------------------------------------------------

    async def _run_errands(self) -> None:
        while True:
            errand = await self._errands.get()
            try:
                if isinstance(errand, Carry):
                    await self._carry(errand.commands)
                else:
                    await self._bring(errand.versions)
            except (*_TROUBLE, FrameError) as error:
                log.warning("an errand of the hub could not be done: %s; it will ask again", error)

    async def _bring(self, versions: tuple[str, ...]) -> None:
        """Send keepsakes that the hub lacks."""
        kinds = {keepsake.version: keepsake.kind for keepsake in self._sender.keepsakes}
        for version in versions:
            if version in kinds:
                document = await self._edge.get(f"/v1/keepsakes/{version}")
                self._act(self._sender.keepsake(kinds[version], version, document, time.monotonic()))

    async def _carry(self, commands: tuple[SiteCommand, ...]) -> None:
        """Bring the hub's commands to the box. What it refuses shows in its figures; the next hello tells."""
        carried = [{"id": each.id, "command": msgspec.Raw(each.command), "expires_at_ms": each.expires_at_ms} for each in commands]
        answer = await self._edge.post("/v1/hub-commands", msgspec.json.encode({"commands": carried}))
        log.info("commands of the hub were carried to the box: %s", answer[:500].decode(errors="replace"))
        await self.look()


class _Status(msgspec.Struct):
    """What a hello takes of the box's status."""

    sequence: int
    business_date: str
    open_checks: int
    alarms: tuple[str, ...]
    oldest_pending_at: datetime | None = None
    refused_commands: dict[str, str] = {}
    refused_asks: dict[str, int] = {}
    begins: str = ""
    epoch_begins: tuple[str, ...] = ()
    fence_claim: str = ""

    @property
    def figures(self) -> Figures:
        oldest = self.oldest_pending_at
        return Figures(
            head_sequence=self.sequence,
            business_date=self.business_date,
            open_checks=self.open_checks,
            oldest_pending_at_ms=None if oldest is None else round(oldest.timestamp() * 1000),
            alarms=self.alarms,
            refused_commands=self.refused_commands,
            refused_asks=self.refused_asks,
        )
