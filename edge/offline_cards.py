"""The card network of a box that has none: whatever is asked, it says so at once (Law 7).

What lives here: the only real adapter of the card port today. Boxes hold no secrets of a card network; one will be asked through
the hub, by an adapter beside this one. The use cases say what can be done instead.
"""

from edge.app.ports import CardApproval, CardCharge, CardsUnreachableError

__all__ = ["OfflineCards"]


class OfflineCards:
    """Implements `CardPort`."""

    async def authorise(self, charge: CardCharge) -> CardApproval:
        raise _nobody_there()

    async def preauthorise(self, charge: CardCharge) -> CardApproval:
        raise _nobody_there()

    async def capture(self, charge: CardCharge, held_key: str) -> CardApproval:
        raise _nobody_there()

    async def refund(self, charge: CardCharge, paid_key: str) -> CardApproval:
        raise _nobody_there()

    async def cancel(self, key: str, deadline_s: float) -> None:
        """Nothing was ever asked of a network that is not there, so there is nothing to undo."""


def _nobody_there() -> CardsUnreachableError:
    return CardsUnreachableError("no card network can be reached from this box")
