"""Takes entries out of quarantine: folds them again by the present rules, with what a person has put in their place.

What lives here: what is held back together, and folding it once more, in order, in one transaction. How state is kept is behind the
transaction, what an entry means in fold.py. All that flows on beside it is not touched.

What is held back of a check is folded on the state in which the check stopped; days, stations and series have gone on meanwhile, and
take what is added late as they would have taken it early. Where that does not hold, because an entry turns out to be about more than what
was held back with it, or changes the site as a whole, the site is projected anew.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from hub.app.errors import HubRefused
from hub.db.connect import ValueRefused
from hub.project.fold import Held, SiteFold
from hub.project.projector import fold_entries
from hub.project.reading import RawEntry, Read, read_entry
from hub.project.rows import replacements
from shared.domain.kernel import Aggregate, Key
from shared.domain.kitchen.state import TICKET
from shared.domain.registry import EVENTS
from shared.domain.site import Series
from shared.protocol.entry import Entry, decode_entry, encode_entry
from shared.protocol.subjects import Address

if TYPE_CHECKING:
    from hub.db.project_store import ProjectShard, SiteTransaction

__all__ = ["Correction", "Repaired", "corrected_entry", "held_together", "resolve", "retry"]


Group = tuple[frozenset[Key], list[int]]
"""(keys, sequences): what is held back together."""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A person's decision about one entry: `event` is JSON to be read in its place (an event, or a whole entry), None to leave it out."""

    sequence: int
    event: bytes | None
    reason: str
    decided_by: str


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: entries folded, those that stay with the reason, and whether the site is projected anew."""

    folded: int
    held: tuple[Held, ...] = ()
    is_anew: bool = False


class _Anew(Exception):
    """The order of entries matters beyond what was held back together."""


async def retry(shard: "ProjectShard", address: Address, key: Key | None = None) -> Repaired:
    """Fold again what is held back with `key`, or everything that is. Raises HubRefused `quarantine.unknown`."""
    async with shard.repairing(address) as site:
        groups = held_together(await site.all_held())
        wanted = [group for group in groups if key is None or key in group[0]]
        if not wanted:
            raise HubRefused("quarantine.unknown", "Nothing is held back there.")
        return await _repair(site, address, wanted, groups)


async def resolve(shard: "ProjectShard", address: Address, correction: Correction) -> Repaired:
    """Put a correction in the place of an entry that is in quarantine, or leave it out, and fold again what was held back with it.

    Raises HubRefused; then nothing has changed.
    """
    async with shard.repairing(address) as site:
        groups = held_together(await site.all_held())
        wanted = [group for group in groups if correction.sequence in group[1]]
        if not wanted:
            raise HubRefused("quarantine.unknown", f"The entry at {correction.sequence} is not in quarantine.")
        entry = None
        if correction.event is not None:
            [raw] = await site.entries_at([correction.sequence])
            entry = corrected_entry(address, raw, correction.event)
            _ensure_same(address, raw, entry, wanted[0][0])
        await site.correct(correction.sequence, entry, correction.reason, correction.decided_by)
        done = await _repair(site, address, wanted, groups)
        for held in done.held if entry is not None else ():
            if held.sequence == correction.sequence and held.code != "quarantine.follows":
                raise HubRefused("correction.unfit", f"{held.code}: {held.detail}")
        return done


def held_together(held: Sequence[tuple[int, Key]]) -> list[Group]:
    """(keys, sequences) of what is linked by common entries: two checks that merged are repaired together, or not at all."""
    groups: list[tuple[set[Key], set[int]]] = []
    of_key: dict[Key, int] = {}
    of_sequence: dict[int, int] = {}
    for sequence, key in held:
        known = sorted({group for group in (of_key.get(key), of_sequence.get(sequence)) if group is not None})
        if not known:
            known = [len(groups)]
            groups.append((set(), set()))
        keys, sequences = groups[known[0]]
        keys.add(key)
        sequences.add(sequence)
        for other in known[1:]:
            keys |= groups[other][0]
            sequences |= groups[other][1]
            of_key |= dict.fromkeys(groups[other][0], known[0])
            of_sequence |= dict.fromkeys(groups[other][1], known[0])
            groups[other] = (set(), set())
        of_key[key] = of_sequence[sequence] = known[0]
    return [(frozenset(keys), sorted(sequences)) for keys, sequences in groups if keys]


# --- corrections -----------------------------------------------------------------------------------


def corrected_entry(address: Address, raw: RawEntry, body: bytes) -> bytes:
    """The entry as it should have been: `body` is one, or an event to be put into it. Raises HubRefused `correction.malformed`."""
    try:
        given = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        if "event" in given and "sequence" in given:
            entry = decode_entry(body)
        else:
            entry = msgspec.structs.replace(decode_entry(raw.data), event=msgspec.Raw(bytes(msgspec.Raw(body)).strip()))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise HubRefused("correction.malformed", f"It is neither an event nor an entry that could be put in its place: {error}") from error
    data = encode_entry(entry)
    read = read_entry(*address, msgspec.structs.replace(raw, correction=data))
    if read.code:
        raise HubRefused("correction.malformed", f"{read.code}: {read.detail}")
    if read.event is None:
        raise HubRefused("correction.malformed", "No event of that type is known to this release.")
    return data


def _ensure_same(address: Address, raw: RawEntry, entry: bytes, keys: Collection[Key]) -> None:
    """Raises HubRefused unless the correction is about what is held back, by an event of the same family."""
    read = read_entry(*address, msgspec.structs.replace(raw, correction=entry))
    strange = [id for kind, id in read.subjects if (kind, id) not in keys]
    if strange:
        raise HubRefused("correction.other_check", f"The correction is about {strange[0]}, which is not held back with the entry.")
    family = _family_of(raw.data)
    if family and read.entry is not None and _family(read.entry) != family:
        raise HubRefused("correction.other_check", f"An event of the {family} is corrected by one of the {family}.")


class _Typed(msgspec.Struct):
    type: str = ""


def _family_of(data: bytes) -> str:
    try:
        return _family(decode_entry(data))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return ""  # the raw entry cannot be read: it is of any family


def _family(entry: Entry) -> str:
    """Where in the domain the event belongs: check, kitchen, menu, site; "" for a type that is not known."""
    cls = EVENTS.get(msgspec.json.decode(entry.event, type=_Typed).type)
    return "" if cls is None else cls.__module__.split(".")[2]


# --- folding again ---------------------------------------------------------------------------------


async def _repair(site: "SiteTransaction", address: Address, wanted: Sequence[Group], groups: Sequence[Group]) -> Repaired:
    folded, held, done = 0, list[Held](), set[Key]()
    try:
        for group in wanted:
            if group[0] & done:
                continue
            keys, reads = await _with_tickets(site, address, group, groups)
            done |= keys
            kept = await _refold(site, keys, reads)
            held += kept
            folded += len(reads) - len({each.sequence for each in kept})
    except _Anew:
        await site.forget()
        return Repaired(folded=0, is_anew=True)
    return Repaired(folded=folded, held=tuple(held))


async def _with_tickets(
    site: "SiteTransaction", address: Address, group: Group, groups: Sequence[Group]
) -> tuple[frozenset[Key], list[Read]]:
    """The group with what is held of the tickets that it makes: the kitchen bumped them, while nobody here knew them."""
    keys, sequences = group
    reads = [read_entry(*address, raw) for raw in await site.entries_at(sequences)]
    tickets = {(TICKET, getattr(read.event, name, "")) for read in reads for name in ("ticket_id", "added_ticket_id")}
    for other_keys, other_sequences in groups:
        if other_keys & tickets - keys:
            keys |= other_keys
            reads += [read_entry(*address, raw) for raw in await site.entries_at(other_sequences)]
    return keys, sorted(reads, key=lambda read: read.raw.sequence)


async def _refold(site: "SiteTransaction", keys: Collection[Key], reads: Sequence[Read]) -> list[Held]:
    """What stays of one group. As a whole where that can be kept, else entry by entry."""
    for read in reads:
        _ensure_commutes(read, keys)
    try:
        async with site.savepoint():
            await site.release(keys)
            return await _keep(site, reads)
    except (ValueRefused, _Unkeepable):
        await site.release(keys)
    held: list[Held] = []
    for read in reads:
        try:
            async with site.savepoint():
                held += await _keep(site, [read])
        except (ValueRefused, _Unkeepable) as error:
            fold = SiteFold()
            fold.hold(read, "projection.unkeepable", str(error))
            await site.hold(fold.held)
            held += fold.held
    return held


class _Unkeepable(Exception):
    """It folds, but what it comes to cannot be shown."""


async def _keep(site: "SiteTransaction", reads: Sequence[Read]) -> list[Held]:
    fold = SiteFold()
    await fold_entries(site, fold, reads)
    try:
        replaced = replacements(fold.changed())
    except Exception as error:  # arithmetic over whatever a site sent; it stays in quarantine, with the reason (Law 11)
        raise _Unkeepable(f"{type(error).__name__}: {error}") from error
    await site.put(_without_going_back(fold), replaced)
    await site.hold(fold.held)
    return fold.held


def _ensure_commutes(read: Read, keys: Collection[Key]) -> None:
    """Raises _Anew where what has been folded since would have had to come after this entry."""
    if read.raw.is_left_out or read.code or read.event is None:
        return
    if any(kind == "entry" or (kind, id) not in keys for kind, id in read.subjects):
        raise _Anew


def _without_going_back(fold: SiteFold) -> Mapping[Key, Aggregate]:
    """What changed; a series stays where the numbers that were given since have brought it."""
    kept: dict[Key, Aggregate] = {}
    for (key, after), (before, _) in zip(fold.changes.items(), fold.changed(), strict=True):
        if not (isinstance(before, Series) and isinstance(after, Series) and after.last < before.last):
            kept[key] = after
    return kept
