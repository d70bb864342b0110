"""What a replaced box still held, command by command: seen, adopted, or set aside with a reason (Law 6).

What lives here: entries of a branch put together to the commands they came of, and what has become of each. The site owns its
journal: to adopt is to send it a command (deciding.py), which its box carries out or refuses. How orphans are kept is behind the port.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

import msgspec

from hub.app.errors import HubRefused
from hub.app.operating import BranchView, Operations, OrphanRow, SentCommand
from hub.app.ports import Site
from hub.project.reading import RawEntry, read_entry
from shared.domain.adopting import BOX_OWN, OrphanAdopted
from shared.domain.ids import is_id
from shared.domain.kernel import Key
from shared.limits import ORPHANS_PAGE_ENTRIES

__all__ = ["OPEN", "Branch", "OrphanedCommand", "read_branches", "subjects_of"]

State = Literal["held", "incomplete", "own", "waiting", "expired", "refused", "adopted", "in_effect", "set_aside"]
OPEN: frozenset[State] = frozenset({"held", "incomplete", "own", "expired", "refused"})
"""Of these somebody has still to decide."""


class OrphanedCommand(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of one command, `first` to `last`, on a branch. `state`:

    held: nobody has decided; incomplete: its other entries have not arrived; own: by it the old box ran itself, no other has a use for
    it; waiting: adopted, and the box of the site does not have it yet; expired: it did not get it in time; refused: it would
    not have it, `code` says why; adopted; in_effect: a tablet has brought it; set_aside.
    """

    first: int
    last: int
    command_id: str
    state: State
    code: str
    at: str
    date: str
    device: str
    actor: str
    events: tuple[str, ...]
    about: tuple[str, ...]
    reason: str
    decided_by: str
    decided_at: datetime | None
    rows: tuple[OrphanRow, ...]

    @property
    def sequences(self) -> list[int]:
        return [row.sequence for row in self.rows]


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """What one replaced box still held, and what has become of it."""

    epoch: int
    parted: int
    kept: int
    received_at: datetime
    commands: tuple[OrphanedCommand, ...]

    @property
    def undecided(self) -> int:
        return sum(each.state in OPEN for each in self.commands)


class _Event(msgspec.Struct, frozen=True):
    type: str = ""


class _Said(msgspec.Struct, frozen=True):
    command: str = ""
    ordinal: int = 0
    of: int = 1
    at: str = ""
    date: str = ""
    device: str = ""
    actor: str = ""
    event: _Event = _Event()


_said = msgspec.json.Decoder(_Said)


# --- what there is -------------------------------------------------------------------------------


async def read_branches(shard: Operations, site: Site, epoch: int | None = None) -> list[Branch]:
    """The branches of a site, or that of one epoch. What stands in the site's journal by now is found, and noted. Raises HubRefused
    `orphan.unknown` for an epoch that left none."""
    found = [each for each in await shard.branches(site.org_id, site.site_id) if epoch in (None, each.epoch)]
    if epoch is not None and not found:
        raise HubRefused("orphan.unknown", f"Site {site.name!r} has no branch of epoch {epoch}.")
    return [await _read(shard, site, each) for each in found]


async def _read(shard: Operations, site: Site, branch: BranchView) -> Branch:
    rows = await _rows(shard, site, branch.epoch)
    if await _compare(shard, site, branch, rows):
        rows = await _rows(shard, site, branch.epoch)
    groups = [list(group) for _, group in groupby(rows, key=_group_of)]
    sent: dict[str, SentCommand] = {}
    ids = [_say(group[0]).command for group in groups]
    for start in range(0, len(ids), ORPHANS_PAGE_ENTRIES):
        page = await shard.sent_commands(site.org_id, site.site_id, ids[start : start + ORPHANS_PAGE_ENTRIES])
        sent |= {each.command_id: each for each in page}
    commands = tuple([_command(site, group, sent) for group in groups])
    return Branch(
        epoch=branch.epoch, parted=branch.parted.sequence, kept=branch.kept.sequence, received_at=branch.received_at, commands=commands
    )  # fmt: skip


