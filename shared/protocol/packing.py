"""Packing: the zlib streams (RFC 1950) in which envelopes and keepsakes carry their bytes.

What lives here: the one way to pack, and to unpack within bounds. ISA-L does it, behind the standard library's interface: packing was
most of what a link spends on an entry, and takes a fifth there of what zlib takes for the same ratio. What is packed is not known here.
"""

from isal import isal_zlib

__all__ = ["Unpackable", "pack", "unpack"]

_LEVEL = 1  # of 0 to 3: smaller and faster here than zlib's own level 1


class Unpackable(ValueError):
    """The bytes are no zlib stream, one that was cut or goes on behind its end, or one of more than the bytes that were allowed."""


def pack(data: bytes) -> bytes:
    """One zlib stream over `data`."""
    return isal_zlib.compress(data, _LEVEL)


def unpack(packed: bytes, bytes_max: int) -> bytes:
    """What is in one zlib stream, of any level. Never makes more than `bytes_max` bytes of it. Raises Unpackable."""
    inflater = isal_zlib.decompressobj()
    try:
        data = inflater.decompress(packed, bytes_max)
    except isal_zlib.error as error:
        raise Unpackable(str(error)) from error
    if not inflater.eof or inflater.unused_data:
        raise Unpackable("it is cut, or larger than allowed")
    return data
