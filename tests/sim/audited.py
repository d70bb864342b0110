"""What the auditor may look at, and the shapes in which it sees it. Nothing of the product is known here."""

from collections.abc import Collection, Mapping, Sequence
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

    def set_aside(self) -> Mapping[str, str]: ...

    def kept_by_tablets(self) -> Collection[str]: ...


@dataclass(frozen=True)
class Shown:
    """What people see of a site at rest: sums of the box and of the hub, and what each tablet's screen says of each check (status,
    total in minor units). `held` are the checks that the hub says are in quarantine, `held_entries` the sequences of entries that are."""

    edge: Sums
    hub: Sums
    hub_checks: Mapping[str, tuple[str, int]]
    held: Collection[str]
    held_entries: Collection[int]
    screens: Mapping[str, Mapping[str, tuple[str, int]]]
