"""Adopting what a fenced box still held: an orphaned command comes into the journal of the site as it was decided there (Law 6).

What lives here: the command by which the hub hands an orphan to the present box, the event that carries each of its entries, and what
makes one unfit. Events are unwrapped by the registry, which is passed in: an adopted event changes what it would have changed, under
the epoch, number, time and date that it had. Who decides what is adopted, and where orphans are kept, is not known here.

An orphan fits where the present box has not gone on with what it changes: a check that was changed under a higher epoch than the
orphan's was decided upon without it, and to change it now would pay it twice or sell from what is gone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from shared.domain.check.acts import ensure_not_overpaid
from shared.domain.check.reckoning import sums_of, total_minor
from shared.domain.check.state import Check
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Draft, Event, Evolver, Feature, Key, Meta, View
from shared.limits import EVENTS_PER_COMMAND_MAX

__all__ = [
    "BOX_OWN", "AdoptOrphan", "Orphan", "OrphanAdopted", "OrphanedEntry", "make_feature", "mark_epoch", "orphan_digest", "read_orphan",
]  # fmt: skip

BOX_OWN = frozenset({
    "BusinessDayTurned", "ClockAccepted", "EpochStarted", "MenuApplied", "MenuScheduled", "MenuUnscheduled",
})  # fmt: skip
"""Events by which the old box ran itself. They hold for no other box: the present one has its own epoch, date and menu."""


class OrphanedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of the branch of a fenced box: its raw JSON exactly as written there, and its hash (lower-case hexadecimal)."""

    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    entry: msgspec.Raw


class AdoptOrphan(Command, frozen=True):
    """Take over all entries of one command that a fenced box accepted and this journal lacks. Said by the hub because a person decided
    so, under the id of the orphaned command, so that it has one effect whoever brings it."""

    entries: Annotated[
        tuple[OrphanedEntry, ...],
        msgspec.Meta(min_length=1, max_length=EVENTS_PER_COMMAND_MAX, description="all entries of one orphaned command, in order"),
    ]


class OrphanAdopted(Event, frozen=True):
    """An event of a fenced box holds after all. `epoch`, `sequence`, `hash`, `at` (UTC), `date`, `device` and `actor` are those of its
    entry on the branch; `event` is the event as it stands there."""

    epoch: int
    sequence: int
    hash: str
    at: datetime
    date: str
    event: msgspec.Raw
    device: str = ""
    actor: str = ""


class Orphan(msgspec.Struct, frozen=True, kw_only=True):
    """What an orphaned entry says: the fields of an entry that matter here, others are passed over."""

    org: str
    site: str
    epoch: int
    sequence: int
    at: datetime
    date: str
    command: str
    ordinal: int
    of: int
    event: msgspec.Raw
    device: str = ""
    actor: str = ""
    digest: str = ""


class _Typed(msgspec.Struct):
    type: str


_decoder = msgspec.json.Decoder(Orphan)
_type_decoder = msgspec.json.Decoder(_Typed)
Decode = Callable[[msgspec.Raw], Event | None]


def read_orphan(command: AdoptOrphan) -> list[Orphan]:
    """The entries of the orphaned command, in order. Raises Refused `orphan.malformed` unless they are one command, whole."""
    try:
        found = [_decoder.decode(each.entry) for each in command.entries]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("orphan.malformed", f"An orphaned entry cannot be read: {error}") from error
    first = found[0]
    for index, each in enumerate(found):
        expected = (first.org, first.site, first.epoch, first.sequence + index, first.command, index, len(found))
        if (each.org, each.site, each.epoch, each.sequence, each.command, each.ordinal, each.of) != expected:
            raise Refused("orphan.malformed", "The entries are not those of one command, all of them, in order.")
    return found


def orphan_digest(command: AdoptOrphan, command_id: str) -> str:
    """The digest under which the orphaned command is known, so that the tablet that repeats it gets its answer. Raises Refused."""
    first = read_orphan(command)[0]
    if first.command != command_id:
        raise Refused("orphan.malformed", f"The orphan is of command {first.command}, not {command_id}.")
    return first.digest


def mark_epoch(changes: Mapping[Key, Aggregate], epoch: int) -> Mapping[Key, Aggregate]:
    """The changes, with the checks among them marked as changed under `epoch`: what decides later whether an orphan fits."""
    stale = {key: each for key, each in changes.items() if isinstance(each, Check) and each.changed_epoch != epoch}
    if not stale:
        return changes
    return {**changes, **{key: msgspec.structs.replace(each, changed_epoch=epoch) for key, each in stale.items()}}


