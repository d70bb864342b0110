"""Identity: UUIDv7 from given time and randomness, and ids derived from others.

What lives here: making and checking ids as pure functions. The clock and the source of randomness are passed in.
"""

import hashlib
import re

__all__ = ["derived_id", "is_id", "uuid7"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


def is_id(text: str) -> bool:
    """True for a UUID in its canonical lower-case form, of any version."""
    return _UUID.match(text) is not None


def uuid7(unix_ms: int, randomness: bytes) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) from milliseconds since 1970 and ten random bytes."""
    if len(randomness) != 10:
        raise ValueError("a UUIDv7 takes ten random bytes")
    value = (unix_ms & (1 << 48) - 1) << 80 | int.from_bytes(randomness, "big")
    return _format(value & ~(0xF << 76) | 0x7 << 76)


def derived_id(*parts: str | int) -> str:
    """The same UUIDv8 (RFC 9562, section 5.8) for the same parts: SHA-256 of them, cut to 128 bits.

    Law 3: an effect is keyed by (command id, ordinal of the event); its id is `derived_id(command_id, ordinal)`,
    so that it stays the same when the command is played again on another box or in another epoch.
    """
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return _format(int.from_bytes(digest[:16], "big") & ~(0xF << 76) | 0x8 << 76)


def _format(value: int) -> str:
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