async def _rows(shard: Operations, site: Site, epoch: int) -> list[OrphanRow]:
    rows: list[OrphanRow] = []
    while True:
        page = await shard.orphans(site.org_id, site.site_id, epoch, rows[-1].sequence if rows else 0, ORPHANS_PAGE_ENTRIES)
        rows += page
        if len(page) < ORPHANS_PAGE_ENTRIES:
            return rows


def _say(row: OrphanRow) -> _Said:
    """What the entry says, as far as it can be read: a box of any release wrote it."""
    try:
        return _said.decode(row.entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Said()


def _group_of(row: OrphanRow) -> str:
    return _say(row).command or f"entry {row.sequence}"


def _command(site: Site, rows: Sequence[OrphanRow], sent: Mapping[str, SentCommand]) -> OrphanedCommand:
    said = [_say(row) for row in rows]
    first, row = said[0], rows[0]
    command = sent.get(first.command)
    asked = command if command is not None and row.state == "held" else None
    return OrphanedCommand(
        first=row.sequence, last=rows[-1].sequence, command_id=first.command, state=_state_of(rows, said, command),
        code=command.result if command else "", at=first.at, date=first.date, device=first.device, actor=first.actor,
        events=tuple([each.event.type or "?" for each in said]), about=tuple([id for _, id in subjects_of(site, rows)]), reason=row.reason,
        decided_by=asked.asked_by if asked else row.decided_by, decided_at=asked.asked_at if asked else row.decided_at, rows=tuple(rows),
    )  # fmt: skip


_DECIDED: dict[str, State] = {"adopted": "adopted", "set_aside": "set_aside", "in_effect": "in_effect"}


def _state_of(rows: Sequence[OrphanRow], said: Sequence[_Said], sent: SentCommand | None) -> State:
    decided = _DECIDED.get(rows[0].state)
    if decided is not None:
        return decided
    if sent is not None and sent.state != "done":
        return "refused" if sent.state == "refused" else "expired" if sent.is_expired else "waiting"
    if all(each.event.type in BOX_OWN for each in said):
        return "own"
    whole = [(each.ordinal, each.of) for each in said] == [(ordinal, len(said)) for ordinal in range(len(said))]
    return "held" if whole and is_id(said[0].command) else "incomplete"


def subjects_of(site: Site, rows: Sequence[OrphanRow]) -> list[Key]:
    """The checks and tickets that the entries are about."""
    found: dict[Key, None] = {}
    for row in rows:
        read = read_entry(site.org_id, site.site_id, RawEntry(row.sequence, row.entry_epoch, row.entry))
        found |= dict.fromkeys(key for key in read.subjects if key[0] != "entry")
    return list(found)


async def _compare(shard: Operations, site: Site, branch: BranchView, rows: Sequence[OrphanRow]) -> bool:
    """Look for commands of the branch in what the site's journal has gained since they parted; whether any was found."""
    held: dict[str, list[int]] = {}
    for row in rows:
        if row.state == "held" and (command := _say(row).command):
            held.setdefault(command, []).append(row.sequence)
    kept, journal = branch.compared
    at = journal if kept == branch.kept.sequence else branch.parted.sequence
    brought: dict[str, list[str]] = {"adopted": [], "in_effect": []}
    while held:
        page = await shard.journal_after(site.org_id, site.site_id, at, ORPHANS_PAGE_ENTRIES)
        for sequence, entry in page:
            at = sequence
            try:
                said = _said.decode(entry)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue  # whatever it is, it is in quarantine, and no command of the branch can be told from it
            if said.command in held:
                is_adopted = said.event.type == OrphanAdopted.__name__
                brought["adopted" if is_adopted else "in_effect"].append(said.command)
        if len(page) < ORPHANS_PAGE_ENTRIES:
            break
    for state, commands in brought.items():
        asked = {each.command_id: each.asked_by for each in await shard.sent_commands(site.org_id, site.site_id, commands)}
        for command in dict.fromkeys(commands):
            by = asked.get(command, "") if state == "adopted" else ""
            await shard.decide(site.org_id, site.site_id, branch.epoch, held[command], state, "", by)
    await shard.compared(site.org_id, site.site_id, branch.epoch, branch.kept.sequence, at)
    return any(brought.values())
