"""The disk of a mirror, which may be pulled, full, worn out, or not a disk of its own at all.

What lives here: `Disk`, for one thread at a time: where the site's file is, and every trouble with it under one name, as the box is
told it. How the file is made is file.py's business; nothing waits here.
"""

import errno
from collections.abc import Sequence
from pathlib import Path

from edge.mirror.file import BrokenChainError, MirrorFile, MirrorMovedError, make_dir
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.mirror_file import MirrorFileError

__all__ = ["MIRROR_ALARMS", "Disk", "DiskError"]

# code -> (what happened, what to do)
MIRROR_ALARMS: dict[str, tuple[str, str]] = {
    "mirror.missing": ("The mirror's disk is not there.", "Put the stick back, or mount the disk; the mirror goes on by itself."),
    "mirror.same_disk": (
        "The mirror's directory lies on the disk of the journal: both would be lost together.",
        "Mount another disk there; give --same-disk if it is meant.",
    ),
    "mirror.full": ("The mirror's disk is full.", "Make room, or put in a larger one; the mirror goes on by itself."),
    "mirror.unwritable": ("The mirror's disk cannot be written.", "Look at the disk; replace the stick if it is worn out."),
    "mirror.foreign": ("The file is the mirror of another site.", "Put in the stick of this site, or an empty one."),
    "mirror.malformed": ("The file is no mirror.", "Take the file away, or put in another stick."),
    "mirror.newer": ("The file was written by a later release.", "Update this box, or put in an empty stick."),
    "mirror.damaged": (
        "The mirror was damaged; what was readable of it goes on, the rest is kept beside it.",
        "Replace the stick, and keep this one.",
    ),
    "mirror.forked": (
        "The box's journal is another than the mirror's: what the mirror held is kept beside the new file.",
        "Take the kept file to a safe place, and see what it holds: docs/runbooks/swap.md.",
    ),
    "mirror.broken_chain": (
        "The box sent entries that do not follow one another.",
        "Run `comanda edge verify`: the box's disk or memory is damaged.",
    ),
}


class DiskError(Exception):
    """The mirror cannot go on for now; `code` is one of MIRROR_ALARMS."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


_CODE_OF = {errno.ENOSPC: "mirror.full", errno.EDQUOT: "mirror.full", errno.ENOENT: "mirror.missing", errno.ENODEV: "mirror.missing",
            errno.ENOTDIR: "mirror.missing"}  # fmt: skip


class Disk:
    """Where a site's mirror lies: `root/<site id>`."""

    def __init__(self, root: Path, data_dir: Path, org_id: str, site_id: str, *, may_share: bool = False) -> None:
        """`may_share`: whether the disk of `data_dir` will do, which holds the journal."""
        self._root = root
        self._data_dir = data_dir
        self._ids = (org_id, site_id)
        self._may_share = may_share
        self._file: MirrorFile | None = None
        self.warning = ""  # what a person should look at although the mirror goes on

    @property
    def directory(self) -> Path | None:
        """The site's directory while its mirror is open."""
        return None if self._file is None else self._file.path.parent

    def open(self) -> Position:
        """Open the mirror, or begin one; where it ends. Raises DiskError."""
        self.close()
        try:
            self._ensure_own_disk()
            directory = self._root / self._ids[1]
            make_dir(directory)
            self._file = MirrorFile(directory, *self._ids)
        except MirrorFileError as error:
            raise DiskError(error.code, error.detail) from error
        except OSError as error:
            raise self._trouble(error) from error
        self._warn()
        return self._file.position

    def _warn(self) -> None:
        assert self._file is not None
        damaged, forked = self._file.set_aside
        self.warning = "mirror.damaged" if damaged else "mirror.forked" if forked else ""

    def _ensure_own_disk(self) -> None:
        """A stick that was pulled leaves an empty directory where it was mounted: writing there would fill the box's own disk."""
        if not self._may_share and self._root.stat().st_dev == self._data_dir.stat().st_dev:
            raise DiskError("mirror.same_disk", f"{self._root} is on the disk of {self._data_dir}: is the mirror's disk mounted?")

    def append(self, runs: Sequence[Sequence[StoredEntry]]) -> Position:
        """Put entries on the disk, synced; where the mirror ends now. Raises DiskError: open it anew then."""
        assert self._file is not None
        try:
            self._file.append(runs)
        except BrokenChainError as error:
            raise DiskError("mirror.broken_chain", f"What the box sent does not chain: {error}") from error
        except OSError as error:
            raise self._trouble(error) from error
        return self._file.position

    def look(self) -> None:
        """See that the disk is still there. Raises DiskError."""
        assert self._file is not None
        try:
            self._file.ensure_in_place()
            self._warn()
        except OSError as error:
            raise self._trouble(error) from error

    def begin_anew(self, *, is_earlier: bool = False) -> Path:
        """Keep what there is beside a new file, because the journal is another, or (`is_earlier`) begins later than this ends; where it
        is kept. Raises DiskError."""
        assert self._file is not None
        try:
            return self._file.begin_anew(is_earlier=is_earlier)
        except OSError as error:
            raise self._trouble(error) from error

    def _trouble(self, error: OSError) -> DiskError:
        code = "mirror.missing" if isinstance(error, MirrorMovedError) else _CODE_OF.get(error.errno or 0, "mirror.unwritable")
        return DiskError(code, str(error))

    def close(self) -> None:
        """Let go of the file; without one, nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None
