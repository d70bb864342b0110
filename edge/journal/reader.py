"""Reading the journal file: read-only connections that never checkpoint.

What lives here: the questions that routes and feeds ask, over aiosqlite. Writing is the writer's alone; HTTP is not known.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
import msgspec

from edge.journal import queries
from shared.domain.check import Check
from shared.domain.kernel import Aggregate
from shared.domain.kitchen.ticket import Ticket
from shared.domain.registry import AGGREGATES
from shared.limits import CHECKS_PAGE_MAX, READERS_MAX, SQLITE_BUSY_TIMEOUT_S
from shared.protocol.entry import START, Position, StoredEntry

__all__ = ["Reader"]

_check = msgspec.json.Decoder(Check)
_ticket = msgspec.json.Decoder(Ticket)


class Reader:
    """A small pool of read-only connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._all: list[aiosqlite.Connection] = []
        self._reporting = asyncio.Lock()

    async def open(self) -> None:
        """Connect; the file must exist. Raises sqlite3.Error."""
        for _ in range(READERS_MAX):
            connection = await aiosqlite.connect(
                f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=SQLITE_BUSY_TIMEOUT_S
            )
            self._all.append(connection)
            self._free.put_nowait(connection)

    async def close(self) -> None:
        for connection in self._all:
            await connection.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosqlite.Connection]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)

    async def _rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        async with self._connection() as connection, connection.execute(sql, parameters) as cursor:
            return [tuple(row) for row in await cursor.fetchall()]

    async def entries(self, after_sequence: int, limit: int) -> list[StoredEntry]:
        """Up to `limit` entries after a sequence, in order."""
        rows = await self._rows(queries.ENTRIES_AFTER, after_sequence, limit)
        return [StoredEntry(*row) for row in rows]  # type: ignore[arg-type]

    async def entry(self, sequence: int) -> StoredEntry | None:
        """The entry at a sequence."""
        rows = await self._rows(queries.ENTRY_AT, sequence)
        return StoredEntry(*rows[0]) if rows else None  # type: ignore[arg-type]

    async def aggregate(self, kind: str, id: str) -> Aggregate | None:
        """An aggregate as committed, or None; `kind` is one of AGGREGATES."""
        rows = await self._rows(queries.LOAD.format(prefix=""), kind, id)
        return _decode(kind, str(rows[0][0])) if rows else None

    async def check(self, check_id: str) -> Check | None:
        rows = await self._rows(queries.LOAD.format(prefix=""), "check", check_id)
        return _check.decode(str(rows[0][0])) if rows else None

    async def open_checks(self, limit: int) -> list[Check]:
        """Open checks, the longest untouched first."""
        return [_check.decode(str(row[0])) for row in reversed(await self._rows(queries.LIVE, "check", limit))]

    async def closed_checks(self, from_date: str, to_date: str, limit: int) -> list[Check]:
        """Closed checks by business date (both included), the last closed first."""
        return [_check.decode(str(row[0])) for row in await self._rows(queries.CLOSED_CHECKS, from_date, to_date, limit)]

    async def closed_pages(self, from_date: str, to_date: str, limit: int) -> AsyncGenerator[list[Check], None]:
        """The same for a report: page by page, so that orders are taken meanwhile and it need not fit in memory. Close it (aclosing).

        One report at a time, which leaves a connection to screens.
        """
        async with (
            self._reporting,
            self._connection() as connection,
            connection.execute(queries.CLOSED_CHECKS, (from_date, to_date, limit)) as cursor,
        ):
            while rows := list(await cursor.fetchmany(CHECKS_PAGE_MAX)):
                yield [_check.decode(str(row[0])) for row in rows]

    async def open_tickets(self, limit: int) -> list[Ticket]:
        """Tickets not yet bumped, the oldest first."""
        return [_ticket.decode(str(row[0])) for row in reversed(await self._rows(queries.LIVE, "ticket", limit))]

    async def live_counts(self) -> tuple[int, int]:
        """(open checks, open tickets)."""
        checks = await self._rows(queries.COUNT_LIVE, "check")
        tickets = await self._rows(queries.COUNT_LIVE, "ticket")
        return int(str(checks[0][0])), int(str(tickets[0][0]))

    async def document(self, version: str) -> bytes | None:
        """A received document by its content hash."""
        rows = await self._rows(queries.DOCUMENT, version)
        return bytes(rows[0][0]) if rows else None  # type: ignore[arg-type]

    async def devices(self) -> list[tuple[str, str, bytes]]:
        """(device id, role, SHA-256 of the token) of every device."""
        return [(str(row[0]), str(row[1]), bytes(row[2])) for row in await self._rows(queries.DEVICES)]  # type: ignore[arg-type]

    async def follower(self, name: str) -> tuple[str, str, str] | None:
        """(position, info, time) that a follower last told."""
        rows = await self._rows(queries.FOLLOWER, name)
        return (str(rows[0][0]), str(rows[0][1]), str(rows[0][2])) if rows else None

    async def screens(self, after_sequence: int | None, limit: int) -> tuple[Position, list[Aggregate] | None]:
        """(head, aggregates) in one moment: everything live, or what changed after a sequence.

        None instead of the changed ones when there are more than `limit` of them: take everything live instead.
        """
        async with self._connection() as connection:
            try:
                await connection.execute("BEGIN")
                async with connection.execute(queries.HEAD) as cursor:
                    row = await cursor.fetchone()
                head = Position(*tuple(row)[:3]) if row else START
                if after_sequence is None:
                    found: list[Aggregate] = []
                    for kind in AGGREGATES:
                        async with connection.execute(queries.LIVE, (kind, limit)) as cursor:
                            found += [_decode(kind, state) for (state,) in reversed(list(await cursor.fetchall()))]
                    return head, found
                async with connection.execute(queries.CHANGED_AFTER, (after_sequence, limit + 1)) as cursor:
                    rows = list(await cursor.fetchall())
                return head, None if len(rows) > limit else [_decode(kind, state) for kind, state in rows]
            finally:
                # Whoever asked may have walked away in the middle of any statement, BEGIN included. This one is queued behind it,
                # even if it is not awaited to its end, and does nothing where no transaction is open.
                await connection.rollback()


def _decode(kind: str, state: str) -> Aggregate:
    return msgspec.json.decode(state, type=AGGREGATES[kind])
