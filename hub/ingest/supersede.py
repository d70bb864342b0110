"""A present box that began its epoch below the hub's watermark: what the hub holds beyond is a branch, not the journal (Law 6).

What lives here: whether a hello says so, and can be believed. It happens when a box was restored without the hub, which was out of reach and
held more than the box's mirror, or had nothing and was then sent the journal of the box before. How entries are moved is behind the port.
"""

import logging

from hub.ingest.ports import Contact, ShardTransaction
from shared.protocol.entry import START, Position

__all__ = ["make_way"]

log = logging.getLogger(__name__)


async def make_way(transaction: ShardTransaction, contact: Contact, watermark: Position) -> bool | None:
    """Put aside what the hub holds beyond the beginning of the epoch of the present box; `watermark` is the site's, not locked.

    None where there is nothing to put aside; False where that cannot be: the hub holds another entry where the box began, or what lies
    beyond is too much, torn by a hole, or parted before. Then the two contradict, and a person must look.
    """
    begins, address = contact.hello.epoch_begins, contact.address
    if begins is None or not _lies_beyond(contact, begins, watermark):
        return None
    watermark = (await transaction.lock_watermarks([address]))[address]
    if not _lies_beyond(contact, begins, watermark) or transaction.granted(address) > contact.box_epoch:
        return None  # it changed while we looked
    held = await transaction.stored_hash(address, begins.sequence) if begins.sequence else START.hash
    if held is None:
        return None  # it lies in a hole: nobody can say
    if held != begins.hash or not await transaction.supersede(address, begins):
        return False
    log.error(
        "site %s: epoch %d begins after entry %d; entries up to %d of epoch %d are put aside as orphans",
        address.site_id, contact.box_epoch, begins.sequence, watermark.sequence, watermark.epoch,
    )  # fmt: skip
    return True


def _lies_beyond(contact: Contact, begins: Position, watermark: Position) -> bool:
    """Whether the hub holds entries of a lower epoch than the box's, behind where that begins. Epochs never fall in a journal."""
    return begins.sequence < watermark.sequence and max(begins.epoch, watermark.epoch) < contact.box_epoch
