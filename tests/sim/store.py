"""A simulated disk under the `Store` port of the edge: what was not synced when the power went is lost, or torn.

What lives here: `Disk`, which outlives a crash, and `SimStore`, the journal on it. It passes the same contract suite as the
SQLite store (tests/contract/test_store.py). The rules of the journal are not known here, except that sequences are gapless.
"""

import zlib
from collections.abc import Callable, Collection
from datetime import datetime

import msgspec

from edge.app.ports import AggregateRow, CommandRecord, Head, Write
from edge.app.retention import may_begin_after
from shared.domain.kernel import Key
from shared.limits import TRIM_CHUNK_ENTRIES
from shared.protocol.entry import START, Position, StoredEntry, decode_entry

__all__ = ["Disk", "PowerCut", "SimStore"]


class PowerCut(BaseException):
    """The power went, at this very step. Like a real one it is caught by nobody but the world around the box."""


class _Frame(msgspec.Struct, array_like=True):
    """One transaction as it lies on the disk."""

    entries: list[StoredEntry]
    commands: list[CommandRecord]
    aggregates: list[tuple[str, str, AggregateRow]]
    at: datetime | None
    documents: list[tuple[str, bytes]]
    trimmed: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Frame)


class Disk:
    """Frames on the platter, and frames that the operating system only says it has written."""

    def __init__(self) -> None:
        self.synced: list[bytes] = []
        self.unsynced: list[bytes] = []
        self._platter: list[tuple[int, bytes, bytes]] = []
        self._seen = 0  # frames that `_platter` holds

    def write(self, frame: _Frame) -> None:
        payload = _encoder.encode(frame)
        self.unsynced.append(zlib.crc32(payload).to_bytes(4) + payload)

    def sync(self) -> None:
        self.synced += self.unsynced
        self.unsynced.clear()

    def lose(self, kept: int, torn_at: int | None) -> None:
        """The power goes: of what was not synced the first `kept` frames are there, the next perhaps cut off at a byte."""
        self.synced += self.unsynced[:kept]
        if torn_at is not None and kept < len(self.unsynced):
            self.synced.append(self.unsynced[kept][:torn_at])
        self.unsynced.clear()

    def platter(self) -> list[tuple[int, bytes, bytes]]:
        """(sequence, hash, bytes) of every entry that a power cut at this moment would leave for certain."""
        while self._seen < len(self.synced):
            raw = self.synced[self._seen]
            if len(raw) < 4 or zlib.crc32(raw[4:]) != int.from_bytes(raw[:4]):
                break  # a torn frame, which the next start cuts off
            self._platter += [(entry.sequence, entry.hash, entry.entry) for entry in _decoder.decode(raw[4:]).entries]
            self._seen += 1
        return self._platter

    def read(self) -> list[_Frame]:
        """Every whole frame; what follows a torn one was never committed and is forgotten."""
        frames: list[_Frame] = []
        for raw in self.synced + self.unsynced:
            if len(raw) < 4 or zlib.crc32(raw[4:]) != int.from_bytes(raw[:4]):
                break
            frames.append(_decoder.decode(raw[4:]))
        del self.synced[len(frames) :]
        return frames


def _no_hazard(stage: str) -> None:
    """A disk on which nothing goes wrong."""


class SimStore:
    """The `Store` port over a `Disk`. `hazard(stage)` is called at "write", "sync" and "done" of each commit and may raise
    `PowerCut`, `StorageFullError` or `CommitUnknownError`; `settle` says what became of unsynced frames when a commit failed."""

    def __init__(self, disk: Disk, hazard: Callable[[str], None] = _no_hazard, settle: Callable[[Disk], None] = Disk.sync) -> None:
        self.disk = disk
        self._hazard = hazard
        self._settle = settle
        self._read()

    def _read(self) -> None:
        self._entries: list[StoredEntry] = []
        self._commands: dict[str, CommandRecord] = {}
        self.aggregates: dict[Key, AggregateRow] = {}
        self._documents: dict[str, bytes] = {}
        self._at: datetime | None = None
        self._begins = START
        for frame in self.disk.read():
            self._apply(frame)

    def _apply(self, frame: _Frame) -> None:
        self._entries += frame.entries
        self._commands.update((record.command_id, record) for record in frame.commands)
        self.aggregates.update(((kind, id), row) for kind, id, row in frame.aggregates)
        self._documents.update(frame.documents)
        self._at = frame.at or self._at
        if frame.trimmed:
            gone = frame.trimmed - self._begins.sequence
            self._begins = self._entries[gone - 1].position
            del self._entries[:gone]

    def head(self) -> Head:
        return Head(self._entries[-1].position, self._at) if self._entries else Head(START, None)

    def find_commands(self, command_ids: Collection[str]) -> dict[str, CommandRecord]:
        return {id: self._commands[id] for id in command_ids if id in self._commands}

    def entries(self, after_sequence: int, limit: int) -> list[StoredEntry]:
        start = max(0, after_sequence - self._begins.sequence)
        return self._entries[start : start + limit]

    def begins(self) -> Position:
        return self._begins

    def trim(self, through: int) -> Position:
        """What entries come to stands in the aggregates already: they are the checkpoint of this store."""
        through = min(through, self._begins.sequence + len(self._entries) - 1)
        whole = self._begins.sequence
        for stored in self._entries[: max(0, through - whole)]:
            whole = stored.sequence if may_begin_after(decode_entry(stored.entry)) else whole
            if whole - self._begins.sequence >= TRIM_CHUNK_ENTRIES:
                break
        if whole > self._begins.sequence:
            self._put(_Frame([], [], [], None, [], whole))
        return self._begins

    def load(self, kind: str, id: str) -> bytes | None:
        row = self.aggregates.get((kind, id))
        return None if row is None else row.state

    def document(self, version: str) -> bytes | None:
        return self._documents.get(version)

    def put_document(self, version: str, kind: str, body: bytes) -> None:
        if version not in self._documents:
            self._put(_Frame([], [], [], None, [(version, body)]))

    def commit(self, write: Write) -> None:
        sequences = [entry.sequence for entry in write.entries]
        known = [record.command_id for record in write.commands if record.command_id in self._commands]
        last = self._begins.sequence + len(self._entries)
        if sequences != list(range(last + 1, last + len(sequences) + 1)) or known:
            raise ValueError(f"entries {sequences} do not follow {last}, or commands {known} are known")
        rows = [(kind, id, row) for (kind, id), row in write.aggregates.items()]
        self._put(_Frame(list(write.entries), list(write.commands), rows, write.at, []))

    def _put(self, frame: _Frame) -> None:
        self._hazard("write")
        self.disk.write(frame)
        self._hazard("sync")
        self.sync()
        self._hazard("done")
        self._apply(frame)

    def sync(self) -> None:
        """Wait until everything is on the platter."""
        self.disk.sync()

    def reopen(self) -> None:
        self._settle(self.disk)
        self._read()
