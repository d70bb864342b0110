"""The frames of the wire: envelope and hello from the edge, answer from the hub.

What lives here: frames as bytes and back, signed by the box's key; the rules of what a receiver does with them are in
receiver.py, of what a sender does in sender.py. Keys and cryptography come in through the ports `Sign` and `Verify`.
See docs/protocol.md for the frames field by field.
"""

import zlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated

import msgspec

from shared.limits import ENVELOPE_ENTRIES_MAX, ENVELOPE_RAW_BYTES_MAX
from shared.protocol.entry import EPOCH_MAX, SEQUENCE_MAX, Position, StoredEntry

__all__ = [
    "Answer", "AnswerStatus", "Envelope", "Figures", "FrameError", "Hello", "Sign", "Verify", "decode_answer", "encode_answer",
    "open_frame", "pack_envelope", "seal_envelope", "seal_hello",
]  # fmt: skip

Sign = Callable[[bytes], bytes]
"""Signs bytes with the box's Ed25519 key: 64 bytes."""
Verify = Callable[[str, bytes, bytes], bool]
"""(public nkey, signature, data): whether the signature is good."""

Epoch = Annotated[int, msgspec.Meta(ge=1, le=EPOCH_MAX)]
Sequenced = Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX)]
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]

VERSION = 1
# What msgspec raises for bytes that are no frame: the last two come through it unchanged.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_TAG = b"comanda.frame.v1\x00"


class FrameError(ValueError):
    """A frame that is cut, malformed, too large or wrongly signed. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    """The outer frame: kind ("envelope" or "hello"), the box's public key, signature over kind and payload, payload."""

    kind: str
    key: str
    signature: bytes
    payload: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A run of contiguous entries of one site and epoch.

    `first` and `last` are sequences; `before` is the hash of the entry before `first`, `after` that of `last`. `packed`
    is zlib over msgpack of the entries' bytes, in order.
    """

    org: str
    site: str
    epoch: Epoch
    attempt: int
    first: Sequenced
    last: Sequenced
    before: Digest
    after: Digest
    packed: bytes
    v: int = VERSION

    def entries(self) -> list[bytes]:
        """The entries' bytes. Raises FrameError for what cannot be unpacked or does not count `last - first + 1`."""
        inflater = zlib.decompressobj()
        try:
            raw = inflater.decompress(self.packed, ENVELOPE_RAW_BYTES_MAX)
            entries = msgspec.msgpack.decode(raw, type=list[bytes])
        except (zlib.error, *_UNREADABLE) as error:
            raise FrameError("envelope.malformed", f"The entries cannot be unpacked: {error}") from error
        if not inflater.eof or inflater.unused_data:
            raise FrameError("envelope.malformed", "The packed entries are cut or larger than allowed.")
        if len(entries) != self.last - self.first + 1 or not 1 <= len(entries) <= ENVELOPE_ENTRIES_MAX:
            raise FrameError("envelope.malformed", f"{len(entries)} entries do not fill {self.first} to {self.last}.")
        return entries


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Live figures in a hello: the present before the past (DESIGN.md). Money in minor units."""

    head_sequence: int = 0
    business_date: str = ""
    open_checks: int = 0
    oldest_pending_at_ms: int | None = None
    alarms: tuple[str, ...] = ()


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """Who I am, which attempt this begins or goes on with, and how I am. Answered with the hub's watermark."""

    org: str
    site: str
    epoch: Epoch
    attempt: int
    head: Position
    figures: Figures = Figures()
    v: int = VERSION


class AnswerStatus(StrEnum):
    OK = "ok"  # the watermark stands at what is told; go on
    GAP = "gap"  # entries before those sent are missing; send again from the watermark
    FORK = "fork"  # the hub holds a different entry at one sequence; a person must look
    FENCED = "fenced"  # a higher epoch of this site is known
    REFUSED = "refused"  # the frame was cut, malformed, wrongly signed or of somebody else
    UNAVAILABLE = "unavailable"  # the shard is down; keep everything and ask again


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's word. `watermark` is what Postgres has committed; `credit_until` is the last sequence the site may
    send (absolute), void after `credit_ttl_s`; zero credit comes as `unavailable` with `retry_after_s`."""

    attempt: int
    incarnation: str
    status: AnswerStatus
    watermark: Position
    credit_until: int = 0
    credit_ttl_s: float = 0.0
    retry_after_s: float = 0.0
    code: str = ""
    detail: str = ""
    v: int = VERSION


_encoder = msgspec.msgpack.Encoder()
_signed_decoder = msgspec.msgpack.Decoder(_Signed)
_answer_decoder = msgspec.msgpack.Decoder(Answer)
_PAYLOADS: dict[str, msgspec.msgpack.Decoder[Envelope] | msgspec.msgpack.Decoder[Hello]] = {
    "envelope": msgspec.msgpack.Decoder(Envelope),
    "hello": msgspec.msgpack.Decoder(Hello),
}


def pack_envelope(org: str, site: str, attempt: int, before: bytes, entries: Sequence[StoredEntry]) -> Envelope:
    """An envelope of contiguous `entries` of one epoch that follow the hash `before`."""
    first, last = entries[0], entries[-1]
    return Envelope(
        org=org,
        site=site,
        epoch=last.epoch,
        attempt=attempt,
        first=first.sequence,
        last=last.sequence,
        before=before,
        after=last.hash,
        packed=zlib.compress(_encoder.encode([stored.entry for stored in entries]), 1),
    )


def seal_envelope(envelope: Envelope, key: str, sign: Sign) -> bytes:
    """The frame of an envelope, signed."""
    return _seal("envelope", _encoder.encode(envelope), key, sign)


def seal_hello(hello: Hello, key: str, sign: Sign) -> bytes:
    """The frame of a hello, signed."""
    return _seal("hello", _encoder.encode(hello), key, sign)


def _seal(kind: str, payload: bytes, key: str, sign: Sign) -> bytes:
    return _encoder.encode(_Signed(kind, key, sign(_signed_bytes(kind, payload)), payload))


def _signed_bytes(kind: str, payload: bytes) -> bytes:
    return _TAG + kind.encode() + b"\x00" + payload


def open_frame(data: bytes, verify: Verify) -> tuple[Envelope | Hello, str]:
    """(envelope or hello, public key that signed it). Raises FrameError; whose key it is, the caller has to check."""
    try:
        signed = _signed_decoder.decode(data)
    except _UNREADABLE as error:
        raise FrameError("frame.malformed", f"The frame cannot be read: {error}") from error
    decoder = _PAYLOADS.get(signed.kind)
    if decoder is None:
        raise FrameError("frame.unknown_kind", f"No frame of kind {signed.kind!r} is known here.")
    if not verify(signed.key, signed.signature, _signed_bytes(signed.kind, signed.payload)):
        raise FrameError("frame.bad_signature", "The signature does not fit the frame.")
    try:
        return decoder.decode(signed.payload), signed.key
    except _UNREADABLE as error:
        raise FrameError("frame.malformed", f"The payload cannot be read: {error}") from error


def encode_answer(answer: Answer) -> bytes:
    return _encoder.encode(answer)


def decode_answer(data: bytes) -> Answer:
    """The answer; raises FrameError. Its origin is vouched for by NATS: only the hub may publish to `answers.>`."""
    try:
        return _answer_decoder.decode(data)
    except _UNREADABLE as error:
        raise FrameError("frame.malformed", f"The answer cannot be read: {error}") from error
