"""What a box says, as signed bytes on its subjects.

What lives here: the frames of one identity. When which is due is decided in sender.py.
"""

from collections.abc import Sequence

from shared.protocol.actions import Identity, Publish
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.envelope import DocumentPart, Hello, Sign, pack_envelope, seal_document, seal_envelope, seal_hello
from shared.protocol.subjects import hello, journal

__all__ = ["Sealer"]


class Sealer:
    """Makes frames of one box. `sign` holds its key."""

    def __init__(self, me: Identity, sign: Sign) -> None:
        self._me = me
        self._sign = sign
        self._hello = hello(me.org_id, me.site_id)
        self._journal = journal(me.org_id, me.site_id)

    def hello(self, frame: Hello) -> Publish:
        return Publish(self._hello, seal_hello(frame, self._me.key, self._sign))

    def envelope(self, attempt: int, before: Position, run: Sequence[StoredEntry]) -> Publish:
        """The envelope of a run of entries of one epoch that follow `before`."""
        envelope = pack_envelope(self._me.org_id, self._me.site_id, attempt, before.hash, run)
        return Publish(self._journal, seal_envelope(envelope, self._me.key, self._sign))

    def part(self, part: DocumentPart) -> Publish:
        """A part of a keepsake travels in the lanes, as envelopes do."""
        return Publish(self._journal, seal_document(part, self._me.key, self._sign))
