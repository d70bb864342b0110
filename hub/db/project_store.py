"""The shard as projectors use it.

What lives here: which statement of project.sql serves which method, and how state is written down. What entries mean is
decided in hub/project.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hub.db.connect import Database, Role
from hub.db.queries import load
from hub.project.fold import Held, RawEntry
from shared.domain.check.books import Sales
from shared.domain.kernel import Aggregate, Key
from shared.domain.registry import AGGREGATES
from shared.domain.views import CheckView
from shared.limits import SITES_CACHED_MAX
from shared.protocol.subjects import Address

__all__ = ["ProjectShard", "SiteTransaction", "forget_site"]

SQL = load("project")
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(cls) for kind, cls in AGGREGATES.items()}
_encode = msgspec.json.Encoder().encode


class SiteTransaction:
    """A transaction in which one site is projected: its cursor is ours until it ends."""

    def __init__(self, connection: Any, address: Address, cursor: int) -> None:
        self._connection = connection
        self._site = (address.org_id, address.site_id)
        self.cursor = cursor

    async def entries(self, limit: int) -> list[RawEntry]:
        """The next entries after the cursor."""
        rows = await self._connection.fetch(SQL["entries"], *self._site, self.cursor, limit)
        return [RawEntry(row["sequence"], row["epoch"], row["entry"]) for row in rows]

    async def aggregates(self, keys: Iterable[Key]) -> dict[Key, Aggregate]:
        """Of `keys`, the state of those that exist."""
        wanted = sorted(keys)
        rows = await self._connection.fetch(SQL["aggregates"], *self._site, *_columns(wanted))
        return {(row["kind"], row["id"]): _DECODERS[row["kind"]].decode(row["state"]) for row in rows}

    async def quarantined(self, keys: Iterable[Key]) -> set[Key]:
        """Of `keys`, those that are held back."""
        rows = await self._connection.fetch(SQL["quarantined"], *self._site, *_columns(sorted(keys)))
        return {(row["kind"], row["id"]) for row in rows}

    async def put(self, changes: Mapping[Key, Aggregate], checks: Sequence[CheckView], sales: Mapping[tuple[str, str], Sales]) -> None:
        """Keep changed state, changed checks, and what is added to the sales of (business date, currency)."""
        if changes:
            states = [_encode(aggregate).decode() for aggregate in changes.values()]
            await self._connection.execute(SQL["put_aggregates"], *self._site, *_columns(changes), states)
        if checks:
            fields = (
                "check_id", "business_date", "number", "epoch", "status", "currency", "table_id", "covers", "opened_at", "closed_at",
                "gross_minor", "net_minor", "tax_minor", "total_minor", "paid_minor",
            )  # fmt: skip
            await self._connection.execute(SQL["put_checks"], *self._site, *([getattr(check, name) for check in checks] for name in fields))
        if sales:
            fields = ("orders", "lines", "gross_minor", "net_minor", "tax_minor")
            columns = ([getattr(each, name) for each in sales.values()] for name in fields)
            await self._connection.execute(SQL["add_sales"], *self._site, *_columns(sales), *columns)

    async def advance(self, sequence: int, unknown_events: int, held: Sequence[Held]) -> None:
        """Keep what is in quarantine, and how far the site has come."""
        if held:
            columns = ([getattr(each, name) for each in held] for name in Held.__struct_fields__)
            await self._connection.execute(SQL["hold"], *self._site, *columns)
        await self._connection.execute(SQL["advance_cursor"], *self._site, sequence, unknown_events)


class ProjectShard:
    """One shard. Every method may raise DatabaseUnavailable or ValueRefused."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._begun: set[Address] = set()  # sites that are sure to have a cursor

    async def sites_with_work(self, limit: int) -> list[Address]:
        async with self.database.transaction() as connection:
            rows = await connection.fetch(SQL["sites_with_work"], limit)
        return [Address(row["org_id"], row["site_id"]) for row in rows]

    @asynccontextmanager
    async def site(self, address: Address) -> AsyncIterator[SiteTransaction | None]:
        """A transaction on the site; None when another projector is at it, or the tenant does not live here."""
        await self._begin(address)
        async with self.database.transaction(org_id=address.org_id) as connection:
            cursor = await connection.fetchval(SQL["lock_cursor"], *address)
            lives_here = await connection.fetchval(SQL["lock_placement"], address.org_id)
            yield None if cursor is None or lives_here is None else SiteTransaction(connection, address, cursor)

    async def _begin(self, address: Address) -> None:
        """A cursor for a site that has none, committed at once: another projector skips a locked row, not one about to be."""
        if address in self._begun:
            return
        async with self.database.transaction(org_id=address.org_id) as connection:
            await connection.execute(SQL["begin_cursor"], *address)
        if len(self._begun) >= SITES_CACHED_MAX:
            self._begun.clear()
        self._begun.add(address)


async def forget_site(dsn: str, org_id: str, site_id: str) -> None:
    """Drop everything that is projected of a site, so that it is made anew. Raises DatabaseUnavailable."""
    database = Database("shard", dsn, Role.PROJECT)
    try:
        async with database.transaction(org_id=org_id) as connection:
            await connection.fetchval(SQL["lock_cursor_waiting"], org_id, site_id)
            for name in ("forget_aggregates", "forget_checks", "forget_sales", "forget_quarantine", "reset_cursor"):
                await connection.execute(SQL[name], org_id, site_id)
    finally:
        await database.close()


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    listed = list(pairs)
    return [first for first, _ in listed], [second for _, second in listed]
