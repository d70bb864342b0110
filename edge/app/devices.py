"""Devices and what they may do.

What lives here: who a token belongs to, by its hash. Where devices are kept, and how a request carries a token, is not known.
"""

import hashlib

from edge.app.site import Device
from shared.domain.registry import ROLES

__all__ = ["Devices", "token_hash"]


def token_hash(token: str) -> bytes:
    """SHA-256 of a device token: what is kept of it. A token has 256 random bits, so a plain hash does."""
    return hashlib.sha256(token.encode()).digest()


class Devices:
    """The devices of this box by the hash of their token."""

    def __init__(self) -> None:
        self._by_hash: dict[bytes, Device] = {}
        self._ids: set[str] = set()

    def add(self, device_id: str, role: str, hashed: bytes) -> Device:
        """Know a device from now on. Raises KeyError for a role that is none."""
        device = Device(device_id=device_id, permissions=ROLES[role])
        self._by_hash[hashed] = device
        self._ids.add(device_id)
        return device

    def knows(self, device_id: str) -> bool:
        """Whether a paired device has this id."""
        return device_id in self._ids

    def find(self, token: str) -> Device | None:
        """Whose token this is."""
        return self._by_hash.get(token_hash(token))
