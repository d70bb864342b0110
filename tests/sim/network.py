"""A network that loses, doubles, delays and thereby reorders, and that can be cut.

What lives here: one direction-less network with its own fault rates. What is carried is not known here.
"""

from collections.abc import Callable

from tests.sim.scheduler import Scheduler

__all__ = ["Network"]


class Network:
    """Carries calls. `is_healthy` ends every fault but the delay."""

    def __init__(self, scheduler: Scheduler, name: str, loss: float, doubling: float, delay_s: float) -> None:
        self._scheduler = scheduler
        self._name = name
        self._loss = loss
        self._doubling = doubling
        self._delay_s = delay_s
        self.is_cut = False
        self.is_healthy = False

    def carry(self, what: str, arrive: Callable[[], None]) -> None:
        """Bring `arrive` about, perhaps; a packet that is on its way when the network is cut is lost."""
        scheduler = self._scheduler
        if self.is_cut or (not self.is_healthy and scheduler.chance(self._loss)):
            scheduler.note(f"{self._name}: lost {what}")
            return
        copies = 2 if not self.is_healthy and scheduler.chance(self._doubling) else 1
        for _ in range(copies):
            # Packets overtake one another by their delays; a healthy network keeps their order.
            delay_s = self._delay_s if self.is_healthy else scheduler.rng.uniform(0.1, 1.0) * self._delay_s
            scheduler.after(delay_s, lambda: None if self.is_cut else arrive())
