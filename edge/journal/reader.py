"""Reading the journal file: read-only connections that never checkpoint.

What lives here: the questions that routes and feeds ask, over aiosqlite. Writing is the writer's alone; HTTP is not known.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import aiosqlite
import msgspec

from edge.app.feed import Change
from edge.app.followers import FollowerRow
from edge.app.keepsakes import KeptDevice
from edge.journal import queries
from edge.journal.rows import select_statement
from shared.domain.check import CHECK, Check
from shared.domain.check.books import DAY, DayBook
from shared.domain.kernel import Aggregate
from shared.domain.kitchen.state import KITCHEN, STATION, TICKET, CheckTickets, StationLog, Ticket
from shared.domain.menu.overrides import OVERRIDE, ItemOverride
from shared.domain.registry import AGGREGATES
from shared.limits import HISTORY_PAGE_ENTRIES, HISTORY_SCANNED_MAX, READERS_MAX, SQLITE_BUSY_TIMEOUT_S
from shared.protocol.entry import START, Position, StoredEntry

__all__ = ["ChecksWanted", "Reader"]

A = TypeVar("A", bound=Aggregate)


class ChecksWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which checks to list: `status` is open, closed or merged; an empty field narrows nothing. Dates are business dates (ISO 8601, both
    within); without them open checks of every date are meant."""

    status: str = "open"
    from_date: str = ""
    to_date: str = ""
    table_id: str = ""
    owner_id: str = ""
    service: str = ""


