"""What is answered to those who say hello, within one transaction of their shard.

What lives here: where the hub stands with each box, present or replaced; holes; and what goes along with the answer to the present
box: documents the hub lacks, commands for the site, what is backed up. Who is admitted is not decided here.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hub.ingest.answers import answer_ok
from hub.ingest.ports import Contact, Hole, Registration, ShardTransaction, Standing
from hub.ingest.supersede import make_way
from shared.limits import KEEPSAKES_WANTED_MAX, SITE_COMMANDS_PER_ANSWER
from shared.protocol.entry import Position
from shared.protocol.envelope import Answer, AnswerStatus, Figures, SiteCommand
from shared.protocol.subjects import Address

__all__ = ["Guest", "welcome"]

log = logging.getLogger(__name__)


class Guest(NamedTuple):
    """A box that said hello and is who it claims to be; `key` signed."""

    contact: Contact
    registration: Registration
    key: str


async def welcome(transaction: ShardTransaction, guests: Sequence[Guest], incarnation: str) -> dict[Address, Answer]:
    """The answers to `guests`, one of each site. Their contacts are recorded, and what has to be."""
    standings = await transaction.record_contacts([guest.contact for guest in guests])
    answers: dict[Address, Answer] = {}
    present: list[Guest] = []
    superseded: dict[Address, Position] = {}
    for guest in guests:
        contact, standing = guest.contact, standings[guest.contact.address]
        epoch = max(guest.registration.epoch, standing.watermark.epoch, standing.granted)
        if contact.box_epoch < epoch:
            answers[contact.address] = await _fenced(transaction, guest, standing.watermark, epoch, incarnation)
            continue
        way = await make_way(transaction, contact, standing.watermark)
        if way is not None and way.is_made:
            superseded[contact.address] = standing.watermark
            standings[contact.address] = replace(standing, watermark=way.begins, backed_up=min(standing.backed_up, way.begins.sequence))
        if way is not None and not way.is_made:
            detail = f"The hub holds other entries after {way.begins.sequence}, and cannot put them aside."
            answers[contact.address] = _forked(guest, standing.watermark, incarnation, detail)
        elif way is None and await _is_forked(transaction, contact, standing.watermark):
            detail = f"The hub holds another entry at sequence {contact.hello.head.sequence}."
            answers[contact.address] = _forked(guest, standing.watermark, incarnation, detail)
        else:
            present.append(guest)
    await _note_claims(transaction, present, standings)
    holes = await _holes(transaction, present, standings)
    wanted = await _wanted(transaction, present)
    commands = await _commands(transaction, present, standings)
    for guest in present:
        address, standing = guest.contact.address, standings[guest.contact.address]
        watermark, code, detail = _told(standing.watermark, holes.get(address), superseded.get(address))
        answers[address] = replace(
            answer_ok(guest.contact.hello.attempt, incarnation, watermark, AnswerStatus.OK, code, detail, guest.key),
            wanted=wanted.get(address, ()),
            commands=commands.get(address, ()),
            backed_up=standing.backed_up,
        )
    return answers


def _told(watermark: Position, hole: Hole | None, superseded: Position | None) -> tuple[Position, str, str]:
    """The watermark that the present box is told, with the code and the detail of what was done about it."""
    if hole is not None:
        return hole.last, "journal.hole", f"Entries {hole.before.sequence + 1} to {hole.last.sequence} are on no box and not in the hub."
    if superseded is not None:
        detail = f"Entries {watermark.sequence + 1} to {superseded.sequence} of epoch {superseded.epoch} are kept apart, as orphans."
        return watermark, "journal.superseded", detail
    return watermark, "", ""


def _forked(guest: Guest, watermark: Position, incarnation: str, detail: str) -> Answer:
    return answer_ok(guest.contact.hello.attempt, incarnation, watermark, AnswerStatus.FORK, "envelope.fork", detail, guest.key)


async def _fenced(transaction: ShardTransaction, guest: Guest, watermark: Position, epoch: int, incarnation: str) -> Answer:
    contact = guest.contact
    branch = await transaction.branch(contact.address, contact.box_epoch, watermark)
    detail = f"This box was given epoch {contact.box_epoch}; the site is at epoch {epoch}."
    answer = answer_ok(contact.hello.attempt, incarnation, branch.kept, AnswerStatus.FENCED, "epoch.fenced", detail, guest.key)
    return replace(answer, claim=guest.registration.proof(contact.box_epoch))


async def _note_claims(transaction: ShardTransaction, present: Sequence[Guest], standings: Mapping[Address, Standing]) -> None:
    """Tell the shard of replacements that it does not know of: it was restored, or their claim was learned from a hello. A lane owner
    whose memory of the site is older would else go on to append what the box before them sends."""
    epochs = {
        guest.contact.address: guest.contact.box_epoch
        for guest in present
        if guest.contact.box_epoch > max(1, standings[guest.contact.address].granted, standings[guest.contact.address].watermark.epoch)
    }
    if epochs:
        await transaction.note_claims(epochs)


async def _is_forked(transaction: ShardTransaction, contact: Contact, watermark: Position) -> bool:
    """Whether the head of the box is an entry that we hold otherwise (Law 2: noticed by whoever sees it). What lies in a hole is not
    held at all."""
    head = contact.hello.head
    if head.sequence == 0 or head.sequence > watermark.sequence:
        return False
    held = watermark.hash if head.sequence == watermark.sequence else await transaction.stored_hash(contact.address, head.sequence)
    return held is not None and held != head.hash


async def _holes(transaction: ShardTransaction, present: Sequence[Guest], standings: Mapping[Address, Standing]) -> dict[Address, Hole]:
    """Declare what the present box has trimmed and the hub has lost: nobody can send it any more, and the rest must not wait for it."""
    begins = {guest.contact.address: guest.contact.hello.begins for guest in present}
    lacking = sorted(address for address, position in begins.items() if position.sequence > standings[address].watermark.sequence)
    if not lacking:
        return {}
    found: dict[Address, Hole] = {}
    for address, watermark in (await transaction.lock_watermarks(lacking)).items():
        if begins[address].sequence <= watermark.sequence:
            continue  # it came while we looked
        hole = found[address] = Hole(address=address, before=watermark, last=begins[address])
        log.error("site %s: entries %d to %d are lost", address.site_id, hole.before.sequence + 1, hole.last.sequence)
        await transaction.declare_hole(hole)
    return found


async def _wanted(transaction: ShardTransaction, present: Sequence[Guest]) -> dict[Address, tuple[str, ...]]:
    """A few of the documents that the boxes name and the hub lacks."""
    named = {guest.contact.address: guest.contact.hello.keepsakes for guest in present if guest.contact.hello.keepsakes}
    if not named:
        return {}
    held = await transaction.keepsakes(list(named))
    lacking = {
        address: dict.fromkeys(each.version for each in keepsakes if each.version not in held.get(address, frozenset()))
        for address, keepsakes in named.items()
    }
    return {address: tuple(versions)[:KEEPSAKES_WANTED_MAX] for address, versions in lacking.items()}


async def _commands(
    transaction: ShardTransaction, present: Sequence[Guest], standings: Mapping[Address, Standing]
) -> dict[Address, tuple[SiteCommand, ...]]:
    """The commands that wait for these sites, less those that they say they have refused."""
    waiting = [guest for guest in present if standings[guest.contact.address].has_commands]
    if not waiting:
        return {}
    found = await transaction.open_commands([guest.contact.address for guest in waiting])
    for guest in waiting:
        address = guest.contact.address
        refused = _refused_now(guest.contact.hello.figures, found.get(address, ()))
        if refused:
            await transaction.commands_refused(address, refused)
            found = {**found, address: []} | await transaction.open_commands([address])
    return {address: tuple(commands[:SITE_COMMANDS_PER_ANSWER]) for address, commands in found.items() if commands}


def _refused_now(figures: Figures, commands: Sequence[SiteCommand]) -> dict[str, str]:
    """Of the refusals that a box tells, those that concern the commands as they are asked for now. A box tells a refusal as long as it
    remembers it: a person who has asked once more since would else never be heard."""
    now = {command.id: command.expires_at_ms for command in commands}
    is_all = len(now) < SITE_COMMANDS_PER_ANSWER  # else those that wait behind these are judged when their turn comes
    told: dict[str, str] = {}
    for id, code in figures.refused_commands.items():
        asked = figures.refused_asks.get(id)
        if asked is None or now.get(id, asked if is_all else None) == asked:
            told[id] = code
    return told
