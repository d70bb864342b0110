"""The shipped desk for hand-ins over a simulated site.

What lives here: its ports, and the refusals that a box keeps on its disk for a person. What is played, and in which order, is decided by
`edge.app.hand_in`.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from edge.app.hand_in import HandInDesk, RefusedHandIn
from edge.app.ports import CommandRecord
from edge.app.site import Outcome, Request
from tests.sim.store import SimStore

__all__ = ["Book", "desk_of"]


class Book:
    """The commands that a box would not play, by id; they outlive its crashes."""

    def __init__(self, on_refusal: Callable[[str, str], None]) -> None:
        self._refused: dict[str, RefusedHandIn] = {}
        self._on_refusal = on_refusal

    def find(self, command_id: str) -> RefusedHandIn | None:
        return self._refused.get(command_id)

    async def unsettled(self) -> list[RefusedHandIn]:
        return list(self._refused.values())

    async def keep(self, refusal: RefusedHandIn) -> None:
        self._refused[refusal.command_id] = refusal
        self._on_refusal(refusal.command_id, refusal.code)

    async def forget(self, command_id: str) -> None:
        self._refused.pop(command_id, None)


def desk_of(execute: Callable[[Request], Outcome], store: SimStore, book: Book, now: Callable[[], datetime]) -> HandInDesk:
    """A desk as a box has it from its start on."""

    async def play(request: Request) -> Outcome:
        return execute(request)

    async def known(ids: Collection[str]) -> Mapping[str, CommandRecord]:
        return store.find_commands(ids)

    return HandInDesk(play, known, book, now)
