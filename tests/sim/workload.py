"""The workload: tablets whose people open, add, void, send, pay, close and bump, and try again when no answer comes.

What lives here: what is proposed, from a tablet's own hazy idea of its checks. Whether a proposal is right, and what has to
come of it, it does not know: that is the auditor's business.
"""

from collections.abc import Callable

import msgspec

from edge.app.site import Device, Outcome, RefusedCommand, Request
from shared.domain.check import AddLine, ChosenModifier, CloseCheck, OpenCheck, PayCash, SendCheck, VoidLine
from shared.domain.ids import uuid7
from shared.domain.kernel import Command
from shared.domain.kitchen.ticket import BumpTicket
from shared.domain.menu import Menu, MenuItem, Modifier, ModifierGroup, Tax
from shared.domain.registry import ROLES
from shared.domain.site import AcceptClock
from shared.protocol.session import Submit
from tests.sim.auditor import Auditor
from tests.sim.box import Box
from tests.sim.network import Network
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler

__all__ = ["MENU", "Tablet"]

MENU = Menu(
    name="Simulated",
    currency="EUR",
    items=(
        MenuItem(id="soup", name="Soup", category="Food", price_minor=649, tax_ids=("food",)),
        MenuItem(id="steak", name="Steak", category="Food", price_minor=2_795, station="grill", tax_ids=("food",), modifier_group_ids=("how",)),
        MenuItem(id="wine", name="Wine", category="Drinks", price_minor=783, station="bar", tax_ids=("drink",)),
        MenuItem(id="cake", name="Cake", category="Food", price_minor=431, tax_ids=("city",)),
        MenuItem(id="water", name="Water", category="Drinks", price_minor=0, station="bar"),
    ),
    modifier_groups=(
        ModifierGroup(
            id="how", name="How", modifiers=(Modifier(id="rare", name="Rare"), Modifier(id="done", name="Done", price_minor=55)), minimum=1
        ),
    ),
    taxes=(
        Tax(id="food", name="Food", rate="7%", inclusive=True),
        Tax(id="drink", name="Drink", rate="19%", inclusive=True),
        Tax(id="city", name="City", rate="8.875%"),
    ),
)  # fmt: skip
_PATIENCE_S = 4.0  # seconds a tablet waits for an answer before it asks again
_TRY_AGAIN = {"commit.unknown", "storage.full"}


