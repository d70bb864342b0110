"""Long journals, made quickly: real commands once, and then copies of what they wrote, each with ids of its own.

What lives here: a program that writes a journal file of so many checks, `DAY_CHECKS` on each business date, with no projections
beside it: what a rebuild finds. What is measured on it is not known here.
"""

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import msgspec

from edge.app.site import Request
from edge.journal import queries
from edge.journal.rows import insert_rows
from edge.journal.store import SqliteStore
from shared.protocol.entry import GENESIS_HASH, Entry, decode_entry, encode_entry, entry_hash
from shared.protocol.session import Submit
from tests.bench.journals import DEVICE, execute, open_site
from tests.bench.workload import commands_of

__all__ = ["DAY_CHECKS", "make_journal"]

DAY_CHECKS = 5_000  # checks of one business date
_MADE = 500  # checks that are decided; the rest are copies of them
_DEVICES = 16  # waiters who order at once: their checks lie across one another in the journal
_GROUP = 64
_ROWS = 4_096  # entries of one transaction
_COPY_SPAN = 8  # steps of 2^16 ms that one copy's ids lie behind those of the copy before
_ID = re.compile(rb"([0-9a-f]{8})(-[0-9a-f]{4}-)([0-9a-f])([0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{8})([0-9a-f]{4})")


def make_journal(path: Path, checks: int) -> int:
    """Write a journal of `checks` checks (a multiple of 500) to a new file; how many entries it has."""
    first, site_id, made = _decided(min(_MADE, checks))
    store = SqliteStore(path)
    try:
        store.connection.execute("PRAGMA synchronous = OFF")
        sequence, hash, rows = 0, GENESIS_HASH, list[tuple[object, ...]]()
        for entry in _copies(first, made, checks, site_id.encode()):
            sequence += 1
            data = encode_entry(msgspec.structs.replace(entry, sequence=sequence))
            hash = entry_hash(hash, data)
            rows.append((sequence, entry.epoch, hash, data))
            if len(rows) >= _ROWS:
                _append(store, rows)
        _append(store, rows)
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return sequence
    finally:
        store.close()


def _append(store: SqliteStore, rows: list[tuple[object, ...]]) -> None:
    store.connection.execute("BEGIN IMMEDIATE")
    insert_rows(store.connection, queries.APPEND, rows)
    store.connection.execute("COMMIT")
    rows.clear()


def _decided(checks: int) -> tuple[list[Entry], str, list[Entry]]:
    """(entries of the site's beginning, its id, entries of so many checks), as the product's own executor makes them."""
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory) / "made.db")
        try:
            store.connection.execute("PRAGMA synchronous = OFF")
            site = open_site(store)
            begun = site.head.sequence
            tablets = [commands_of(number) for number in range(_DEVICES)]
            closed = turn = 0
            while closed < checks:
                bodies = [next(tablets[(turn + offset) % _DEVICES])[1] for offset in range(_GROUP)]
                turn += _GROUP
                closed += sum(b'"CloseCheck"' in body for body in bodies)
                execute(site, [Request(device=DEVICE, commands=(msgspec.json.decode(body, type=Submit),)) for body in bodies])
            entries = [decode_entry(stored.entry) for stored in store.entries(0, site.head.sequence)]
        finally:
            store.close()
    return entries[:begun], entries[0].site, entries[begun:]


def _copies(first: Sequence[Entry], made: Sequence[Entry], checks: int, site_id: bytes) -> Iterator[Entry]:
    """The beginning, then the checks over and over, DAY_CHECKS on a business date, until there are so many."""
    yield from first
    day_0 = made[0].date
    for copy in range(-(-checks // _MADE)):
        day = (date.fromisoformat(day_0) + timedelta(days=copy * _MADE // DAY_CHECKS)).isoformat()

        def renamed(found: re.Match[bytes], copy: int = copy) -> bytes:
            if found[0] == site_id:
                return site_id
            if found[3] == b"7":  # ids that devices make grow with time: their neighbours in a table are their neighbours in time
                return b"%08x" % (int(found[1], 16) + copy * _COPY_SPAN) + found[0][8:]
            return found[0][:-4] + b"%04x" % copy

        for entry in made:
            body = _ID.sub(renamed, bytes(entry.event)).replace(day_0.encode(), day.encode())
            command = _ID.sub(renamed, entry.command.encode()).decode()
            yield msgspec.structs.replace(entry, event=msgspec.Raw(body), command=command, date=day)


if __name__ == "__main__":
    print(make_journal(Path(sys.argv[1]), int(sys.argv[2])))
