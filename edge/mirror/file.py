"""The mirror's file on its disk: appending, syncing, and finding again where it ends.

What lives here: `MirrorFile`, for one thread, and `walk`, which reads a mirror and proves its chain. Sockets and the clock are not
known here, nor what entries mean.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from shared.limits import MIRROR_GROUP_BYTES_MAX, MIRROR_READ_BYTES
from shared.protocol.entry import START, Position, StoredEntry, entry_hash
from shared.protocol.mirror_file import MirrorFileError, MirrorReader, pack_entries, pack_header

__all__ = [
    "JOURNAL", "BrokenChainError", "Checked", "MirrorFile", "MirrorMovedError", "Walk", "chain_problem", "check", "files_in", "make_dir",
    "sync_dir",
]  # fmt: skip

JOURNAL = "journal.mirror"
# What is kept beside it: two that a person should look at, and what a mirror held that was away too long.
_DAMAGED, _FORKED, _EARLIER = "damaged-{offset}.mirror", "forked-{position}.mirror", "earlier-{position}.mirror"


class BrokenChainError(Exception):
    """Entries that do not follow from those before them."""


class MirrorMovedError(OSError):
    """The file that is open is not the one in the directory any more: what is written there is lost."""


def chain_problem(last: Position, entry: StoredEntry) -> str:
    """Why the entry does not follow `last`, or nothing."""
    if entry.sequence != last.sequence + 1:
        return f"entry {entry.sequence} follows entry {last.sequence}"
    if entry.epoch < last.epoch:
        return f"epoch {entry.epoch} follows epoch {last.epoch} at entry {entry.sequence}"
    if entry_hash(last.hash, entry.entry) != entry.hash:
        return f"the hash of entry {entry.sequence} does not follow from its bytes and the entry before"
    return ""


class Walk:
    """A mirror, read from its beginning, its chain proven on the way.

    Afterwards `end` is the last position that is proven, `offset` where its frame ends in the file, `torn` how many bytes follow,
    and `problem` what is wrong with the first entry that is not proven.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begin: Position | None = None  # the position of the first entry
        self.end = START
        self.offset = 0
        self.torn = 0
        self.problem = ""
        self._reader = MirrorReader()

    @property
    def site_id(self) -> str:
        return self._reader.header.site if self._reader.header else ""

    @property
    def org_id(self) -> str:
        return self._reader.header.org if self._reader.header else ""

    def runs(self) -> Iterator[list[StoredEntry]]:
        """The entries of each frame, in order, as far as they chain. Raises OSError, and MirrorFileError for what is no mirror."""
        read = 0
        with self.path.open("rb") as file:
            while not self.problem and (data := file.read(MIRROR_READ_BYTES)):
                read += len(data)
                yield from self._proven(data)
                if self._reader.is_broken:
                    break
        self.torn = max(self.path.stat().st_size, read) - self.offset
        if self._reader.header is None and self.torn:
            raise MirrorFileError("mirror.malformed", f"{self.path} does not begin as a mirror does.")

    def _proven(self, data: bytes) -> Iterator[list[StoredEntry]]:
        before = self._reader.offset
        for run in self._reader.feed(data):
            end = self.end
            for entry in run:
                self.problem = "" if self.begin is None and self._begins(entry) else chain_problem(end, entry)
                if self.problem:
                    return
                end = entry.position
            self.end, self.offset = end, self._reader.offset
            yield run
        if self._reader.offset > before:
            self.offset = self._reader.offset  # the header, which has no entries

    def _begins(self, entry: StoredEntry) -> bool:
        """Whether the file begins later than the journal, behind a checkpoint: its first entry is then believed, the rest proven."""
        self.begin = entry.position
        return entry.sequence > 1


