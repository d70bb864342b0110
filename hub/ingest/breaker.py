"""How long a shard that failed is left alone.

What lives here: one small state machine over a clock that is passed in. What is tried, and what failed, is not known here.
"""

from collections.abc import Callable

from shared.limits import SHARD_PAUSE_MAX_S

__all__ = ["Breaker"]

_PAUSE_RATIO = 4  # a shard that hangs costs its lanes at most a fifth of their time


class Breaker:
    """Open, after a failure, for four times as long as the failure took: a refused connection costs nothing and is tried
    again at once, one that hangs holds up its neighbours in the lane no more than a fifth of the time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open_until = float("-inf")

    @property
    def is_closed(self) -> bool:
        """Whether the shard may be tried."""
        return self._clock() >= self._open_until

    def begin(self) -> float:
        """An attempt begins; `failed` is told what this returned."""
        return self._clock()

    def failed(self, began_at: float) -> None:
        now = self._clock()
        self._open_until = now + min(_PAUSE_RATIO * (now - began_at), SHARD_PAUSE_MAX_S)

    def succeeded(self) -> None:
        self._open_until = float("-inf")