class Reader:
    """A small pool of read-only connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._all: list[aiosqlite.Connection] = []
        self._searching = asyncio.Lock()

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

    async def _rows(self, sql: str, parameters: Sequence[object] | dict[str, object]) -> list[tuple[object, ...]]:
        async with self._connection() as connection, connection.execute(sql, parameters) as cursor:
            return [tuple(row) for row in await cursor.fetchall()]

    # --- entries -------------------------------------------------------------------------------

    async def entries(self, after_sequence: int, limit: int) -> list[StoredEntry]:
        """Up to `limit` entries after a sequence, in order."""
        rows = await self._rows(queries.ENTRIES_AFTER, (after_sequence, limit))
        return [StoredEntry(*row) for row in rows]  # type: ignore[arg-type]

    async def entry(self, sequence: int) -> StoredEntry | None:
        """The entry at a sequence."""
        rows = await self._rows(queries.ENTRY_AT, (sequence,))
        return StoredEntry(*rows[0]) if rows else None  # type: ignore[arg-type]

    async def entries_naming(self, id: str, before_sequence: int, limit: int) -> tuple[list[StoredEntry], int]:
        """Entries before a sequence in which an id stands, the last first, and the sequence from which to go on (0 at the beginning).

        Looks through at most HISTORY_SCANNED_MAX entries, a stretch at a time: the journal has no index of what entries name, and
        what happened to a check lies close together. One search at a time, which leaves a connection to screens.
        """
        found: list[StoredEntry] = []
        upper, scanned = before_sequence - 1, 0
        async with self._searching:
            while upper > 0 and scanned < HISTORY_SCANNED_MAX:
                lower = max(0, upper - HISTORY_PAGE_ENTRIES)
                rows = await self._rows(queries.ENTRIES_NAMING, (lower, upper, id.encode(), limit - len(found)))
                found += [StoredEntry(*row) for row in rows]  # type: ignore[arg-type]
                if len(found) >= limit:
                    return found, found[-1].sequence
                scanned, upper = scanned + upper - lower, lower
        return found, upper + 1 if upper else 0

    # --- states --------------------------------------------------------------------------------

    async def aggregate(self, kind: str, id: str) -> Aggregate | None:
        """An aggregate as committed, or None; `kind` is one of AGGREGATES."""
        rows = await self._rows(queries.LOAD.format(prefix=""), (kind, id))
        return _decode(kind, rows[0][0]) if rows else None

    async def _of(self, cls: type[A], kind: str, ids: Sequence[str]) -> list[A]:
        """Those of the aggregates that there are, in the order of `ids`."""
        if not ids:
            return []
        sql, parameters = select_statement(queries.LOAD_MANY, ids)
        found: dict[object, object] = {row[0]: row[1] for row in await self._rows(sql, (kind, *parameters))}
        return [msgspec.json.decode(str(found[id]), type=cls) for id in ids if id in found]

    async def check(self, check_id: str) -> Check | None:
        found = await self.aggregate(CHECK, check_id)
        return found if isinstance(found, Check) else None

    async def checks(self, wanted: ChecksWanted, limit: int) -> list[Check]:
        """Checks: open ones the longest untouched first, others the last touched first. Where there are more than `limit`, the newest."""
        return [check for check, _ in await self.check_changes(wanted, limit)]

    async def check_changes(self, wanted: ChecksWanted, limit: int) -> list[tuple[Check, int]]:
        """The same, each with the sequence of its last change."""
        parameters: dict[str, object] = {**msgspec.structs.asdict(wanted), "limit": limit}
        if wanted.status == "open":
            rows = await self._rows(queries.OPEN_CHECKS, parameters)
            rows.reverse()
        else:
            rows = await self._rows(queries.CLOSED_CHECKS, parameters)
        return [(msgspec.json.decode(str(row[0]), type=Check), int(str(row[1]))) for row in rows]

    async def live_tickets(self, limit: int) -> list[Ticket]:
        """Tickets that a screen still shows, the oldest first."""
        rows = await self._rows(queries.LIVE, (TICKET, limit))
        found = [msgspec.json.decode(str(row[0]), type=Ticket) for row in reversed(rows)]
        return sorted(found, key=lambda ticket: ticket.created_at)

    async def recent_tickets(self, stations: Sequence[str]) -> list[Ticket]:
        """The tickets that stations were done with last, the last first: what a recall can bring back."""
        logs = await self._of(StationLog, STATION, stations)
        found = await self._of(Ticket, TICKET, [id for log in logs for id in log.recent])
        return sorted(found, key=lambda ticket: (ticket.bumped_at or ticket.created_at, ticket.ticket_id), reverse=True)

    async def tickets_of(self, check_id: str) -> list[Ticket]:
        """The tickets on which lines of the check stand, the live ones first."""
        index = await self.aggregate(KITCHEN, check_id)
        return await self._of(Ticket, TICKET, (*index.live, *index.done)) if isinstance(index, CheckTickets) else []

    async def books(self, from_date: str, to_date: str, limit: int) -> list[DayBook]:
        """The books of the business dates from one to the other (both within), in order of date and currency."""
        rows = await self._rows(queries.BETWEEN_IDS, (DAY, from_date, f"{to_date}/\x7f", limit))
        return [msgspec.json.decode(str(row[0]), type=DayBook) for row in rows]

    async def overrides(self, limit: int) -> list[ItemOverride]:
        """What the site says of items, the last said first."""
        rows = await self._rows(queries.LIVE, (OVERRIDE, limit))
        return [msgspec.json.decode(str(row[0]), type=ItemOverride) for row in rows]

    async def live_counts(self) -> tuple[int, int]:
        """(open checks, live tickets)."""
        checks = await self._rows(queries.COUNT_LIVE, (CHECK,))
        tickets = await self._rows(queries.COUNT_LIVE, (TICKET,))
        return int(str(checks[0][0])), int(str(tickets[0][0]))

    async def screens(self, after_sequence: int | None, limit: int) -> tuple[Position, list[Change] | None]:
        """(head, aggregates with the sequences of their last changes) in one moment: everything live, or what changed after a sequence.

        None instead of the changed ones when there are more than `limit` of them: take everything live instead.
        """
        async with self._connection() as connection:
            try:
                await connection.execute("BEGIN")
                async with connection.execute(queries.HEAD) as cursor:
                    row = await cursor.fetchone()
                head = Position(*tuple(row)[:3]) if row else START
                if after_sequence is None:
                    found: list[Change] = []
                    for kind in AGGREGATES:
                        async with connection.execute(queries.LIVE, (kind, limit)) as cursor:
                            rows = reversed(list(await cursor.fetchall()))
                        found += [Change(_decode(kind, state), sequence) for state, sequence in rows]
                    return head, found
                async with connection.execute(queries.CHANGED_AFTER, (after_sequence, limit + 1)) as cursor:
                    rows = list(await cursor.fetchall())
                return head, None if len(rows) > limit else [Change(_decode(kind, state), sequence) for kind, state, sequence in rows]
            finally:
                # Whoever asked may have walked away in the middle of any statement, BEGIN included. This one is queued behind it,
                # even if it is not awaited to its end, and does nothing where no transaction is open.
                await connection.rollback()

    # --- what is not in the journal ------------------------------------------------------------

    async def document(self, version: str) -> bytes | None:
        """A received document by its content hash."""
        rows = await self._rows(queries.DOCUMENT, (version,))
        return bytes(rows[0][0]) if rows else None  # type: ignore[arg-type]

    async def documents(self, limit: int) -> list[tuple[str, str]]:
        """(version, kind) of received documents, the last received first."""
        return [(str(version), str(kind)) for version, kind in await self._rows(queries.DOCUMENTS, (limit,))]

    async def kept_devices(self) -> list[KeptDevice]:
        """Every device, as a replacement needs it."""
        rows = await self._rows(queries.DEVICE_ROWS, ())
        return [
            KeptDevice(device_id=str(id), name=str(name), role=str(role), token_hash=str(hashed).lower()) for id, name, role, hashed in rows
        ]

    async def devices(self) -> list[tuple[str, str, bytes]]:
        """(device id, role, SHA-256 of the token) of every device."""
        return [(str(row[0]), str(row[1]), bytes(row[2])) for row in await self._rows(queries.DEVICES, ())]  # type: ignore[arg-type]

    async def followers(self) -> dict[str, FollowerRow]:
        """What each follower last told, as it was kept."""
        rows = await self._rows(queries.FOLLOWER_ROWS, ())
        return {str(row[0]): FollowerRow(str(row[1]), str(row[2]), datetime.fromisoformat(str(row[3]))) for row in rows}


def _decode(kind: str, state: object) -> Aggregate:
    return msgspec.json.decode(str(state), type=AGGREGATES[kind])
