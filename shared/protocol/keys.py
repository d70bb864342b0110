"""Keys of boxes: public nkeys and the check of their signatures, behind the port `Verify` of envelope.py.

What lives here: Ed25519 verification on public nkeys (base32 of prefix, 32 bytes, CRC-16). The nkeys package signs but
cannot verify from a public key alone, so the key is decoded here and given to PyNaCl, on which nkeys stands. Private
keys are read by the shells, never here.
"""

import base64
import binascii
from functools import lru_cache

import nacl.exceptions
import nkeys
from nacl.signing import VerifyKey

__all__ = ["is_user_key", "verify"]

_PUBLIC_NKEY_LENGTH = 56  # characters: base32 of 35 bytes
_KEYS_CACHED = 4_096  # decoded public keys: one for each box that an ingest process hears of lately


def _key_of(public: str) -> VerifyKey | None:
    # Judged before the cache, so that nobody can fill it with long texts.
    return _verify_key(public) if len(public) == _PUBLIC_NKEY_LENGTH else None


@lru_cache(maxsize=_KEYS_CACHED)
def _verify_key(public: str) -> VerifyKey | None:
    try:
        raw = base64.b32decode(public)
    except (binascii.Error, ValueError):
        return None
    if raw[0] != nkeys.PREFIX_BYTE_USER or nkeys.crc16(bytearray(raw[:-2])).to_bytes(2, "little") != raw[-2:]:
        return None
    return VerifyKey(raw[1:-2])


def is_user_key(public: str) -> bool:
    """Whether the text is a well-formed public nkey of a user, as each box has one."""
    return _key_of(public) is not None


def verify(public: str, signature: bytes, data: bytes) -> bool:
    """Whether `signature` (64 bytes) over `data` was made by the holder of the public user nkey; never raises."""
    key = _key_of(public)
    if key is None:
        return False
    try:
        key.verify(data, signature)
    except (nacl.exceptions.CryptoError, ValueError, TypeError):
        return False
    return True
