"""Hand-ins: commands that tablets were told are accepted, by a box that is no more, and that this journal may lack (Law 3).

What lives here: who has handed in what, in which order it is played, and what becomes of what the site refuses now. The site decides;
HTTP, SQL and files are not known here.

A box that recovers collects, since a later command may rest on an earlier one of another tablet, and plays at the end in the order
in which the box before acknowledged. What is collected is held in memory alone: a tablet keeps each of its commands until it is in
the cloud, and hands in again whatever it was not told is known or played; so a power cut costs nothing but that. A box that sells
plays at once what it does not know.

A command that the site refuses is kept for a person, and stays refused when it is handed in again while the box sells: the person may
have made up for it by then, and it would be in effect twice. But where it was refused only because another tablet has still to bring
what it rests on, as a line before its check, it is tried again when that was played, unless a person has settled it.
"""

import asyncio
import heapq
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from edge.app.ports import CommandRecord
from edge.app.site import Device, Outcome, RefusedCommand, Request
from shared.domain.errors import Refused
from shared.domain.ids import is_id
from shared.domain.registry import ERRORS
from shared.limits import HAND_IN_ROUNDS_MAX, HAND_INS_COLLECTED_MAX
from shared.protocol.entry import Position
from shared.protocol.session import Accepted, HandedIn, HandIn, HandInResult, HeldCommand, Submit

__all__ = ["HandInDesk", "HandInTally", "RefusalBook", "RefusedHandIn"]


class RefusedHandIn(msgspec.Struct, frozen=True, kw_only=True):
    """A command that a device was told is accepted and that this site refuses. `position` is where it stood, `at` when it was
    acknowledged, `refused_at` when it was refused here (both UTC)."""

    command_id: str
    device_id: str
    position: str
    at: datetime
    business_date: str
    command: msgspec.Raw
    actor_id: str
    code: str
    detail: str
    refused_at: datetime
    permissions: tuple[str, ...] = ()  # of the device, when it handed it in; none in a book of a release that did not try again


class RefusalBook(Protocol):
    """Where refused hand-ins are kept for a person, durably."""

    def find(self, command_id: str) -> RefusedHandIn | None:
        """One that was refused before, whether or not a person has looked at it."""
        ...

    async def unsettled(self) -> Sequence[RefusedHandIn]:
        """Those that nobody has settled, as of now: a person's word comes from another process."""
        ...

    async def keep(self, refusal: RefusedHandIn) -> None:
        """Keep one; on disk when it returns."""
        ...

    async def forget(self, command_id: str) -> None:
        """One that is in effect after all."""
        ...


class HandInTally(msgspec.Struct, kw_only=True):
    """What a device has handed in, by what became of it. `is_complete`: it had no more."""

    known: int = 0
    played: int = 0
    refused: int = 0
    is_complete: bool = False


_SUBJECT = re.compile(rb'"(?:\w+_)?(?:check|ticket)_id"\s*:\s*"([^"]+)"')

Known = Callable[[Collection[str]], Awaitable[Mapping[str, CommandRecord]]]


class _Collected(msgspec.Struct, frozen=True):
    device: Device
    held: HeldCommand


