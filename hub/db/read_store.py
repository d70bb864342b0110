"""A shard as it is read: the port `ReadShard` of hub/app on Postgres.

What lives here: which statement of read.sql serves which method, and on whose behalf. Reports and their rules are in hub/app.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hub.app.errors import HubRefused
from hub.app.ports import Quarantined, Scope, Site, SitePosition
from hub.db.connect import Database, DatabaseUnavailable
from hub.db.queries import load
from shared.domain.check.books import Sales
from shared.protocol.entry import START, Position

__all__ = ["PostgresReadShard"]

SQL = load("read")


class PostgresReadShard:
    """Takes the shard twice: in the role of the operator, and in that of a tenant."""

    def __init__(self, platform: Database, tenant: Database) -> None:
        self._platform_database = platform
        self._tenant_database = tenant

    @asynccontextmanager
    async def _as(self, scope: Scope) -> AsyncIterator[Any]:
        is_platform = scope.org_id is None
        database = self._platform_database if is_platform else self._tenant_database
        try:
            async with database.transaction(org_id=scope.org_id) as connection:
                yield connection
        except DatabaseUnavailable as error:
            raise HubRefused("shard.unavailable", str(error)) from error

    async def is_reachable(self) -> bool:
        return await self._platform_database.is_reachable()

    async def close(self) -> None:
        await self._platform_database.close()
        await self._tenant_database.close()

    async def place(self, org_id: str, epoch: int) -> None:
        async with self._as(Scope(None)) as connection:
            await connection.execute(SQL["place"], org_id, epoch)

    async def positions(self, scope: Scope, sites: Sequence[Site]) -> Mapping[str, SitePosition]:
        async with self._as(scope) as connection:
            rows = await connection.fetch(SQL["positions"], [site.org_id for site in sites], [site.site_id for site in sites])
        return {row["site_id"]: _position(row) for row in rows}

    async def sales(self, org_id: str, site_id: str, currency: str, first: str, last: str) -> Mapping[str, Sales]:
        async with self._as(Scope(org_id)) as connection:
            rows = await connection.fetch(SQL["sales"], org_id, site_id, currency, first, last)
        return {
            row["business_date"]: Sales(
                orders=row["orders"], lines=row["lines"], gross_minor=row["gross_minor"], net_minor=row["net_minor"],
                tax_minor=row["tax_minor"],
            )
            for row in rows
        }  # fmt: skip

    async def quarantined(self, org_id: str, site_id: str, limit: int) -> Sequence[Quarantined]:
        async with self._as(Scope(org_id)) as connection:
            rows = await connection.fetch(SQL["quarantine"], org_id, site_id, limit)
        return [Quarantined(**dict(row)) for row in rows]


def _position(row: Mapping[str, Any]) -> SitePosition:
    return SitePosition(
        position=Position(row["epoch"], row["sequence"], row["hash"]) if row["sequence"] is not None else START,
        received_at=row["received_at"],
        contact_at=row["contact_at"],
        head_sequence=row["head_sequence"] or 0,
        figures=row["figures"] or b"{}",
        projected_sequence=row["projected_sequence"],
    )
