"""Bringing the states of a checkpoint up to the present state format (Law 4).

What lives here: the table of steps and their composition. A box that has trimmed its journal cannot fold it from the first entry: what
older entries came to stands in its checkpoint, in the format of the release that trimmed. Where rows are kept, and when they are
brought up, is the box's business (edge/journal/checkpoint.py).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["CHECKPOINT_UPGRADES", "FIRST_CHECKPOINT_FORMAT", "StateRow", "Upgrade", "brought_up", "steps_between"]


class StateRow(NamedTuple):
    """The state of one aggregate, as its JSON says it: objects are dicts, times and the like are texts."""

    kind: str
    id: str
    state: Mapping[str, Any]


Upgrade = Callable[[Iterable[StateRow]], Iterable[StateRow]]
"""From all rows of a checkpoint in one format to all rows in the next. Rows may be left out and added, each key once.

A step may go through the rows as often as it needs to (to total up the checks of a day, say), but there are as many as the site has
ever had checks: it must not gather them.
"""

FIRST_CHECKPOINT_FORMAT = 3
"""The state format of the first release that trims, 0.3."""

CHECKPOINT_UPGRADES: dict[int, Upgrade] = {}
"""The step from each state format to the next. Whoever raises STATE_FORMAT in registry.py adds a row from the format before, or no box
that has trimmed starts after the update."""


def steps_between(found: int, wanted: int, upgrades: Mapping[int, Upgrade] = CHECKPOINT_UPGRADES) -> Sequence[Upgrade] | None:
    """The steps from one state format to another, in their order; none for the same one, None where there is no way."""
    if found > wanted or any(format not in upgrades for format in range(found, wanted)):
        return None
    return [upgrades[format] for format in range(found, wanted)]


def brought_up(rows: Iterable[StateRow], steps: Sequence[Upgrade]) -> Iterable[StateRow]:
    """The rows after these steps; like `rows` they can be gone through again."""
    for step in steps:
        rows = _Stepped(step, rows)
    return rows


class _Stepped:
    """The rows after one step, made anew each time they are gone through."""

    def __init__(self, step: Upgrade, rows: Iterable[StateRow]) -> None:
        self._step = step
        self._rows = rows

    def __iter__(self) -> Iterator[StateRow]:
        return iter(self._step(self._rows))
