"""The link's shell: NATS on one side, the box's Unix socket on the other, the Sender between them.

What lives here: sockets, the clock and the carrying-out of actions. What to send, and when, is decided by
`shared.protocol.sender`; requests to the box are in beside.py; the meaning of entries is not known at all.
"""

import asyncio
import logging
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import nats.aio.client
import nats.errors
import websockets
from nats.aio.client import Server
from nats.aio.msg import Msg
from websockets.asyncio.client import unix_connect

from edge.box import Box
from edge.link.beside import Beside
from edge.link.neighbour import NeighbourError
from shared.limits import (
    FEED_FRAME_BYTES_MAX,
    LINK_OUTBOX_MAX,
    LINK_RECONNECT_MAX_S,
    LINK_TICK_S,
    LOCAL_RETRY_S,
    NATS_PENDING_BYTES_MAX,
)
from shared.protocol import subjects
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.envelope import FrameError, decode_answer
from shared.protocol.sender import Action, Alarm, BackedUp, Carry, Fenced, Follow, Publish, Sender, WantKeepsakes, Watermark

__all__ = ["Link", "where_and_when"]

log = logging.getLogger(__name__)

_page_decoder = msgspec.msgpack.Decoder(tuple[str, list[StoredEntry]])
_FITS_NOT = 4409  # the feed's close code when the hub's watermark is not a position of this journal


_TRIMMED = "feed.trimmed"  # its reason where the journal begins later


def where_and_when(servers: Sequence[Server], _info: Mapping[str, Any]) -> tuple[Server, float]:
    """The server to try next, one of those tried least since the connection was lost, and in how many seconds: at a moment drawn anew each
    time, for a hub that went away took all its boxes with it, and they must not all come back at once."""
    fewest = min(server.reconnects for server in servers)
    server = random.choice([each for each in servers if each.reconnects == fewest])
    return server, random.uniform(0.0, LINK_RECONNECT_MAX_S)


