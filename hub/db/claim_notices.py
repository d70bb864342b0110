"""Claims, heard of as they are granted: what ingest listens for on the control database.

What lives here: the connection that listens, and what is looked up when it was lost. What is said to whom is in hub/ingest/fencing.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from hub.db.connect import Database, DatabaseUnavailable
from hub.db.queries import load
from shared.limits import CLAIMS_LOOK_BACK_S, CLAIMS_PING_S, RECONNECT_WAIT_S, SITES_CACHED_MAX
from shared.protocol.subjects import Address

__all__ = ["PostgresClaimNotices"]

log = logging.getLogger(__name__)
SQL = load("control_ingest")


class PostgresClaimNotices:
    """Listens on a connection of its own, and begins anew however often it is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._named: dict[Address, None] = {}
        self._is_lost = False

    async def watch(self, heard: Callable[[Sequence[Address]], Awaitable[None]]) -> None:
        """Until cancelled. Whatever was granted while nobody listened is looked up first."""
        while True:
            try:
                await self._listen(heard)
            except DatabaseUnavailable as error:
                if not self._is_lost:
                    log.warning("claims are not heard of until the control database is back: %s", error)
                self._is_lost = True
            await asyncio.sleep(RECONNECT_WAIT_S)

    async def _listen(self, heard: Callable[[Sequence[Address]], Awaitable[None]]) -> None:
        woken = asyncio.Event()
        async with self._database.listening("claims", woken, self._on_notice) as connection:
            rows = await connection.fetch(SQL["claimed_lately"], CLAIMS_LOOK_BACK_S)
            await heard([Address(row["org_id"], row["site_id"]) for row in rows])
            if self._is_lost:
                log.info("claims are heard of again")
            self._is_lost = False
            while not connection.is_closed():
                try:
                    async with asyncio.timeout(CLAIMS_PING_S):
                        await woken.wait()
                except TimeoutError:
                    await connection.execute("select 1")  # a connection may be dead without saying so
                woken.clear()
                named, self._named = list(self._named), {}
                if named:
                    await heard(named)
        log.info("the connection that hears of claims was lost")

    def _on_notice(self, payload: str) -> None:
        org_id, _, site_id = payload.partition(" ")
        if len(self._named) < SITES_CACHED_MAX:  # one more is told when it says hello
            self._named[Address(org_id, site_id)] = None
