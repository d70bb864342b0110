"""Documents of boxes, from their parts (docs/protocol.md, Keepsakes).

What lives here: putting parts together, and whether what comes of them is what its version says. What is in a document is not known here.
"""

import hashlib
import logging

from hub.ingest.ports import ShardTransaction
from shared.limits import DOCUMENT_PART_BYTES, DOCUMENT_PARTS_MAX
from shared.protocol import packing
from shared.protocol.envelope import DocumentPart
from shared.protocol.subjects import Address

__all__ = ["DocumentMalformed", "take_part", "unpack"]

log = logging.getLogger(__name__)
_BYTES_MAX = DOCUMENT_PART_BYTES * DOCUMENT_PARTS_MAX


class DocumentMalformed(ValueError):
    """The parts do not come to what the version says."""


def unpack(parts: list[bytes], version: str) -> bytes:
    """The document in `parts`, in order. Raises DocumentMalformed."""
    try:
        document = packing.unpack(b"".join(parts), _BYTES_MAX)
    except packing.Unpackable as error:
        raise DocumentMalformed(str(error)) from error
    if hashlib.sha256(document).hexdigest() != version:
        raise DocumentMalformed("it does not hash to its version")
    return document


async def take_part(transaction: ShardTransaction, address: Address, part: DocumentPart) -> str:
    """Keep a part, and the document once it is whole; the code of what became of it, for the counts: parts are answered by nothing
    but that what is held is not wanted any more."""
    parts = [part.data] if part.count == 1 else list(await transaction.keep_part(address, part))
    if not parts:
        return "document.part"
    try:
        document = unpack(parts, part.version)
    except DocumentMalformed as error:
        log.warning("site %s: the %s %s is forgotten and will come again: %s", address.site_id, part.kind, part.version, error)
        await transaction.forget_parts(address, part.version)
        return "document.malformed"
    await transaction.keep_document(address, part.kind, part.version, document)
    return "document.kept"