class MirrorFile:
    """The mirror of one site, open for appending. Raises OSError as the disk does; close it then, and open it anew."""

    def __init__(self, directory: Path, org_id: str, site_id: str) -> None:
        """Finds the end of what is there: a torn tail is cut off, and what is damaged set aside, for nothing is ever thrown away
        that may be the only copy.

        Raises OSError, and MirrorFileError `mirror.foreign` or what mirror_file.py raises.
        """
        self.path = directory / JOURNAL
        self._ids = (org_id, site_id)
        self.position = self._recover()
        self._size = self.path.stat().st_size
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)

    def _recover(self) -> Position:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return self._begin()
        walk = Walk(self.path)
        try:
            for _ in walk.runs():
                pass
        except MirrorFileError as error:
            if error.code == "mirror.malformed" and not walk.site_id and self.path.stat().st_size <= len(pack_header(*self._ids)):
                return self._begin()  # the power failed in the first write of all
            raise
        if (walk.org_id, walk.site_id) != self._ids:
            raise MirrorFileError("mirror.foreign", f"{self.path} is the mirror of site {walk.site_id}.")
        if walk.problem or self._is_damage(walk):
            self._keep_damaged(walk)
        if walk.torn:
            with self.path.open("r+b") as file:
                file.truncate(walk.offset)
                os.fsync(file.fileno())
        return walk.end

    def _is_damage(self, walk: Walk) -> bool:
        """Whether more is unreadable than one group, which is all that a power cut can tear."""
        return walk.torn > MIRROR_GROUP_BYTES_MAX

    def _keep_damaged(self, walk: Walk) -> None:
        """Put the file aside as it is, with a copy of its good part in its place."""
        beside, kept = self.path.with_suffix(".new"), self.path.with_name(_DAMAGED.format(offset=walk.offset))
        left = walk.offset
        with self.path.open("rb") as source, beside.open("wb") as target:
            os.fchmod(target.fileno(), 0o600)
            while left and (data := source.read(min(left, MIRROR_READ_BYTES))):
                target.write(data)
                left -= len(data)
            target.flush()
            os.fsync(target.fileno())
        self.path.replace(kept)
        beside.replace(self.path)
        sync_dir(self.path.parent)
        walk.torn = 0

    def _begin(self) -> Position:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, pack_header(*self._ids))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_dir(self.path.parent)
        return START

    def append(self, runs: Sequence[Sequence[StoredEntry]]) -> None:
        """Put entries that follow `position` on the disk, synced; whole runs, one frame each.

        Raises OSError: nothing of it counts then, and the same can be appended again; BrokenChainError for entries that do not
        follow; MirrorMovedError when the directory holds another file by now, or none.
        """
        last = self.position
        for run in runs:
            for entry in run:
                # An empty mirror begins where the journal does: behind its checkpoint, if it has been trimmed.
                problem = chain_problem(last, entry) if last.sequence or entry.sequence == 1 else ""
                if problem:
                    raise BrokenChainError(problem)
                last = entry.position
        self.ensure_in_place()
        data = b"".join(map(pack_entries, runs))
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except OSError:
            # What came through may be cut off, so that the next attempt does not follow a torn frame. If not even that can be
            # done, the walk of the next start does it.
            self._cut_back()
            raise
        self._size += len(data)
        self.position = last

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            self.close()

    def ensure_in_place(self) -> None:
        """Raises MirrorMovedError when the path does not lead to the open file: the stick was pulled, or the file taken away."""
        ours = os.fstat(self._file)
        try:
            there = self.path.stat()
        except FileNotFoundError as error:
            raise MirrorMovedError(f"{self.path} is gone") from error
        if (ours.st_dev, ours.st_ino) != (there.st_dev, there.st_ino):
            raise MirrorMovedError(f"{self.path} is another file by now")

    def begin_anew(self, *, is_earlier: bool = False) -> Path:
        """The journal holds another history, or (`is_earlier`) what lies between is not on the box any more: keep this file under the
        name of its end, and begin another; where it is kept."""
        end = f"{self.position.epoch}.{self.position.sequence}.{self.position.hash.hex()[:8]}"
        kept = self.path.with_name((_EARLIER if is_earlier else _FORKED).format(position=end))
        self.path.replace(kept)
        self.close()
        self.position = self._begin()
        self._size = self.path.stat().st_size
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        return kept

    @property
    def set_aside(self) -> tuple[bool, bool]:
        """Whether something (damaged, forked) is kept beside the file, for a person to look at."""
        damaged, forked = (any(self.path.parent.glob(name.format(offset="*", position="*"))) for name in (_DAMAGED, _FORKED))
        return damaged, forked

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a mirror found. `problem` is what is wrong with the first entry that is not proven; `torn_bytes` follow the
    last whole frame, which a power cut explains."""

    path: str
    site_id: str
    first: int
    head: str
    problem: str = ""
    torn_bytes: int = 0


def check(path: Path) -> Checked:
    """Prove the chain of a mirror. Reads only. Raises OSError and MirrorFileError."""
    walk = Walk(path)
    for _ in walk.runs():
        pass
    first = walk.begin.sequence if walk.begin else 0
    return Checked(
        path=str(path), site_id=walk.site_id, first=first, head=str(walk.end), problem=walk.problem, torn_bytes=walk.torn
    )  # fmt: skip


def files_in(path: Path) -> list[Path]:
    """The mirrors that a path names: the file itself, those of a site's directory, or those of every site below."""
    if path.is_file():
        return [path]
    found = [path / JOURNAL, *path.glob(f"*/{JOURNAL}")]
    earlier = [
        each for directory in (path, *{journal.parent for journal in found}) for each in directory.glob(_EARLIER.format(position="*"))
    ]
    return sorted({each for each in (*found, *earlier) if each.is_file()})


def make_dir(path: Path) -> None:
    """The directory of a site on the mirror's disk; the disk itself is never made."""
    path.mkdir(mode=0o700, exist_ok=True)


def sync_dir(path: Path) -> None:
    """Put the names in a directory on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
