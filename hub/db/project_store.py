"""The shard as projectors use it.

What lives here: which statement of project.sql and rows.sql serves which method, how state and rows are written down, and that a
site which another release projected is made anew. What entries mean, and which rows come of it, is decided in hub/project.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec

from hub.app.errors import HubRefused
from hub.db.connect import Database, Role, savepoint
from hub.db.queries import load
from hub.project.fold import Held
from hub.project.reading import RawEntry
from hub.project.rows import FORMAT, TABLES, Replacement
from shared.domain.kernel import Aggregate, Key
from shared.domain.registry import AGGREGATES
from shared.limits import REBUILD_FORGET_TIMEOUT_S, SITES_CACHED_MAX
from shared.operator_error import OperatorError
from shared.protocol.subjects import Address

__all__ = ["ProjectShard", "SiteTransaction", "forget_site"]

log = logging.getLogger(__name__)

SQL = load("project")
ROWS = load("rows")
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
        return [RawEntry(*row) for row in await self._connection.fetch(SQL["entries"], *self._site, self.cursor, limit)]

    async def aggregates(self, keys: Iterable[Key]) -> dict[Key, Aggregate]:
        """Of `keys`, the state of those that exist."""
        wanted = sorted(keys)
        rows = await self._connection.fetch(SQL["aggregates"], *self._site, *_columns(wanted))
        return {(row["kind"], row["id"]): _DECODERS[row["kind"]].decode(row["state"]) for row in rows}

    async def quarantined(self, keys: Iterable[Key]) -> set[Key]:
        """Of `keys`, those that are held back."""
        rows = await self._connection.fetch(SQL["quarantined"], *self._site, *_columns(sorted(keys)))
        return {(row["kind"], row["id"]) for row in rows}

    async def put(self, changes: Mapping[Key, Aggregate], replacements: Mapping[str, Replacement]) -> None:
        """Keep changed state, and replace the rows that come of it in the tables of `replacements`."""
        if changes:
            states = [_encode(aggregate).decode() for aggregate in changes.values()]
            await self._connection.execute(SQL["put_aggregates"], *self._site, *_columns(changes), states)
        for table, (gone, new) in replacements.items():
            if gone:
                await self._connection.execute(ROWS[f"drop_{table}"], *self._site, *_columns(gone))
            if new:
                await self._connection.execute(ROWS[f"put_{table}"], *self._site, _encode(new).decode())

    async def advance(self, sequence: int, unknown_events: int, held: Sequence[Held]) -> None:
        """Keep what is in quarantine, and how far the site has come."""
        await self.hold(held)
        await self._connection.execute(SQL["advance_cursor"], *self._site, sequence, unknown_events)

    async def hold(self, held: Sequence[Held]) -> None:
        """Keep what is in quarantine."""
        if held:
            columns = ([getattr(each, name) for each in held] for name in Held.__struct_fields__)
            await self._connection.execute(SQL["hold"], *self._site, *columns)

    # --- repairing (hub/project/repairing.py) ----------------------------------------------------

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part of the transaction that is kept or not as a whole; raises ValueRefused."""
        return savepoint(self._connection)

    async def all_held(self) -> list[tuple[int, Key]]:
        """(sequence, key held back with it) of everything that is in quarantine, in order."""
        return [(row["sequence"], (row["kind"], row["id"])) for row in await self._connection.fetch(SQL["held"], *self._site)]

    async def entries_at(self, sequences: Sequence[int]) -> list[RawEntry]:
        """The entries at these places, in order."""
        return [RawEntry(*row) for row in await self._connection.fetch(SQL["entries_at"], *self._site, list(sequences))]

    async def release(self, keys: Iterable[Key]) -> None:
        """Take everything that is held back with these keys out of quarantine."""
        await self._connection.execute(SQL["release"], *self._site, *_columns(keys))

    async def correct(self, sequence: int, entry: bytes | None, reason: str, decided_by: str) -> None:
        """Put `entry` in the place of one, or, with None, let it be passed over."""
        await self._connection.execute(SQL["correct"], *self._site, sequence, entry, reason, decided_by)

    async def forget(self) -> None:
        """Drop what is projected of the site, so that it is made anew."""
        await _forget(self._connection, Address(*self._site))


