"""Refused hand-ins on disk: `handed-in.jsonl` beside the journal, for a person.

What lives here: the file: a line for each refusal, and for each word of a person or of the box that settles one; only ever added to.
It is in no table, for it belongs to no history: a restore keeps it, whatever becomes of the journal.
"""

import asyncio
import fcntl
import os
from datetime import datetime
from pathlib import Path

import msgspec

from edge.app.hand_in import RefusedHandIn
from shared.domain.errors import Refused
from shared.limits import HAND_INS_REFUSED_MAX

__all__ = ["NAME", "HandedInFile", "Settled"]

NAME = "handed-in.jsonl"


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal that nobody needs to look at any more: `by` a person, or the box because the command is in effect after all."""

    settles: str
    by: str
    at: datetime
    is_in_effect: bool = False


_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


class HandedInFile:
    """The file, as read last; another process may have added to it since (`refresh`)."""

    def __init__(self, data_dir: Path) -> None:
        """Raises OSError."""
        self._path = data_dir / NAME
        self._refused: dict[str, RefusedHandIn] = {}
        self._settled: dict[str, Settled] = {}
        self._size = 0
        self.refresh()

    def find(self, command_id: str) -> RefusedHandIn | None:
        return self._refused.get(command_id)

    def settled(self, command_id: str) -> Settled | None:
        """By whom a refusal is settled."""
        return self._settled.get(command_id)

    @property
    def refusals(self) -> list[RefusedHandIn]:
        """All of them, those of commands that came into effect left out."""
        return list(self._refused.values())

    @property
    def open(self) -> list[RefusedHandIn]:
        """Those that a person should look at."""
        return [refusal for id, refusal in self._refused.items() if id not in self._settled]

    async def unsettled(self) -> list[RefusedHandIn]:
        """`open`, as it is on disk now. Raises OSError."""
        await asyncio.to_thread(self.refresh)
        return self.open

    def refresh(self) -> None:
        """Read what was added. A last line that was torn off is passed over. Raises OSError."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._size)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data.rfind(b"\n") + 1
        self._size += whole
        for line in data[:whole].splitlines():
            self._read(line)

    def _read(self, line: bytes) -> None:
        try:
            if "settles" in _decoder.decode(line):
                settled = msgspec.json.decode(line, type=Settled)
                if settled.is_in_effect:
                    self._refused.pop(settled.settles, None)
                else:
                    self._settled[settled.settles] = settled
            else:
                refusal = msgspec.json.decode(line, type=RefusedHandIn)
                self._refused[refusal.command_id] = refusal
                self._settled.pop(refusal.command_id, None)
        except msgspec.MsgspecError:
            return  # a line that a power cut tore, to which the next was joined: the tablet hands in again what was in it

    async def keep(self, refusal: RefusedHandIn) -> None:
        """Put a refusal on disk. Raises Refused `edge.busy` when there are too many for anybody to look at, OSError."""
        if len(self._refused) >= HAND_INS_REFUSED_MAX:
            raise Refused("edge.busy", f"{HAND_INS_REFUSED_MAX} refused hand-ins wait for a person.")
        await asyncio.to_thread(self.add, refusal)

    async def forget(self, command_id: str) -> None:
        """The command is in effect after all."""
        refusal = self._refused.get(command_id)
        if refusal is not None:
            settled = Settled(settles=command_id, by="box", at=refusal.refused_at, is_in_effect=True)
            await asyncio.to_thread(self.add, settled)

    def add(self, line: RefusedHandIn | Settled) -> None:
        """Append a line, synced. Raises OSError."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # the box and a person's command may add at once
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            os.write(descriptor, (b"\n" if torn else b"") + msgspec.json.encode(line) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.refresh()
