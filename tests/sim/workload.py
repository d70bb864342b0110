"""The workload: tablets whose people do whatever people do to checks and tickets, and try again when no answer comes.

What lives here: what is proposed, from a tablet's own hazy idea of its checks. Whether a proposal is right, and what has to
come of it, it does not know: that is the auditor's business.
"""

from collections.abc import Callable

import msgspec

from edge.app.site import Device, Outcome, RefusedCommand, Request
from shared.domain.check import AddLine, ChosenModifier, CloseCheck, OpenCheck, PayCash, SendCheck, VoidLine
from shared.domain.check.changing import ChangeLine
from shared.domain.check.discounting import CompLines, GiveDiscount
from shared.domain.check.evenly import SplitEvenly
from shared.domain.check.exempting import ExemptTax
from shared.domain.check.firing import FireCourse, FireLines, HoldLines, ReleaseLines
from shared.domain.check.merging import MergeChecks
from shared.domain.check.moving import MoveLines
from shared.domain.check.refunding import RefundAmount, RefundLines, RefundUnits, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.splitting import SplitCheck
from shared.domain.ids import uuid7
from shared.domain.kernel import Command
from shared.domain.kitchen.changes import MarkChangesSeen
from shared.domain.kitchen.recalling import RecallLast
from shared.domain.kitchen.ticket import BumpTicket
from shared.domain.menu.document import Course, Menu, MenuItem, Modifier, ModifierGroup, Tax
from shared.domain.menu.floor import Station
from shared.domain.menu.rules import DiscountRule, Promotion, SellingRules, ServiceChargeRule
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
    courses=(Course(id="first", name="First"), Course(id="second", name="Second", waits=True)),
    stations=(Station(id="kitchen", name="Kitchen"), Station(id="grill", name="Grill", fires_by_prep=True), Station(id="bar", name="Bar")),
    items=(
        MenuItem(id="soup", name="Soup", category="Food", price_minor=649, tax_ids=("food",), course="first", prep_s=120),
        MenuItem(
            id="steak", name="Steak", category="Food", price_minor=2_795, station="grill", also_stations=("kitchen",), tax_ids=("food",),
            modifier_group_ids=("how",), course="second", prep_s=600,
        ),
        MenuItem(id="wine", name="Wine", category="Drinks", price_minor=783, station="bar", tax_ids=("drink",)),
        MenuItem(id="cake", name="Cake", category="Food", price_minor=431, tax_ids=("city", "levy")),
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
        Tax(id="levy", name="Levy", rate="1.25%", on=("city",)),
    ),
    rules=SellingRules(
        cash_step_minor=5,
        promotions=(Promotion(id="third", name="Third cake free", kind="buy_get", item_ids=("cake",), buy=2, get=1),),
        discounts=(DiscountRule(id="friends", name="Friends", rate="12.5%"), DiscountRule(id="sorry", name="Sorry", scope="item", rate="20%")),
        service_charges=(ServiceChargeRule(id="large", name="Large party", rate="11%", taxable=True, from_covers=6),),
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
        money = [[self._discount], [self._split], [self._split_evenly], [self._merge], [self._move], [self._refund], [self._reopen]]
        kitchen = [[self._course], [self._hold], [self._seen], [self._recall], [self._change]]
        whole = [[self._add, self._add, self._void], [self._send, self._pay, self._close], [self._send, self._pay, self._close]]
        return [[self._open], *order, *often, *often, *money, *kitchen, *whole]

    def _open(self) -> Command:
        check_id = self._id()
        self._floor.append(check_id)
        self._at = check_id
        return OpenCheck(check_id=check_id, table_id=str(len(self._floor)), covers=self._scheduler.rng.choice([2, 2, 3, 7]))

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
            check_id=check_id, line_id=line_id, item_id=item, quantity=rng.randint(1, 7), modifiers=how if item == "steak" else (),
            seat=rng.randint(0, 2),
        )  # fmt: skip

    def _line(self) -> tuple[str, str]:
        """Some line that this tablet has added, wherever it may be by now."""
        return self._scheduler.rng.choice(self._lines[-12:]) if self._lines else (self._check(), self._id())

    def _void(self) -> Command:
        check_id, line_id = self._line()
        return VoidLine(check_id=check_id, line_id=line_id, reason="changed their mind")

    def _send(self) -> Command:
        return SendCheck(check_id=self._check())

    def _pay(self) -> Command:
        rng = self._scheduler.rng
        amount = rng.randint(1, 2_000) if rng.random() < 0.3 else None
        return PayCash(check_id=self._check(), tendered_minor=rng.choice([100, 5_000, 200_000]), amount_minor=amount)

    def _change(self) -> Command:
        check_id, line_id = self._line()
        return ChangeLine(check_id=check_id, line_id=line_id, quantity=self._scheduler.rng.randint(1, 4), seat=1)

    def _course(self) -> Command:
        return FireCourse(check_id=self._check(), course=self._scheduler.rng.choice(["first", "second"]))

    def _hold(self) -> Command:
        check_id, line_id = self._line()
        act = self._scheduler.rng.choice([HoldLines, ReleaseLines, FireLines])
        return act(check_id=check_id, line_ids=(line_id,))

    def _discount(self) -> Command:
        check_id, line_id = self._line()
        pick = self._scheduler.rng.random()
        if pick < 0.3:
            return GiveDiscount(check_id=check_id, discount_id=self._id(), rule_id="friends")
        if pick < 0.6:
            return GiveDiscount(check_id=check_id, discount_id=self._id(), rule_id="sorry", scope="item", line_ids=(line_id,))
        if pick < 0.8:
            return CompLines(check_id=check_id, discount_id=self._id(), line_ids=(line_id,), reason="the house")
        return ExemptTax(check_id=check_id, tax_ids=("city", "levy"), reason="diplomat", certificate="D-1")

    def _split(self) -> Command:
        other = self._id()
        self._floor.append(other)
        return SplitCheck(check_id=self._check(), into=(other,), seats=((1,), (2,)))

    def _split_evenly(self) -> Command:
        return SplitEvenly(check_id=self._check(), ways=self._scheduler.rng.randint(2, 4))

    def _merge(self) -> Command:
        return MergeChecks(into_check_id=self._check(), check_ids=(self._scheduler.rng.choice(self._floor[-4:]),))

    def _move(self) -> Command:
        check_id, line_id = self._line()
        return MoveLines(check_id=check_id, to_check_id=self._scheduler.rng.choice(self._floor[-4:]), line_ids=(line_id,))

    def _refund(self) -> Command:
        check_id, line_id = self._line()
        if self._scheduler.rng.random() < 0.5:
            return RefundLines(check_id=check_id, lines=(RefundUnits(line_id=line_id, units=1),), reason="cold")
        return RefundAmount(check_id=check_id, amount_minor=self._scheduler.rng.randint(1, 500), reason="cold")

    def _reopen(self) -> Command:
        check_id = self._check()
        act = self._scheduler.rng.choice([ReopenCheck, ReturnOverpaid])
        return act(check_id=check_id, reason="wrong")

    def _seen(self) -> Command:
        tickets = [ticket for ticket in self._box.open_tickets() if ticket.unseen]
        return MarkChangesSeen(ticket_id=self._scheduler.rng.choice(tickets).ticket_id if tickets else self._id())

    def _recall(self) -> Command:
        return RecallLast(station=self._scheduler.rng.choice(["kitchen", "grill", "bar"]))

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
