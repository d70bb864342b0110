"""The journal entry: its bytes, its position and the hash chain.

What lives here: how an entry is written down, `Position`, and how one entry's hash follows from the one before. An
entry's bytes are the truth: they are stored, hashed and sent exactly as first written, never encoded anew. Storage and
transport are not known here.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec

__all__ = [
    "EPOCH_MAX", "GENESIS_HASH", "SEQUENCE_MAX", "START", "Entry", "Position", "StoredEntry", "chain", "decode_entry", "encode_entry",
    "entry_hash",
]  # fmt: skip

GENESIS_HASH = bytes(32)
EPOCH_MAX = 10**9 - 1  # fits 32 bits of every database
SEQUENCE_MAX = 10**15 - 1  # fits 53 bits of every browser
_DOMAIN = b"comanda.entry.v1\x00"
# One spelling for each position, and numbers within the bounds above.
_POSITION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,14})\.([0-9a-f]{64})")


class Position(msgspec.Struct, frozen=True, gc=False, order=True):
    """Where in a site's journal: `(epoch, sequence, hash)`, always all three (Law 2). `hash` is 32 bytes."""

    epoch: Annotated[int, msgspec.Meta(ge=0, le=EPOCH_MAX)]
    sequence: Annotated[int, msgspec.Meta(ge=0, le=SEQUENCE_MAX)]
    hash: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]

    def __str__(self) -> str:
        """`"1.42.9f86d0…"`: the form of cursors in URLs and JSON."""
        return f"{self.epoch}.{self.sequence}.{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that `str` wrote; ValueError with a sentence for anything else."""
        match = _POSITION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text[:100]!r} is no position: write epoch.sequence.hash, such as the one an answer carried")
        return cls(int(match[1]), int(match[2]), bytes.fromhex(match[3]))


START = Position(0, 0, GENESIS_HASH)
"""The position before the first entry of every journal."""


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What an entry says. `event` is the raw JSON of the event, of whatever type.

    `command` and `ordinal` key the effect (Law 3); `of` is how many entries the command made; `digest` is the SHA-256
    of the command as the device sent it (only at ordinal 0), by which a reuse of its id is noticed. `at` is UTC by the
    clock of the box and decides no order; `date` is the business date it is booked on.
    """

    org: str
    site: str
    epoch: int
    sequence: int
    at: datetime
    date: str
    command: str
    ordinal: int
    of: int
    event: msgspec.Raw
    device: str = ""
    actor: str = ""
    digest: str = ""
    v: int = 1


class StoredEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An entry as it lies in a journal: its position and its bytes."""

    epoch: int
    sequence: int
    hash: bytes
    entry: bytes

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.sequence, self.hash)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """The bytes of an entry, as they are stored for ever."""
    return _encoder.encode(entry)


def decode_entry(data: bytes) -> Entry:
    """What the bytes say. Raises msgspec.ValidationError or msgspec.DecodeError; unknown fields are passed over."""
    try:
        return _decoder.decode(data)
    except (RecursionError, UnicodeDecodeError) as error:  # which msgspec lets through
        raise msgspec.DecodeError(f"the entry cannot be read: {error}") from error


def entry_hash(before: bytes, entry: bytes) -> bytes:
    """SHA-256 over a domain tag, the hash of the entry before (32 bytes) and the entry's bytes."""
    return hashlib.sha256(_DOMAIN + before + entry).digest()


def chain(before: bytes, entries: Iterable[bytes]) -> list[bytes]:
    """The hash of each of `entries`, which follow one another after the hash `before`."""
    hashes: list[bytes] = []
    for entry in entries:
        before = entry_hash(before, entry)
        hashes.append(before)
    return hashes
