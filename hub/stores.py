"""The stores behind the hub's use cases, for the API and for single commands.

What lives here: which adapter stands behind which port. No rule, no SQL. It loads neither the broker's client nor a web framework.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

import uvloop

from hub.db.connect import Database, Role
from hub.db.control_store import PostgresControl
from hub.db.operate_store import PostgresOperations
from hub.db.read_store import PostgresReadShard
from hub.settings import HubSettings

__all__ = ["Stores", "make_stores", "open_stores", "run"]

T = TypeVar("T")


class Stores(NamedTuple):
    """The control database and the shards, as the use cases see them."""

    control: PostgresControl
    shards: dict[str, PostgresReadShard]
    operations: dict[str, PostgresOperations]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def make_stores(settings: HubSettings) -> Stores:
    def pair(name: str, dsn: str) -> tuple[Database, Database]:
        return Database(name, dsn, Role.PLATFORM), Database(name, dsn, Role.TENANT)

    pairs = {name: pair(name, dsn) for name, dsn in settings.shards.items()}
    return Stores(
        PostgresControl(*pair("control", settings.control_dsn)),
        {name: PostgresReadShard(*each) for name, each in pairs.items()},
        {name: PostgresOperations(*each) for name, each in pairs.items()},
    )


@asynccontextmanager
async def open_stores(settings: HubSettings) -> AsyncIterator[Stores]:
    """The stores for one command, closed after it."""
    stores = make_stores(settings)
    try:
        yield stores
    finally:
        for store in (stores.control, *stores.shards.values()):
            await store.close()
