"""Is this frame what it claims to be? Subject, envelope and key must agree (Law 9).

What lives here: pure checks of one frame against the registration of its site. What becomes of a good one is in apply.py;
counting and answering is the caller's business.
"""

import re
from typing import Any, NamedTuple

import msgspec

from hub.ingest.ports import Registration
from shared.limits import DOCUMENT_PART_BYTES, KEEPSAKES_MAX
from shared.protocol.claim import Claim, ClaimError, ReadClaim
from shared.protocol.entry import SEQUENCE_MAX
from shared.protocol.envelope import DocumentPart, Envelope, FrameError, Hello, open_frame
from shared.protocol.keys import verify
from shared.protocol.subjects import Address

__all__ = ["Admitted", "Opened", "Rejected", "ensure_agreement", "forgotten_claim", "open_as"]

_VERSION = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Rejected(Exception):
    """A frame that is refused. `code` is stable; `attempt` is that of the frame as far as it can be read, else 0; `key` is that of the
    box that signed it, empty where nothing is known to be signed."""

    def __init__(self, code: str, detail: str, attempt: int, key: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.attempt = attempt
        self.key = key


class Opened(msgspec.Struct, frozen=True):
    """A frame with a good signature, and the key that made it."""

    frame: Any
    key: str

    @property
    def attempt(self) -> int:
        return self.frame.attempt


class Admitted(NamedTuple):
    """A frame of a lane that is what it claims to be, its bytes, and the epoch that the box was given whose `key` signed it."""

    address: Address
    frame: Envelope | DocumentPart
    registration: Registration
    box_epoch: int
    key: str
    data: bytes


def open_as(kinds: tuple[type, ...], data: bytes) -> Opened:
    """The frame in `data`, which has to be of one of `kinds`, its signature and its bounds checked. Raises Rejected."""
    try:
        frame, key = open_frame(data, verify)
    except FrameError as error:
        raise Rejected(error.code, error.detail, _attempt_of(data)) from error
    if not isinstance(frame, kinds):
        attempt = getattr(frame, "attempt", 0)
        raise Rejected("frame.unexpected_kind", f"A {type(frame).__name__.lower()} does not belong on this subject.", attempt, key)
    if not _is_bounded(frame):
        raise Rejected(
            "frame.out_of_bounds", "A number of the frame is none, or the frame holds more than it may.", getattr(frame, "attempt", 0)
        )
    return Opened(frame, key)


def _is_bounded(frame: Any) -> bool:
    if isinstance(frame, Envelope):
        return frame.first <= frame.last
    if isinstance(frame, DocumentPart):
        return (
            frame.index < frame.count
            and len(frame.data) <= DOCUMENT_PART_BYTES
            and _VERSION.fullmatch(frame.version) is not None
            and _KIND.fullmatch(frame.kind) is not None
        )
    return 0 <= frame.figures.head_sequence <= SEQUENCE_MAX and len(frame.keepsakes) <= KEEPSAKES_MAX


def ensure_agreement(address: Address, opened: Opened, registration: Registration) -> int:
    """The epoch of the box that signed. Raises Rejected unless subject, frame and key are of one site, and the epoch its own."""
    frame: Envelope | Hello | DocumentPart = opened.frame
    if (frame.org, frame.site) != address:
        raise Rejected("frame.other_site", "The frame names another site than the subject it came on.", frame.attempt, opened.key)
    box_epoch = registration.boxes.get(opened.key)
    if box_epoch is None:
        raise Rejected("key.unknown", "The key that signed the frame is registered for no box of this site.", frame.attempt, opened.key)
    if frame.epoch > box_epoch:
        raise Rejected(
            "epoch.not_granted", f"The frame is of epoch {frame.epoch}, its box was given epoch {box_epoch}.", frame.attempt, opened.key
        )
    return box_epoch


def forgotten_claim(address: Address, opened: Opened, registration: Registration, read_claim: ReadClaim) -> Claim | None:
    """The claim that a hello shows, if it gives the box a later epoch than the hub remembers (Law 6). Raises Rejected for a token that
    is none; one that is not needed is not looked at."""
    hello: Hello = opened.frame
    granted = registration.boxes.get(opened.key, 0)
    if not hello.claim or granted >= hello.epoch or (hello.org, hello.site) != address:
        return None
    try:
        claim = read_claim(hello.claim)
    except ClaimError as error:
        raise Rejected(error.code, error.detail, hello.attempt, opened.key) from error
    if (claim.org, claim.site, claim.key) != (*address, opened.key):
        raise Rejected("claim.other_key", "The claim is for another box than the one that shows it.", hello.attempt, opened.key)
    return claim if claim.epoch > granted else None


class _Attempt(msgspec.Struct):
    attempt: int = 0


def _attempt_of(data: bytes) -> int:
    """The attempt that a frame names though nothing in it can be trusted: only so that its sender listens to the refusal."""
    try:
        outer = msgspec.msgpack.decode(data, type=tuple[Any, Any, Any, bytes])
        return msgspec.msgpack.decode(outer[3], type=_Attempt).attempt
    except (msgspec.MsgspecError, ValueError):
        return 0
