"""A follower as plain as can be, and what it means that a later release still reads what was frozen.

What lives here: state in a dictionary, and the comparison in which a later release may know more, and nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.kernel import A, Aggregate, Key
from shared.protocol.entry import Entry
from shared.protocol.fold import fold

__all__ = ["Follower", "holds"]


class Follower:
    """Folds entries and keeps every aggregate."""

    def __init__(self) -> None:
        self.states: dict[Key, Aggregate] = {}
        self.passed_over = 0

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.states.get((kind, id))
        assert found is None or isinstance(found, cls)
        return found

    def take(self, entry: Entry) -> None:
        changes = fold(self, entry)
        if changes is None:
            self.passed_over += 1
        self.states.update(changes or {})


def holds(now: Any, frozen: Any) -> bool:
    """Whether `now` says everything that `frozen` says. Fields may have been added since; nothing else may differ."""
    if isinstance(frozen, Mapping):
        return isinstance(now, Mapping) and all(key in now and holds(now[key], value) for key, value in frozen.items())
    if isinstance(frozen, Sequence) and not isinstance(frozen, str):
        is_as_long = isinstance(now, Sequence) and not isinstance(now, str) and len(now) == len(frozen)
        return is_as_long and all(holds(a, b) for a, b in zip(now, frozen, strict=True))
    return now == frozen and type(now) is type(frozen)
