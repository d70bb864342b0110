"""A shard as it is read: the port `ReadShard` of hub/app on Postgres.

What lives here: which statement of read.sql serves which method, and on whose behalf. Reports and their rules are in hub/app.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hub.app.errors import HubRefused
from hub.app.ports import CheckContents, ChecksAsked, Quarantined, Scope, Site, SitePosition, StationTimes
from hub.db.claim_store import KnowsClaims
from hub.db.connect import Database, DatabaseUnavailable
from hub.db.queries import load
from hub.project.rows import FORMAT
from hub.records.books import DaySales, DayTax, DayTender
from hub.records.checks import CheckSummary
from shared.limits import KEEPSAKES_MAX
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import FetchPage, Keepsake

__all__ = ["PostgresReadShard"]

SQL = load("read")
_CONTENTS = msgspec.structs.fields(CheckContents)
_READERS: dict[str, msgspec.json.Decoder[Any]] = {field.name: msgspec.json.Decoder(field.type) for field in _CONTENTS}
_keepsakes: msgspec.json.Decoder[list[Keepsake]] = msgspec.json.Decoder(list[Keepsake])
_sales: msgspec.json.Decoder[list[DaySales]] = msgspec.json.Decoder(list[DaySales])
_tenders: msgspec.json.Decoder[list[DayTender]] = msgspec.json.Decoder(list[DayTender])
_taxes: msgspec.json.Decoder[list[DayTax]] = msgspec.json.Decoder(list[DayTax])
_checks: msgspec.json.Decoder[list[CheckSummary]] = msgspec.json.Decoder(list[CheckSummary])


class PostgresReadShard(KnowsClaims):
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

    async def _value(self, name: str, org_id: str, *arguments: Any) -> Any:
        """The one value that the statement answers, on behalf of the organisation, which is its first argument."""
        async with self._as(Scope(org_id)) as connection:
            return await connection.fetchval(SQL[name], org_id, *arguments)

    async def page(self, org_id: str, site_id: str, after: int, limit: int, bytes_max: int, version: str) -> FetchPage:
        async with self._as(Scope(org_id)) as connection:
            site = await connection.fetchrow(SQL["fetched_site"], org_id, site_id)
            held = await connection.fetch(SQL["fetched_keepsakes"], org_id, site_id, KEEPSAKES_MAX)
            document = await connection.fetchval(SQL["fetched_document"], org_id, site_id, version) if version else None
            rows = [] if version else await connection.fetch(SQL["fetched_entries"], org_id, site_id, after, limit, bytes_max)
        return FetchPage(
            incarnation=site["incarnation"],
            watermark=Position(site["epoch"], site["sequence"], site["hash"]) if site["sequence"] is not None else START,
            entries=tuple([StoredEntry(*row) for row in rows]),
            keepsakes=tuple(_present([Keepsake(row["kind"], row["version"]) for row in held], site["keepsakes"])),
            document=document or b"",
        )

    async def is_current(self, org_id: str, site_id: str) -> bool:
        return bool(await self._value("is_current", org_id, site_id, FORMAT))

    async def sales(self, org_id: str, site_id: str, first: str, last: str) -> Sequence[DaySales]:
        return _sales.decode(await self._value("sales", org_id, site_id, first, last))

    async def tenders(self, org_id: str, site_id: str, first: str, last: str) -> Sequence[DayTender]:
        return _tenders.decode(await self._value("tenders", org_id, site_id, first, last))

    async def taxes(self, org_id: str, site_id: str, first: str, last: str) -> Sequence[DayTax]:
        return _taxes.decode(await self._value("taxes", org_id, site_id, first, last))

    async def checks(self, org_id: str, site_id: str, asked: ChecksAsked) -> Sequence[CheckSummary]:
        after = msgspec.structs.astuple(asked.after)
        filters = (asked.first, asked.last, asked.status, asked.table_id, asked.training)
        return _checks.decode(await self._value("checks", org_id, site_id, *filters, *after, asked.limit))

    async def check(self, org_id: str, site_id: str, check_id: str) -> CheckContents | None:
        async with self._as(Scope(org_id)) as connection:
            row = await connection.fetchrow(SQL["check"], org_id, site_id, check_id)
        return None if row is None else CheckContents(**{name: read.decode(row[name]) for name, read in _READERS.items()})

    async def ticket_times(self, org_id: str, site_id: str, first: str, last: str, limit: int) -> Sequence[tuple[str, StationTimes]]:
        async with self._as(Scope(org_id)) as connection:
            rows = await connection.fetch(SQL["ticket_times"], org_id, site_id, first, last, limit)
        return [(row["business_date"], _times(row)) for row in rows]

    async def quarantined(self, org_id: str, site_id: str, limit: int) -> Sequence[Quarantined]:
        async with self._as(Scope(org_id)) as connection:
            rows = await connection.fetch(SQL["quarantine"], org_id, site_id, limit)
        return [Quarantined(**dict(row)) for row in rows]


def _present(held: Sequence[Keepsake], named: bytes | None) -> list[Keepsake]:
    """Of `held`, the latest first, every document, but of the lists of devices the one that the box last named; the latest where the hub
    lacks that."""
    said = set(_keepsakes.decode(named or b"[]"))
    lists = [each for each in held if each.kind == "devices"]
    device_list = next((each for each in lists if each in said), lists[0] if lists else None)
    return [each for each in held if each.kind != "devices" or each == device_list]


def _times(row: Mapping[str, Any]) -> StationTimes:
    return StationTimes(**{name: _tenth(row[name]) for name in StationTimes.__struct_fields__})


def _tenth(value: Any) -> Any:
    """Seconds to a tenth: a clock in a kitchen says no more."""
    return round(value, 1) if isinstance(value, float) else value


def _position(row: Mapping[str, Any]) -> SitePosition:
    return SitePosition(
        position=Position(row["epoch"], row["sequence"], row["hash"]) if row["sequence"] is not None else START,
        received_at=row["received_at"],
        contact_at=row["contact_at"],
        head_sequence=row["head_sequence"] or 0,
        figures=row["figures"] or b"{}",
        projected_sequence=row["projected_sequence"],
        as_of=row["as_of"],
        quarantined=row["quarantined"],
        orphans_held=row["orphans_held"],
        holes_open=row["holes_open"],
    )
