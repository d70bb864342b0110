"""The ingest process: NATS on one side, the apply step on the other.

What lives here: connecting, serving lanes, answering hellos, staying alive through whatever happens to broker and databases.
What an envelope means, and how a shard keeps it, is not known here.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from hub.ingest.answers import Reply
from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from hub.ingest.fencing import ClaimNotices, tell_replaced
from hub.ingest.greet import Greeter
from hub.ingest.lanes import LaneKeeper, Leases
from hub.ingest.ports import Registry
from hub.ingest.reader import LaneMissing, LaneReader
from hub.ingest.streams import ensure_lane
from shared.limits import BROKER_PING_S, BROKER_RETRY_S, CONNECT_TIMEOUT_S, HELLOS_BATCH_MAX, HELLOS_QUEUED_MAX, RECONNECT_WAIT_S
from shared.operator_error import OperatorError
from shared.protocol.envelope import encode_answer
from shared.protocol.subjects import HELLO_ALL, Address, answers

__all__ = ["BrokerAt", "IngestService"]

log = logging.getLogger(__name__)
_QUEUE_GROUP = "ingest"


class BrokerAt(NamedTuple):
    """Where the broker is, the credentials file, and how many replicas a lane has."""

    urls: Sequence[str]
    creds: Path | None
    replicas: int


class IngestService:
    """One process of `comanda hub ingest`. Any number may run."""

    def __init__(
        self, broker: BrokerAt, applier: Applier, greeter: Greeter, leases: Leases, registry: Registry, claims: ClaimNotices, counts: Counts
    ) -> None:  # fmt: skip
        self._urls = list(broker.urls)
        self._creds = broker.creds
        self._replicas = broker.replicas
        self._applier = applier
        self._greeter = greeter
        self._registry = registry
        self._claims = claims
        self._counts = counts
        self._client = Client()
        self._last_error = ""
        self._readers: dict[int, LaneReader] = {}
        self._hellos: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(HELLOS_QUEUED_MAX)
        self.keeper = LaneKeeper(leases, self._serve_lane)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set. A broker that is not there yet is waited for."""
        await self._connect(stop)
        if stop.is_set():
            return
        beside = [
            asyncio.create_task(self._answer_hellos(), name="hellos"),
            asyncio.create_task(self._watch_claims(), name="claims"),
        ]
        try:
            await self._client.subscribe(HELLO_ALL, queue=_QUEUE_GROUP, cb=self._on_hello)
            log.info("ingest is ready")
            await self.keeper.run(stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._client.close()

    # --- the connection --------------------------------------------------------------------------

    async def _connect(self, stop: asyncio.Event) -> None:
        """Connect, however long it takes, or until `stop`."""

        async def on_closed() -> None:
            # The client gives up when the broker will not have us any more, e.g. revoked: a new process may read new credentials.
            if not stop.is_set():
                log.error("the broker has closed the connection for good; the process ends")
                stop.set()

        connecting = asyncio.create_task(
            self._client.connect(
                self._urls,
                user_credentials=str(self._creds) if self._creds else None,
                name="comanda-hub-ingest",
                connect_timeout=int(CONNECT_TIMEOUT_S),
                reconnect_time_wait=BROKER_RETRY_S,  # type: ignore[arg-type] - annotated as int, used as seconds
                max_reconnect_attempts=-1,  # also for the first connection: a broker that is not there yet is waited for
                ping_interval=int(BROKER_PING_S),
                error_cb=self._on_error,
                reconnected_cb=self._on_reconnected,
                disconnected_cb=self._on_disconnected,
                closed_cb=on_closed,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not connecting.done():
            connecting.cancel()
        try:
            await connecting
        except asyncio.CancelledError:
            log.info("stopped before the broker was there")
        except (nats.errors.Error, OSError) as error:
            raise OperatorError(
                "broker.refused", f"The broker does not take us: {error}", "Check COMANDA_HUB_NATS_URLS and COMANDA_HUB_NATS_CREDS."
            ) from error

    async def _on_error(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        if text != self._last_error:  # one attempt to connect after the other says the same
            log.warning("broker: %s", text)
        self._last_error = text

    async def _on_disconnected(self) -> None:
        if not self._client.is_closed:
            log.warning("the broker is gone, connecting again")

    async def _on_reconnected(self) -> None:
        log.info("the broker is back")
        self._last_error = ""
        for reader in self._readers.values():
            reader.reconnected()

    # --- lanes -----------------------------------------------------------------------------------

    async def _serve_lane(self, lane: int, stop: asyncio.Event) -> None:
        reader = self._readers[lane] = LaneReader(self._client, lane)
        is_ensured = False
        try:
            while not stop.is_set():
                try:
                    if not is_ensured:
                        await ensure_lane(self._client, lane, self._replicas)
                        is_ensured = True
                    messages = await reader.batch()
                    if messages:
                        await self._apply(messages)
                except LaneMissing:
                    log.warning("the broker has forgotten lane %d, making it again", lane)
                    is_ensured = False
                except (nats.errors.Error, TimeoutError) as error:
                    log.warning("lane %d: %s", lane, error or type(error).__name__)
                    is_ensured = False
                    await asyncio.sleep(RECONNECT_WAIT_S)
        finally:
            self._readers.pop(lane, None)
            await self._close(reader)

    async def _close(self, reader: LaneReader) -> None:
        try:
            await reader.close()
        except nats.errors.Error as error:
            log.info("what was not applied comes again after a while: %s", error)

    async def _apply(self, messages: Sequence[Msg]) -> None:
        """Apply, answer, then acknowledge: an answer that got lost is asked for again, an acknowledgement promises nothing."""
        await self._publish(await self._applier.apply([(message.subject, message.data) for message in messages]))
        for message in messages:
            await message.ack()

    async def _publish(self, replies: Sequence[Reply]) -> None:
        for reply in replies:
            try:
                await self._client.publish(answers(reply.address.org_id, reply.address.site_id), encode_answer(reply.answer))
            except nats.errors.Error as error:
                self._counts.unanswered += 1
                log.info("an answer was not sent, the site will ask: %s", error)

    # --- hellos ----------------------------------------------------------------------------------

    async def _on_hello(self, message: Msg) -> None:
        try:
            self._hellos.put_nowait((message.subject, message.data))
        except asyncio.QueueFull:
            self._counts.hellos["dropped"] += 1

    async def _answer_hellos(self) -> None:
        while True:
            batch = [await self._hellos.get()]
            while len(batch) < HELLOS_BATCH_MAX and not self._hellos.empty():
                batch.append(self._hellos.get_nowait())
            try:
                await self._publish(await self._greeter.greet(batch))
            except Exception:  # whatever it was, those who come after must be greeted; the traceback says what
                log.exception("hellos were not answered")

    # --- claims ----------------------------------------------------------------------------------

    async def _watch_claims(self) -> None:
        while True:
            try:
                await self._claims.watch(self._on_claims)
            except Exception:  # whatever it was, replaced boxes must be told; the traceback says what
                log.exception("claims are listened for anew")
                await asyncio.sleep(RECONNECT_WAIT_S)

    async def _on_claims(self, addresses: Sequence[Address]) -> None:
        await self._publish(await tell_replaced(self._registry, addresses))
