"""What a restore found: what came from where, what was played, and what nobody has any more.

What lives here: the report as a value, and in words. How it came about is not known here.
"""

from datetime import datetime

import msgspec

__all__ = ["Branch", "Came", "HandedInBy", "RefusedHandIn", "Report", "Stretch", "words"]


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Sequences from `first` to `last`, both within."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the journal and the source it came from: `hub`, `mirror <path>`, or `this directory`."""

    source: str
    stretch: Stretch


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """What a source held that contradicts the site's journal: from which sequence on, up to which position, and the file it is kept in."""

    source: str
    from_sequence: int
    head: str
    file: str


class HandedInBy(msgspec.Struct, frozen=True, kw_only=True):
    """What a device handed in: commands that the journal knew, that were played, and that were refused. `is_complete`: it had no more."""

    device_id: str
    name: str
    known: int = 0
    played: int = 0
    refused: int = 0
    is_complete: bool = False


class RefusedHandIn(msgspec.Struct, frozen=True, kw_only=True):
    """A command that a device was told is accepted, and that the journal as restored refuses. It is kept in handed-in.jsonl."""

    command_id: str
    device_id: str
    position: str
    code: str
    detail: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it. `head` is the end of what was restored, before anything was played; `highest_seen` the highest position of the
    site that any source or tablet names; `missing` are sequences up to it of which no entry and no command was found: acknowledged by
    tablets that have not handed in, or made by the box itself. `half_command` is the last entry that was restored, where it is in the middle of
    a command whose rest is in no source; else 0. `problems` are sentences about sources."""

    org_id: str
    site_id: str
    epoch: int
    restored_at: datetime
    head: str
    came: tuple[Came, ...] = ()
    branches: tuple[Branch, ...] = ()
    menus: int = 0
    devices: int = 0
    handed_in: tuple[HandedInBy, ...] = ()
    refused: tuple[RefusedHandIn, ...] = ()
    highest_seen: str = ""
    missing: tuple[Stretch, ...] = ()
    half_command: int = 0
    problems: tuple[str, ...] = ()

    @property
    def played(self) -> int:
        return sum(each.played for each in self.handed_in)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is known to be missing."""
        return not (self.missing or self.refused or self.half_command)


def words(report: Report) -> list[str]:
    """The report for a terminal, a line each."""
    lines = [f"site {report.site_id}, epoch {report.epoch}: restored up to {_short(report.head)}"]
    lines += [f"  entries {each.stretch} from {each.source}" for each in report.came] or ["  no entries were found"]
    lines.append(f"  {report.menus} menus and {report.devices} devices")
    for each in report.handed_in:
        rest = "" if each.is_complete else "; it may hold more"
        lines.append(
            f"  {each.name or each.device_id}: {each.known} commands known, {each.played} played, {each.refused} refused{rest}"
        )  # fmt: skip
    for branch in report.branches:
        lines.append(f"apart: {branch.source} says otherwise from entry {branch.from_sequence} on; kept as {branch.file}")
    lines += [f"refused: command {each.command_id} at {_short(each.position)}: {each.code}: {each.detail}" for each in report.refused]
    lines += [f"note: {problem}" for problem in report.problems]
    lines += [f"missing: entries {stretch}: in no source, and no command of theirs was handed in" for stretch in report.missing]
    if not report.missing:
        lines.append(f"nothing is known to be missing up to {_short(report.highest_seen or report.head)}")
    return lines


def _short(position: str) -> str:
    epoch, sequence, hashed = position.split(".")
    return f"{epoch}.{sequence}.{hashed[:8]}"
