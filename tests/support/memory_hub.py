"""The ports of hub/ingest in memory: shards and registrations without a database, for tests that need none."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from hub.ingest.ports import Contact, Contradiction, Registration, Unavailable, Unstorable
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.subjects import Address

__all__ = ["MemoryRegistry", "MemoryShard"]


class MemoryRegistry:
    """Registrations as a dictionary; `is_down` makes every look fail."""

    def __init__(self) -> None:
        self.sites: dict[Address, Registration] = {}
        self.is_down = False
        self.forgotten: list[Address] = []

    def register(self, address: Address, key: str, *, epoch: int = 1, shard: str = "s1", placement_epoch: int = 1) -> None:
        boxes = dict(self.sites[address].boxes) if address in self.sites else {}
        self.sites[address] = Registration(shard=shard, placement_epoch=placement_epoch, boxes=boxes | {key: epoch})

    async def find(self, wanted: Iterable[tuple[Address, str]]) -> Mapping[Address, Registration]:
        if self.is_down:
            raise Unavailable("the control database is down")
        return {address: self.sites[address] for address, _ in wanted if address in self.sites}

    def forget(self, addresses: Iterable[Address]) -> None:
        self.forgotten += addresses


class MemoryShard:
    """A shard as dictionaries. A transaction works on copies, which are kept when it ends well."""

    def __init__(self, name: str = "s1") -> None:
        self.name = name
        self.placements: dict[str, int] = {}
        self.marks: dict[Address, Position] = {}
        self.journals: dict[Address, list[StoredEntry]] = {}
        self.kept: dict[tuple[Address, int, bytes], Contradiction] = {}
        self.contacts: dict[Address, Contact] = {}
        self.is_down = False
        self.refuses: set[Address] = set()  # sites whose rows it will not store
        self.transactions = 0

    async def incarnation(self) -> str:
        if self.is_down:
            raise Unavailable(self.name)
        return f"incarnation of {self.name}"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["_Transaction"]:
        if self.is_down:
            raise Unavailable(self.name)
        self.transactions += 1
        draft = _Transaction(self)
        yield draft
        self.marks, self.journals, self.kept, self.contacts = draft.marks, draft.journals, draft.kept, draft.contacts


class _Transaction:
    def __init__(self, shard: MemoryShard) -> None:
        self._shard = shard
        self.marks = dict(shard.marks)
        self.journals = {address: list(entries) for address, entries in shard.journals.items()}
        self.kept = dict(shard.kept)
        self.contacts = dict(shard.contacts)

    async def lock_placements(self, epochs: Mapping[str, int]) -> set[str]:
        return {org_id for org_id, epoch in epochs.items() if self._shard.placements.get(org_id) == epoch}

    async def lock_watermarks(self, addresses: Sequence[Address]) -> dict[Address, Position]:
        return {address: self.marks.get(address, START) for address in addresses}

    async def stored_hash(self, address: Address, sequence: int) -> bytes | None:
        entries = self.journals.get(address, [])
        return entries[sequence - 1].hash if 1 <= sequence <= len(entries) else None

    async def append(self, rows: Mapping[Address, Sequence[StoredEntry]], watermarks: Mapping[Address, Position]) -> None:
        for address, entries in rows.items():
            if address in self._shard.refuses:
                raise Unstorable(str(address))
            held = self.journals.setdefault(address, [])
            assert [entry.sequence for entry in entries] == list(range(len(held) + 1, len(held) + len(entries) + 1))
            held += entries
        self.marks.update(watermarks)

    async def keep(self, contradictions: Sequence[Contradiction]) -> None:
        for each in contradictions:
            self.kept.setdefault((each.address, each.first, each.after), each)

    async def record_contacts(self, contacts: Sequence[Contact]) -> dict[Address, Position]:
        self.contacts |= {contact.address: contact for contact in contacts}
        return {contact.address: self.marks.get(contact.address, START) for contact in contacts}
