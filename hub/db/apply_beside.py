"""What a shard keeps beside the journals, as lane owners write it: branches of replaced boxes, holes, documents, commands for sites.

What lives here: that half of the port `ShardTransaction` of hub/ingest on one connection, by the statements of apply.sql. Journals and
watermarks are in apply_store.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.db.connect import act_for
from hub.db.queries import load
from hub.ingest.ports import Branch, Hole
from shared.limits import DOCUMENTS_PENDING_MAX, KEEPSAKES_KEPT_MAX, SITE_COMMANDS_PER_ANSWER, SUPERSEDED_ENTRIES_MAX
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import DocumentPart, SiteCommand
from shared.protocol.subjects import Address

__all__ = ["BesideJournals", "columns", "position_of"]

SQL = load("apply")
SUPERSEDE = load("supersede")["supersede"]


def columns(addresses: Sequence[Address]) -> tuple[list[str], list[str]]:
    """The addresses as two arrays."""
    return [address.org_id for address in addresses], [address.site_id for address in addresses]


def position_of(row: Mapping[str, Any]) -> Position:
    return Position(row["epoch"], row["sequence"], row["hash"])


class BesideJournals:
    """One transaction. `_commanded` are the locked sites for which commands wait, `_granted` what each knows of claims."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._commanded: set[Address] = set()
        self._granted: dict[Address, int] = {}

    async def _advance(self, watermarks: Mapping[Address, Position]) -> None:
        """Set the watermarks of locked sites, and tell the projectors."""
        marks = list(watermarks.values())
        await self._connection.execute(
            SQL["advance"], *columns(list(watermarks)), [m.epoch for m in marks], [m.sequence for m in marks], [m.hash for m in marks]
        )

    # --- replaced boxes ----------------------------------------------------------------------------

    async def branch(self, address: Address, epoch: int, watermark: Position) -> Branch:
        row = await self._connection.fetchrow(SQL["branch"], *address, epoch)
        if row is not None:
            parted, kept = (Position(row[f"{of}_epoch"], row[f"{of}_sequence"], row[f"{of}_hash"]) for of in ("parted", "kept"))
            return Branch(parted=parted, kept=kept)
        parted = watermark if watermark.epoch <= epoch else await self._parting(address, epoch, watermark.sequence)
        return Branch(parted=parted, kept=parted)

    async def _parting(self, address: Address, epoch: int, above: int) -> Position:
        """The last position of an epoch up to `epoch`, below the sequence `above`, which is of a later one. Epochs never fall, so that it
        is found by halves: twenty looks for a million entries, once for each replaced box."""
        await act_for(self._connection, address.org_id)
        hole = await self._connection.fetchrow(SQL["hole_up_to"], *address, epoch)
        found = START if hole is None else position_of(hole)
        low, high = found.sequence, above
        while high - low > 1:
            middle = (low + high) // 2
            row = await self._connection.fetchrow(SQL["entry_up_to"], *address, middle)
            if row is not None and row["epoch"] > epoch:
                high = row["sequence"]
                continue
            if row is not None and row["sequence"] > found.sequence:
                found = position_of(row)
            low = middle
        return found

    async def orphan_hash(self, address: Address, epoch: int, sequence: int) -> bytes | None:
        await act_for(self._connection, address.org_id)
        return await self._connection.fetchval(SQL["orphan_hash"], *address, epoch, sequence)

    async def keep_orphans(self, address: Address, epoch: int, branch: Branch, entries: Sequence[StoredEntry]) -> None:
        await act_for(self._connection, address.org_id)
        await self._connection.execute(
            SQL["keep_orphans"],
            *address,
            epoch,
            [entry.sequence for entry in entries],
            [entry.epoch for entry in entries],
            [entry.hash for entry in entries],
            [entry.entry for entry in entries],
        )
        parted, kept = branch.parted, branch.kept
        await self._connection.execute(
            SQL["keep_branch"], *address, epoch, parted.epoch, parted.sequence, parted.hash, kept.epoch, kept.sequence, kept.hash
        )

    async def supersede(self, address: Address, begins: Position) -> bool:
        await act_for(self._connection, address.org_id)
        return await self._connection.fetchval(
            SUPERSEDE, address.site_id, begins.epoch, begins.sequence, begins.hash, SUPERSEDED_ENTRIES_MAX
        )

    # --- holes -------------------------------------------------------------------------------------

    async def declare_hole(self, hole: Hole) -> None:
        before, last = hole.before, hole.last
        await self._connection.execute(
            SQL["declare_hole"], *hole.address, before.sequence + 1, last.sequence, before.epoch, before.hash, last.epoch, last.hash
        )
        await self._advance({hole.address: last})

    # --- documents of boxes ------------------------------------------------------------------------

    async def keepsakes(self, addresses: Sequence[Address]) -> dict[Address, frozenset[str]]:
        found: dict[Address, set[str]] = {}
        for row in await self._connection.fetch(SQL["keepsakes"], *columns(addresses)):
            found.setdefault(Address(row["org_id"], row["site_id"]), set()).add(row["version"])
        return {address: frozenset(versions) for address, versions in found.items()}

    async def keep_part(self, address: Address, part: DocumentPart) -> Sequence[bytes]:
        await act_for(self._connection, address.org_id)
        await self._connection.execute(SQL["keep_part"], *address, part.version, part.index, part.count, part.data)
        await self._connection.execute(SQL["forget_old_parts"], *address, DOCUMENTS_PENDING_MAX)
        return [row["data"] for row in await self._connection.fetch(SQL["whole_parts"], *address, part.version, part.count)]

    async def forget_parts(self, address: Address, version: str) -> None:
        await act_for(self._connection, address.org_id)
        await self._connection.execute(SQL["forget_parts"], *address, version)

    async def keep_document(self, address: Address, kind: str, version: str, document: bytes) -> None:
        await self.forget_parts(address, version)
        await self._connection.execute(SQL["keep_document"], *address, version, kind, document)
        await self._connection.execute(SQL["forget_old_documents"], *address, KEEPSAKES_KEPT_MAX)

    # --- commands for sites ------------------------------------------------------------------------

    async def open_commands(self, addresses: Sequence[Address]) -> dict[Address, list[SiteCommand]]:
        found: dict[Address, list[SiteCommand]] = {}
        for address in addresses:
            await act_for(self._connection, address.org_id)
            rows = await self._connection.fetch(SQL["open_commands"], *address, SITE_COMMANDS_PER_ANSWER)
            commands = [SiteCommand(id=row["command_id"], command=row["command"], expires_at_ms=row["expires_at_ms"]) for row in rows]
            if commands:
                found[address] = commands
        return found

    async def waiting_ids(self, addresses: Sequence[Address]) -> dict[Address, frozenset[str]]:
        found: dict[Address, frozenset[str]] = {}
        for address in self._commanded.intersection(addresses):
            await act_for(self._connection, address.org_id)
            rows = await self._connection.fetch(SQL["waiting_ids"], *address)
            found[address] = frozenset(row["command_id"] for row in rows)
        return found

    async def commands_done(self, address: Address, ids: Iterable[str]) -> None:
        await act_for(self._connection, address.org_id)
        await self._connection.execute(SQL["commands_done"], *address, list(ids))

    async def commands_refused(self, address: Address, refused: Mapping[str, str]) -> None:
        await act_for(self._connection, address.org_id)
        await self._connection.execute(SQL["commands_refused"], *address, list(refused), list(refused.values()))
