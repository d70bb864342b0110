"""The frames of the wire: envelope, hello, document and fetch from the edge, answer and page from the hub.

What lives here: frames as bytes and back, signed by the box's key; the rules of what a receiver does with them are in
receiver.py, of what a sender does in sender.py. Keys and cryptography come in through the ports `Sign` and `Verify`.
See docs/protocol.md for the frames field by field.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, cast

import msgspec

from shared.limits import DOCUMENT_PARTS_MAX, ENVELOPE_ENTRIES_MAX, ENVELOPE_RAW_BYTES_MAX, FETCH_ENTRIES_MAX, HUB_REFUSALS_MAX
from shared.protocol.entry import EPOCH_MAX, SEQUENCE_MAX, START, Position, StoredEntry
from shared.protocol.packing import Unpackable, pack, unpack

__all__ = [
    "Answer", "AnswerStatus", "DocumentPart", "Envelope", "Fetch", "FetchPage", "Figures", "FrameError", "Hello", "Keepsake", "Sign",
    "SiteCommand", "Verify", "decode_answer", "decode_page", "encode_answer", "encode_page", "open_frame", "pack_envelope",
    "seal_document", "seal_envelope", "seal_fetch", "seal_hello",
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
    """The outer frame: kind ("envelope", "hello", "document" or "fetch"), the box's public key, signature over kind and payload, payload."""

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
        try:
            entries = _entries_decoder.decode(unpack(self.packed, ENVELOPE_RAW_BYTES_MAX))
        except (Unpackable, *_UNREADABLE) as error:
            raise FrameError("envelope.malformed", f"The entries cannot be unpacked: {error}") from error
        if len(entries) != self.last - self.first + 1 or not 1 <= len(entries) <= ENVELOPE_ENTRIES_MAX:
            raise FrameError("envelope.malformed", f"{len(entries)} entries do not fill {self.first} to {self.last}.")
        return entries


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Live figures in a hello: the present before the past (DESIGN.md). Money in minor units.

    `refused_commands` are commands of the hub that the site refused, by id, with the code of the refusal; `refused_asks` says by their
    `expires_at_ms` which asking of each it was, for a person may ask for the same once more (0.2 and before: it is not said).
    """

    head_sequence: int = 0
    business_date: str = ""
    open_checks: int = 0
    oldest_pending_at_ms: int | None = None
    alarms: tuple[str, ...] = ()
    refused_commands: Annotated[dict[str, str], msgspec.Meta(max_length=HUB_REFUSALS_MAX)] = {}
    refused_asks: Annotated[dict[str, int], msgspec.Meta(max_length=HUB_REFUSALS_MAX)] = {}


class Keepsake(msgspec.Struct, frozen=True, gc=False, order=True):
    """A document of the box that stands in no entry and that a replacement needs: a menu, the list of devices. `version` is the
    lower-case hexadecimal SHA-256 of its bytes."""

    kind: str
    version: str


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """Who I am, which attempt this begins or goes on with, and how I am. Answered with the hub's watermark.

    `begins` is the position after which the box can send: START, or the checkpoint behind which it has trimmed. `claim` is the
    token of its claim (claim.py), `keepsakes` what it holds beside its journal and the hub may ask for. `epoch_begins` are the
    positions before the first entry of each epoch that the box holds, in order, its own last: the last EPOCH_BEGINS_MAX of them, less those
    that were trimmed; none where it does not say (as boxes before 0.3).
    """

    org: str
    site: str
    epoch: Epoch
    attempt: int
    head: Position
    figures: Figures = Figures()
    begins: Position = START
    claim: str = ""
    keepsakes: tuple[Keepsake, ...] = ()
    epoch_begins: tuple[Position, ...] = ()
    v: int = VERSION


class DocumentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a keepsake, sent in the lanes because an answer wanted it: part `index` of `count`, in order joined, are zlib
    over its bytes, which hash to `version`."""

    org: str
    site: str
    epoch: Epoch
    attempt: int
    kind: str
    version: str
    index: Annotated[int, msgspec.Meta(ge=0, lt=DOCUMENT_PARTS_MAX)]
    count: Annotated[int, msgspec.Meta(ge=1, le=DOCUMENT_PARTS_MAX)]
    data: bytes
    v: int = VERSION


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """What a replacement asks of the hub, over HTTP: entries after a position, or (`version` not empty) the keepsake of that version."""

    org: str
    site: str
    epoch: Epoch
    after: Position = START
    limit: Annotated[int, msgspec.Meta(ge=1)] = FETCH_ENTRIES_MAX
    version: str = ""
    v: int = VERSION


