"""One run of sending: entries read from the journal, envelopes in flight, credit.

What lives here: how entries become envelopes, within credit, count and bytes, and what an acknowledged position settles. It serves
the journal of a site and the branch of a fenced box alike. Phases, attempts and clocks' meaning are the sender's business.
"""

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from shared import limits
from shared.protocol.entry import START, Position, StoredEntry

__all__ = ["SendingRun"]


class _Place(msgspec.Struct):
    """Where in its command an entry stands."""

    ordinal: int = 0
    of: int = 1


_place_decoder = msgspec.json.Decoder(_Place)


def _ends_command(stored: StoredEntry) -> bool:
    """Whether the command is whole with this entry. One that cannot be read is sent as it is: judging it is the hub's business."""
    try:
        place = _place_decoder.decode(stored.entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    return place.ordinal >= place.of - 1


_SHORT_IN_FLIGHT = 4  # envelopes in flight beyond which a short one waits to be filled


class SendingRun:
    """What was read and not yet acknowledged, since sending last began somewhere."""

    def __init__(self) -> None:
        self.read = START  # the last entry received from the journal
        self.sent = START  # the last entry published in this attempt
        self.in_flight: deque[int] = deque()  # last sequences of envelopes without an answer
        self.silent_since = 0.0  # when something was last acknowledged, or sent with nothing else in flight
        self._buffer: deque[StoredEntry] = deque()
        self._credit_until = 0
        self._credit_void_at = 0.0

    @property
    def has_room(self) -> bool:
        """Whether another page of the feed may be read into memory."""
        return len(self._buffer) < limits.ENTRIES_BUFFERED_MAX - limits.FEED_PAGE_ENTRIES_MAX

    @property
    def is_waiting(self) -> bool:
        """Whether something is in flight, or could be if it were allowed."""
        return bool(self.in_flight or self._buffer)

    def begin(self, after: Position, now: float) -> None:
        """Send from after a position."""
        self.forget()
        self.read = self.sent = after
        self.silent_since = now

    def forget(self) -> None:
        """What is in flight, and what was read, counts no more."""
        self._buffer.clear()
        self.in_flight.clear()

    def grant(self, until: int, void_at: float) -> None:
        """Credit: sequences up to `until`, before the time `void_at`."""
        self._credit_until, self._credit_void_at = until, void_at

    def take(self, entries: Sequence[StoredEntry]) -> bool:
        """Take entries that follow what was read; False at the first that does not."""
        for entry in entries:
            if entry.sequence != self.read.sequence + 1:
                return False
            self._buffer.append(entry)
            self.read = entry.position
        return True

    def settle(self, reached: int, now: float) -> None:
        """What is at or below an acknowledged sequence need not be awaited, nor sent: an earlier attempt may have arrived late."""
        while self.in_flight and self.in_flight[0] <= reached:
            self.in_flight.popleft()
            self.silent_since = now
        while self._buffer and self._buffer[0].sequence <= reached:
            self.sent = self._buffer.popleft().position

    def envelopes(self, suspect: int, now: float) -> Iterator[tuple[Position, list[StoredEntry]]]:
        """Runs of entries that may be sent now, each with the position before it. A short one waits while others are in flight.

        `suspect` is the last sequence of a run that was refused, 0 for none: up to there one envelope is in flight at a time, with half
        of what is left of the run (bisection.py).
        """
        while self._may_send(now):
            if suspect and self.in_flight:
                return
            before = self.sent
            half = (suspect - before.sequence) // 2
            run = self._next(max(1, half)) if suspect else self._whole(self._next(limits.ENVELOPE_ENTRIES_MAX))
            if not run:
                return
            if not self.in_flight:
                self.silent_since = now
            self.sent = run[-1].position
            self.in_flight.append(self.sent.sequence)
            yield before, run

    def _may_send(self, now: float) -> bool:
        return (
            bool(self._buffer)
            and len(self.in_flight) < limits.ENVELOPES_IN_FLIGHT
            and self._buffer[0].sequence <= self._credit_until
            and now < self._credit_void_at
            and (len(self._buffer) >= limits.ENVELOPE_ENTRIES_MAX or len(self.in_flight) < _SHORT_IN_FLIGHT)
        )

    def _whole(self, run: list[StoredEntry]) -> list[StoredEntry]:
        """The run up to the end of a command; what is cut off waits for its rest.

        A box that is replaced goes on from where the hub stands: half a command there would be half in effect for ever. Only one that
        is too large for an envelope, or for the credit, is sent in parts, and only when nothing else is in flight: credit grows.
        """
        end = next((count for count in range(len(run), 0, -1) if _ends_command(run[count - 1])), 0)
        if end == 0 and not (self.in_flight or self._is_all_read(run)):
            return run
        while len(run) > end:
            self._buffer.appendleft(run.pop())
        return run

    def _is_all_read(self, run: Sequence[StoredEntry]) -> bool:
        """Whether the run ended because nothing more was read, not because no more was allowed."""
        return not self._buffer and len(run) < limits.ENVELOPE_ENTRIES_MAX

    def _next(self, at_most: int) -> list[StoredEntry]:
        """The next entries that make one envelope: one epoch, within credit, count and bytes."""
        first = self._buffer.popleft()
        run, size = [first], len(first.entry)
        while self._buffer and len(run) < min(at_most, limits.ENVELOPE_ENTRIES_MAX):
            entry = self._buffer[0]
            size += len(entry.entry)
            if entry.epoch != first.epoch or entry.sequence > self._credit_until or size > limits.ENVELOPE_BYTES_MAX:
                break
            run.append(self._buffer.popleft())
        return run
