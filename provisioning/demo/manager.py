"""The manager of the house, played: takes back what was dropped, gives away what took too long, gives money back.

What lives here: what only a device with the permission `approve` may do, on a device of its own. Who pays what is in cashier.py.
"""

import random

from provisioning.demo.tablet import Tablet
from shared.domain.check import VoidLine
from shared.domain.check.discounting import CompLines
from shared.domain.check.refunding import RefundAmount
from shared.domain.menu import Menu
from shared.domain.views import CheckView, LineView

__all__ = ["Manager"]


class Manager:
    """Goes round with a device that was paired with the role `manager`."""

    def __init__(self, tablet: Tablet, menu: Menu, chance: random.Random) -> None:
        self._tablet = tablet
        self._menu = menu
        self._chance = chance

    async def go_round(self, check_id: str) -> None:
        """See to one dish of a check, if there are several in the kitchen and nothing of it is paid."""
        check = await self._tablet.check(check_id)
        lines = [] if check is None or check.payments else [line for line in check.lines if _is_in_kitchen(line)]
        if check is not None and len(lines) > 1:
            await self._see_to(check, self._chance.choice(lines))

    async def _see_to(self, check: CheckView, line: LineView) -> None:
        line_id = line.combo.combo_id if line.combo else line.line_id
        if line.price_minor > 0 and not line.comp_minor and line.combo is None and self._chance.random() < 0.4:
            comp = CompLines(check_id=check.check_id, discount_id=self._tablet.new_id(), line_ids=(line_id,), reason=self._reason("comp"))
            await self._tablet.send(comp)
        else:
            await self._tablet.send(VoidLine(check_id=check.check_id, line_id=line_id, reason=self._reason("void")))

    async def give_back(self, check_id: str, most_minor: int) -> None:
        """A little of what was paid in cash: the guest came back."""
        amount = self._chance.randint(1, min(most_minor, 100))
        await self._tablet.send(RefundAmount(check_id=check_id, amount_minor=amount, reason=self._reason("refund")))

    def _reason(self, kind: str) -> str:
        known = [reason.id for reason in self._menu.rules.reasons if reason.kind == kind]
        return self._chance.choice(known) if known else "as the manager says"


def _is_in_kitchen(line: LineView) -> bool:
    return line.status == "sent" and line.share is None
