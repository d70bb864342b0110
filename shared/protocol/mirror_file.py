"""The file of a mirror: a site's entries on a stick, in frames that show where a write was torn.

What lives here: frames as bytes and back. A frame is a 4-byte big-endian length, a 4-byte CRC-32 of the payload, and the payload,
MessagePack. The first frame holds the header, a map `{"comanda.mirror": 1, "org": …, "site": …}`; every other a list of
`[epoch, sequence, hash, entry]` in order, which chain to those before them. The CRC tells a torn write from a whole one; that the
entries are the ones that were written, only their chain tells. Files and disks are not known here.
"""

import zlib
from collections.abc import Iterator, Sequence

import msgspec

from shared.limits import MIRROR_FRAME_BYTES_MAX
from shared.protocol.entry import StoredEntry

__all__ = ["MirrorFileError", "MirrorHeader", "MirrorReader", "pack_entries", "pack_header"]

_HEAD = 8  # bytes of length and CRC before each payload
_VERSION = 1


class MirrorFileError(ValueError):
    """Bytes that are no mirror, or not of a version known here. `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class MirrorHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Whose entries the file holds. `version` is that of its frames."""

    version: int = msgspec.field(name="comanda.mirror")
    org: str
    site: str


_encode = msgspec.msgpack.Encoder().encode
_header_decoder = msgspec.msgpack.Decoder(MirrorHeader)
_entries_decoder = msgspec.msgpack.Decoder(list[StoredEntry])


def pack_header(org: str, site: str) -> bytes:
    """The first frame of a mirror of that site."""
    return _frame(_encode(MirrorHeader(version=_VERSION, org=org, site=site)))


def pack_entries(entries: Sequence[StoredEntry]) -> bytes:
    """A frame of entries in order. Their bytes come to at most MIRROR_FRAME_BYTES_MAX, as a page of the feed does."""
    return _frame(_encode(entries))


def _frame(payload: bytes) -> bytes:
    assert len(payload) <= MIRROR_FRAME_BYTES_MAX, "a page of the feed is smaller"
    return len(payload).to_bytes(4, "big") + zlib.crc32(payload).to_bytes(4, "big") + payload


class MirrorReader:
    """Takes the bytes of a mirror, in pieces of any size, and gives what its whole frames hold.

    `header` is there once the first frame is, `offset` is where the last whole frame ends. At a frame that is none (`is_broken`)
    it stops for good: what follows was torn off in the middle of a write, or is damaged, and nobody can tell where the next begins.
    """

    def __init__(self) -> None:
        self.header: MirrorHeader | None = None
        self.offset = 0
        self.is_broken = False
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Bytes received that belong to no whole frame: at the end of a file, those of its torn tail."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[list[StoredEntry]]:
        """The entries of each frame that `data` completes. Raises MirrorFileError `mirror.malformed` where the first frame is no
        header, `mirror.newer` for frames of a later version."""
        self._buffer += data
        at = 0
        try:
            while not self.is_broken and (payload := self._payload(at)) is not None:
                entries = self._open(payload)
                if self.is_broken:
                    return
                at += _HEAD + len(payload)
                self.offset += _HEAD + len(payload)
                if entries:
                    yield entries
        finally:
            del self._buffer[:at]

    def _payload(self, at: int) -> bytes | None:
        """The payload of the frame that begins there, or None for one that is not there as a whole."""
        if len(self._buffer) - at < _HEAD:
            return None
        size = int.from_bytes(self._buffer[at : at + 4], "big")
        if not 0 < size <= MIRROR_FRAME_BYTES_MAX:
            self.is_broken = True
            return None
        if len(self._buffer) - at - _HEAD < size:
            return None
        payload = bytes(self._buffer[at + _HEAD : at + _HEAD + size])
        if zlib.crc32(payload) != int.from_bytes(self._buffer[at + 4 : at + _HEAD], "big"):
            self.is_broken = True
            return None
        return payload

    def _open(self, payload: bytes) -> list[StoredEntry]:
        """The entries of a frame; none for the header."""
        if self.header is None:
            try:
                self.header = _header_decoder.decode(payload)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise MirrorFileError("mirror.malformed", f"The file does not begin as a mirror does: {error}") from error
            if self.header.version > _VERSION:
                raise MirrorFileError("mirror.newer", f"The file is a mirror of version {self.header.version}; known here is {_VERSION}.")
            return []
        try:
            return _entries_decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.is_broken = True
            return []
