"""How guests leave, played: a discount, the bill, one check or several, cash or the terminal.

What lives here: what a cashier would do with a check on which nothing is to come. How a command gets to the box is in tablet.py; what
anything comes to is the box's business, and is asked of it before every payment.
"""

import random

from provisioning.demo.tablet import Tablet
from shared.domain.check import CloseCheck, PayCash
from shared.domain.check.billing import ShowBill
from shared.domain.check.discounting import GiveDiscount
from shared.domain.check.evenly import SplitEvenly
from shared.domain.check.paying import Pay
from shared.domain.check.splitting import SplitCheck
from shared.domain.menu import Menu
from shared.domain.money import exponent
from shared.domain.views import CheckView

__all__ = ["Cashier"]

_NOTES_OF_CASH = (5, 10, 20)  # whole units of the currency that guests round up to
_DISCOUNTED, _BY_SEATS, _EVENLY, _IN_PARTS, _BY_TERMINAL = 0.1, 0.2, 0.15, 0.15, 0.3  # how often, of all checks that it fits


class Cashier:
    """`closed` counts the checks it closed; `paid_in_cash` names those that were paid in cash, with how much."""

    def __init__(self, tablet: Tablet, menu: Menu, chance: random.Random) -> None:
        self._tablet = tablet
        self._chance = chance
        self._discounts = [rule.id for rule in menu.rules.discounts if rule.scope == "order" and not rule.needs_approval]
        self._terminal = next((each.id for each in menu.rules.tenders if each.kind == "external" and each.takes_tips), "")
        self.closed = 0
        self.paid_in_cash: list[tuple[str, int]] = []

    async def see_off(self, check_id: str) -> None:
        """Everything from the bill to the closed check, or checks. Somebody at a screen may be quicker with any of it."""
        check = await self._tablet.check(check_id)
        if check is None:
            return
        if self._discounts and check.total_minor > 0 and not check.payments and self._often(_DISCOUNTED):
            given = GiveDiscount(check_id=check_id, discount_id=self._tablet.new_id(), rule_id=self._chance.choice(self._discounts))
            await self._tablet.send(given)
        await self._tablet.send(ShowBill(check_id=check_id))
        for part in await self._parts(check):
            await self._take(part)

    async def _parts(self, check: CheckView) -> list[str]:
        """The checks that are to be paid: the one there is, or after a split by seats two."""
        seats = sorted({line.seat for line in check.lines if line.seat and line.status != "voided"})
        if len(seats) < 2 or check.payments or check.split_from or not self._often(_BY_SEATS):
            return [check.check_id]
        other, half = self._tablet.new_id(), len(seats) // 2
        groups = (tuple(seats[:half]), tuple(seats[half:]))
        if await self._tablet.send(SplitCheck(check_id=check.check_id, into=(other,), seats=groups)):
            return [check.check_id, other]
        return [check.check_id]

    async def _take(self, check_id: str) -> None:
        check = await self._tablet.check(check_id)
        if check is None:
            return
        if check.due_minor > 0 and not await self._pay(check):
            return
        if await self._tablet.send(CloseCheck(check_id=check_id)):
            self.closed += 1

    async def _pay(self, check: CheckView) -> bool:
        ways = min(check.covers, 4)
        if ways > 1 and check.due_minor >= ways and self._often(_EVENLY):
            return await self._pay_evenly(check, ways)
        if self._terminal and self._often(_BY_TERMINAL):
            code = f"{self._chance.randrange(1_000_000):06}"
            tip = self._chance.choice((0, check.due_minor // 20, check.due_minor // 10))
            return await self._tablet.send(Pay(check_id=check.check_id, tender=self._terminal, approval_code=code, tip_minor=tip))
        due = check.due_minor
        if due > 1 and self._often(_IN_PARTS):
            part = self._chance.randint(1, due - 1)
            if not await self._tablet.send(PayCash(check_id=check.check_id, tendered_minor=part, amount_minor=part)):
                return False
            due -= part
        done = await self._tablet.send(PayCash(check_id=check.check_id, tendered_minor=self._cash(due, check.currency)))
        if done:
            self.paid_in_cash.append((check.check_id, due))
        return done

    async def _pay_evenly(self, check: CheckView, ways: int) -> bool:
        if not await self._tablet.send(SplitEvenly(check_id=check.check_id, ways=ways)):
            return False
        shares = [PayCash(check_id=check.check_id, tendered_minor=check.due_minor, share=number) for number in range(1, ways + 1)]
        return all([await self._tablet.send(share) for share in shares])

    def _cash(self, due_minor: int, currency: str) -> int:
        """What a guest puts down for it: exact, or rounded up to a note."""
        note = self._chance.choice(_NOTES_OF_CASH) * 10 ** exponent(currency)
        return due_minor if self._often(0.3) else -(-due_minor // note) * note

    def _often(self, part: float) -> bool:
        return self._chance.random() < part