def make_feature(evolve: Evolver, decode: Decode) -> Feature:
    """The feature over the registry's own `evolve` and `decode_event`, which know every feature."""

    def adopted(view: View, event: OrphanAdopted, meta: Meta) -> Mapping[Key, Aggregate]:
        inner = decode(event.event)
        return {} if inner is None else evolve(view, inner, _meta_of(event, meta.command_id, meta.ordinal, meta.sequence))

    def adopt(view: View, command: AdoptOrphan, context: Context) -> Iterable[Event]:
        orphans = read_orphan(command)
        _ensure_ours(orphans, context)
        draft = Draft(view)
        for ordinal, (orphan, given) in enumerate(zip(orphans, command.entries, strict=True)):
            event = OrphanAdopted(
                epoch=orphan.epoch, sequence=orphan.sequence, hash=given.hash, at=orphan.at, date=orphan.date, event=orphan.event,
                device=orphan.device, actor=orphan.actor,
            )  # fmt: skip
            inner = _ensure_adoptable(orphan, decode)
            try:
                changes = evolve(draft, inner, _meta_of(event, orphan.command, ordinal, orphan.sequence))
                _ensure_untouched(draft, changes, orphan.epoch)
            except Refused as error:
                raise Refused("orphan.unfit", f"{type(inner).__name__}: {error.detail}") from error
            except Exception as error:  # whatever evolving over another state makes of it, it does not fit, and stays with the hub
                raise Refused("orphan.unfit", f"{type(inner).__name__} does not fit: {type(error).__name__}: {error}") from error
            draft.put(changes)
            yield event
        _ensure_covered(view, draft)

    return Feature(
        name="adopting",
        deciders={AdoptOrphan: ("adopt", adopt)},
        evolvers={OrphanAdopted: adopted},
        errors={
            "orphan.malformed": ErrorInfo(
                422, "The entries are no orphaned command of this site.", "List it again: comanda hub orphans list."
            ),
            "orphan.in_effect": ErrorInfo(
                409, "The command is in the journal already: a tablet has brought it.", "Nothing needs to be done."
            ),
            "orphan.settled": ErrorInfo(
                409, "A person at the site has made up for the command.", "Set it aside: comanda hub orphans set-aside."
            ),
            "orphan.box_own": ErrorInfo(
                422, "The entry is one by which the old box ran itself.", "Set it aside: comanda hub orphans set-aside."
            ),
            "orphan.unfit": ErrorInfo(
                409,
                "The orphaned command does not fit what the site has become since.",
                "Enter by hand what of it still holds, and set it aside: comanda hub orphans set-aside.",
            ),
        },
    )


def _meta_of(event: OrphanAdopted, command_id: str, ordinal: int, sequence: int) -> Meta:
    """What the entry on the branch said around its event; the place is the one it has now."""
    return Meta(
        at=event.at, date=event.date, command_id=command_id, ordinal=ordinal, epoch=event.epoch, sequence=sequence,
        device_id=event.device, actor_id=event.actor,
    )  # fmt: skip


def _ensure_ours(orphans: Sequence[Orphan], context: Context) -> None:
    first = orphans[0]
    if (first.org, first.site) != (context.org_id, context.site_id):
        raise Refused("orphan.malformed", f"The orphan is of site {first.site[:64]}.")
    if first.command != context.command_id:
        raise Refused("orphan.malformed", f"The orphan is of command {first.command[:64]}, not {context.command_id}.")
    if not 0 < first.epoch < context.epoch:
        raise Refused("orphan.malformed", f"An orphan is of an epoch before {context.epoch}, not of {first.epoch}.")


def _ensure_adoptable(orphan: Orphan, decode: Decode) -> Event:
    try:
        name = _type_decoder.decode(orphan.event).type
        inner = decode(orphan.event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Refused("orphan.unfit", f"The event at {orphan.sequence} cannot be read: {error}") from error
    if name in BOX_OWN:
        raise Refused("orphan.box_own", f"{name} at {orphan.sequence} belongs to the box of epoch {orphan.epoch}.")
    if inner is None:
        raise Refused("orphan.unfit", f"No event {name[:64]!r} is known to this box.")
    return inner


def _ensure_covered(before: View, after: Draft) -> None:
    """Raises Refused for what leaves a check overpaid, as a payment of lines that nobody adopted does: no decision of a box does so. Where
    the check was overpaid before, this orphan is not the reason."""
    for (kind, id), check in after.changes.items():
        if not isinstance(check, Check):
            continue
        try:
            ensure_not_overpaid(check)
        except Refused as error:
            found = before.find(Check, kind, id)
            if found is None or found.paid_minor <= total_minor(found):
                raise Refused("orphan.unfit", error.detail) from error


def _ensure_untouched(before: View, changes: Mapping[Key, Aggregate], epoch: int) -> None:
    """Raises Refused for a check that the site has gone on with since, ValueError for one that no arithmetic can be done on."""
    for (kind, id), after in changes.items():
        if not isinstance(after, Check):
            continue
        found = before.find(Check, kind, id)
        if found is not None and found.changed_epoch > epoch:
            raise Refused("orphan.unfit", f"Check {found.number} has been changed under epoch {found.changed_epoch} since.")
        sums_of(after)
