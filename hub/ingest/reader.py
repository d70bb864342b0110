"""Reads a lane: one pull request stands at the broker, and another while a batch is being applied.

What lives here: requests, statuses and what they say about the consumer. nats-py's own `fetch` waits for a whole batch
before it gives any of it back, which would cost every quiet site a second. What is in the messages is not known here.
"""

import asyncio
import json
import time
from collections import deque

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from hub.ingest.streams import DURABLE
from shared.limits import INGEST_BATCH_MESSAGES, INGEST_FETCH_WAIT_S, LANE_PULL_EXPIRES_S
from shared.protocol.subjects import lane_stream

__all__ = ["LaneMissing", "LaneReader"]

_NO_MESSAGES, _TIMEOUT, _CONFLICT, _NO_RESPONDERS = "404", "408", "409", "503"
_GONE = ("consumer deleted", "stream deleted", "not found")


class LaneMissing(Exception):
    """The broker has no such consumer (any more): its data was wiped, or it was never made."""


class LaneReader:
    """Messages of one lane, in batches as they come."""

    def __init__(self, client: Client, lane: int) -> None:
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{lane_stream(lane)}.{DURABLE}"
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._owed = 0  # messages asked for and not yet given
        self._asked_at = 0.0
        self._is_gone = False
        self._inbox = ""
        self._subscription: Subscription | None = None

    async def batch(self) -> list[Msg]:
        """Up to INGEST_BATCH_MESSAGES, as many as there are; none after INGEST_FETCH_WAIT_S. Raises LaneMissing, nats' errors."""
        await self._ask()
        if not self._waiting and not self._is_gone:
            self._arrived.clear()
            try:
                async with asyncio.timeout(INGEST_FETCH_WAIT_S):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        if self._is_gone and not self._waiting:
            self._is_gone = False
            raise LaneMissing(self._next)
        taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), INGEST_BATCH_MESSAGES))]
        await self._ask()
        return taken

    async def close(self) -> None:
        """Give back what was not taken, so that the next owner gets it at once."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None and self._client.is_connected:
            await subscription.unsubscribe()
            for message in self._waiting:
                await message.nak()
        self._waiting.clear()

    async def _ask(self) -> None:
        """Let one request stand, unless enough is here already. One that got no answer in its time is forgotten."""
        if self._subscription is None:
            self._inbox = self._client.new_inbox()
            self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)
        now = time.monotonic()
        is_lost = now - self._asked_at > LANE_PULL_EXPIRES_S + INGEST_FETCH_WAIT_S
        if len(self._waiting) >= INGEST_BATCH_MESSAGES or (self._owed > 0 and not is_lost):
            return
        self._owed, self._asked_at = INGEST_BATCH_MESSAGES, now
        request = {"batch": INGEST_BATCH_MESSAGES, "expires": int(LANE_PULL_EXPIRES_S * 1_000_000_000)}
        await self._client.publish(self._next, json.dumps(request).encode(), reply=self._inbox)

    def reconnected(self) -> None:
        """The connection was lost: the request that stood is gone with it."""
        self._owed = 0
        self._arrived.set()

    async def _on_message(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status is None:
            self._owed -= 1
            self._waiting.append(message)
        elif status in (_NO_MESSAGES, _TIMEOUT, _CONFLICT, _NO_RESPONDERS):
            self._owed = 0
            description = (message.headers or {}).get("Description", "").lower()
            self._is_gone = status == _NO_RESPONDERS or any(words in description for words in _GONE)
        self._arrived.set()
