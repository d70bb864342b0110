"""Keys of boxes and issuers: public nkeys and the check of their signatures, behind the port `Verify` of envelope.py.

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

__all__ = ["is_account_key", "is_user_key", "verify", "verify_issuer"]

_PUBLIC_NKEY_LENGTH = 56  # characters: base32 of 35 bytes
_KEYS_CACHED = 4_096  # decoded public keys: one for each box that an ingest process hears of lately


def _key_of(public: str, prefix: int = nkeys.PREFIX_BYTE_USER) -> VerifyKey | None:
    # Judged before the cache, so that nobody can fill it with long texts.
    return _verify_key(public, prefix) if len(public) == _PUBLIC_NKEY_LENGTH else None


@lru_cache(maxsize=_KEYS_CACHED)
def _verify_key(public: str, prefix: int) -> VerifyKey | None:
    try:
        raw = base64.b32decode(public)
    except (binascii.Error, ValueError):
        return None
    if raw[0] != prefix or nkeys.crc16(bytearray(raw[:-2])).to_bytes(2, "little") != raw[-2:]:
        return None
    return VerifyKey(raw[1:-2])


def is_user_key(public: str) -> bool:
    """Whether the text is a well-formed public nkey of a user, as each box has one."""
    return _key_of(public) is not None


def is_account_key(public: str) -> bool:
    """Whether the text is a well-formed public nkey of an account, or of a signing key of one: issuers of claims."""
    return _key_of(public, nkeys.PREFIX_BYTE_ACCOUNT) is not None


def verify(public: str, signature: bytes, data: bytes) -> bool:
    """Whether `signature` (64 bytes) over `data` was made by the holder of the public user nkey; never raises."""
    return _is_signed(_key_of(public), signature, data)


def verify_issuer(public: str, signature: bytes, data: bytes) -> bool:
    """The same for the public account nkey of an issuer of claims (claim.py)."""
    return _is_signed(_key_of(public, nkeys.PREFIX_BYTE_ACCOUNT), signature, data)


def _is_signed(key: VerifyKey | None, signature: bytes, data: bytes) -> bool:
    if key is None:
        return False
    try:
        key.verify(data, signature)
    except (nacl.exceptions.CryptoError, ValueError, TypeError):
        return False
    return True
