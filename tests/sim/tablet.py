"""A tablet: keeps what it proposed until it is answered, and what was accepted until it is in the cloud.

What lives here: the device's side of a session with whichever box it reaches, over a LAN that fails. What people propose is in
workload.py; whether it was right to accept it is the auditor's business.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from edge.app.site import Device, Outcome, RefusedCommand, Request
from shared.domain.check import OpenCheck
from shared.domain.ids import uuid7
from shared.domain.kernel import Command
from shared.domain.registry import ROLES
from shared.domain.site import AcceptClock
from shared.domain.views import check_view
from shared.protocol.entry import START, Position
from shared.protocol.session import Accepted, HandInResult, HeldCommand, Submit
from tests.sim.box import Box
from tests.sim.network import Network
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler
from tests.sim.workload import People

__all__ = ["Tablet", "Witness"]

_PATIENCE_S = 4.0  # seconds a tablet waits for an answer before it asks again
_TRY_AGAIN = {"commit.unknown", "storage.full", "box.recovering", "box.fenced"}


class Witness(Protocol):
    """Who is told what the tablet has been told."""

    def proposed(self, commands: list[tuple[str, bytes]]) -> None: ...

    def acknowledged(self, box: Box, answers: list[bytes]) -> None: ...

    def handed_in(self, results: tuple[HandInResult, ...]) -> None: ...

    def expect(self, holds: bool, otherwise: str) -> None: ...


class Tablet:
    """One device: a queue of one, an id made once, and the same bytes sent until an answer comes."""

    def __init__(self, name: str, box: Box, floor: list[str], scheduler: Scheduler, profile: Profile, witness: Witness) -> None:
        self.name = name
        self.kept: dict[str, HeldCommand] = {}
        """What was accepted and is not known to be in the cloud, by command id."""
        self.refused: dict[str, str] = {}
        """What was accepted once and will not be played again: code by command id, shown to a person."""
        self.forgotten: set[str] = set()  # what the cloud has been said to have
        self.shown: dict[str, tuple[str, int]] = {}  # status and total of each check on the screen
        self.epoch = 0  # the highest that it has seen
        self.settled = 0  # the epoch of the box that is known to have all of them
        self.cursor = START
        self._box = box
        self._scheduler = scheduler
        self._profile = profile
        self._witness = witness
        self._left = profile.commands
        self._device = Device(device_id=name, permissions=ROLES["manager"])
        self._lan = Network(scheduler, f"{name} lan", profile.lan_loss, profile.lan_doubling, profile.lan_delay_s)
        self._people = People(floor, scheduler.rng, self._id, lambda: self._box.open_tickets())
        self._waiting: Request | None = None
        self._answered: list[Request] = []
        self._urgent: list[Command] = []
        self._forged: Request | None = None

    @property
    def is_done(self) -> bool:
        return self._waiting is None and not self._left and not self._urgent

    def is_current(self, box: Box) -> bool:
        """Whether the screen shows all that the box has."""
        return self._box is box and self.cursor == box.head and not self._needs_hand_in(box)

    def _needs_hand_in(self, box: Box) -> bool:
        return bool(self.kept) and self.settled < box.epoch

    def heal(self) -> None:
        """Nothing is lost any more, and the evening comes to its end."""
        self._lan.is_healthy = True
        self._left = min(self._left, 10)

    def reach(self, box: Box) -> None:
        """The name of the site leads to this box now."""
        self._box = box

    # --- commands ---

    def think(self) -> None:
        """Propose the next thing, unless an answer is still awaited."""
        if self._waiting is not None or self.is_done:
            return
        rng = self._scheduler.rng
        if self._urgent:
            request = self._request([self._urgent.pop()])
        else:
            self._left -= 1
            if self._answered and rng.random() < 0.1:
                request = rng.choice(self._answered)  # somebody presses the button again
            elif self._answered and rng.random() < 0.03:
                request = self._forge(rng.choice(self._answered))
            else:
                request = self._request(self._people.propose())
        self._waiting = request
        self._submit(request)

    def _request(self, commands: list[Command]) -> Request:
        submits = tuple(Submit(id=self._id(), command=msgspec.Raw(msgspec.json.encode(command))) for command in commands)
        self._witness.proposed([(submit.id, bytes(submit.command)) for submit in submits])
        return Request(device=self._device, commands=submits)

    def _forge(self, request: Request) -> Request:
        """A broken tablet uses an id again for something else."""
        other = msgspec.Raw(msgspec.json.encode(OpenCheck(check_id=self._id())))
        self._forged = Request(device=self._device, commands=(Submit(id=request.commands[0].id, command=other),))
        return self._forged

    def _id(self) -> str:
        return uuid7(int(self._scheduler.now * 1000) + 1_780_000_000_000, self._scheduler.rng.randbytes(10))

    def _submit(self, request: Request) -> None:
        box = self._box

        def reply(outcome: Outcome) -> None:
            self._lan.carry("answer", lambda: self._heard(box, request, outcome))

        if box.epoch >= self.epoch:
            self._lan.carry("command", lambda: box.receive(request, reply))
        self._scheduler.after(_PATIENCE_S, lambda: self._submit(request) if self._waiting is request else None)

    def _heard(self, box: Box, request: Request, outcome: Outcome) -> None:
        if isinstance(outcome, RefusedCommand):
            if self._waiting is request and outcome.error.code not in _TRY_AGAIN:
                self._scheduler.note(f"{self.name}: refused {outcome.error.code}")
                self._waiting = None
                if outcome.error.code == "clock.behind":
                    self._urgent.append(AcceptClock(reason="simulated"))
        else:
            self._witness.expect(request is not self._forged, "an id that belongs to another command was accepted")
            self._witness.acknowledged(box, [msgspec.json.encode(accepted) for accepted in outcome])
            self._keep(request, outcome)
            if self._waiting is request:
                self._scheduler.note(f"{self.name}: {len(outcome)} accepted")
                self._waiting = None
                self._answered.append(request)
        if self._waiting is None:
            self._scheduler.after(self._scheduler.rng.uniform(0, 1.5), self.think)

    def _keep(self, request: Request, accepted: tuple[Accepted, ...]) -> None:
        for submit, answer in zip(request.commands, accepted, strict=True):
            self.kept[submit.id] = HeldCommand(submit=submit, position=answer.position, at=answer.at, business_date=answer.business_date)

    # --- the feed ---

    def look(self) -> None:
        """Ask the box what has changed since the cursor; hand in what the box may not know when the cursor fits not."""
        box = self._box
        self._lan.carry("feed", lambda: self._look(box))
        self._scheduler.after(self._scheduler.rng.uniform(0.5, 1.5) * self._profile.look_every_s, self.look)

    def _look(self, box: Box) -> None:
        if not box.is_up or box.epoch < self.epoch:
            return
        self.epoch = box.epoch
        if box.is_recovering or not box.holds(self.cursor) or self._needs_hand_in(box):
            self._hand_in(box)
            return
        for check in box.checks(self.cursor.sequence):
            view = check_view(check)
            self.shown[view.check_id] = (str(view.status), view.total_minor)
        self.cursor = box.head
        for id in [id for id, held in self.kept.items() if Position.parse(held.position).sequence <= box.cloud]:
            del self.kept[id]
            self.forgotten.add(id)

    def _hand_in(self, box: Box) -> None:
        held = sorted(self.kept.values(), key=_order)
        self._scheduler.note(f"{self.name}: hands in {len(held)} to {box.name}")
        box.hand_in(self._device, held, lambda results: self._lan.carry("handed in", lambda: self._handed_in(box, results)))

    def _handed_in(self, box: Box, results: tuple[HandInResult, ...]) -> None:
        self._witness.handed_in(results)
        for result in results:
            if result.outcome == "refused":
                self.refused[result.command_id] = result.code
                self.kept.pop(result.command_id, None)
            elif result.outcome in ("known", "played"):
                answer = box.answer(result.command_id)
                if answer is not None and result.command_id in self.kept:
                    self.kept[result.command_id] = msgspec.structs.replace(self.kept[result.command_id], position=answer.position)
        if all(result.outcome != "waits" for result in results):
            self.cursor, self.shown, self.settled = START, {}, box.epoch


def _order(held: HeldCommand) -> tuple[int, int]:
    position = Position.parse(held.position)
    return position.epoch, position.sequence
