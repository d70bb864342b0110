"""What ingest remembers of sites while the control database is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hub.db.connect import DatabaseUnavailable
from hub.db.ingest_control import CachedRegistry
from shared.limits import SITES_CACHE_TTL_S
from shared.protocol.subjects import Address

KNOWN, NEW, NOBODY = (Address("org", name) for name in ("known", "new", "nobody"))


class Control:
    """A control database that knows two sites. `asked` are the sites that were looked up."""

    def __init__(self) -> None:
        self.is_down = False
        self.asked: list[str] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        if self.is_down:
            raise DatabaseUnavailable("control", "down")
        yield self

    async def fetch(self, _: str, orgs: list[str], sites: list[str]) -> list[dict[str, Any]]:
        self.asked += sites
        row = {"shard": "s1", "placement_epoch": 1, "keys": ["key"], "epochs": [3], "claim": ""}
        return [row | {"org_id": org, "site_id": site} for org, site in zip(orgs, sites, strict=True) if site != NOBODY.site_id]


async def test_one_new_site_in_a_batch_stops_none_that_is_known_while_the_control_database_is_away() -> None:
    control, now = Control(), 0.0
    registry = CachedRegistry(control, lambda: now)  # type: ignore[arg-type] - a transaction is all that it asks for
    await registry.find([(KNOWN, "key"), (NOBODY, "key")])
    control.is_down, now = True, SITES_CACHE_TTL_S
    found = await registry.find([(NEW, "key"), (KNOWN, "key"), (NOBODY, "key")])
    assert found.out_of_reach == {NEW}
    assert {address: each.epoch for address, each in found.registrations.items()} == {KNOWN: 3}, "and nobody is still nobody"
    control.is_down = False
    found = await registry.find([(NEW, "key"), (KNOWN, "key")])
    assert (set(found.registrations), found.out_of_reach) == ({NEW, KNOWN}, frozenset())
