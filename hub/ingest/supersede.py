"""A present box whose journal leaves the hub's below its watermark, by a later epoch: what the hub holds beyond is a branch (Law 6).

What lives here: whether a hello says so, and can be believed. It happens when a box was restored without the hub, which was out of reach and
held more than the box's mirror, or had nothing and was then sent the journal of the box before; and when the hub was restored to before
such a thing. How entries are moved is behind the port.
"""

import logging
from typing import NamedTuple

from hub.ingest.ports import Contact, ShardTransaction
from shared.protocol.entry import START, Position

__all__ = ["Way", "make_way"]

log = logging.getLogger(__name__)


class Way(NamedTuple):
    """Where the journal of the box leaves what the hub holds, and whether that was put aside from there on.

    It cannot be when the hub holds another entry there, or what lies beyond is too much, torn by a hole, or parted before. Then the two
    contradict, and a person must look.
    """

    begins: Position
    is_made: bool


async def make_way(transaction: ShardTransaction, contact: Contact, watermark: Position) -> Way | None:
    """Put aside what the hub holds beyond the beginning of an epoch that is later than its watermark's; `watermark` is the site's, not locked.

    None where there is nothing to put aside.
    """
    address = contact.address
    if _left_at(contact, watermark) is None:
        return None
    watermark = (await transaction.lock_watermarks([address]))[address]
    begins = _left_at(contact, watermark)
    if begins is None or transaction.granted(address) > contact.box_epoch:
        return None  # it changed while we looked
    held = await transaction.stored_hash(address, begins.sequence) if begins.sequence else START.hash
    if held is None:
        return None  # it lies in a hole: nobody can say
    if held != begins.hash or not await transaction.supersede(address, begins):
        return Way(begins, is_made=False)
    log.error(
        "site %s: a later epoch than %d begins after entry %d; entries up to %d are put aside as orphans",
        address.site_id, watermark.epoch, begins.sequence, watermark.sequence,
    )  # fmt: skip
    return Way(begins, is_made=True)


def _left_at(contact: Contact, watermark: Position) -> Position | None:
    """Where the journal of the box went on with a later epoch than that of the watermark, if the hub holds more than that. Epochs never
    fall in a journal."""
    beginnings = contact.hello.epoch_begins
    if not beginnings:
        return None
    for before, epoch in zip(beginnings, [*(each.epoch for each in beginnings[1:]), contact.box_epoch], strict=True):
        if epoch > watermark.epoch:
            return before if before.sequence < watermark.sequence and before.epoch < epoch else None
    return None
