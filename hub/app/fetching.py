"""What a replacement asks of the hub to become its site: pages of the journal, and keepsakes.

What lives here: who may ask (whoever holds the key of a box that was claimed for the site, of whatever epoch), how often, and how much
one answer holds. HTTP is not known here, and how a shard is read is behind the port.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

from hub.app.errors import HubRefused
from hub.app.pacing import Pace
from hub.app.ports import Control, ReadShard, Scope
from hub.app.sites import find_site
from hub.app.tenants import shard_of
from shared.domain.ids import is_id
from shared.limits import (
    FETCH_BURST,
    FETCH_ENTRIES_MAX,
    FETCH_PAGE_BYTES_MAX,
    FETCH_RATE_PER_SITE,
    FETCHES_AT_ONCE,
    FETCHES_WAITING_MAX,
    SITES_CACHED_MAX,
)
from shared.protocol.envelope import Fetch, FetchPage, FrameError, open_frame
from shared.protocol.keys import verify

__all__ = ["Fetching"]


class Fetching:
    """Answers fetches, a few at once: a page is the largest answer that the hub gives."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` says seconds and never goes back."""
        self._pace = Pace(clock, FETCH_RATE_PER_SITE, FETCH_BURST, SITES_CACHED_MAX)
        self._places = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._waiting = 0

    async def page(self, control: Control, shards: Mapping[str, ReadShard], body: bytes) -> FetchPage:
        """The answer to a signed fetch. Raises HubRefused `fetch.malformed`, `fetch.refused`, `fetch.busy`."""
        async with self._place():
            fetch = await self._admitted(control, body)
            site = await find_site(control, Scope(None), fetch.site)
            limit = min(fetch.limit, FETCH_ENTRIES_MAX)
            shard = shard_of(shards, site.shard)
            return await shard.page(fetch.org, fetch.site, fetch.after.sequence, limit, FETCH_PAGE_BYTES_MAX, fetch.version)

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None]:
        if self._waiting >= FETCHES_WAITING_MAX:
            raise HubRefused("fetch.busy", "Too many boxes are fetching at once.")
        self._waiting += 1
        try:
            async with self._places:
                yield
        finally:
            self._waiting -= 1

    async def _admitted(self, control: Control, body: bytes) -> Fetch:
        try:
            fetch, key = open_frame(body, verify)
        except FrameError as error:
            code = "fetch.refused" if error.code == "frame.bad_signature" else "fetch.malformed"
            raise HubRefused(code, error.detail) from error
        if not isinstance(fetch, Fetch) or not (is_id(fetch.org) and is_id(fetch.site)):
            raise HubRefused("fetch.malformed", "The frame is no fetch of a site.")
        if key not in await control.box_keys(fetch.org, fetch.site):
            raise HubRefused("fetch.refused", "The key that signed the frame is registered for no box of this site.")
        if not self._pace.may((fetch.org, fetch.site)):
            raise HubRefused("fetch.busy", "The site fetches faster than it may.")
        return fetch
