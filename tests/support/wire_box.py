"""A box on the wire without its disk: the protocol's sender over a real connection to the broker."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from shared.protocol.envelope import decode_answer
from shared.protocol.sender import Action, Alarm, Fenced, Follow, Identity, Publish, Sender
from shared.protocol.subjects import answers, inbox_prefix
from tests.support.broker import Broker
from tests.support.issuer import read_claim
from tests.support.journals import SiteJournal

__all__ = ["WireBox", "on_the_wire"]

_TICK_S = 0.05
_PAGE = 1_000


class WireBox:
    """Sends what is in the journal, whenever the sender says so. `watermark` is what the hub has told to have."""

    def __init__(self, journal: SiteJournal, url: str, creds: Path) -> None:
        self.journal = journal
        self.alarms: list[str] = []
        self._url, self._creds = url, creds
        who = Identity(
            org_id=journal.address.org_id, site_id=journal.address.site_id, epoch=journal.epoch, key=journal.key.public, claim=journal.claim
        )  # fmt: skip
        self.fenced: list[Fenced] = []  # as it was told, in order
        self.sender = Sender(who, journal.key.sign, first_attempt=time.time_ns() // 1_000_000, read_claim=read_claim)
        self._client = Client()
        self._follow = 0

    @property
    def is_done(self) -> bool:
        """Whether the hub has everything."""
        return self.sender.watermark == self.journal.head

    @property
    def is_kept(self) -> bool:
        """Whether the hub has everything of this box, which was replaced, on its branch."""
        return bool(self.fenced) and self.fenced[-1].kept == self.journal.head

    async def run(self) -> None:
        """Connect and send until cancelled."""
        address = self.journal.address
        await self._client.connect(
            self._url, user_credentials=str(self._creds), inbox_prefix=inbox_prefix(address.site_id).encode(), max_reconnect_attempts=-1,
            reconnect_time_wait=_TICK_S, reconnected_cb=self._on_connected, disconnected_cb=self._on_disconnected, error_cb=self._on_error,
        )  # type: ignore[arg-type] - reconnect_time_wait is annotated as int, used as seconds  # fmt: skip
        try:
            await self._client.subscribe(answers(*address), cb=self._on_answer)
            await self._on_connected()
            while True:
                await self._feed()
                await self._do(self.sender.tick(time.monotonic()))
                await asyncio.sleep(_TICK_S)
        finally:
            await self._client.close()

    async def _feed(self) -> None:
        while self.sender.wants_entries and self._follow < len(self.journal.entries):
            page = self.journal.entries[self._follow : self._follow + _PAGE]
            self._follow += len(page)
            await self._do(self.sender.entries(page, time.monotonic()))

    async def _on_answer(self, message: Msg) -> None:
        await self._do(self.sender.answered(decode_answer(message.data), time.monotonic()))
        await self._feed()

    async def _on_connected(self) -> None:
        await self._do(self.sender.connected(time.monotonic()))

    async def _on_disconnected(self) -> None:
        await self._do(self.sender.disconnected(time.monotonic()))

    async def _on_error(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            self.alarms.append(str(error))

    async def _do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Publish):
                with contextlib.suppress(Error):  # the sender asks after a silence, as after any loss
                    await self._client.publish(action.subject, action.data)
            elif isinstance(action, Follow):
                self._follow = action.after.sequence
            elif isinstance(action, Fenced):
                self.fenced.append(action)
            elif isinstance(action, Alarm) and action.code:
                self.alarms.append(action.code)


@contextlib.asynccontextmanager
async def on_the_wire(broker: Broker, directory: Path, *journals: SiteJournal) -> AsyncIterator[list[WireBox]]:
    """Boxes for the journals, sending while the context lasts."""
    boxes: list[WireBox] = []
    for journal in journals:
        creds = directory / f"{journal.key.public}.creds"
        creds.write_text(broker.box_creds(*journal.address, journal.key))
        boxes.append(WireBox(journal, broker.url, creds))
    tasks = [asyncio.create_task(box.run()) for box in boxes]
    try:
        yield boxes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