class ProjectShard:
    """One shard. Every method may raise DatabaseUnavailable or ValueRefused."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._begun: set[Address] = set()  # sites that are sure to have a cursor

    async def sites_with_work(self, limit: int) -> list[Address]:
        async with self.database.transaction() as connection:
            rows = await connection.fetch(SQL["sites_with_work"], limit, FORMAT)
        return [Address(row["org_id"], row["site_id"]) for row in rows]

    @asynccontextmanager
    async def site(self, address: Address) -> AsyncIterator[SiteTransaction | None]:
        """A transaction on the site; None when another projector is at it, a newer release has it, or the tenant does not live here."""
        await self._begin(address)
        async with self.database.transaction(org_id=address.org_id) as connection:
            await connection.execute(SQL["write_format"], str(FORMAT))
            cursor = await connection.fetchrow(SQL["lock_cursor"], *address)
            lives_here = await connection.fetchval(SQL["lock_placement"], address.org_id)
            if cursor is None or lives_here is None:
                yield None
                return
            sequence = cursor["sequence"]
            if cursor["format"] != FORMAT:
                log.info("projecting site %s anew: its read models are of format %d, not %d", address.site_id, cursor["format"], FORMAT)
                await _forget(connection, address)
                sequence = 0
            yield SiteTransaction(connection, address, sequence)

    @asynccontextmanager
    async def repairing(self, address: Address) -> AsyncIterator[SiteTransaction]:
        """A transaction on the site, as soon as whoever projects it is done. Raises HubRefused `site.not_projected` for one that has no
        read models of this release, and that is not here."""
        async with self.database.transaction(org_id=address.org_id) as connection:
            await connection.execute(SQL["write_format"], str(FORMAT))
            cursor = await connection.fetchrow(SQL["lock_cursor_of_format"], *address)
            if cursor is None or cursor["format"] != FORMAT or await connection.fetchval(SQL["lock_placement"], address.org_id) is None:
                raise HubRefused("site.not_projected", f"The read models of site {address.site_id} are not of this release.")
            yield SiteTransaction(connection, address, cursor["sequence"])

    async def _begin(self, address: Address) -> None:
        """A cursor for a site that has none, committed at once: another projector skips a locked row, not one about to be."""
        if address in self._begun:
            return
        async with self.database.transaction(org_id=address.org_id) as connection:
            await connection.execute(SQL["begin_cursor"], *address, FORMAT)
        if len(self._begun) >= SITES_CACHED_MAX:
            self._begun.clear()
        self._begun.add(address)


async def forget_site(dsn: str, org_id: str, site_id: str) -> None:
    """Drop everything that is projected of a site, so that it is made anew. Raises DatabaseUnavailable, and OperatorError where a
    newer release has projected it: its tables are not known here."""
    database = Database("shard", dsn, Role.PROJECT)
    address = Address(org_id, site_id)
    try:
        async with database.transaction(org_id=org_id) as connection:
            await connection.execute(SQL["write_format"], str(FORMAT))
            format = await connection.fetchval(SQL["format"], *address)
            if format is None:
                return
            if format > FORMAT:
                raise OperatorError(
                    "hub.older_than_read_models",
                    f"The read models of site {site_id} are of format {format}; this release makes {FORMAT}.",
                    "Run the command with the release that the projectors are of.",
                )
            await connection.fetchval(SQL["lock_cursor_waiting"], *address)
            await _forget(connection, address)
    finally:
        await database.close()


async def _forget(connection: Any, address: Address) -> None:
    """Drop what is projected of a site whose cursor is locked, and begin anew."""
    statements = [SQL["forget_aggregates"], SQL["forget_quarantine"], *(ROWS[f"forget_{table}"] for table in TABLES)]
    for statement in statements:
        await connection.execute(statement, *address, timeout=REBUILD_FORGET_TIMEOUT_S)
    await connection.execute(SQL["reset_cursor"], *address, FORMAT)


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    listed = list(pairs)
    return [first for first, _ in listed], [second for _, second in listed]
