"""What nobody has any more: sequences that were there, by what sources and tablets name, and of which nothing was found.

What lives here: arithmetic on positions. What a tablet was told is the place of its command's last entry; how many entries that
command made, only playing it again shows.
"""

from collections.abc import Iterable

from edge.app.hand_in import HandInDesk
from edge.restore.report import Stretch
from shared.protocol.entry import Position

__all__ = ["missing_of", "stretches"]


def missing_of(head: Position, highest: Position, epoch: int, desk: HandInDesk | None) -> tuple[Position, tuple[Stretch, ...]]:
    """(the highest position seen, the stretches above the restored head of which neither an entry nor a command was found).

    What is left are entries that the box made by itself (timers, results of printing), and commands of tablets that have not handed in;
    a command that was refused is found, and told by itself. `epoch` is that of the box now.
    """
    if desk is None:
        return highest, stretches(range(head.sequence + 1, highest.sequence + 1))
    beyond = {id: position for id, position in desk.positions.items() if position.sequence > head.sequence and position.epoch < epoch}
    highest = max([highest, *beyond.values()], key=lambda each: each.sequence)
    found: set[int] = set()
    for id, position in beyond.items():
        count = desk.counts.get(id, 1)
        found.update(range(position.sequence - count + 1, position.sequence + 1))
    return highest, stretches(sequence for sequence in range(head.sequence + 1, highest.sequence + 1) if sequence not in found)


def stretches(sequences: Iterable[int]) -> tuple[Stretch, ...]:
    """Ascending sequences, joined where they follow one another."""
    found: list[Stretch] = []
    for sequence in sequences:
        if found and found[-1].last + 1 == sequence:
            found[-1] = Stretch(first=found[-1].first, last=sequence)
        else:
            found.append(Stretch(first=sequence, last=sequence))
    return tuple(found)
