"""The raw limit of catching up: asyncpg's COPY of the very rows that arrived, into the same tables of the same Postgres.

What lives here: reading the rows back and timing nothing but COPY, a transaction for every 2,000 rows, on all shards at once.
"""

import asyncio
import time
from typing import Any

from tests.bench.hub_stack import BenchHub

__all__ = ["raw_rows"]

_COLUMNS = ("org_id", "site_id", "sequence", "received_on", "epoch", "hash", "entry")
_BATCH = 2_000  # rows in one COPY and transaction


async def raw_rows(hub: BenchHub) -> float:
    """Rows a second. The shards' journals are emptied and filled again; watermarks are left alone."""
    connections = [await hub.connect(shard) for shard in hub.stack.shards]
    try:
        held = [
            [tuple(row) for row in await each.fetch(f"select {', '.join(_COLUMNS)} from journal order by site_id, sequence")]
            for each in connections
        ]
        for connection in connections:
            await connection.execute("truncate journal")
        began = time.perf_counter()
        await asyncio.gather(*(_copy(connection, rows) for connection, rows in zip(connections, held, strict=True)))
        return sum(map(len, held)) / (time.perf_counter() - began)
    finally:
        for connection in connections:
            await connection.close()


async def _copy(connection: Any, rows: list[tuple[Any, ...]]) -> None:
    for start in range(0, len(rows), _BATCH):
        await connection.copy_records_to_table("journal", records=rows[start : start + _BATCH], columns=_COLUMNS)
