"""The sending end of the uplink: a state machine without sockets or clocks.

What lives here: when to say hello, what to send, when to send it again, and what the watermark is. It is told of
connections, answers, entries and the time, and yields actions for the shell to carry out. It knows nothing of the meaning
of entries, nor of NATS, files or HTTP. States and their transitions are described in docs/protocol.md.
"""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from shared import limits
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import Answer, AnswerStatus, Figures, Hello, Sign, pack_envelope, seal_envelope, seal_hello
from shared.protocol.subjects import hello as hello_subject
from shared.protocol.subjects import journal as journal_subject

__all__ = ["Action", "Alarm", "Follow", "Identity", "Phase", "Publish", "Sender", "Watermark"]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a box is on the wire. `key` is its public nkey."""

    org_id: str
    site_id: str
    epoch: int
    key: str


class Publish(msgspec.Struct, frozen=True):
    """Send these bytes on this subject; no acknowledgement is awaited."""

    subject: str
    data: bytes


class Follow(msgspec.Struct, frozen=True):
    """Read the journal from after this position; whatever was being read before is void."""

    after: Position


class Watermark(msgspec.Struct, frozen=True):
    """The hub has committed up to here: tell the box. It can go back, when the hub was restored from a backup."""

    position: Position
    incarnation: str


class Alarm(msgspec.Struct, frozen=True):
    """Something a person must see, or, with an empty code, that it is over."""

    code: str
    detail: str


Action = Publish | Follow | Watermark | Alarm


class Phase(StrEnum):
    OFFLINE = "offline"  # no connection
    GREETING = "greeting"  # hello said, waiting for the watermark
    SENDING = "sending"
    HOLDING = "holding"  # told to wait; greets again afterwards


# What an answer of the present attempt leads to. OK while greeting begins the sending.
_AFTER_ANSWER: dict[AnswerStatus, Phase] = {
    AnswerStatus.OK: Phase.SENDING,
    AnswerStatus.GAP: Phase.SENDING,
    AnswerStatus.UNAVAILABLE: Phase.HOLDING,
    AnswerStatus.REFUSED: Phase.HOLDING,
    AnswerStatus.FORK: Phase.HOLDING,
    AnswerStatus.FENCED: Phase.HOLDING,
}
_TELLS_WATERMARK = frozenset({AnswerStatus.OK, AnswerStatus.GAP})
_FOR_A_PERSON = frozenset({AnswerStatus.FORK, AnswerStatus.FENCED, AnswerStatus.REFUSED})


_SHORT_IN_FLIGHT = 4  # envelopes in flight beyond which a short one waits to be filled


class Sender:
    """One site's uplink. Every method takes `now`, seconds on a clock that never goes back, and returns actions."""

    def __init__(self, identity: Identity, sign: Sign, *, first_attempt: int = 0) -> None:
        """`first_attempt` must be higher than any attempt of an earlier process of this box: a wall clock in milliseconds does."""
        self._identity = identity
        self._sign = sign
        self._attempt = first_attempt
        self.phase = Phase.OFFLINE
        self.watermark = START
        self.incarnation: str = ""
        self.head = START
        self.figures = Figures()
        self._read = START  # the last entry received from the journal
        self._sent = START  # the last entry published in this attempt
        self._buffer: deque[StoredEntry] = deque()
        self._in_flight: deque[int] = deque()  # last sequences of envelopes without an answer
        self._credit_until = 0
        self._credit_void_at = 0.0
        self._silent_since = 0.0
        self._round_trip_s = 0.0  # what the last greeting took
        self._hello_due = 0.0
        self._hello_wait_s = limits.HELLO_RETRY_S
        self._hold_until = 0.0
        self._barren = 0  # how often sending began anew since the watermark last advanced
        self._alarm = ""

    # --- what the shell tells ------------------------------------------------------------------

    @property
    def wants_entries(self) -> bool:
        """Whether the shell should read on from the journal; when not, it leaves the feed unread."""
        return self.phase is Phase.SENDING and len(self._buffer) < limits.ENTRIES_BUFFERED_MAX - limits.FEED_PAGE_ENTRIES_MAX

    @property
    def read_position(self) -> Position:
        """Where to read on from when the feed was lost."""
        return self._read

    def connected(self, now: float) -> list[Action]:
        """The connection to the broker is up: greet."""
        self._hello_wait_s = limits.HELLO_RETRY_S
        self._barren = 0
        return self._greet(now)

    def disconnected(self, now: float) -> list[Action]:
        """The connection is gone: what was in flight is sent again after the next hello."""
        self.phase = Phase.OFFLINE
        self._forget_flight()
        return []

    def entries(self, entries: Sequence[StoredEntry], now: float) -> list[Action]:
        """Entries that the shell read after the position it was told to follow.

        While nothing is being sent they only tell where the head is: a `Follow` comes before they are wanted.
        """
        if entries and entries[-1].sequence > self.head.sequence:
            self.head = entries[-1].position
        if self.phase is not Phase.SENDING:
            return []
        for entry in entries:
            if entry.sequence != self._read.sequence + 1:
                return [*self._pump(now), Follow(self._read)]
            self._buffer.append(entry)
            self._read = entry.position
        return self._pump(now)

    def journal_refused(self, code: str, detail: str, now: float) -> list[Action]:
        """The box cannot follow from where the hub stands: a fork, or the hub is ahead of the journal (a cut tail)."""
        return self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise(code, detail) if self.phase is Phase.SENDING else []

    def answered(self, answer: Answer, now: float) -> list[Action]:
        """An answer of the hub; one that names another attempt is ignored."""
        if answer.attempt != self._attempt or self.phase is Phase.OFFLINE:
            return []
        before, incarnation = self.watermark, self.incarnation
        actions = self._take_watermark(answer, now)
        self._hello_wait_s = limits.HELLO_RETRY_S
        if answer.status in _FOR_A_PERSON:
            return actions + self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise(answer.code or answer.status, answer.detail)
        if _AFTER_ANSWER[answer.status] is Phase.HOLDING:
            wait_s = max(limits.UNAVAILABLE_RETRY_S, answer.retry_after_s)  # in this order: NaN is no time to wait
            return actions + self._hold(now, min(limits.UNAVAILABLE_RETRY_MAX_S, wait_s))
        if self.watermark.sequence > before.sequence:
            self._barren = 0
        if self.phase is Phase.GREETING:
            self._round_trip_s = now - self._silent_since
            return actions + self._start_sending(now)
        if answer.status is AnswerStatus.GAP:
            return actions + self._close_gap(now)
        if self.watermark.sequence < before.sequence or self.incarnation != incarnation:
            return actions + self._start_sending(now)
        self._settle(now)
        if self.watermark.sequence > before.sequence or not (self._in_flight or self._buffer):
            actions += self._raise("", "")
        return actions + self._pump(now)

    def tick(self, now: float) -> list[Action]:
        """Time has passed. Call at least every second."""
        if self.phase is Phase.OFFLINE:
            return []
        if self.phase is Phase.HOLDING:
            return self._greet(now) if now >= self._hold_until else []
        if self.phase is Phase.GREETING:
            if now < self._hello_due:
                return []
            # The same attempt: nothing was sent since, so that an answer to any of these hellos will do. On a WAN slower than
            # the first waits every answer would else be one to an earlier attempt.
            self._hello_wait_s = min(self._hello_wait_s * 2, limits.HELLO_RETRY_MAX_S)
            return [self._hello(now, self._hello_wait_s)]
        actions = self._pump(now)
        # Without an answer, or without credit: ask again, less and less often while nothing comes of it, so that a hub
        # that is merely slow is not buried under copies.
        if (self._in_flight or self._buffer) and now - self._silent_since >= self._patience_s():
            self._barren += 1
            return actions + self._greet(now)
        if now >= self._hello_due:
            actions.append(self._hello(now, limits.HELLO_INTERVAL_S))
        return actions

    # --- inside --------------------------------------------------------------------------------

    def _take_watermark(self, answer: Answer, now: float) -> list[Action]:
        """Note what the hub has and grants. Without its shard it knows neither, and what it says with a word for a person
        may stand on another branch than this journal: to call that "in the cloud" would be a lie."""
        if answer.status not in _TELLS_WATERMARK or not answer.incarnation:
            return []
        changed = answer.watermark != self.watermark or answer.incarnation != self.incarnation
        self.watermark, self.incarnation = answer.watermark, answer.incarnation
        self._credit_until, self._credit_void_at = answer.credit_until, now + answer.credit_ttl_s
        return [Watermark(answer.watermark, answer.incarnation)] if changed else []

    def _settle(self, now: float) -> None:
        """What is at or below the watermark need not be awaited, nor sent: an earlier attempt may have arrived late."""
        reached = self.watermark.sequence
        while self._in_flight and self._in_flight[0] <= reached:
            self._in_flight.popleft()
            self._silent_since = now
        while self._buffer and self._buffer[0].sequence <= reached:
            self._sent = self._buffer.popleft().position

    def _close_gap(self, now: float) -> list[Action]:
        """Send again from the watermark: at once the first time, after a pause when that has not helped."""
        self._barren += 1
        if self._barren > 1:
            return self._hold(now, self._patience_s())
        return self._start_sending(now)

    def _patience_s(self) -> float:
        """Seconds to wait before asking again: longer where the WAN is slow."""
        patience_s = max(limits.ANSWER_TIMEOUT_S, 2 * self._round_trip_s)
        return min(patience_s * 2 ** min(self._barren, 8), limits.HELLO_RETRY_MAX_S)

    def _greet(self, now: float) -> list[Action]:
        self.phase = Phase.GREETING
        self._forget_flight()
        self._attempt += 1
        self._silent_since = now
        return [self._hello(now, self._hello_wait_s)]

    def _hello(self, now: float, wait_s: float) -> Publish:
        self._hello_due = now + wait_s
        who = self._identity
        frame = Hello(org=who.org_id, site=who.site_id, epoch=who.epoch, attempt=self._attempt, head=self.head, figures=self.figures)
        return Publish(hello_subject(who.org_id, who.site_id), seal_hello(frame, who.key, self._sign))

    def _start_sending(self, now: float) -> list[Action]:
        """Go on from the watermark, as a new attempt: answers to what was in flight would mislead, and so would a second
        answer to a hello that the network doubled, if the hub was restored between the two."""
        self._forget_flight()
        self._attempt += 1
        self.phase = Phase.SENDING
        self._read = self._sent = self.watermark
        self._silent_since = now
        self._hello_due = now + limits.HELLO_INTERVAL_S
        return [Follow(self.watermark)]

    def _hold(self, now: float, wait_s: float) -> list[Action]:
        self.phase = Phase.HOLDING
        self._attempt += 1  # the answers to the rest of what was in flight change nothing any more
        self._hold_until = now + wait_s
        self._forget_flight()
        return []

    def _forget_flight(self) -> None:
        self._buffer.clear()
        self._in_flight.clear()

    def _raise(self, code: str, detail: str) -> list[Action]:
        if code == self._alarm:
            return []
        self._alarm = code
        return [Alarm(code, detail)]

    def _pump(self, now: float) -> list[Action]:
        """Publish what buffer, credit and the pipeline allow. A short envelope waits while others are in flight."""
        actions: list[Action] = []
        while (
            self.phase is Phase.SENDING
            and self._buffer
            and len(self._in_flight) < limits.ENVELOPES_IN_FLIGHT
            and self._buffer[0].sequence <= self._credit_until
            and now < self._credit_void_at
            and (len(self._buffer) >= limits.ENVELOPE_ENTRIES_MAX or len(self._in_flight) < _SHORT_IN_FLIGHT)
        ):
            run = self._take_run()
            who = self._identity
            envelope = pack_envelope(who.org_id, who.site_id, self._attempt, self._sent.hash, run)
            actions.append(Publish(journal_subject(who.org_id, who.site_id), seal_envelope(envelope, who.key, self._sign)))
            if not self._in_flight:
                self._silent_since = now
            self._sent = run[-1].position
            self._in_flight.append(self._sent.sequence)
        return actions

    def _take_run(self) -> list[StoredEntry]:
        """The next entries that make one envelope: one epoch, within credit, count and bytes."""
        first = self._buffer.popleft()
        run, size = [first], len(first.entry)
        while self._buffer and len(run) < limits.ENVELOPE_ENTRIES_MAX:
            entry = self._buffer[0]
            size += len(entry.entry)
            if entry.epoch != first.epoch or entry.sequence > self._credit_until or size > limits.ENVELOPE_BYTES_MAX:
                break
            run.append(self._buffer.popleft())
        return run
