"""The simulated world's only clock and order of events: whatever happens, happens as a step of this scheduler.

What lives here: a heap of due steps, one source of randomness, and the trace of what happened last. Nothing of the product.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable

__all__ = ["Scheduler", "StepsExhausted"]

_TRACE_LINES = 60  # the last events, shown when a seed fails


class StepsExhausted(AssertionError):
    """The world did not come to rest within its steps."""


class Scheduler:
    """`now` is in simulated seconds; equal times run in the order in which they were planned."""

    def __init__(self, seed: int, steps_max: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.now = 0.0
        self.step = 0
        self.steps_max = steps_max
        self.trace: deque[str] = deque(maxlen=_TRACE_LINES)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Plan a step."""
        self._planned += 1
        heapq.heappush(self._due, (self.now + delay_s, self._planned, act))

    def note(self, text: str) -> None:
        """Remember what happened, for the trace."""
        self.trace.append(f"{self.step:>6} {self.now:>9.3f}s {text}")

    def chance(self, probability: float) -> bool:
        return probability > 0 and self.rng.random() < probability

    def run(self, until_s: float, done: Callable[[], bool] = lambda: False) -> bool:
        """Run steps until a time, or until `done`; whether it is done."""
        while self._due and self._due[0][0] <= until_s:
            if done():
                return True
            self.now, _, act = heapq.heappop(self._due)
            self.step += 1
            if self.step > self.steps_max:
                raise StepsExhausted(f"more than {self.steps_max} steps")
            act()
        self.now = max(self.now, until_s)
        return done()
