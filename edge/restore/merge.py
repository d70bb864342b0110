"""From several sources one journal: the longest history that is proven, the hub's where two contradict.

What lives here: the rules of what is believed, and the keeping of what contradicts. Every entry is proven against the one before it,
from the first on, whoever sent it; a hash of the chain stands for all before it, so that sources agree up to the last entry at which
their hashes do.

- The hub's journal is the site's: what it holds goes before any mirror. Mirrors lead on where it ends, or fill a hole in it.
- From a mirror only whole commands are taken. (The hub may hold half of a very large one; that is said.)
- A mirror that contradicts is a branch: kept in a file beside the journal, named in the report, for a person.
- A directory that holds entries already is only ever added to. One that contradicts is left as it is.
- An entry of a higher epoch than this box's means that there is another, newer claim; one of this very epoch that is not in the
  directory, that the epoch is used: its numbers would be given twice (Law 6).
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from edge.box import Box
from edge.journal.refill import Refill
from edge.mirror.file import chain_problem
from edge.restore.branch import BranchFile
from edge.restore.report import Branch, Came, Stretch
from edge.restore.sources import MirrorSource, Source
from shared.limits import FETCH_ENTRIES_MAX
from shared.operator_error import OperatorError
from shared.protocol.entry import START, Position, StoredEntry, decode_entry

__all__ = ["Merger"]

_OWN = "this directory"


class _UnprovenError(Exception):
    """What a source sent that does not follow from what is there. The text says why."""


class Merger:
    """Fills one journal from sources. Afterwards `highest` is the highest position of this history that any of them names, `came` what
    came from where, `branches` what contradicts it, `problems` sentences about sources, `half_command` the last entry before the epoch of this box if
    its command goes on after it, else 0."""

    def __init__(self, journal: Refill, box: Box, data_dir: Path, progress: Callable[[int], None] = lambda _: None) -> None:
        self._journal = journal
        self._box = box
        self._data_dir = data_dir
        self._progress = progress
        self.own_head = journal.head
        self.highest = START
        self._has_hub = False
        self._later: dict[str, int] = {}
        self.branches: list[Branch] = []
        self.problems: list[str] = []
        self.half_command = 0
        self.came: list[Came] = []
        if journal.head.sequence:
            self.came.append(Came(source=_OWN, stretch=Stretch(first=journal.begins.sequence + 1, last=journal.head.sequence)))

    def merge(self, hub: Source | None, mirrors: Sequence[MirrorSource]) -> None:
        """Take from each source what leads on, as long as any does. Raises OperatorError."""
        self._has_hub = hub is not None
        for source in [*([hub] if hub else []), *mirrors]:
            self._ensure_our_epoch(source)
        self._note_damage(mirrors)
        before: Position | None = None
        while before != self._journal.head:
            before = self._journal.head
            if hub is not None:
                self._take_hub(hub)
            for mirror in mirrors:
                if not self._is_parted(mirror):
                    self._take_mirror(mirror)
        agreeing = [*([hub.head] if hub else []), *[mirror.head for mirror in mirrors if not self._is_parted(mirror)]]
        earlier = [
            head for head in agreeing if head.epoch < self._box.epoch
        ]  # what this box wrote since stands in the place of what is lost
        self.highest = max([self._journal.last_before(self._box.epoch), *earlier], key=lambda each: each.sequence)
        for name, first in self._later.items():
            if first > self._journal.head.sequence + 1:
                self._note(f"{name} begins at entry {first}; entries {self._journal.head.sequence + 1} to {first - 1} are in no source")
        last = self._journal.entry(self._journal.last_before(self._box.epoch).sequence)
        if last is not None and not _ends_command(last):
            self.half_command = last.sequence
            self._note(f"entry {last.sequence} is in the middle of a command whose rest is in no source: let a person look at its check")
        if hub is None:
            self._note("the hub was not asked: what it holds beyond will be put aside as orphans (comanda hub orphans list)")
        elif hub.head.sequence > self._journal.head.sequence:
            first = self._journal.head.sequence + 1
            raise OperatorError(
                "restore.hole",
                f"The hub is at {hub.head.sequence}, but entry {first} is in no source.",
                "Look for a mirror or the old box's disk, and run the same again with --mirror: the journal must be whole to be sold on.",
            )

    def _ensure_our_epoch(self, source: Source) -> None:
        epoch = self._box.epoch
        if source.head.epoch > epoch:
            raise OperatorError(
                "restore.epoch_behind",
                f"{source.name} holds entries of epoch {source.head.epoch}; this box was claimed under epoch {epoch}.",
                "Another box has been claimed for the site since: take this one out of service, or claim the site anew"
                f" (comanda hub site claim SITE --above {source.head.epoch}) and begin again.",
            )

    def _note_damage(self, mirrors: Sequence[MirrorSource]) -> None:
        self.problems += [
            f"{mirror.name} is damaged after entry {mirror.head.sequence}: {mirror.problem}" for mirror in mirrors if mirror.problem
        ]

    # --- taking --------------------------------------------------------------------------------

    def _take_hub(self, hub: Source) -> None:
        journal = self._journal
        held = journal.entry(hub.head.sequence)
        if hub.head.sequence <= journal.head.sequence:
            if held is not None and held.position != hub.head:
                raise self._contradiction(hub, hub.head.sequence)
            return
        try:
            for run in hub.after(journal.head):
                self._append(hub, run)
        except _UnprovenError as error:
            if self._journal.head == self.own_head and self.own_head.sequence:
                raise self._contradiction(hub, self.own_head.sequence) from error
            self._note(f"the hub has no entry that follows {self._journal.head.sequence}: {error}")

    def _contradiction(self, source: Source, sequence: int) -> OperatorError:
        return OperatorError(
            "restore.contradicts",
            f"{self._data_dir} holds another history than {source.name}, at entry {sequence} at the latest.",
            "It was left as it is, and may be all there is of that history: keep it, and restore into an empty directory.",
        )

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _is_parted(self, mirror: MirrorSource) -> bool:
        return any(branch.source == mirror.name for branch in self.branches)

    def _take_mirror(self, mirror: MirrorSource) -> None:
        """Compare what both hold, and take what leads on; from the first entry that contradicts on, keep the rest apart."""
        journal, runs = self._journal, mirror.runs()
        held: list[StoredEntry] = []  # proven to lead on, and not in the journal yet: frames are small, and each append is synced
        for run in runs:
            parted = self._parts_at(run)
            if parted is not None:
                self._keep_apart(mirror, [each for each in run if each.sequence >= parted], runs)
                return
            fresh = [entry for entry in run if entry.sequence > journal.head.sequence]
            if fresh and not held:
                if fresh[0].sequence > journal.head.sequence + 1:
                    self._later[mirror.name] = fresh[0].sequence  # what lies between is not here, or not yet
                    return
                if chain_problem(journal.head, fresh[0]):
                    self._keep_apart(mirror, fresh, runs)
                    return
            held += fresh
            if len(held) >= FETCH_ENTRIES_MAX and not self._append_whole(mirror, held):
                return
        if self._append_whole(mirror, held) and held:
            self._note(f"{mirror.name} ends in the middle of a command, of which {len(held)} entries are left out")

    def _append_whole(self, mirror: MirrorSource, held: list[StoredEntry]) -> bool:
        """Put what makes whole commands in the journal, and leave the rest in `held`; whether all of it was as it should be."""
        whole = _whole_commands(held)
        try:
            self._append(mirror, held[:whole], only_whole=True)
        except _UnprovenError as error:
            self._note(f"{mirror.name} is left out from there on: {error}")
            return False
        del held[:whole]
        return True

    def _parts_at(self, run: Sequence[StoredEntry]) -> int | None:
        """The first sequence of the run at which the journal holds another entry."""
        common = [entry for entry in run if self._journal.begins.sequence < entry.sequence <= self._journal.head.sequence]
        if not common or self._journal.entry(common[-1].sequence) == common[-1]:
            return None
        return next(entry.sequence for entry in common if self._journal.entry(entry.sequence) != entry)

    def _keep_apart(self, mirror: MirrorSource, rest: list[StoredEntry], runs: Iterable[list[StoredEntry]]) -> None:
        if self.own_head.sequence >= rest[0].sequence and not self._has_hub:
            raise self._contradiction(mirror, rest[0].sequence)  # nobody is there to say which of the two is the site's
        with BranchFile(self._data_dir, self._box.org_id, self._box.site_id) as file:
            file.write(rest)
            for run in runs:
                file.write(run)
            path = file.keep()
        self.branches.append(Branch(source=mirror.name, from_sequence=rest[0].sequence, head=str(file.end), file=path.name))

    def _append(self, source: Source, run: Sequence[StoredEntry], *, only_whole: bool = False) -> None:
        """Prove a run against the journal's end, and put there what is proven; `only_whole`: no part of a command whose rest is not."""
        last = self._journal.head
        proven: list[StoredEntry] = []
        problem = ""
        for entry in run:
            problem = chain_problem(last, entry) or self._foreign(entry)
            if problem:
                break
            self._ensure_not_ours(source, entry)
            proven.append(entry)
            last = entry.position
        if only_whole:
            del proven[_whole_commands(proven) :]
        for start in range(0, len(proven), FETCH_ENTRIES_MAX):
            self._journal.append(proven[start : start + FETCH_ENTRIES_MAX])
        if proven:
            self._note_came(source, proven[0].sequence, proven[-1].sequence)
            self._progress(proven[-1].sequence)
        if problem:
            raise _UnprovenError(problem)

    def _foreign(self, entry: StoredEntry) -> str:
        try:
            said = decode_entry(entry.entry)
        except msgspec.MsgspecError as error:
            return f"entry {entry.sequence} cannot be read: {error}"
        if (said.org, said.site, said.epoch, said.sequence) == (self._box.org_id, self._box.site_id, entry.epoch, entry.sequence):
            return ""
        return f"entry {entry.sequence} says that it is entry {said.epoch}.{said.sequence} of site {said.site}"

    def _ensure_not_ours(self, source: Source, entry: StoredEntry) -> None:
        if entry.epoch >= self._box.epoch:
            raise OperatorError(
                "restore.epoch_used",
                f"{source.name} holds entry {entry.sequence} of epoch {entry.epoch}, which is this box's; this directory does not.",
                "A box has sold under this claim already: claim the site anew (comanda hub site claim SITE) and enrol into an empty directory.",
            )

    def _note_came(self, source: Source, first: int, last: int) -> None:
        before = self.came[-1] if self.came else None
        if before is not None and before.source == source.name and before.stretch.last + 1 == first:
            self.came.pop()
            first = before.stretch.first
        self.came.append(Came(source=source.name, stretch=Stretch(first=first, last=last)))


def _whole_commands(run: Sequence[StoredEntry]) -> int:
    """How many entries of the run make whole commands: half of one would be in effect in half for ever, and be taken for known when a
    tablet hands it in."""
    for count in range(len(run), 0, -1):
        if _ends_command(run[count - 1]):
            return count
    return 0


def _ends_command(stored: StoredEntry) -> bool:
    try:
        said = decode_entry(stored.entry)
    except msgspec.MsgspecError:
        return True  # it is judged, and refused, where it is put in the journal
    return said.ordinal + 1 >= said.of
