"""Where a replacement's journal comes from, and how each source is asked.

What lives here: the port `Source`, and mirrors behind it. The hub is in hub.py; which source is believed, merge.py decides.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from edge.mirror.file import Checked, Walk, check, files_in
from shared.operator_error import OperatorError
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.mirror_file import MirrorFileError

__all__ = ["MirrorSource", "Source", "find_mirrors"]


class Source(Protocol):
    """Somebody who has entries of the site. `head` is the last position it says it has."""

    name: str
    head: Position

    def after(self, position: Position) -> Iterator[list[StoredEntry]]:
        """Runs of entries with sequences above that of `position`, in order; whether they chain is the asker's to prove. Raises
        OperatorError where the source fails for good."""
        ...


class MirrorSource:
    """A mirror's file, up to where its chain is whole."""

    def __init__(self, path: Path) -> None:
        """Raises OperatorError `mirror.unreadable` or what a mirror's file is refused for."""
        self.path = path
        self.name = f"mirror {path}"
        found = self._check()
        self.head = Position.parse(found.head)
        self.site_id = found.site_id
        self.first = found.first
        self.problem = found.problem

    def _check(self) -> Checked:
        try:
            return check(self.path)
        except MirrorFileError as error:
            raise OperatorError(
                error.code, f"{self.path}: {error.detail}", "Leave this mirror out, or name the right directory."
            ) from error
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def after(self, position: Position) -> Iterator[list[StoredEntry]]:
        for run in self.runs():
            found = [entry for entry in run if entry.sequence > position.sequence]
            if found:
                yield found

    def runs(self) -> Iterator[list[StoredEntry]]:
        """Everything it holds, a frame at a time."""
        try:
            yield from Walk(self.path).runs()
        except OSError as error:
            raise _unreadable(self.path, error) from error


def find_mirrors(paths: tuple[Path, ...], site_id: str) -> list[MirrorSource]:
    """The mirrors of the site below `paths`, the one that goes furthest first. Raises OperatorError `mirror.missing` for a path without
    one: a person who names a stick means it."""
    found: list[MirrorSource] = []
    for path in paths:
        try:
            ours = [source for file in files_in(path) if (source := MirrorSource(file)).site_id == site_id]
        except OSError as error:
            raise _unreadable(path, error) from error
        if not ours:
            raise OperatorError(
                "mirror.missing", f"There is no mirror of this site in {path}.", "Name the directory given to `comanda edge mirror`."
            )
        found += ours
    return sorted(found, key=lambda source: (source.head.epoch, source.head.sequence), reverse=True)


def _unreadable(path: Path, error: OSError) -> OperatorError:
    return OperatorError("mirror.unreadable", f"{path} cannot be read: {error}", "Look at the disk, or leave this mirror out.")
