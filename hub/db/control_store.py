"""The control database as the use cases see it: the port `Control` of hub/app on Postgres.

What lives here: which statement of control.sql serves which method, and on whose behalf. What may be made is decided in hub/app.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from hub.app.errors import HubRefused
from hub.app.ports import Claimed, Organisation, Placement, Scope, SealClaim, Site, Token, UsedClaim
from hub.db.connect import Database, DatabaseUnavailable, ValueRefused, act_for
from hub.db.placement import bucket_of
from hub.db.queries import load
from shared.limits import EPOCHS_LEFT_OUT

__all__ = ["PostgresControl"]

SQL = load("control")


class PostgresControl:
    """Takes the database twice: in the role of the operator, and in that of a tenant."""

    def __init__(self, platform: Database, tenant: Database) -> None:
        self._platform_database = platform
        self._tenant_database = tenant

    @asynccontextmanager
    async def _platform(self) -> AsyncIterator[Any]:
        try:
            async with self._platform_database.transaction() as connection:
                yield connection
        except DatabaseUnavailable as error:
            raise HubRefused("control.unavailable", str(error)) from error

    @asynccontextmanager
    async def _tenant(self, org_id: str | None = None, credential_sha256: bytes | None = None) -> AsyncIterator[Any]:
        try:
            async with self._tenant_database.transaction(org_id=org_id, credential_sha256=credential_sha256) as connection:
                yield connection
        except DatabaseUnavailable as error:
            raise HubRefused("control.unavailable", str(error)) from error

    def _as(self, scope: Scope) -> Any:
        return self._platform() if scope.org_id is None else self._tenant(scope.org_id)

    async def is_reachable(self) -> bool:
        return await self._platform_database.is_reachable()

    async def restored(self) -> str:
        """Give the database a new incarnation, and return it: of each site some epochs are left out when it is claimed next."""
        async with self._platform() as connection:
            return await connection.fetchval(SQL["restored"])

    async def close(self) -> None:
        await self._platform_database.close()
        await self._tenant_database.close()

    # --- organisations and sites -----------------------------------------------------------------

    async def placement(self, org_id: str) -> Placement:
        async with self._platform() as connection:
            row = await connection.fetchrow(SQL["shard_of_bucket"], bucket_of(org_id))
        if row is None:
            raise HubRefused("control.unavailable", "The directory is empty: the control database was never migrated.")
        return Placement(shard=row["shard"], epoch=row["epoch"])

    async def add_organisation(self, org_id: str, name: str) -> None:
        async with self._platform() as connection:
            await connection.execute(SQL["add_organisation"], org_id, name, bucket_of(org_id))

    async def add_site(self, site: Site) -> bool:
        try:
            async with self._platform() as connection:
                await connection.execute(
                    SQL["add_site"], site.org_id, site.site_id, site.name, site.currency, site.time_zone, site.cut_over_minutes
                )
        except ValueRefused:  # the foreign key: no such organisation
            return False
        return True

    async def organisations(self, scope: Scope) -> Sequence[Organisation]:
        async with self._as(scope) as connection:
            rows = await connection.fetch(SQL["organisations"])
        return [Organisation(**dict(row)) for row in rows]

    async def sites(self, scope: Scope, org_id: str | None, after: str | None, limit: int) -> Sequence[Site]:
        async with self._as(scope) as connection:
            rows = await connection.fetch(SQL["sites"], org_id, after, limit)
        return [Site(**dict(row)) for row in rows]

    async def site(self, scope: Scope, site_id: str) -> Site | None:
        async with self._as(scope) as connection:
            row = await connection.fetchrow(SQL["site"], site_id)
        return Site(**dict(row)) if row else None

    async def box_keys(self, org_id: str, site_id: str) -> set[str]:
        async with self._tenant(org_id) as connection:
            return {row["public_key"] for row in await connection.fetch(SQL["box_keys"], org_id, site_id)}

    # --- claims ----------------------------------------------------------------------------------

    async def add_claim(self, site_id: str, code_sha256: bytes, ttl_s: float, above: int = 0) -> datetime | None:
        async with self._platform() as connection:
            expires_at: datetime = await connection.fetchval(SQL["claim_expiry"], ttl_s)
            done = await connection.execute(SQL["add_claim"], site_id, code_sha256, ttl_s, above)
        return expires_at if done == "INSERT 0 1" else None

    async def site_of_code(self, code_sha256: bytes) -> Site | None:
        async with self._tenant(credential_sha256=code_sha256) as connection:
            claim = await connection.fetchrow(SQL["claim"], code_sha256)
            if claim is None:
                return None
            await act_for(connection, claim["org_id"])
            row = await connection.fetchrow(SQL["site"], claim["site_id"])
        return Site(**dict(row))

    async def use_claim(self, code_sha256: bytes, public_key: str, epoch_seen: int, seal: SealClaim) -> UsedClaim:
        async with self._tenant(credential_sha256=code_sha256) as connection:
            claim = await connection.fetchrow(SQL["claim"], code_sha256)
            if claim is None:
                return UsedClaim(refused="claim.unknown")
            org_id, site_id = claim["org_id"], claim["site_id"]
            await act_for(connection, org_id)
            site = await connection.fetchrow(SQL["lock_site"], org_id, site_id)
            claim = await connection.fetchrow(SQL["claim"], code_sha256)  # again: another may have used it while we waited
            epoch = claim["epoch"]
            if epoch is not None and claim["public_key"] != public_key:
                return UsedClaim(refused="claim.used")
            if epoch is None and not claim["is_valid"]:
                return UsedClaim(refused="claim.expired")
            if epoch is None:
                epoch = max(epoch_seen, await connection.fetchval(SQL["last_epoch"], org_id, site_id)) + 1
                if await connection.fetchval(SQL["grant_here"], org_id, site_id):
                    epoch += EPOCHS_LEFT_OUT
                epoch = max(epoch, claim["above"] + 1)
                await connection.execute(SQL["add_box"], org_id, site_id, epoch, public_key)
                await connection.execute(SQL["use_claim"], org_id, site_id, code_sha256, epoch, public_key)
            token = await connection.fetchval(SQL["box_token"], org_id, site_id, epoch)
            if not token:  # the code is new, or was used before there were tokens
                token = seal(org_id, site_id, epoch, public_key)
                await connection.execute(SQL["keep_token"], org_id, site_id, epoch, token)
                await connection.execute(SQL["tell_claim"], org_id, site_id)
        return UsedClaim(claimed=Claimed(site=_site(org_id, site_id, site), epoch=epoch, token=token))

    # --- tokens ----------------------------------------------------------------------------------

    async def add_token(self, token_sha256: bytes, org_id: str | None, name: str) -> bool:
        try:
            async with self._platform() as connection:
                await connection.execute(SQL["add_token"], token_sha256, org_id, name)
        except ValueRefused:  # the foreign key: no such organisation
            return False
        return True

    async def token(self, token_sha256: bytes) -> Token | None:
        async with self._tenant(credential_sha256=token_sha256) as connection:
            row = await connection.fetchrow(SQL["token"], token_sha256)
        return Token(name=row["name"], scope=Scope(row["org_id"])) if row else None


def _site(org_id: str, site_id: str, row: Mapping[str, Any]) -> Site:
    return Site(org_id=org_id, site_id=site_id, shard="", **dict(row))
