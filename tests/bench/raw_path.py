"""The raw limit of the way to the cloud: one synced commit of SQLite, one message through the broker, one commit of Postgres, one message
back, one after the other, on a machine that does nothing else.

What lives here: those four, on the disk, the broker and the Postgres of the bench, with an entry's worth of bytes.
"""

import itertools
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import nats

from tests.bench.figures import quantile
from tests.bench.hub_stack import BenchHub

__all__ = ["raw_path_ms"]

_BYTES = os.urandom(700)  # about an entry
_TIMES = 150
_numbers = itertools.count(1)


async def raw_path_ms(hub: BenchHub, directory: Path) -> tuple[float, float]:
    """(p50, p99) in milliseconds."""
    local = sqlite3.connect(directory / f"raw{next(_numbers)}.db", isolation_level=None)
    local.execute("PRAGMA journal_mode = WAL")
    local.execute("PRAGMA synchronous = FULL")
    local.execute("CREATE TABLE entries (sequence INTEGER PRIMARY KEY, entry BLOB)")
    far: Any = await hub.connect(next(iter(hub.stack.shards)))
    await far.execute("create table raw_path (sequence bigserial primary key, entry bytea)")
    client = await nats.connect(hub.broker.url, user_credentials=str(hub.broker.hub_creds))
    there = await client.subscribe("answers.raw.there")
    back = await client.subscribe("answers.raw.back")
    await client.flush()
    times: list[float] = []
    try:
        for _ in range(_TIMES):
            began = time.perf_counter()
            local.execute("INSERT INTO entries (entry) VALUES (?)", (_BYTES,))
            await client.publish("answers.raw.there", _BYTES)
            message = await there.next_msg()
            await far.execute("insert into raw_path (entry) values ($1)", message.data)
            await client.publish("answers.raw.back", b"committed")
            await back.next_msg()
            times.append((time.perf_counter() - began) * 1_000)
    finally:
        await client.close()
        await far.execute("drop table raw_path")
        await far.close()
        local.close()
    return quantile(sorted(times), 0.5), quantile(sorted(times), 0.99)
