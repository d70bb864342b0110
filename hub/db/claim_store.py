"""What a shard knows of the claims of its sites: the half of the port `ReadShard` of hub/app that redeeming a claim needs.

What lives here: which statement of claim.sql serves which method. Claims themselves are in the control database.
"""

from hub.app.errors import HubRefused
from hub.db.connect import Database, DatabaseUnavailable
from hub.db.queries import load

__all__ = ["KnowsClaims"]

SQL = load("claim")


class KnowsClaims:
    """In the role of the operator."""

    _platform_database: Database

    async def epoch_seen(self, org_id: str, site_id: str) -> int:
        try:
            async with self._platform_database.transaction() as connection:
                return await connection.fetchval(SQL["epoch_seen"], org_id, site_id) or 0
        except DatabaseUnavailable as error:
            raise HubRefused("shard.unavailable", str(error)) from error

    async def grant(self, org_id: str, site_id: str, epoch: int) -> None:
        try:
            async with self._platform_database.transaction() as connection:
                await connection.execute(SQL["grant"], org_id, site_id, epoch)
        except DatabaseUnavailable as error:
            raise HubRefused("shard.unavailable", str(error)) from error