class FetchPage(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's answer to a fetch, not signed: entries chain to what the asker has, a keepsake to its version. `watermark` is how far
    the hub is, `keepsakes` what it holds of the site, `document` the keepsake that was asked for."""

    incarnation: str
    watermark: Position
    entries: tuple[StoredEntry, ...] = ()
    keepsakes: tuple[Keepsake, ...] = ()
    document: bytes = b""
    v: int = VERSION


class AnswerStatus(StrEnum):
    OK = "ok"  # the watermark stands at what is told; go on
    GAP = "gap"  # entries before those sent are missing; send again from the watermark
    FORK = "fork"  # the hub holds a different entry at one sequence; a person must look
    FENCED = "fenced"  # a higher epoch of this site is known
    REFUSED = "refused"  # the frame was cut, malformed, wrongly signed or of somebody else
    UNAVAILABLE = "unavailable"  # the shard is down; keep everything and ask again


class SiteCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command of the hub to the site: JSON as a device sends it, under an id that makes it happen once, void after `expires_at_ms`."""

    id: str
    command: bytes
    expires_at_ms: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's word. `watermark` is what Postgres has committed; `credit_until` is the last sequence the site may
    send (absolute), void after `credit_ttl_s`; zero credit comes as `unavailable` with `retry_after_s`.

    With `fenced`, `claim` is the token of the higher claim and `watermark` how far the hub has the branch of the fenced box: what it
    still holds beyond is sent from there and kept apart. `wanted` are versions of keepsakes that the hub lacks, `commands` those for
    the site that it has not seen carried out, `backed_up` the last sequence that is in a backup of the hub.

    `key` is the public key of the box that it answers: boxes of one site hear one another's answers, and their attempts may coincide.
    It is empty when all are meant, or the frame could not be read, and from hubs before 0.3.
    """

    attempt: int
    incarnation: str
    status: AnswerStatus
    watermark: Position
    credit_until: int = 0
    credit_ttl_s: float = 0.0
    retry_after_s: float = 0.0
    code: str = ""
    detail: str = ""
    claim: str = ""
    wanted: tuple[str, ...] = ()
    commands: tuple[SiteCommand, ...] = ()
    backed_up: int = 0
    key: str = ""
    v: int = VERSION


_encoder = msgspec.msgpack.Encoder()
_signed_decoder = msgspec.msgpack.Decoder(_Signed)
_entries_decoder = msgspec.msgpack.Decoder(list[bytes])
_answer_decoder = msgspec.msgpack.Decoder(Answer)
_page_decoder = msgspec.msgpack.Decoder(FetchPage)
_PAYLOADS: dict[str, msgspec.msgpack.Decoder[Envelope | Hello | DocumentPart | Fetch]] = {
    "envelope": cast("msgspec.msgpack.Decoder[Any]", msgspec.msgpack.Decoder(Envelope)),
    "hello": cast("msgspec.msgpack.Decoder[Any]", msgspec.msgpack.Decoder(Hello)),
    "document": cast("msgspec.msgpack.Decoder[Any]", msgspec.msgpack.Decoder(DocumentPart)),
    "fetch": cast("msgspec.msgpack.Decoder[Any]", msgspec.msgpack.Decoder(Fetch)),
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
        packed=pack(_encoder.encode([stored.entry for stored in entries])),
    )


def seal_envelope(envelope: Envelope, key: str, sign: Sign) -> bytes:
    """The frame of an envelope, signed."""
    return _seal("envelope", _encoder.encode(envelope), key, sign)


def seal_hello(hello: Hello, key: str, sign: Sign) -> bytes:
    """The frame of a hello, signed."""
    return _seal("hello", _encoder.encode(hello), key, sign)


def seal_document(part: DocumentPart, key: str, sign: Sign) -> bytes:
    """The frame of a part of a keepsake, signed."""
    return _seal("document", _encoder.encode(part), key, sign)


def seal_fetch(fetch: Fetch, key: str, sign: Sign) -> bytes:
    """The frame of a fetch, signed: the body of the request."""
    return _seal("fetch", _encoder.encode(fetch), key, sign)


def _seal(kind: str, payload: bytes, key: str, sign: Sign) -> bytes:
    return _encoder.encode(_Signed(kind, key, sign(_signed_bytes(kind, payload)), payload))


def _signed_bytes(kind: str, payload: bytes) -> bytes:
    return _TAG + kind.encode() + b"\x00" + payload


def open_frame(data: bytes, verify: Verify) -> tuple[Envelope | Hello | DocumentPart | Fetch, str]:
    """(what is in the frame, public key that signed it). Raises FrameError; whose key it is, the caller has to check."""
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


def encode_page(page: FetchPage) -> bytes:
    return _encoder.encode(page)


def decode_page(data: bytes) -> FetchPage:
    """The page; raises FrameError. Its origin is vouched for by TLS, its entries by their chain."""
    try:
        return _page_decoder.decode(data)
    except _UNREADABLE as error:
        raise FrameError("frame.malformed", f"The page cannot be read: {error}") from error
