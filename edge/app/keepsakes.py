"""What a replacement needs and no entry holds: the menus of a box, and the list of its devices.

What lives here: the list of devices as a document and back. Where documents are kept, and who asks for them, is not known here.
"""

import hashlib
from collections.abc import Iterable

import msgspec

__all__ = ["DEVICES", "MENU", "KeptDevice", "device_list", "read_device_list", "version_of"]

MENU, DEVICES = "menu", "devices"
"""Kinds of keepsakes."""


class KeptDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A paired device. `token_hash` is the SHA-256 of its token in lower-case hexadecimal: the token itself is nowhere kept."""

    device_id: str
    name: str
    role: str
    token_hash: str


def version_of(document: bytes) -> str:
    """The version of a keepsake: SHA-256 of its bytes, in lower-case hexadecimal."""
    return hashlib.sha256(document).hexdigest()


def device_list(devices: Iterable[KeptDevice]) -> bytes:
    """The document: a JSON list in order of id, so that the same devices are always the same version."""
    return msgspec.json.encode(sorted(devices, key=lambda device: device.device_id))


def read_device_list(document: bytes) -> list[KeptDevice]:
    """The devices of a document. Raises msgspec.MsgspecError for what is none."""
    return msgspec.json.decode(document, type=list[KeptDevice])