class Tablet:
    """One device: a queue of one, an id made once, and the same bytes sent until an answer comes."""

    def __init__(self, name: str, box: Box, floor: list[str], scheduler: Scheduler, profile: Profile, auditor: Auditor) -> None:
        """`floor` is the list of check ids that all tablets of the site see."""
        self.name = name
        self._box = box
        self._floor = floor
        self._lines: list[tuple[str, str]] = []
        self._scheduler = scheduler
        self._auditor = auditor
        self._left = profile.commands
        self._device = Device(device_id=name, permissions=ROLES["manager"])
        self._lan = Network(scheduler, f"{name} lan", profile.lan_loss, profile.lan_doubling, profile.lan_delay_s)
        self._waiting: Request | None = None
        self._answered: list[Request] = []
        self._urgent: list[Command] = []
        self._forged: Request | None = None
        self._at = ""

    @property
    def is_done(self) -> bool:
        return self._waiting is None and not self._left and not self._urgent

    def heal(self) -> None:
        """Nothing is lost any more, and the evening comes to its end."""
        self._lan.is_healthy = True
        self._left = min(self._left, 10)

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
                self._at = rng.choice(self._floor[-4:]) if self._floor else ""  # most moves are about one check
                request = self._request([propose() for propose in rng.choice(self._moves())])
        self._waiting = request
        self._submit(request)

    def _request(self, commands: list[Command]) -> Request:
        submits = tuple(Submit(id=self._id(), command=msgspec.Raw(msgspec.json.encode(command))) for command in commands)
        self._auditor.proposed(self._box, [(submit.id, bytes(submit.command)) for submit in submits])
        return Request(device=self._device, commands=submits)

    def _forge(self, request: Request) -> Request:
        """A broken tablet uses an id again for something else."""
        other = msgspec.Raw(msgspec.json.encode(OpenCheck(check_id=self._id())))
        self._forged = Request(device=self._device, commands=(Submit(id=request.commands[0].id, command=other),))
        return self._forged

    def _id(self) -> str:
        return uuid7(int(self._scheduler.now * 1000) + 1_780_000_000_000, self._scheduler.rng.randbytes(10))

    # --- what people do ---

    def _moves(self) -> list[list[Callable[[], Command]]]:
        """Some requests to choose from: single commands, and a whole order as one batch."""
        if not self._floor:
            return [[self._open]]
        order = [[self._open, self._add, self._add, self._send], [self._add, self._send]]
        often = [[self._add], [self._add], [self._send], [self._pay], [self._close], [self._bump], [self._void]]
        return [[self._open], *order, *often, [self._add, self._add, self._void], [self._send, self._pay, self._close]]

    def _open(self) -> Command:
        check_id = self._id()
        self._floor.append(check_id)
        self._at = check_id
        return OpenCheck(check_id=check_id, table_id=str(len(self._floor)), covers=2)

    def _check(self) -> str:
        """Mostly one of the latest checks of the floor; any tablet may be at work on it."""
        return self._at or self._scheduler.rng.choice(self._floor[-4:])

    def _add(self) -> Command:
        rng = self._scheduler.rng
        check_id, line_id = self._check(), self._id()
        self._lines.append((check_id, line_id))
        item = rng.choice(
            ["soup", "steak", "wine", "cake", "water", "unicorn"] if rng.random() < 0.1 else ["soup", "steak", "wine", "cake", "water"]
        )
        how = tuple(ChosenModifier(group_id="how", modifier_id=rng.choice(["rare", "done"])) for _ in range(rng.randint(1, 2)))
        return AddLine(
            check_id=check_id, line_id=line_id, item_id=item, quantity=rng.randint(1, 7), modifiers=how if item == "steak" else ()
        )

    def _void(self) -> Command:
        check_id, line_id = self._scheduler.rng.choice(self._lines) if self._lines else (self._check(), self._id())
        return VoidLine(check_id=check_id, line_id=line_id, reason="changed their mind")

    def _send(self) -> Command:
        return SendCheck(check_id=self._check())

    def _pay(self) -> Command:
        rng = self._scheduler.rng
        amount = rng.randint(1, 2_000) if rng.random() < 0.3 else None
        return PayCash(check_id=self._check(), tendered_minor=rng.choice([100, 5_000, 200_000]), amount_minor=amount)

    def _close(self) -> Command:
        return CloseCheck(check_id=self._check())

    def _bump(self) -> Command:
        tickets = self._box.open_tickets()
        return BumpTicket(ticket_id=self._scheduler.rng.choice(tickets).ticket_id if tickets else self._id())

    # --- what the network makes of it ---

    def _submit(self, request: Request) -> None:
        def reply(outcome: Outcome) -> None:
            self._lan.carry("answer", lambda: self._heard(request, outcome))

        self._lan.carry("command", lambda: self._box.receive(request, reply))
        self._scheduler.after(_PATIENCE_S, lambda: self._submit(request) if self._waiting is request else None)

    def _heard(self, request: Request, outcome: Outcome) -> None:
        if isinstance(outcome, RefusedCommand):
            if self._waiting is request and outcome.error.code not in _TRY_AGAIN:
                self._scheduler.note(f"{self.name}: refused {outcome.error.code}")
                self._waiting = None
                if outcome.error.code == "clock.behind":
                    self._urgent.append(AcceptClock(reason="simulated"))
        else:
            self._auditor.expect(request is not self._forged, "an id that belongs to another command was accepted")
            self._auditor.acknowledged(self._box, [msgspec.json.encode(accepted) for accepted in outcome])
            if self._waiting is request:
                self._scheduler.note(f"{self.name}: {len(outcome)} accepted")
                self._waiting = None
                self._answered.append(request)
        if self._waiting is None:
            self._scheduler.after(self._scheduler.rng.uniform(0, 1.5), self.think)
