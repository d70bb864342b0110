"""What a person decides about orphans: they are handed to the present box of the site, or set aside with a reason (Law 6).

What lives here: the rules of both. Nothing is handed over that could not hold: not in halves, not without what it follows on. Whether it
fits what the site has become only its box can say. What there is to decide about is read in orphans.py.
"""

from collections.abc import Collection, Sequence

import msgspec

from hub.app.errors import HubRefused
from hub.app.operating import Operations
from hub.app.orphans import OPEN, Branch, OrphanedCommand, read_branches, subjects_of
from hub.app.ports import Site
from shared.domain.adopting import AdoptOrphan, OrphanedEntry
from shared.domain.kernel import Key
from shared.limits import ADOPT_BYTES_MAX, EVENTS_PER_COMMAND_MAX, SITE_COMMAND_TTL_S

__all__ = ["Decided", "adopt", "set_aside"]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of which commands, by their first sequences; `passed_over` needed nothing."""

    adopted: tuple[int, ...] = ()
    set_aside: tuple[int, ...] = ()
    passed_over: tuple[int, ...] = ()


async def adopt(
    shard: Operations, site: Site, epoch: int, sequences: Collection[int] | None, decided_by: str, ttl_s: float = SITE_COMMAND_TTL_S
) -> Decided:
    """Hand the commands that hold these entries (None: all) to the box of the site, in order. What only ran the old box is set aside.

    Raises HubRefused, and then nothing was handed over: `orphan.unknown`, `orphan.decided`, `orphan.box_own`, `orphan.incomplete`,
    `orphan.out_of_order` where an earlier command about the same check is left out, `orphan.too_large`.
    """
    _ensure_said(decided_by, "who decides")
    [branch] = await read_branches(shard, site, epoch)
    is_all = sequences is None
    wanted = _wanted(branch, sequences)
    ready: list[tuple[OrphanedCommand, bytes]] = []
    own: list[OrphanedCommand] = []
    passed: list[int] = []
    for each in wanted:
        if each.state == "own" and is_all:
            own.append(each)
        elif each.state in ("waiting", "adopted", "in_effect") or (is_all and each.state == "set_aside"):
            passed.append(each.first)
        else:
            _ensure_adoptable(each)
            ready.append((each, _command_of(each)))
    _ensure_in_order(site, branch, [each for each, _ in ready])
    for each, command in ready:
        await shard.send_command(site.org_id, site.site_id, each.command_id, command, ttl_s, decided_by)
    for each in own:
        await shard.decide(site.org_id, site.site_id, epoch, each.sequences, "set_aside", "it only ran the old box", decided_by)
    return Decided(
        adopted=tuple([each.first for each, _ in ready]), set_aside=tuple([each.first for each in own]), passed_over=tuple(passed)
    )  # fmt: skip


async def set_aside(shard: Operations, site: Site, epoch: int, sequences: Collection[int] | None, reason: str, decided_by: str) -> Decided:
    """The commands that hold these entries (None: all that nobody has decided on) hold no more, for `reason`; they are kept.

    Raises HubRefused: `orphan.unknown`, `orphan.decided`, `orphan.waiting` for one that the box may take at any moment.
    """
    _ensure_said(decided_by, "who decides")
    _ensure_said(reason, "a reason")
    [branch] = await read_branches(shard, site, epoch)
    wanted = _wanted(branch, sequences)
    for each in wanted if sequences is not None else ():
        if each.state == "waiting":
            raise HubRefused("orphan.waiting", f"The command at {each.first} waits for the box.")
        if each.state in ("adopted", "in_effect"):
            raise HubRefused("orphan.decided", f"The command at {each.first} is in the journal of the site.")
    done = [each for each in wanted if each.state in OPEN]
    for each in done:
        await shard.decide(site.org_id, site.site_id, epoch, each.sequences, "set_aside", reason, decided_by)
    passed = tuple([each.first for each in wanted if each not in done])
    return Decided(set_aside=tuple([each.first for each in done]), passed_over=passed)


def _wanted(branch: Branch, sequences: Collection[int] | None) -> list[OrphanedCommand]:
    if sequences is None:
        return list(branch.commands)
    known = {sequence: each for each in branch.commands for sequence in each.sequences}
    missing = sorted(set(sequences) - known.keys())
    if missing:
        raise HubRefused("orphan.unknown", f"The branch of epoch {branch.epoch} holds no entry {missing[0]}.")
    chosen = {known[sequence].first for sequence in sequences}
    return [each for each in branch.commands if each.first in chosen]


def _ensure_adoptable(command: OrphanedCommand) -> None:
    if command.state == "set_aside":
        raise HubRefused("orphan.decided", f"The command at {command.first} was set aside by {command.decided_by}: {command.reason}")
    if command.state == "own":
        raise HubRefused("orphan.box_own", f"{command.events[0]} at {command.first} only ran the old box.")
    if command.state == "incomplete" or len(command.rows) > EVENTS_PER_COMMAND_MAX:
        raise HubRefused("orphan.incomplete", f"Of the command at {command.first} not every entry is here, or it cannot be read.")


def _command_of(command: OrphanedCommand) -> bytes:
    entries = tuple([OrphanedEntry(hash=row.hash.hex(), entry=msgspec.Raw(row.entry)) for row in command.rows])
    body = msgspec.json.encode(AdoptOrphan(entries=entries))
    if len(body) > ADOPT_BYTES_MAX:
        raise HubRefused("orphan.too_large", f"The command at {command.first} has {len(body)} bytes; {ADOPT_BYTES_MAX} can be handed over.")
    return body


def _ensure_in_order(site: Site, branch: Branch, ready: Sequence[OrphanedCommand]) -> None:
    """What follows on a check holds only with what came before it."""
    going = {each.first for each in ready}
    wanted = {key for each in ready for key in subjects_of(site, each.rows)}
    missing: dict[Key, int] = {}
    for each in branch.commands:
        keys = [key for key in subjects_of(site, each.rows) if key in wanted]
        if each.first in going:
            for kind, id in keys:
                if (kind, id) in missing:
                    raise HubRefused(
                        "orphan.out_of_order",
                        f"The command at {each.first} follows on that at {missing[kind, id]} about {kind} {id}, which is not adopted.",
                    )
        elif each.state not in ("adopted", "in_effect", "waiting"):
            for key in keys:
                missing.setdefault(key, each.first)


def _ensure_said(text: str, what: str) -> None:
    if not text.strip():
        raise HubRefused("decision.unsigned", f"Say {what}.")
