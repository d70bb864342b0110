"""Poison: entries that the hub of this world cannot project, because its release has a bug that the next one mends.

What lives here: which entries are poison. That they stop nobody, and are shown, is the shipped fold's business; the auditor knows the
same rule from here, and nothing else.
"""

import zlib
from collections.abc import Mapping

from shared.domain.kernel import Aggregate, Event, Key, Meta, View
from shared.domain.registry import evolve

__all__ = ["Poison"]

_TYPES = frozenset({"LineChanged", "LineVoided", "DiscountGiven", "CheckSplit", "LinesMoved", "CheckClosed", "TicketBumped"})


class Poison:
    """`share` (0 to 1) of some events cannot be projected until the hub is updated."""

    def __init__(self, share: float) -> None:
        self._share = share

    def is_in(self, command_id: str, type_name: str) -> bool:
        return self._share > 0 and type_name in _TYPES and zlib.crc32(command_id.encode()) % 1_000 < self._share * 1_000

    def mend(self) -> None:
        """The hub is updated."""
        self._share = 0.0

    def evolve(self, view: View, event: Event, meta: Meta) -> Mapping[Key, Aggregate]:
        """As the hub's release does it."""
        if self.is_in(meta.command_id, type(event).__name__):
            raise ZeroDivisionError("a bug of this release of the hub")
        return evolve(view, event, meta)
