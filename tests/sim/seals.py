"""Cheap seals in place of Ed25519, which is tested elsewhere and costs time.

What lives here: signing and checking behind the ports `Sign` and `Verify`. A seal depends on the key and on every byte, so that whoever
skips a check, or signs with the wrong key, is found out. Nobody in the simulated world forges on purpose.
"""

import zlib

from shared.protocol.envelope import Sign

__all__ = ["ISSUER", "signer", "verify"]

ISSUER = "A-SIM"
"""The public key of the simulated hub's account."""


def signer(key: str) -> Sign:
    """Signs as the holder of `key`."""
    mark = zlib.crc32(key.encode())
    return lambda data: zlib.crc32(data, mark).to_bytes(4) * 16


def verify(key: str, signature: bytes, data: bytes) -> bool:
    return signature == zlib.crc32(data, zlib.crc32(key.encode())).to_bytes(4) * 16
