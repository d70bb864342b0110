"""Finding the one entry for which the hub refuses an envelope, so that all before it get through (Law 11).

What lives here: which run of entries is under suspicion. The sender says what was refused, and sends what it is told to.
"""

from collections.abc import Iterable

from shared.limits import ENVELOPE_ENTRIES_MAX

__all__ = ["Bisection"]


class Bisection:
    """The suspects: runs that were in flight when one was refused. Of these the first beyond what the hub holds is the one, since
    the hub takes what comes before it and sees a gap in what comes after."""

    def __init__(self) -> None:
        self._lasts: tuple[int, ...] = ()

    def refused(self, in_flight: Iterable[int], held: int) -> bool:
        """An envelope was refused while these were in flight (last sequences), and the hub held all up to `held`.

        True if that was a single entry, and it had been refused before: the entry is found.
        """
        flight = tuple(in_flight)
        is_found = self.suspect(held) == held + 1 and flight[:1] == (held + 1,)
        self._lasts = flight
        return is_found

    def suspect(self, held: int) -> int:
        """The last sequence of the run under suspicion, 0 for none, where the hub holds all up to `held`."""
        last = next((last for last in self._lasts if last > held), 0)
        # Further away than one envelope: the hub was restored meanwhile, and what was refused will be found anew.
        return last if last - held <= ENVELOPE_ENTRIES_MAX else 0
