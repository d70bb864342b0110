"""What the auditor may look at, and the shapes in which it sees it. Nothing of the product is known here."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

__all__ = ["AuditedBox", "AuditedPlace", "Row", "Shown", "Sums"]

Row = tuple[int, bytes, bytes]
"""(sequence, hash, bytes) of an entry."""
Sums = dict[str, tuple[int, int, int, int, int]]
"""By business date: orders, lines, gross, net and tax in minor units."""


class AuditedDisk(Protocol):
    def platter(self) -> list[Row]: ...


class AuditedBox(Protocol):
    name: str

    @property
    def disk(self) -> AuditedDisk: ...


class AuditedPlace(Protocol):
    name: str

    @property
    def boxes(self) -> Sequence[AuditedBox]: ...

    @property
    def present(self) -> AuditedBox: ...

    def rows_at_hub(self, after: int = 0) -> list[Row]: ...

    def hub_incarnation(self) -> str: ...

    def was_claim_forgotten(self) -> bool: ...

    def holes(self) -> Sequence[tuple[int, int]]:
        """The first and last sequence of each hole that a person at the hub is shown."""
        ...

    def trimmed(self) -> int:
        """The last sequence that the present box has let go of."""
        ...

    def backups(self) -> Sequence[Sequence[Row]]:
        """What the backups of the hub that are there hold of the site."""
        ...

    def lost_backups(self, since: int = 0) -> Sequence[Sequence[Row]]:
        """What those hold that were done, and that an operator has lost: which shows when a later restore than `since` needs them."""
        ...

    def mirrored(self) -> Sequence[Sequence[Row]]: ...

    def set_aside(self) -> Mapping[str, str]: ...

    def orphans(self) -> Collection[tuple[int, bytes]]:
        """(sequence, hash) of every entry that the hub keeps apart and shows to a person."""
        ...

    def kept_by_tablets(self) -> Collection[str]: ...


@dataclass(frozen=True)
class Shown:
    """What people see of a site at rest: sums of the box and of the hub, and what each tablet's screen says of each check (status,
    total in minor units). `held` are the checks that the hub says are in quarantine, `held_entries` the sequences of entries that are."""

    edge: Sums
    hub: Sums
    hub_checks: Mapping[str, tuple[str, int]]
    held: Set[str]
    held_entries: Collection[int]
    screens: Mapping[str, Mapping[str, tuple[str, int]]]
