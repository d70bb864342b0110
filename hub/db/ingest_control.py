"""What ingest asks of the control database: registrations of sites, cached, and leases of lanes.

What lives here: the port `Registry` of hub/ingest on Postgres with its cache, and the lease of lanes by the clock of the
database. Who takes how many lanes is decided in hub/ingest/lanes.py.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

from hub.db.connect import Database, DatabaseUnavailable, ValueRefused
from hub.db.queries import load
from hub.ingest.ports import Found, Registration, Unavailable
from shared.limits import LANE_LEASE_S, SITES_CACHE_TTL_S, SITES_CACHED_MAX, UNKNOWN_SITE_RETRY_S
from shared.protocol.claim import Claim
from shared.protocol.subjects import Address

__all__ = ["CachedRegistry", "LaneTable"]

log = logging.getLogger(__name__)
SQL = load("control_ingest")


class CachedRegistry:
    """Registrations, least recently used ones dropped. While the control database is down, what is cached is believed on."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """`clock` says seconds and never goes back."""
        self._database = database
        self._clock = clock
        self._cache: OrderedDict[Address, tuple[float, Registration | None]] = OrderedDict()
        self._looks = 0  # under way
        self._outdated: set[Address] = set()  # forgotten while a look was under way: what it brings may be of before

    async def find(self, wanted: Iterable[tuple[Address, str]]) -> Found:
        keys: dict[Address, set[str]] = {}
        for address, key in wanted:
            keys.setdefault(address, set()).add(key)  # of two boxes of a site at once, either may be the one that is not known yet
        now = self._clock()
        stale = [address for address, used in keys.items() if any(self._is_stale(address, key, now) for key in used)]
        out_of_reach = await self._look_up(stale, now) if stale else frozenset[Address]()
        found: dict[Address, Registration] = {}
        for address in keys:
            cached = self._cache.get(address)
            if cached is not None and cached[1] is not None:
                self._cache.move_to_end(address)
                found[address] = cached[1]
        while len(self._cache) > SITES_CACHED_MAX:
            self._cache.popitem(last=False)
        return Found(found, out_of_reach)

    def forget(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            self._cache.pop(address, None)
            if self._looks:
                self._outdated.add(address)

    async def learn(self, claim: Claim, token: str) -> bool:
        try:
            async with self._database.transaction() as connection:
                await connection.execute(SQL["learn"], claim.org, claim.site, claim.epoch, claim.key, token)
                key = await connection.fetchval(SQL["key_of_epoch"], claim.org, claim.site, claim.epoch)
                if key == claim.key:
                    await connection.execute(SQL["tell_claim"], claim.org, claim.site)
        except ValueRefused:  # the foreign key: no such site
            return False
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        return key == claim.key

    def _is_stale(self, address: Address, key: str, now: float) -> bool:
        cached = self._cache.get(address)
        if cached is None:
            return True
        looked_at, registration = cached
        is_known = registration is not None and (not key or key in registration.boxes)
        return now - looked_at >= (SITES_CACHE_TTL_S if is_known else UNKNOWN_SITE_RETRY_S)

    async def _look_up(self, addresses: Sequence[Address], now: float) -> frozenset[Address]:
        """Those that are neither cached nor can be looked up."""
        self._looks += 1
        try:
            async with self._database.transaction() as connection:
                rows = await connection.fetch(SQL["registrations"], [a.org_id for a in addresses], [a.site_id for a in addresses])
            found = {Address(row["org_id"], row["site_id"]): _registration(row) for row in rows}
            for address in addresses:
                self._cache[address] = (float("-inf") if address in self._outdated else now, found.get(address))
        except DatabaseUnavailable as error:
            out_of_reach = frozenset(address for address in addresses if address not in self._cache)
            log.warning(
                "cannot look up %d sites, of which %d are known from before: %s", len(addresses), len(addresses) - len(out_of_reach), error
            )
            return out_of_reach
        finally:
            self._looks -= 1
            if not self._looks:
                self._outdated.clear()
        return frozenset()


def _registration(row: Mapping[str, object]) -> Registration:
    boxes: dict[str, int] = {}
    for key, epoch in zip(row["keys"], row["epochs"], strict=True):  # type: ignore[call-overload]
        boxes[key] = max(epoch, boxes.get(key, 0))
    return Registration(
        shard=str(row["shard"]), placement_epoch=int(row["placement_epoch"]), boxes=boxes, claim=str(row["claim"])  # type: ignore[call-overload]
    )  # fmt: skip


class LaneTable:
    """Leases of lanes. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner

    async def renew(self) -> tuple[set[int], int]:
        """(lanes that are still ours, processes alive): the leases run from now again."""
        async with self._database.transaction() as connection:
            await connection.execute(SQL["say_alive"], self._owner, LANE_LEASE_S)
            await connection.execute(SQL["forget_dead"])
            rows = await connection.fetch(SQL["extend"], self._owner, LANE_LEASE_S)
            alive = await connection.fetchval(SQL["count_alive"])
        return {row["lane"] for row in rows}, alive

    async def take(self, count: int) -> set[int]:
        """At most `count` lanes that nobody holds."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(SQL["take"], self._owner, LANE_LEASE_S, count)
        return {row["lane"] for row in rows}

    async def release(self, lanes: Iterable[int]) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(SQL["release"], self._owner, list(lanes))

    async def leave(self, lanes: Iterable[int]) -> None:
        """The process ends: others take over at once."""
        async with self._database.transaction() as connection:
            await connection.execute(SQL["release"], self._owner, list(lanes))
            await connection.execute(SQL["leave"], self._owner)
