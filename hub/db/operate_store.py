"""A shard as operators use it: the port `Operations` of hub/app on Postgres.

What lives here: which statement of operate.sql serves which method, and on whose behalf. What is decided, and what of it is sound, is
said in hub/app.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hub.app.errors import HubRefused
from hub.app.operating import Backup, BranchView, Hole, OrphanRow, QuarantineCount, QuarantinedEntry, SentCommand
from hub.app.ports import Quarantined, Scope
from hub.db.connect import Database, DatabaseUnavailable
from hub.db.queries import load
from shared.protocol.entry import Position

__all__ = ["PostgresOperations"]

SQL = load("operate")
_held: msgspec.json.Decoder[tuple[Quarantined, ...]] = msgspec.json.Decoder(tuple[Quarantined, ...])


class PostgresOperations:
    """Takes the shard twice: in the role of the operator, and in that of a tenant. Whoever made the databases closes them."""

    def __init__(self, platform: Database, tenant: Database) -> None:
        self._platform_database = platform
        self._tenant_database = tenant

    @asynccontextmanager
    async def _as(self, scope: Scope) -> AsyncIterator[Any]:
        database = self._platform_database if scope.org_id is None else self._tenant_database
        try:
            async with database.transaction(org_id=scope.org_id) as connection:
                yield connection
        except DatabaseUnavailable as error:
            raise HubRefused("shard.unavailable", str(error)) from error

    async def _rows(self, scope: Scope, name: str, *arguments: Any) -> list[Any]:
        async with self._as(scope) as connection:
            return await connection.fetch(SQL[name], *arguments)

    async def _of(self, org_id: str, name: str, *arguments: Any) -> list[Any]:
        """Rows on behalf of the organisation, which is the first argument of the statement."""
        return await self._rows(Scope(org_id), name, org_id, *arguments)

    # --- quarantine ------------------------------------------------------------------------------

    async def quarantine_counts(self, scope: Scope, limit: int) -> Sequence[QuarantineCount]:
        return [QuarantineCount(**dict(row)) for row in await self._rows(scope, "quarantine_counts", limit)]

    async def quarantined_entry(self, org_id: str, site_id: str, sequence: int) -> QuarantinedEntry | None:
        rows = await self._of(org_id, "quarantined_entry", site_id, sequence)
        if not rows:
            return None
        said: dict[str, Any] = {name: value for name, value in dict(rows[0]).items() if value is not None}
        said["held"] = _held.decode(said["held"])
        return QuarantinedEntry(**said)

    async def quarantine_following(self, org_id: str, site_id: str, sequence: int, limit: int) -> Sequence[Quarantined]:
        return [Quarantined(**dict(row)) for row in await self._of(org_id, "quarantine_following", site_id, sequence, limit)]

    # --- orphans ---------------------------------------------------------------------------------

    async def branched_sites(self, scope: Scope) -> Sequence[tuple[str, str]]:
        return [(row["org_id"], row["site_id"]) for row in await self._rows(scope, "branched_sites")]

    async def branches(self, org_id: str, site_id: str) -> Sequence[BranchView]:
        return [
            BranchView(
                epoch=row["epoch"], parted=_position(row, "parted"), kept=_position(row, "kept"), begun_at=row["begun_at"],
                received_at=row["received_at"], compared=(row["compared_kept"], row["compared_journal"]),
            )
            for row in await self._of(org_id, "branches", site_id)
        ]  # fmt: skip

    async def orphans(self, org_id: str, site_id: str, epoch: int, after: int, limit: int) -> Sequence[OrphanRow]:
        return [OrphanRow(**dict(row)) for row in await self._of(org_id, "orphans", site_id, epoch, after, limit)]

    async def journal_after(self, org_id: str, site_id: str, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        return [(row["sequence"], row["entry"]) for row in await self._of(org_id, "journal_after", site_id, after, limit)]

    async def decide(
        self, org_id: str, site_id: str, epoch: int, sequences: Sequence[int], state: str, reason: str, decided_by: str
    ) -> int:
        async with self._as(Scope(org_id)) as connection:
            done = await connection.execute(SQL["decide"], org_id, site_id, epoch, list(sequences), state, reason, decided_by)
        return int(done.removeprefix("UPDATE "))

    async def compared(self, org_id: str, site_id: str, epoch: int, kept: int, journal: int) -> None:
        async with self._as(Scope(org_id)) as connection:
            await connection.execute(SQL["compared"], org_id, site_id, epoch, kept, journal)

    async def sent_commands(self, org_id: str, site_id: str, command_ids: Sequence[str]) -> Sequence[SentCommand]:
        return [SentCommand(**dict(row)) for row in await self._of(org_id, "sent_commands", site_id, list(command_ids))]

    async def send_command(self, org_id: str, site_id: str, command_id: str, command: bytes, ttl_s: float, asked_by: str) -> None:
        async with self._as(Scope(org_id)) as connection:
            await connection.execute(SQL["send_command"], org_id, site_id, command_id, command, ttl_s, asked_by)

    # --- holes and backups -----------------------------------------------------------------------

    async def holes(self, scope: Scope) -> Sequence[Hole]:
        return [
            Hole(
                org_id=row["org_id"], site_id=row["site_id"], first=row["first_sequence"],
                before=Position(row["before_epoch"], row["first_sequence"] - 1, row["before_hash"]), last=_position(row, "last"),
                declared_at=row["declared_at"], filled_at=row["filled_at"],
            )
            for row in await self._rows(scope, "holes")
        ]  # fmt: skip

    async def begin_backup(self, backup_id: str) -> int:
        async with self._as(Scope(None)) as connection:
            if await connection.execute(SQL["begin_backup"], backup_id) == "INSERT 0 0":
                raise HubRefused("backup.exists", f"A backup {backup_id!r} was begun before.")
            done = await connection.execute(SQL["backup_positions"], backup_id)
        return int(done.removeprefix("INSERT 0 "))

    async def finish_backup(self, backup_id: str) -> int | None:
        async with self._as(Scope(None)) as connection:
            row = await connection.fetchrow(SQL["lock_backup"], backup_id)
            if row is None or row["done_at"] is not None:
                return None
            await connection.execute(SQL["finish_backup"], backup_id)
            done = await connection.execute(SQL["backed_up"], backup_id)
        return int(done.removeprefix("UPDATE "))

    async def backups(self, limit: int) -> Sequence[Backup]:
        shard = self._platform_database.name
        return [Backup(shard=shard, **dict(row)) for row in await self._rows(Scope(None), "backups", limit)]

    async def restored(self) -> str:
        async with self._as(Scope(None)) as connection:
            return await connection.fetchval(SQL["restored"])


def _position(row: Any, name: str) -> Position:
    return Position(row[f"{name}_epoch"], row[f"{name}_sequence"], row[f"{name}_hash"])
