"""Keepsakes on their way to the hub: which it wants, which were asked of the box, and their parts, a few at a time.

What lives here: the queue of parts. They travel in the lanes beside the envelopes and are answered by nothing but that the hub no
longer wants them. What is in a document is not known here.
"""

import hashlib
from collections import deque
from collections.abc import Iterable

from shared import limits
from shared.protocol.actions import Identity
from shared.protocol.envelope import DocumentPart, FrameError
from shared.protocol.packing import pack

__all__ = ["KeepsakeQueue", "parts_of"]


def parts_of(me: Identity, kind: str, version: str, document: bytes) -> list[DocumentPart]:
    """The parts of a keepsake. Raises FrameError `document.malformed` if it does not hash to its version, or is too large.

    They are of no attempt, so that nothing that is answered to them disturbs the sending.
    """
    if hashlib.sha256(document).hexdigest() != version:
        raise FrameError("document.malformed", f"The {kind} of the box does not hash to its version {version}.")
    packed = pack(document)
    size = limits.DOCUMENT_PART_BYTES
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    if len(pieces) > limits.DOCUMENT_PARTS_MAX:
        raise FrameError("document.malformed", f"The {kind} {version} is larger than {limits.DOCUMENT_PARTS_MAX} parts.")
    return [
        DocumentPart(
            org=me.org_id, site=me.site_id, epoch=me.epoch, attempt=0, kind=kind, version=version, index=index, count=len(pieces), data=data
        )
        for index, data in enumerate(pieces)
    ]  # fmt: skip


class KeepsakeQueue:
    """What the hub wants and has not been sent lately. Bounded: no more than one document beyond DOCUMENT_PARTS_MAX parts waits."""

    def __init__(self) -> None:
        self._wanted: list[str] = []
        self._not_before: dict[str, float] = {}  # version -> when it may be asked for again
        self._parts: deque[DocumentPart] = deque()

    def want(self, versions: Iterable[str], held: Iterable[str], now: float) -> None:
        """The hub lacks these. What the box does not hold, or was sent a moment ago, is passed over."""
        mine = set(held)
        self._not_before = {version: at for version, at in self._not_before.items() if at > now}
        self._wanted = [version for version in versions if version in mine and version not in self._not_before]

    def ask(self, now: float) -> tuple[str, ...]:
        """Those to ask the box for now; none while parts wait."""
        if self._parts:
            return ()
        asked, self._wanted = self._wanted[: limits.KEEPSAKES_ASKED_MAX], self._wanted[limits.KEEPSAKES_ASKED_MAX :]
        self._not_before.update(dict.fromkeys(asked, now + limits.KEEPSAKE_RETRY_S))
        return tuple(asked)

    def add(self, version: str, parts: Iterable[DocumentPart]) -> None:
        """Send these, if there is room for a document; else it is asked for when the hub next says that it wants it."""
        if len(self._parts) < limits.DOCUMENT_PARTS_MAX:
            self._parts.extend(parts)
        else:
            self._not_before.pop(version, None)

    def next_parts(self) -> list[DocumentPart]:
        """The next few: orders come first, and a menu may take its time."""
        return [self._parts.popleft() for _ in range(min(len(self._parts), limits.KEEPSAKE_PARTS_AT_ONCE))]

    def forget(self) -> None:
        """The connection is gone: what was on its way is wanted again, or it is not."""
        self._wanted = []
        self._parts.clear()
        self._not_before.clear()
