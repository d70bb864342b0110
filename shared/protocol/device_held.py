"""What a device holds of what boxes have accepted, until the cloud has it.

What lives here: the accepted commands with their places, and which of them may go. What a box is asked or told is in device.py.
"""

from collections.abc import Collection, Iterable

import msgspec

from shared import limits
from shared.protocol.device_words import NOT_HELD, Held, type_of
from shared.protocol.entry import SEQUENCE_MAX
from shared.protocol.session import Accepted, HeldCommand, Submit

__all__ = ["NOWHERE", "HeldCommands", "epoch_of", "held_of", "sequence_of"]

NOWHERE = SEQUENCE_MAX
"""The `needed` of a command that is not known to stand in the present box's journal."""


def sequence_of(position: str) -> int:
    """The sequence in `epoch.sequence.hash`; 0 for an empty cursor."""
    return int(position.split(".")[1]) if position else 0


def epoch_of(position: str) -> int:
    return int(position.split(".", maxsplit=1)[0]) if position else 0


def held_of(submits: Collection[Submit], answers: Collection[Accepted], now_ms: int) -> tuple[Held, ...]:
    """What is held of an accepted request: each of its commands that counts, with its answer."""
    return tuple(
        Held(
            HeldCommand(submit=submit, position=answer.position, at=answer.at, business_date=answer.business_date),
            sequence_of(answer.position), now_ms,
        )
        for submit, answer in zip(submits, answers, strict=True) if type_of(submit) not in NOT_HELD
    )  # fmt: skip


class HeldCommands:
    """In the order in which they were accepted."""

    def __init__(self, held: Iterable[Held] = ()) -> None:
        self._by_id = {each.id: each for each in held}

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, id: str) -> Held | None:
        return self._by_id.get(id)

    def put(self, held: Iterable[Held]) -> None:
        self._by_id.update((each.id, each) for each in held)

    def drop(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._by_id.pop(id, None)

    def acknowledged_order(self, above: int = -1, also: Collection[str] = ()) -> list[str]:
        """Ids of those whose place lies above a sequence, and of those of `also` that are held, in the order in which boxes acknowledged
        them."""
        found = [each for each in self._by_id.values() if each.needed > above or each.id in also]
        found.sort(key=lambda each: (epoch_of(each.command.position), sequence_of(each.command.position)))
        return [each.id for each in found]

    def place(self, ids: Collection[str], needed: int) -> tuple[Held, ...]:
        """The box has these at `needed` or below; those of them that are held, as they stand now."""
        moved = tuple(msgspec.structs.replace(self._by_id[id], needed=needed) for id in ids if id in self._by_id)
        self.put(moved)
        return moved

    def to_release(self, cloud: int, now_ms: int) -> tuple[list[str], list[str]]:
        """(those that the cloud has had long enough, those given up although it has them not), the oldest first.

        A command is held UI_HELD_IN_CLOUD_S even when the cloud has it, and given up after UI_HELD_MAX_S; of more than UI_HELD_MAX the
        oldest that the cloud has go first.
        """
        done: list[str] = []
        expired: list[str] = []
        for id, held in self._by_id.items():
            age_s = (now_ms - held.accepted_ms) / 1000
            if held.needed <= cloud and age_s > limits.UI_HELD_IN_CLOUD_S:
                done.append(id)
            elif age_s > limits.UI_HELD_MAX_S:
                expired.append(id)
            else:
                break
        return done, expired

    def to_make_room(self, cloud: int) -> tuple[list[str], list[str]]:
        """As `to_release`, of what is more than UI_HELD_MAX."""
        excess = len(self._by_id) - limits.UI_HELD_MAX
        if excess <= 0:
            return [], []
        done = [id for id, held in self._by_id.items() if held.needed <= cloud][:excess]
        gone = set(done)
        return done, [id for id in self._by_id if id not in gone][: excess - len(done)]
