"""The shard as lane owners use it: the port `Shard` of hub/ingest on Postgres.

What lives here: which statement of apply.sql serves which method, of those about journals and watermarks; the others are in
apply_beside.py. What an envelope means, and what is done about it, is not known here.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import accumulate
from typing import Any

import msgspec

from hub.db.apply_beside import BesideJournals, columns, position_of
from hub.db.connect import Database, DatabaseUnavailable, ValueRefused, act_for
from hub.db.queries import load
from hub.ingest.ports import Append, Contact, Contradiction, Standing, Unavailable, Unstorable
from shared.limits import INCARNATION_CHECK_S
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.subjects import Address

__all__ = ["PostgresShard"]

SQL = load("apply")
_encode = msgspec.json.Encoder().encode


class PostgresShard:
    """One shard's database. The incarnation is read again after every trouble, and every few seconds: a restore changes it, and a
    pool of connections may come through it without noticing."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """`clock` says seconds and never goes back."""
        self._database = database
        self._clock = clock
        self._incarnation = ""
        self._read_at = 0.0

    @property
    def name(self) -> str:
        return self._database.name

    async def incarnation(self) -> str:
        now = self._clock()
        if not self._incarnation or now - self._read_at >= INCARNATION_CHECK_S:
            try:
                async with self._database.transaction() as connection:
                    self._incarnation = await connection.fetchval(SQL["incarnation"])
            except DatabaseUnavailable as error:
                self._incarnation = ""
                raise Unavailable(str(error)) from error
            self._read_at = now
        return self._incarnation

    async def append_if(self, org_id: str, placement_epoch: int, appends: Sequence[Append]) -> bool:
        sites = [append.address.site_id for append in appends]
        after = _positions([append.rows[-1].position for append in appends])
        before = _positions([append.before for append in appends])
        epochs = [append.box_epoch for append in appends]
        packed = _packed([append.rows for append in appends])
        with self._troubles():
            async with self._database.statement() as connection:
                done = await connection.fetch(SQL["append_if"], org_id, sites, *packed, *after, placement_epoch, *before, epochs)
        return bool(done)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_Transaction"]:
        with self._troubles():
            async with self._database.transaction() as connection:
                yield _Transaction(connection)

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        """What goes wrong in the database, in the words of the port."""
        try:
            yield
        except DatabaseUnavailable as error:
            self._incarnation = ""
            raise Unavailable(str(error)) from error
        except ValueRefused as error:
            raise Unstorable(str(error)) from error


def _array(numbers: Iterable[int]) -> str:
    """An array of numbers as Postgres reads it. The driver takes several times as long over each element of a list."""
    return f"{{{','.join(map(str, numbers))}}}"


def _packed(journals: Sequence[Sequence[StoredEntry]]) -> tuple[bytes, bytes, str, str, str, str, str]:
    """Rows of several sites: hashes and entries, each as one value; and for each row the place of its site from 1, its sequence and epoch,
    where its entry begins from 1, and the size of that."""
    entries = [entry for journal in journals for entry in journal]
    sizes = [len(entry.entry) for entry in entries]
    return (
        b"".join([entry.hash for entry in entries]),
        b"".join([entry.entry for entry in entries]),
        _array(place for place, journal in enumerate(journals, 1) for _ in journal),
        _array(entry.sequence for entry in entries),
        _array(entry.epoch for entry in entries),
        _array(accumulate(sizes[:-1], initial=1)),
        _array(sizes),
    )


def _positions(marks: Sequence[Position]) -> tuple[list[int], list[int], list[bytes]]:
    """The positions as three arrays."""
    return [mark.epoch for mark in marks], [mark.sequence for mark in marks], [mark.hash for mark in marks]


def _address(row: Mapping[str, Any]) -> Address:
    return Address(row["org_id"], row["site_id"])


class _Transaction(BesideJournals):
    """The port `ShardTransaction` on one connection."""

    async def lock_placements(self, epochs: Mapping[str, int]) -> set[str]:
        rows = await self._connection.fetch(SQL["lock_placements"], list(epochs), list(epochs.values()))
        return {row["org_id"] for row in rows}

    async def lock_watermarks(self, addresses: Sequence[Address]) -> dict[Address, Position]:
        found = await self._lock(addresses)
        missing = [address for address in addresses if address not in found]
        if missing:
            await self._connection.execute(SQL["begin_watermarks"], *columns(missing))
            found |= await self._lock(missing)
        return found

    async def _lock(self, addresses: Sequence[Address]) -> dict[Address, Position]:
        rows = await self._connection.fetch(SQL["lock_watermarks"], *columns(addresses))
        self._granted |= {_address(row): row["granted"] for row in rows}
        self._commanded.update(_address(row) for row in rows if row["open_commands"])
        return {_address(row): position_of(row) for row in rows}

    def granted(self, address: Address) -> int:
        return self._granted.get(address, 0)

    async def note_claims(self, epochs: Mapping[Address, int]) -> None:
        await self._connection.execute(SQL["note_claims"], *columns(list(epochs)), list(epochs.values()))

    async def stored_hash(self, address: Address, sequence: int) -> bytes | None:
        await act_for(self._connection, address.org_id)
        return await self._connection.fetchval(SQL["stored_hash"], address.org_id, address.site_id, sequence)

    async def append(self, rows: Mapping[Address, Sequence[StoredEntry]], watermarks: Mapping[Address, Position]) -> None:
        by_org: dict[str, list[Address]] = {}
        for address in rows:
            by_org.setdefault(address.org_id, []).append(address)
        for org_id, addresses in by_org.items():
            marks = _positions([watermarks[address] for address in addresses])
            sites = [address.site_id for address in addresses]
            await self._connection.execute(SQL["append"], org_id, sites, *_packed([rows[address] for address in addresses]), *marks)

    async def keep(self, contradictions: Sequence[Contradiction]) -> None:
        for kept in contradictions:
            await act_for(self._connection, kept.address.org_id)
            await self._connection.execute(
                SQL["keep_fork"], kept.address.org_id, kept.address.site_id, kept.first, kept.after, kept.last, kept.epoch, kept.kind.value,
                kept.frame,
            )  # fmt: skip

    async def record_contacts(self, contacts: Sequence[Contact]) -> dict[Address, Standing]:
        addresses = [contact.address for contact in contacts]
        heads = [contact.hello.head for contact in contacts]
        await self._connection.execute(
            SQL["contacts"],
            *columns(addresses),
            [contact.box_epoch for contact in contacts],
            [head.epoch for head in heads],
            [max(contact.hello.head.sequence, contact.hello.figures.head_sequence) for contact in contacts],
            [_encode(contact.hello.figures) for contact in contacts],
            [_encode(contact.hello.keepsakes) for contact in contacts],
        )
        found = dict.fromkeys(addresses, Standing(watermark=START))
        for row in await self._connection.fetch(SQL["watermarks"], *columns(addresses)):
            found[_address(row)] = Standing(
                watermark=position_of(row), granted=row["granted"], backed_up=row["backed_up"], has_commands=row["open_commands"] > 0
            )
        return found