class Link:
    """One box's uplink, until cancelled."""

    def __init__(self, box: Box, socket_path: Path, sender: Sender, nats_urls: list[str], creds: Path) -> None:
        self._box = box
        self._socket_path = socket_path
        self._beside = Beside(socket_path, sender, self._act)
        self._sender = sender
        self._nats_urls = nats_urls
        self._creds = creds
        self._nc = nats.aio.client.Client()
        self._outbox: asyncio.Queue[Publish] = asyncio.Queue(LINK_OUTBOX_MAX)
        self._reader: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled; whatever fails is tried again for ever, since an outage is no error here."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in (self._connect(), self._publish(), self._tick(), self._beside.run()):
                    tasks.create_task(part)
        finally:
            if self._reader is not None:
                self._reader.cancel()
            if self._nc.is_connected or self._nc.is_reconnecting:
                await self._nc.close()

    def _act(self, actions: list[Action]) -> None:
        """Carry out what the sender wants."""
        for action in actions:
            match action:
                case Publish():
                    self._put(action)
                case Follow():
                    if self._reader is not None:
                        self._reader.cancel()
                    self._reader = asyncio.get_running_loop().create_task(self._follow(action.after))
                case Watermark():
                    self._beside.watermark = action
                case Alarm():
                    self._beside.alarm = action
                    log.log(logging.ERROR if action.code else logging.INFO, "alarm: %s %s", action.code or "over", action.detail)
                case WantKeepsakes() | Carry():
                    self._beside.run_errand(action)
                case Fenced() | BackedUp():
                    log.info("the hub says: %s", action)  # the report takes both from the sender
        if self._sender.wants_entries:
            self._wanted.set()
        else:
            self._wanted.clear()
        self._beside.tell()

    def _put(self, publish: Publish) -> None:
        """A full outbox drops the oldest: what is not answered is sent again anyway."""
        while self._outbox.full():
            self._outbox.get_nowait()
        self._outbox.put_nowait(publish)

    # --- NATS ----------------------------------------------------------------------------------

    async def _connect(self) -> None:
        """Stay connected. The client reconnects by itself, but ends for good at some words of the broker (too slow, too many
        connections, credentials that are not taken for the moment): then a new one begins, with the credentials on disk by then.
        """
        while True:
            self._nc = client = nats.aio.client.Client()
            try:
                await self._connect_once(client)
            except (OSError, nats.errors.Error, TimeoutError) as error:
                log.warning("the hub's broker is out of reach: %s; trying again", error or type(error).__name__)
                if client.is_connected or client.is_reconnecting:
                    await client.close()
            else:
                log.error("the hub's broker has ended the connection: %s; beginning anew", client.last_error)
            await asyncio.sleep(LOCAL_RETRY_S)

    async def _connect_once(self, client: nats.aio.client.Client) -> None:
        """Connect, and return when the client has ended for good. Raises what it raises until it is connected."""
        closed = asyncio.Event()

        async def on_error(error: Exception) -> None:
            log.warning("nats: %s", error or type(error).__name__)

        async def on_disconnect() -> None:
            log.warning("the hub's broker is out of reach")
            self._act(self._sender.disconnected(time.monotonic()))

        async def on_reconnect() -> None:
            log.info("the hub's broker is back")
            self._act(self._sender.connected(time.monotonic()))

        async def on_closed() -> None:
            closed.set()

        await client.connect(
            servers=self._nats_urls, user_credentials=str(self._creds), name=f"comanda link {self._box.site_id}",
            inbox_prefix=subjects.inbox_prefix(self._box.site_id).encode(), max_reconnect_attempts=-1,
            reconnect_time_wait=LINK_RECONNECT_MAX_S,  # type: ignore[arg-type] - annotated as int, used as seconds
            reconnect_to_server_handler=where_and_when, ping_interval=10, max_outstanding_pings=2, pending_size=NATS_PENDING_BYTES_MAX,
            error_cb=on_error, disconnected_cb=on_disconnect, reconnected_cb=on_reconnect, closed_cb=on_closed,
        )  # fmt: skip
        await client.subscribe(subjects.answers(self._box.org_id, self._box.site_id), cb=self._on_answer)
        await client.flush()
        with suppress(TimeoutError):  # a box that does not answer has nothing to send either
            async with asyncio.timeout(LOCAL_RETRY_S):
                await self._beside.is_known.wait()
        log.info("connected to the hub's broker")
        self._act(self._sender.connected(time.monotonic()))
        await closed.wait()

    async def _on_answer(self, message: Msg) -> None:
        try:
            answer = decode_answer(message.data)
        except FrameError as error:
            log.warning("an answer cannot be read: %s", error)
            return
        self._act(self._sender.answered(answer, time.monotonic()))

    async def _publish(self) -> None:
        """Send what lies in the outbox. Without a connection it is dropped, for the next hello begins anew."""
        while True:
            publish = await self._outbox.get()
            if not self._nc.is_connected:
                continue
            try:
                await self._nc.publish(publish.subject, publish.data)
            except (nats.errors.Error, OSError) as error:
                log.warning("nothing can be sent: %s", error or type(error).__name__)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(LINK_TICK_S)
            actions = self._sender.tick(time.monotonic())
            if actions:
                self._act(actions)

    # --- the box -------------------------------------------------------------------------------

    async def _learn_beginning(self) -> None:
        """The box has let go of entries since we last looked, and the hub was restored to before them: the next hello must say where
        the journal begins, or a person is called for nothing."""
        try:
            await self._beside.look()
        except (NeighbourError, msgspec.MsgspecError, ValueError) as error:
            log.warning("the edge does not tell where its journal begins: %s", error)

    async def _follow(self, position: Position) -> None:
        """Read the journal from after a position, as fast as the sender wants it, until cancelled."""
        while True:
            cursor = str(position) if position.sequence else ""
            url = f"ws://edge/v1/feed?view=entries&encoding=msgpack&after={cursor}"
            try:
                async with unix_connect(str(self._socket_path), url, max_size=FEED_FRAME_BYTES_MAX, max_queue=1, compression=None) as feed:
                    while True:
                        await self._wanted.wait()
                        page = await feed.recv(decode=False)
                        _, entries = _page_decoder.decode(page)
                        self._act(self._sender.entries(entries, time.monotonic()))
            except websockets.ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == _FITS_NOT:
                    log.error("the journal does not hold the hub's watermark %s: %s", position, closed.rcvd.reason)
                    if closed.rcvd.reason == _TRIMMED:
                        await self._learn_beginning()
                    self._act(self._sender.journal_refused(closed.rcvd.reason, f"The hub stands at {position}.", time.monotonic()))
                    return
                await asyncio.sleep(LOCAL_RETRY_S)  # an edge that closes at once, being full, must not be asked without a pause
            except (OSError, websockets.WebSocketException) as error:
                log.warning("the edge does not answer: %s; trying again", error)
                await asyncio.sleep(LOCAL_RETRY_S)
            position = self._sender.read_position
