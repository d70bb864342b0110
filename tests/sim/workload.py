"""The workload: people who do whatever people do to checks and tickets, without knowing what comes of it.

What lives here: what is proposed, from a tablet's own hazy idea of its checks. Whether a proposal is right, and what has to
come of it, is the auditor's business; how it is sent, and kept until it is answered, is in tablet.py.
"""

import random
from collections.abc import Callable, Sequence

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
from shared.domain.kernel import Command
from shared.domain.kitchen.changes import MarkChangesSeen
from shared.domain.kitchen.recalling import RecallLast
from shared.domain.kitchen.ticket import BumpTicket, Ticket

__all__ = ["People"]


class People:
    """Whoever holds one tablet. `floor` is the list of check ids that all tablets of a site see."""

    def __init__(self, floor: list[str], rng: random.Random, make_id: Callable[[], str], tickets: Callable[[], Sequence[Ticket]]) -> None:
        self._floor = floor
        self._rng = rng
        self._id = make_id
        self._tickets = tickets
        self._lines: list[tuple[str, str]] = []
        self._at = ""

    def propose(self) -> list[Command]:
        """The next request: one command, or a few that belong together."""
        self._at = self._rng.choice(self._floor[-4:]) if self._floor else ""  # most moves are about one check
        return [make() for make in self._rng.choice(self._moves())]

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
        return OpenCheck(check_id=check_id, table_id=str(len(self._floor)), covers=self._rng.choice([2, 2, 3, 7]))

    def _check(self) -> str:
        """Mostly one of the latest checks of the floor; any tablet may be at work on it."""
        return self._at or self._rng.choice(self._floor[-4:])

    def _add(self) -> Command:
        rng = self._rng
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
        return self._rng.choice(self._lines[-12:]) if self._lines else (self._check(), self._id())

    def _void(self) -> Command:
        check_id, line_id = self._line()
        return VoidLine(check_id=check_id, line_id=line_id, reason="changed their mind")

    def _send(self) -> Command:
        return SendCheck(check_id=self._check())

    def _pay(self) -> Command:
        rng = self._rng
        amount = rng.randint(1, 2_000) if rng.random() < 0.3 else None
        return PayCash(check_id=self._check(), tendered_minor=rng.choice([100, 5_000, 200_000]), amount_minor=amount)

    def _change(self) -> Command:
        check_id, line_id = self._line()
        return ChangeLine(check_id=check_id, line_id=line_id, quantity=self._rng.randint(1, 4), seat=1)

    def _course(self) -> Command:
        return FireCourse(check_id=self._check(), course=self._rng.choice(["first", "second"]))

    def _hold(self) -> Command:
        check_id, line_id = self._line()
        act = self._rng.choice([HoldLines, ReleaseLines, FireLines])
        return act(check_id=check_id, line_ids=(line_id,))

    def _discount(self) -> Command:
        check_id, line_id = self._line()
        pick = self._rng.random()
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
        return SplitEvenly(check_id=self._check(), ways=self._rng.randint(2, 4))

    def _merge(self) -> Command:
        return MergeChecks(into_check_id=self._check(), check_ids=(self._rng.choice(self._floor[-4:]),))

    def _move(self) -> Command:
        check_id, line_id = self._line()
        return MoveLines(check_id=check_id, to_check_id=self._rng.choice(self._floor[-4:]), line_ids=(line_id,))

    def _refund(self) -> Command:
        check_id, line_id = self._line()
        if self._rng.random() < 0.5:
            return RefundLines(check_id=check_id, lines=(RefundUnits(line_id=line_id, units=1),), reason="cold")
        return RefundAmount(check_id=check_id, amount_minor=self._rng.randint(1, 500), reason="cold")

    def _reopen(self) -> Command:
        check_id = self._check()
        act = self._rng.choice([ReopenCheck, ReturnOverpaid])
        return act(check_id=check_id, reason="wrong")

    def _seen(self) -> Command:
        tickets = [ticket for ticket in self._tickets() if ticket.unseen]
        return MarkChangesSeen(ticket_id=self._rng.choice(tickets).ticket_id if tickets else self._id())

    def _recall(self) -> Command:
        return RecallLast(station=self._rng.choice(["kitchen", "grill", "bar"]))

    def _close(self) -> Command:
        return CloseCheck(check_id=self._check())

    def _bump(self) -> Command:
        tickets = self._tickets()
        return BumpTicket(ticket_id=self._rng.choice(tickets).ticket_id if tickets else self._id())
