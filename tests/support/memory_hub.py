"""The ports of hub/ingest in memory: shards and registrations without a database, for tests that need none.

What lives here: tables as dictionaries, and transactions on copies of them. It passes the contract suite that Postgres passes.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec

from hub.ingest.ports import Append, Branch, Contact, Contradiction, Found, Hole, Registration, Standing, Unavailable, Unstorable
from shared.limits import DOCUMENTS_PENDING_MAX, KEEPSAKES_KEPT_MAX, SITE_COMMANDS_PER_ANSWER, SUPERSEDED_ENTRIES_MAX
from shared.protocol.claim import Claim
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import DocumentPart, SiteCommand
from shared.protocol.subjects import Address

__all__ = ["MemoryRegistry", "MemoryShard", "OpenCommand"]


class MemoryRegistry:
    """Registrations as a dictionary; while it `is_down` only `cached` sites are found."""

    def __init__(self) -> None:
        self.sites: dict[Address, Registration] = {}
        self.is_down = False
        self.cached: set[Address] = set()
        self.forgotten: list[Address] = []

    def register(
        self, address: Address, key: str, *, epoch: int = 1, shard: str = "s1", placement_epoch: int = 1, claim: str = ""
    ) -> None:  # fmt: skip
        known = self.sites.get(address)
        boxes = dict(known.boxes) if known else {}
        if known and epoch < known.epoch:
            claim = known.claim
        self.sites[address] = Registration(shard=shard, placement_epoch=placement_epoch, boxes=boxes | {key: epoch}, claim=claim)

    async def learn(self, claim: Claim, token: str) -> bool:
        if self.is_down:
            raise Unavailable("the control database is down")
        address = Address(claim.org, claim.site)
        known = self.sites.get(address)
        if known is None or any(epoch == claim.epoch and key != claim.key for key, epoch in known.boxes.items()):
            return False
        self.register(
            address, claim.key, epoch=max(claim.epoch, known.boxes.get(claim.key, 0)), shard=known.shard,
            placement_epoch=known.placement_epoch, claim=token,
        )  # fmt: skip
        return True

    async def find(self, wanted: Iterable[tuple[Address, str]]) -> Found:
        addresses = {address for address, _ in wanted}
        out_of_reach = frozenset(addresses - self.cached) if self.is_down else frozenset[Address]()
        return Found({address: self.sites[address] for address in addresses - out_of_reach if address in self.sites}, out_of_reach)

    def forget(self, addresses: Iterable[Address]) -> None:
        self.forgotten += addresses


class OpenCommand(msgspec.Struct, frozen=True):
    """A command of the hub: what becomes of it stands in `state` ("open", "done", "refused") and `result`."""

    command: SiteCommand
    state: str = "open"
    result: str = ""


_TABLES = ("marks", "journals", "kept", "contacts", "branches", "orphans", "holes", "parts", "documents", "commands")


class MemoryShard:
    """A shard as dictionaries. A transaction works on copies, which are kept when it ends well."""

    def __init__(self, name: str = "s1") -> None:
        self.name = name
        self.placements: dict[str, int] = {}
        self.marks: dict[Address, Position] = {}
        self.journals: dict[Address, list[StoredEntry]] = {}  # in order; where a hole was declared, sequences are missing
        self.kept: dict[tuple[Address, int, bytes], Contradiction] = {}
        self.contacts: dict[Address, Contact] = {}
        self.branches: dict[tuple[Address, int], Branch] = {}
        self.orphans: dict[tuple[Address, int], list[StoredEntry]] = {}
        self.holes: dict[tuple[Address, int, int], Hole] = {}
        self.parts: dict[tuple[Address, str], dict[int, DocumentPart]] = {}
        self.documents: dict[tuple[Address, str], tuple[str, bytes]] = {}
        self.commands: dict[tuple[Address, str], OpenCommand] = {}
        self.backed_up: dict[Address, int] = {}
        self.granted: dict[Address, int] = {}  # epochs of claims, as redeeming one tells the shard
        self.is_down = False
        self.refuses: set[Address] = set()  # sites whose rows it will not store
        self.now_ms = 0  # what its clock says when commands expire
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
        for table in _TABLES:
            setattr(self, table, getattr(draft, table))

    async def append_if(self, org_id: str, placement_epoch: int, appends: Sequence[Append]) -> bool:
        async with self.transaction() as draft:
            placed = await draft.lock_placements({org_id: placement_epoch})
            if org_id not in placed or not all(draft.stands(each) for each in appends):
                return False
            await draft.append({each.address: each.rows for each in appends}, {each.address: each.rows[-1].position for each in appends})
        return True


class _Transaction:
    def __init__(self, shard: MemoryShard) -> None:
        self._shard = shard
        self.marks = dict(shard.marks)
        self.journals: dict[Address, list[StoredEntry]] = dict(shard.journals)  # the lists are copied when they change
        self.kept = dict(shard.kept)
        self.contacts = dict(shard.contacts)
        self.branches = dict(shard.branches)
        self.orphans: dict[tuple[Address, int], list[StoredEntry]] = dict(shard.orphans)
        self.holes = dict(shard.holes)
        self.parts = {key: dict(parts) for key, parts in shard.parts.items()}
        self.documents = dict(shard.documents)
        self.commands = dict(shard.commands)

    async def lock_placements(self, epochs: Mapping[str, int]) -> set[str]:
        return {org_id for org_id, epoch in epochs.items() if self._shard.placements.get(org_id) == epoch}

    async def lock_watermarks(self, addresses: Sequence[Address]) -> dict[Address, Position]:
        return {address: self.marks.get(address, START) for address in addresses}

    def stands(self, append: Append) -> bool:
        """Whether all is as the writer believes."""
        is_there = self.marks.get(append.address) == append.before and self.granted(append.address) <= append.box_epoch
        return is_there and not self._open(append.address)

    def granted(self, address: Address) -> int:
        return self._shard.granted.get(address, 0)

    async def note_claims(self, epochs: Mapping[Address, int]) -> None:
        self._shard.granted.update({address: max(epoch, self.granted(address)) for address, epoch in epochs.items()})

    async def stored_hash(self, address: Address, sequence: int) -> bytes | None:
        return _hash_at(self.journals.get(address, []), sequence)

    async def append(self, rows: Mapping[Address, Sequence[StoredEntry]], watermarks: Mapping[Address, Position]) -> None:
        for address, entries in rows.items():
            if address in self._shard.refuses:
                raise Unstorable(str(address))
            held = self.journals.get(address, [])
            first = self.marks.get(address, START).sequence + 1
            assert [entry.sequence for entry in entries] == list(range(first, first + len(entries)))
            self.journals[address] = [*held, *entries]
        self.marks.update(watermarks)

    async def keep(self, contradictions: Sequence[Contradiction]) -> None:
        for each in contradictions:
            self.kept.setdefault((each.address, each.first, each.after), each)

    async def record_contacts(self, contacts: Sequence[Contact]) -> dict[Address, Standing]:
        for contact in contacts:
            before = self.contacts.get(contact.address)
            if before is None or before.box_epoch <= contact.box_epoch:
                self.contacts[contact.address] = contact
        return {
            contact.address: Standing(
                watermark=self.marks.get(contact.address, START),
                granted=self._shard.granted.get(contact.address, 0),
                backed_up=self._shard.backed_up.get(contact.address, 0),
                has_commands=bool(self._open(contact.address)),
            )
            for contact in contacts
        }

    # --- replaced boxes ----------------------------------------------------------------------------

    async def branch(self, address: Address, epoch: int, watermark: Position) -> Branch:
        if (address, epoch) in self.branches:
            return self.branches[address, epoch]
        journal = [watermark, *(entry.position for entry in self.journals.get(address, [])), *self._hole_ends(address)]
        parted = max((each for each in journal if each.epoch <= epoch), key=lambda each: each.sequence, default=START)
        return Branch(parted=parted, kept=parted)

    def _hole_ends(self, address: Address) -> list[Position]:
        return [hole.last for hole in self.holes.values() if hole.address == address]

    async def orphan_hash(self, address: Address, epoch: int, sequence: int) -> bytes | None:
        return _hash_at(self.orphans.get((address, epoch), []), sequence)

    async def keep_orphans(self, address: Address, epoch: int, branch: Branch, entries: Sequence[StoredEntry]) -> None:
        key = (address, epoch)
        before = self.branches[key].kept if key in self.branches else branch.parted
        assert [entry.sequence for entry in entries] == list(range(before.sequence + 1, branch.kept.sequence + 1))
        self.orphans[key] = [*self.orphans.get(key, []), *entries]
        self.branches[key] = branch

    async def supersede(self, address: Address, begins: Position) -> bool:
        mark = self.marks.get(address, START)
        key = (address, mark.epoch)
        moved = [entry for entry in self.journals.get(address, []) if entry.sequence > begins.sequence]
        branch = self.branches.get(key, Branch(parted=mark, kept=mark))
        if begins not in [START, *(entry.position for entry in self.journals.get(address, []))]:
            return False
        if not 0 < len(moved) == mark.sequence - begins.sequence <= SUPERSEDED_ENTRIES_MAX or branch.parted != mark:
            return False
        self.journals[address] = [entry for entry in self.journals[address] if entry.sequence <= begins.sequence]
        self.orphans[key] = [*moved, *self.orphans.get(key, [])]
        self.branches[key] = branch
        for of, found in self.branches.items():
            if of[0] == address and found.parted.sequence > begins.sequence:
                self.branches[of] = Branch(parted=begins, kept=found.kept)
        self.marks[address] = begins
        self._shard.backed_up[address] = min(self._shard.backed_up.get(address, 0), begins.sequence)
        return True

    # --- holes -------------------------------------------------------------------------------------

    async def declare_hole(self, hole: Hole) -> None:
        self.holes[hole.address, hole.before.sequence + 1, hole.last.sequence] = hole
        self.marks[hole.address] = hole.last

    # --- documents of boxes ------------------------------------------------------------------------

    async def keepsakes(self, addresses: Sequence[Address]) -> dict[Address, frozenset[str]]:
        found = {address: frozenset(version for of, version in self.documents if of == address) for address in addresses}
        return {address: versions for address, versions in found.items() if versions}

    async def keep_part(self, address: Address, part: DocumentPart) -> Sequence[bytes]:
        parts = self.parts.setdefault((address, part.version), {})
        parts.setdefault(part.index, part)
        pending = [key for key in self.parts if key[0] == address]
        for key in pending[:-DOCUMENTS_PENDING_MAX]:
            del self.parts[key]
        is_whole = len([each for each in parts.values() if each.count == part.count]) == part.count
        return [parts[index].data for index in sorted(parts)] if is_whole else []

    async def forget_parts(self, address: Address, version: str) -> None:
        self.parts.pop((address, version), None)

    async def keep_document(self, address: Address, kind: str, version: str, document: bytes) -> None:
        await self.forget_parts(address, version)
        self.documents.setdefault((address, version), (kind, document))
        held = [key for key in self.documents if key[0] == address]
        for key in held[:-KEEPSAKES_KEPT_MAX]:
            del self.documents[key]

    # --- commands for sites ------------------------------------------------------------------------

    def _open(self, address: Address) -> list[SiteCommand]:
        return [each.command for (of, _), each in self.commands.items() if of == address and each.state == "open"]

    async def open_commands(self, addresses: Sequence[Address]) -> dict[Address, list[SiteCommand]]:
        found = {
            address: [command for command in self._open(address) if command.expires_at_ms > self._shard.now_ms][:SITE_COMMANDS_PER_ANSWER]
            for address in addresses
        }
        return {address: commands for address, commands in found.items() if commands}

    async def waiting_ids(self, addresses: Sequence[Address]) -> dict[Address, frozenset[str]]:
        found = {address: frozenset(command.id for command in self._open(address)) for address in addresses}
        return {address: ids for address, ids in found.items() if ids}

    async def commands_done(self, address: Address, ids: Iterable[str]) -> None:
        self._close(address, dict.fromkeys(ids, ""), "done")

    async def commands_refused(self, address: Address, refused: Mapping[str, str]) -> None:
        self._close(address, refused, "refused")

    def _close(self, address: Address, results: Mapping[str, str], state: str) -> None:
        for id, result in results.items():
            found = self.commands.get((address, id))
            if found is not None and found.state == "open":
                self.commands[address, id] = OpenCommand(found.command, state, result)


def _hash_at(entries: Sequence[StoredEntry], sequence: int) -> bytes | None:
    """Of entries in order, perhaps with holes between them."""
    at = bisect_left(entries, sequence, key=lambda entry: entry.sequence)
    return entries[at].hash if at < len(entries) and entries[at].sequence == sequence else None
