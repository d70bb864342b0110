"""The file of a branch: what a source holds that contradicts the site's journal, kept for a person.

What lives here: writing it whole or not at all, in the form of a mirror's file. It begins in the middle of a history: its first entry
follows one that the journal holds.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from edge.mirror.file import Walk, sync_dir
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.mirror_file import pack_entries, pack_header

__all__ = ["BranchFile"]


class BranchFile:
    """`branch-<epoch>.<sequence>.mirror` in a directory, named after its last entry once it is whole. Raises OSError."""

    def __init__(self, directory: Path, org_id: str, site_id: str) -> None:
        self.end: Position = START
        self._directory = directory
        self._beside = directory / "branch.new"
        self._file = self._beside.open("wb")
        os.fchmod(self._file.fileno(), 0o600)
        self._file.write(pack_header(org_id, site_id))

    def write(self, run: Sequence[StoredEntry]) -> None:
        if run:
            self._file.write(pack_entries(run))
            self.end = run[-1].position

    def keep(self) -> Path:
        """Sync it and give it its name; where it is. The same branch twice is kept once, another that ends alike beside it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        name = f"branch-{self.end.epoch}.{self.end.sequence}"
        path = self._directory / f"{name}.mirror"
        if path.exists() and _end_of(path) != self.end:
            path = self._directory / f"{name}-{self.end.hash.hex()[:8]}.mirror"
        self._beside.replace(path)
        sync_dir(self._directory)
        return path

    def __enter__(self) -> "BranchFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._beside.unlink(missing_ok=True)


def _end_of(path: Path) -> Position:
    walk = Walk(path)
    for _ in walk.runs():
        pass
    return walk.end
