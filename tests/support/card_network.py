"""A card network for tests: in memory, reachable or not, that declines, forgets to answer, or is asked while something else happens.

What lives here: a fake of the edge's `CardPort`. It remembers whatever it was asked, by key, and never does a thing twice.
"""

from collections.abc import Awaitable, Callable

from edge.app.ports import (
    CardApproval,
    CardCharge,
    CardDeclinedError,
    CardKeyReusedError,
    CardOutcomeUnknownError,
    CardsUnreachableError,
)

__all__ = ["CardNetwork"]


class CardNetwork:
    """Implements `CardPort`. The cards of its guests have no bounds; what was paid and not cancelled is `charged`."""

    def __init__(self) -> None:
        self.reachable = True
        self.declines = ""  # the reason, while it declines everything
        self.loses_answers = 0  # so many of the next answers are lost on their way back
        self.meanwhile: Callable[[], Awaitable[None]] | None = None  # happens once the network has done its part, before it answers
        self.asked: dict[str, tuple[str, int, str, str]] = {}  # by key: what, how much, in which currency, of which key
        self.cancelled: set[str] = set()
        self.questions = 0

    # --- what a test looks at ---------------------------------------------------------------------

    def amounts(self, *kinds: str) -> list[int]:
        """What was done of these kinds and not cancelled."""
        return [amount for key, (kind, amount, _, _) in self.asked.items() if kind in kinds and key not in self.cancelled]

    @property
    def charged(self) -> list[int]:
        return self.amounts("authorise", "capture")

    @property
    def held(self) -> list[int]:
        taken = {of for kind, _, _, of in self.asked.values() if kind == "capture"}
        done = [(key, *asked) for key, asked in self.asked.items()]
        return [amount for key, kind, amount, _, _ in done if kind == "preauthorise" and key not in self.cancelled | taken]

    # --- the port ---------------------------------------------------------------------------------

    async def authorise(self, charge: CardCharge) -> CardApproval:
        return await self._do("authorise", charge)

    async def preauthorise(self, charge: CardCharge) -> CardApproval:
        return await self._do("preauthorise", charge)

    async def capture(self, charge: CardCharge, held_key: str) -> CardApproval:
        if charge.key not in self.asked and not self._stands(held_key, "preauthorise"):
            self._ensure_reachable()
            raise CardDeclinedError("nothing is held")
        return await self._do("capture", charge, held_key)

    async def refund(self, charge: CardCharge, paid_key: str) -> CardApproval:
        self._ensure_reachable()
        if charge.key not in self.asked:
            given = sum(amount for kind, amount, _, of in self.asked.values() if kind == "refund" and of == paid_key)
            if not self._stands(paid_key, "authorise", "capture") or given + charge.amount_minor > self.asked[paid_key][1]:
                raise CardDeclinedError("more than was paid")
        return await self._do("refund", charge, paid_key)

    async def cancel(self, key: str, deadline_s: float) -> None:
        self._ensure_reachable()
        self.cancelled.add(key)

    def _ensure_reachable(self) -> None:
        if not self.reachable:
            raise CardsUnreachableError("the cable is out")

    def _stands(self, key: str, *kinds: str) -> bool:
        return key in self.asked and self.asked[key][0] in kinds and key not in self.cancelled

    async def _do(self, kind: str, charge: CardCharge, of: str = "") -> CardApproval:
        self._ensure_reachable()
        self.questions += 1
        asked = (kind, charge.amount_minor, charge.currency, of)
        if charge.key in self.cancelled:
            raise CardDeclinedError("cancelled")
        if self.asked.get(charge.key, asked) != asked:
            raise CardKeyReusedError(charge.key)
        if charge.key not in self.asked:
            if self.declines:
                raise CardDeclinedError(self.declines)
            self.asked[charge.key] = asked
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        if self.loses_answers:
            self.loses_answers -= 1
            raise CardOutcomeUnknownError("the line went dead")
        return CardApproval(approval_code=f"N-{list(self.asked).index(charge.key) + 1}", reference=charge.key[:8])
