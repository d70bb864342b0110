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
_FOR_A_PERSON = frozenset({AnswerStatus.FORK, AnswerStatus.FENCED, AnswerStatus.REFUSED})


_SHORT_IN_FLIGHT = 4  # envelopes in flight beyond which a short one waits to be filled


class Sender:
    """One site's uplink. Every method takes `now`, seconds on a clock that never goes back, and returns actions."""

    def __init__(self, identity: Identity, sign: Sign, *, first_attempt: int = 0) -> None:
        """`first_attempt` must be higher than any attempt of an earlier process of this box: a wall clock in seconds does."""
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
        self._hello_due = 0.0
        self._hello_wait_s = limits.HELLO_RETRY_S
        self._hold_until = 0.0
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
        return self._greet(now)

    def disconnected(self, now: float) -> list[Action]:
        """The connection is gone: what was in flight is sent again after the next hello."""
        self.phase = Phase.OFFLINE
        self._forget_flight()
        return []

    def entries(self, entries: Sequence[StoredEntry], now: float) -> list[Action]:
        """Entries that the shell read after the position it was told to follow."""
        for entry in entries:
            if entry.sequence != self._read.sequence + 1:
                return [Follow(self._read)]
            self._buffer.append(entry)
            self._read = entry.position
            if entry.sequence > self.head.sequence:
                self.head = entry.position
        return self._pump(now)

    def journal_refused(self, code: str, detail: str, now: float) -> list[Action]:
        """The box cannot follow from where the hub stands: a fork, or the hub is ahead of the journal (a cut tail)."""
        return self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise(code, detail)

    def answered(self, answer: Answer, now: float) -> list[Action]:
        """An answer of the hub; one that names another attempt is ignored."""
        if answer.attempt != self._attempt or self.phase is Phase.OFFLINE:
            return []
        actions: list[Action] = []
        went_back = answer.watermark.sequence < self.watermark.sequence
        restored = bool(self.incarnation) and answer.incarnation != self.incarnation
        if answer.status is not AnswerStatus.UNAVAILABLE and answer.incarnation:
            if answer.watermark != self.watermark or answer.incarnation != self.incarnation:
                actions.append(Watermark(answer.watermark, answer.incarnation))
            self.watermark, self.incarnation = answer.watermark, answer.incarnation
            self._credit_until, self._credit_void_at = answer.credit_until, now + answer.credit_ttl_s
        self._silent_since = now
        self._hello_wait_s = limits.HELLO_RETRY_S
        if answer.status in _FOR_A_PERSON:
            return actions + self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise(answer.code or answer.status, answer.detail)
        if _AFTER_ANSWER[answer.status] is Phase.HOLDING:
            return actions + self._hold(now, max(answer.retry_after_s, limits.UNAVAILABLE_RETRY_S))
        actions += self._raise("", "")
        if self.phase is Phase.GREETING or answer.status is AnswerStatus.GAP or went_back or restored:
            return actions + self._start_sending(now, new_attempt=self.phase is not Phase.GREETING)
        while self._in_flight and self._in_flight[0] <= answer.watermark.sequence:
            self._in_flight.popleft()
        return actions + self._pump(now)

    def tick(self, now: float) -> list[Action]:
        """Time has passed. Call at least every second, or at `next_tick`."""
        if self.phase is Phase.OFFLINE:
            return []
        if self.phase is Phase.HOLDING:
            return self._greet(now) if now >= self._hold_until else []
        if self.phase is Phase.GREETING:
            if now < self._hello_due:
                return []
            self._hello_wait_s = min(self._hello_wait_s * 2, limits.HELLO_RETRY_MAX_S)
            return self._greet(now)
        if self._in_flight and now - self._silent_since >= limits.ANSWER_TIMEOUT_S:
            return self._greet(now)
        actions = self._pump(now)
        if now >= self._hello_due:
            actions.append(self._hello(now, limits.HELLO_INTERVAL_S))
        return actions

    # --- inside --------------------------------------------------------------------------------

    def _greet(self, now: float) -> list[Action]:
        self.phase = Phase.GREETING
        self._forget_flight()
        self._attempt += 1
        return [self._hello(now, self._hello_wait_s)]

    def _hello(self, now: float, wait_s: float) -> Publish:
        self._hello_due = now + wait_s
        who = self._identity
        frame = Hello(org=who.org_id, site=who.site_id, epoch=who.epoch, attempt=self._attempt, head=self.head, figures=self.figures)
        return Publish(hello_subject(who.org_id, who.site_id), seal_hello(frame, who.key, self._sign))

    def _start_sending(self, now: float, *, new_attempt: bool) -> list[Action]:
        """Go on from the watermark. Answers to what is in flight would mislead, so a restart is a new attempt."""
        self._forget_flight()
        self._attempt += new_attempt
        self.phase = Phase.SENDING
        self._read = self._sent = self.watermark
        self._hello_due = now + limits.HELLO_INTERVAL_S
        return [Follow(self.watermark)]

    def _hold(self, now: float, wait_s: float) -> list[Action]:
        self.phase = Phase.HOLDING
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