class HandInDesk:
    """Of one box. Lives in the event loop. While it collects, `positions` are those of every command that was handed in, as another box
    acknowledged it, and `counts` how many entries each makes here; `refused` are those that were refused."""

    def __init__(
        self, play: Callable[[Request], Awaitable[Outcome]], known: Known, book: RefusalBook, now: Callable[[], datetime]
    ) -> None:  # fmt: skip
        """`play` puts a request to the site, `known` finds those of command ids that its journal holds; `now` gives aware UTC times."""
        self._play = play
        self._known = known
        self._book = book
        self._now = now
        self._collected: dict[str, _Collected] = {}
        self._one_at_a_time = asyncio.Lock()  # while it sells: what one tablet is refused is in the book before another's is played
        self._stirred: set[bytes] = set()  # checks and tickets of played commands, which refusals have not been held against yet
        self._order: list[tuple[tuple[int, int], str]] = []  # a heap of places and ids; what is not in _collected any more is passed over
        self.is_collecting = False
        self.tallies: dict[str, HandInTally] = {}
        self.positions: dict[str, Position] = {}
        self.counts: dict[str, int] = {}
        self.refused: list[RefusedHandIn] = []

    @property
    def complete(self) -> int:
        """How many devices have handed in all that they hold."""
        return sum(tally.is_complete for tally in self.tallies.values())

    @property
    def waiting(self) -> int:
        """Commands that wait to be played."""
        return len(self._collected)

    async def take(self, device: Device, hand_in: HandIn) -> HandedIn:
        """What a device hands in. Raises Refused `request.malformed` for a position that is none, `edge.busy` when no more can be held,
        and what passes by itself (`commit.unknown` and its like): it is handed in again then."""
        places = {held.submit.id: _position_of(held) for held in hand_in.commands}
        known = await self._known([id for id in places if is_id(id)])
        results: dict[str, HandInResult] = {}
        for held in sorted(hand_in.commands, key=lambda each: _place_of(places[each.submit.id])):
            id = held.submit.id
            if id in known:
                self._collected.pop(id, None)
                self._count(device, id, places[id], "known", known[id].count)
                results[id] = HandInResult(command_id=id, outcome="known")
            elif self.is_collecting:
                self._collect(device, held, places[id])
                results[id] = HandInResult(command_id=id, outcome="waits")
            else:
                async with self._one_at_a_time:
                    results[id] = await self._play_now(_Collected(device, held))
                    await self._play_refused_again(results)
        if self._stirred and not self.is_collecting:
            async with self._one_at_a_time:  # what trouble of the box had cut short
                await self._play_refused_again(results)
        if self.is_collecting and hand_in.is_last:
            self._tally(device).is_complete = True
        return HandedIn(results=tuple([results[held.submit.id] for held in hand_in.commands]))

    def _collect(self, device: Device, held: HeldCommand, position: Position) -> None:
        if len(self._collected) >= HAND_INS_COLLECTED_MAX:
            raise Refused("edge.busy", f"{HAND_INS_COLLECTED_MAX} commands of tablets wait to be played.")
        self.positions[held.submit.id] = position
        if held.submit.id not in self._collected:
            heapq.heappush(self._order, (_place_of(position), held.submit.id))
        self._collected[held.submit.id] = _Collected(device, held)

    async def play_next(self) -> bool:
        """Play the first of what was collected; whether there was one. Raises Refused for what passes by itself: call it again."""
        while self._order:
            place, id = heapq.heappop(self._order)
            first = self._collected.get(id)
            if first is None:  # known by now
                continue
            try:
                await self._play_one(first)
            except Refused:
                heapq.heappush(self._order, (place, id))
                raise
            self._collected.pop(id, None)
            return True
        return False

    async def _play_now(self, item: _Collected) -> HandInResult:
        before = self._book.find(item.held.submit.id)
        if before is not None:
            return HandInResult(command_id=before.command_id, outcome="refused", code=before.code)
        return await self._play_one(item)

    async def _play_refused_again(self, results: dict[str, HandInResult]) -> None:
        """What had been refused because what it rests on was not here yet; `results` learn of it. Only what is about the same as a
        command that was just played is tried: of the rest nothing has changed but what a person may have made up for by hand.

        Raises Refused for what passes by itself; what is left is tried when the next command is handed in."""
        for _ in range(HAND_IN_ROUNDS_MAX):
            if not self._stirred:
                break
            stirred, self._stirred = self._stirred, set()
            unsettled = [
                each for each in await self._book.unsettled() if each.permissions and not stirred.isdisjoint(_subjects_of(each.command))
            ]
            for refusal in sorted(unsettled, key=lambda each: _place_of(Position.parse(each.position))):
                device = Device(device_id=refusal.device_id, permissions=frozenset(refusal.permissions))
                submit = Submit(id=refusal.command_id, command=refusal.command, actor_id=refusal.actor_id)
                outcome = await self._play(Request(device=device, commands=(submit,), at=refusal.at))
                if not isinstance(outcome, RefusedCommand):
                    self._stir(refusal.command, outcome)
                    await self._book.forget(refusal.command_id)
                    if refusal.command_id in results:
                        results[refusal.command_id] = HandInResult(command_id=refusal.command_id, outcome="played")
                elif _passes(outcome.error):
                    self._stirred |= stirred
                    raise outcome.error
        self._stirred.clear()

    def _stir(self, command: msgspec.Raw, outcome: tuple[Accepted, ...]) -> None:
        """A command was played: its effects are what others may have waited for."""
        for raw in (command, *[each.event for answer in outcome for each in answer.events]):
            self._stirred |= _subjects_of(raw)

    async def _play_one(self, item: _Collected) -> HandInResult:
        device, held = item.device, item.held
        id, position = held.submit.id, _position_of(held)
        outcome = await self._play(Request(device=device, commands=(held.submit,), at=held.at))
        if not isinstance(outcome, RefusedCommand):
            self._count(device, id, position, "played", len(outcome[0].events))
            await self._book.forget(id)
            if not self.is_collecting:
                self._stir(held.submit.command, outcome)
            return HandInResult(command_id=id, outcome="played")
        error = outcome.error
        if _passes(error):
            raise error
        refusal = RefusedHandIn(
            command_id=id, device_id=device.device_id, position=held.position, at=held.at, business_date=held.business_date,
            command=held.submit.command, actor_id=held.submit.actor_id, code=error.code, detail=error.detail, refused_at=self._now(),
            permissions=tuple(sorted(device.permissions)),
        )  # fmt: skip
        await self._book.keep(refusal)
        self._count(device, id, position, "refused")
        if self.is_collecting:
            self.refused.append(refusal)
        return HandInResult(command_id=id, outcome="refused", code=error.code)

    def _tally(self, device: Device) -> HandInTally:
        return self.tallies.setdefault(device.device_id, HandInTally())

    def _count(self, device: Device, id: str, position: Position, outcome: Literal["known", "played", "refused"], entries: int = 1) -> None:
        """For the report of a restore: a box that sells would gather it for ever. What is handed in again counts once."""
        if not self.is_collecting or id in self.counts:
            return
        tally = self._tally(device)
        setattr(tally, outcome, getattr(tally, outcome) + 1)
        self.positions[id], self.counts[id] = position, entries


def _subjects_of(raw: msgspec.Raw) -> set[bytes]:
    """The ids of the checks and tickets that a command or an event names."""
    return set(_SUBJECT.findall(bytes(raw)))


def _passes(error: Refused) -> bool:
    """Whether a refusal says nothing about the command: trouble of the box that passes, a clock that nobody has set yet, or a box that is
    none any more."""
    info = ERRORS.get(error.code)
    return error.code in ("box.fenced", "epoch.behind", "clock.behind") or (info is not None and info.status >= 500)


def _position_of(held: HeldCommand) -> Position:
    try:
        return Position.parse(held.position)
    except ValueError as error:
        raise Refused("request.malformed", f"Command {held.submit.id}: {error}.") from error


def _place_of(position: Position) -> tuple[int, int]:
    """Where among all acknowledged commands of the site."""
    return position.epoch, position.sequence
