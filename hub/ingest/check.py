"""Is this frame what it claims to be? Subject, envelope and key must agree (Law 9).

What lives here: pure checks of one frame against the registration of its site. What becomes of a good one is in apply.py;
counting and answering is the caller's business.
"""

from typing import Any, TypeVar

import msgspec

from hub.ingest.ports import Registration
from shared.protocol.entry import SEQUENCE_MAX
from shared.protocol.envelope import Envelope, FrameError, Hello, open_frame
from shared.protocol.keys import verify
from shared.protocol.subjects import Address

__all__ = ["Opened", "Rejected", "ensure_agreement", "open_as"]

F = TypeVar("F", Envelope, Hello)


class Rejected(Exception):
    """A frame that is refused. `code` is stable; `attempt` is that of the frame as far as it can be read, else 0."""

    def __init__(self, code: str, detail: str, attempt: int) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.attempt = attempt


class Opened(msgspec.Struct, frozen=True):
    """A frame with a good signature, and the key that made it."""

    frame: Any
    key: str

    @property
    def attempt(self) -> int:
        return self.frame.attempt


def open_as(kind: type[F], data: bytes) -> Opened:
    """The frame in `data`, which has to be of `kind`, its signature and its bounds checked. Raises Rejected."""
    try:
        frame, key = open_frame(data, verify)
    except FrameError as error:
        raise Rejected(error.code, error.detail, _attempt_of(data)) from error
    if not isinstance(frame, kind):
        attempt = getattr(frame, "attempt", 0)
        raise Rejected("frame.unexpected_kind", f"A {type(frame).__name__.lower()} does not belong on this subject.", attempt)
    if isinstance(frame, Envelope):
        is_bounded = frame.first <= frame.last
    else:
        is_bounded = 0 <= frame.figures.head_sequence <= SEQUENCE_MAX
    if not is_bounded:
        raise Rejected("frame.out_of_bounds", "A sequence of the frame is none.", frame.attempt)
    return Opened(frame, key)


def ensure_agreement(address: Address, opened: Opened, registration: Registration) -> int:
    """The epoch of the box that signed. Raises Rejected unless subject, frame and key are of one site, and the epoch its own."""
    frame: Envelope | Hello = opened.frame
    if (frame.org, frame.site) != address:
        raise Rejected("frame.other_site", "The frame names another site than the subject it came on.", frame.attempt)
    box_epoch = registration.boxes.get(opened.key)
    if box_epoch is None:
        raise Rejected("key.unknown", "The key that signed the frame is registered for no box of this site.", frame.attempt)
    if frame.epoch > box_epoch:
        raise Rejected("epoch.not_granted", f"The frame is of epoch {frame.epoch}, its box was given epoch {box_epoch}.", frame.attempt)
    return box_epoch


class _Attempt(msgspec.Struct):
    attempt: int = 0


def _attempt_of(data: bytes) -> int:
    """The attempt that a frame names though nothing in it can be trusted: only so that its sender listens to the refusal."""
    try:
        outer = msgspec.msgpack.decode(data, type=tuple[Any, Any, Any, bytes])
        return msgspec.msgpack.decode(outer[3], type=_Attempt).attempt
    except (msgspec.MsgspecError, ValueError):
        return 0
