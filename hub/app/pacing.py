"""How often somebody may ask: a bucket for each, refilled by a clock that is passed in.

What lives here: one small state machine, bounded whatever is asked. Who is who, and what is refused, is the caller's business.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable

__all__ = ["Pace"]


class Pace:
    """Lets each pass `burst` times at once, and `per_s` times a second after that. Of the `known_max` who asked last it is known how
    often they did; whoever is forgotten begins anew."""

    def __init__(self, clock: Callable[[], float], per_s: float, burst: int, known_max: int) -> None:
        """`clock` says seconds and never goes back."""
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._known_max = known_max
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # who -> (passes left, as of)

    def may(self, who: Hashable) -> bool:
        """Whether `who` may pass now; if so it has."""
        now = self._clock()
        left, as_of = self._left.pop(who, (float(self._burst), now))
        left = min(float(self._burst), left + (now - as_of) * self._per_s)
        passes = left >= 1.0
        self._left[who] = (left - 1.0 if passes else left, now)
        if len(self._left) > self._known_max:
            self._left.popitem(last=False)
        return passes
