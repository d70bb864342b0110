"""Hubs for the tests of this folder: fresh databases on the session's Postgres, migrated."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from tests.support.hub_rig import HubRig
from tests.support.postgres import Database


@pytest_asyncio.fixture
async def rig(make_database: Callable[[str], Database]) -> AsyncIterator[HubRig]:
    """A hub with two shards, without processes or broker."""
    made = HubRig(make_database("control"), {"s1": make_database("s1"), "s2": make_database("s2")})
    await made.migrate()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def small_rig(make_database: Callable[[str], Database]) -> AsyncIterator[HubRig]:
    """The same on one shard."""
    made = HubRig(make_database("control"), {"only": make_database("only")})
    await made.migrate()
    yield made
    await made.close()
