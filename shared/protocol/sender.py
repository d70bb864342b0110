"""The sending end of the uplink: a state machine without sockets or clocks.

What lives here: when to say hello, what to send, when to send it again, what the watermark is, and what becomes of a box that was
replaced. It is told of connections, answers, entries and the time, and yields actions for the shell to carry out. It knows nothing of
the meaning of entries, nor of NATS, files or HTTP. States and their transitions are described in docs/protocol.md.
"""

from collections.abc import Callable, Sequence

from shared import limits
from shared.protocol.actions import (
    Action,
    Alarm,
    BackedUp,
    Carry,
    Fenced,
    Follow,
    Identity,
    Phase,
    Publish,
    WantKeepsakes,
    Watermark,
)
from shared.protocol.bisection import Bisection
from shared.protocol.claim import ClaimError, ReadClaim
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import Answer, AnswerStatus, Figures, Hello, Keepsake, Sign
from shared.protocol.fence import Fence
from shared.protocol.keeping import KeepsakeQueue, parts_of
from shared.protocol.patience import Patience
from shared.protocol.sealing import Sealer
from shared.protocol.sending_run import SendingRun

__all__ = [
    "Action", "Alarm", "BackedUp", "Carry", "Fenced", "Follow", "Identity", "Phase", "Publish", "Sender", "WantKeepsakes", "Watermark",
]  # fmt: skip

_RUNNING = frozenset({Phase.SENDING, Phase.FENCED})
_FUTILE_GREETINGS_MAX = 2  # greetings from which nothing comes, before a person is called
_OF_THE_BOX = frozenset({"key.unknown", "epoch.not_granted"})  # refusals that say nothing of the entries: a hello tells who we are


class Sender:
    """One site's uplink. Every method takes `now`, seconds on a clock that never goes back, and returns actions.

    The shell keeps up to date what each hello says: `figures`, `begins` (the position behind which the box has trimmed), `keepsakes`,
    `epoch_begins` (the positions before the first entry of each epoch that the box holds).
    """

    def __init__(self, identity: Identity, sign: Sign, *, first_attempt: int = 0, read_claim: ReadClaim | None = None) -> None:
        """`first_attempt` must be higher than any of an earlier process of this box, and what that counted up: a wall clock in
        milliseconds does.

        `read_claim` reads claims of the hub that granted ours; without it the hub's word alone fences this box.
        """
        self._identity = identity
        self._sealer = Sealer(identity, sign)
        # All boxes of a site hear all answers: two that start at one instant, when the power comes back, must not mistake them.
        self._attempt = first_attempt * limits.ATTEMPT_STRIDE + identity.epoch % limits.ATTEMPT_STRIDE
        self.phase = Phase.OFFLINE
        self.watermark = START
        self.incarnation: str = ""
        self.head = START
        self.figures = Figures()
        self.begins = START
        self.epoch_begins: tuple[Position, ...] = ()
        self.keepsakes: tuple[Keepsake, ...] = ()
        self.backed_up = 0
        self._fence = Fence(identity, read_claim)
        self._run = SendingRun()
        self._bisection = Bisection()
        self._keeping = KeepsakeQueue()
        self._patience = Patience(identity.key)
        self._hello_due = 0.0
        self._hold_until = 0.0
        self._alarm = ""

    # --- what the shell tells ------------------------------------------------------------------

    @property
    def wants_entries(self) -> bool:
        """Whether the shell should read on from the journal; when not, it leaves the feed unread."""
        return self.phase in _RUNNING and self._run.has_room

    @property
    def fence(self) -> Fenced | None:
        """What is known of another box that is the present one."""
        return self._fence.told

    @property
    def read_position(self) -> Position:
        """Where to read on from when the feed was lost."""
        return self._run.read

    def connected(self, now: float) -> list[Action]:
        """The connection to the broker is up: greet."""
        self._patience.begin()
        return self._greet(now)

    def disconnected(self, now: float) -> list[Action]:
        """The connection is gone: what was in flight is sent again after the next hello."""
        self.phase = Phase.OFFLINE
        self._run.forget()
        self._keeping.forget()
        return []

    def entries(self, entries: Sequence[StoredEntry], now: float) -> list[Action]:
        """Entries that the shell read after the position it was told to follow.

        While nothing is being sent they only tell where the head is: a `Follow` comes before they are wanted.
        """
        if entries and entries[-1].sequence > self.head.sequence:
            self.head = entries[-1].position
        if self.phase not in _RUNNING:
            return []
        if not self._run.take(entries):
            return [*self._pump(now), Follow(self._run.read)]
        return self._pump(now)

    def journal_refused(self, code: str, detail: str, now: float) -> list[Action]:
        """The box cannot follow from where the hub stands: a fork, or the hub is ahead of the journal (a cut tail); or, of a branch,
        the hub does not hold the journal on which this box was replaced. What lies behind `begins` was trimmed, which is no alarm."""
        if self.phase not in _RUNNING:
            return []
        if self.phase is Phase.FENCED:
            return self._hold(now, limits.HELLO_RETRY_MAX_S)
        if self._run.read.sequence < self.begins.sequence:
            return self._greet_below_begins(now)
        return self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise(code, detail)

    def answered(self, answer: Answer, now: float) -> list[Action]:
        """An answer of the hub. One that names another attempt is ignored, unless a claim proves what it says."""
        if self.phase is Phase.OFFLINE or answer.key not in {"", self._identity.key}:
            return []
        if answer.status is AnswerStatus.FENCED:
            return self._heard_of_fence(answer, now)
        if answer.attempt != self._attempt:
            return []
        self._patience.heard()
        return self._take_along(answer, now) + _AFTER_ANSWER[answer.status](self, answer, now)

    def shown_claim(self, token: str, now: float) -> list[Action]:
        """The box was shown a claim, by a device or in an earlier life: fences at once if it is higher than ours."""
        try:
            if not self._fence.prove(token):
                return []
        except ClaimError as error:
            return self._raise(error.code, error.detail)
        told = self._tell_fence()
        return told if self.phase is Phase.OFFLINE else told + self._greet(now)

    def keepsake(self, kind: str, version: str, document: bytes, now: float) -> list[Action]:
        """The bytes of a keepsake that was wanted: sent in parts. Raises FrameError `document.malformed` if they do not hash to
        `version` (lower-case hexadecimal SHA-256), or are too many."""
        if self.phase is Phase.OFFLINE:
            return []
        self._keeping.add(version, parts_of(self._identity, kind, version, document))
        return self._send_parts()

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
            self._patience.unheard()
            return [self._hello(now, self._patience.hello_wait_s)]
        actions = self._pump(now) + self._send_parts() + self._ask_keepsakes(now)
        # Without an answer, or without credit: ask again, less and less often while nothing comes of it, so that a hub
        # that is merely slow is not buried under copies.
        if self._run.is_waiting and now - self._run.silent_since >= self._patience.silence_s:
            self._patience.barren += 1
            return actions + self._greet(now)
        if now >= self._hello_due:
            actions.append(self._hello(now, self._patience.heartbeat_s))
        return actions

    # --- what an answer of the present attempt leads to --------------------------------------------

    def _take_along(self, answer: Answer, now: float) -> list[Action]:
        """What an answer brings beside its status."""
        actions: list[Action] = []
        if answer.incarnation not in {"", self.incarnation} and self.backed_up and not answer.backed_up:
            self.backed_up = 0  # what another database had in its backups, this one may have lost with them
            actions.append(BackedUp(0))
        if answer.backed_up and answer.backed_up != self.backed_up:
            self.backed_up = answer.backed_up
            actions.append(BackedUp(answer.backed_up))
        if answer.commands and self.fence is None:
            actions.append(Carry(answer.commands[: limits.SITE_COMMANDS_PER_ANSWER]))
        if answer.wanted:
            self._keeping.want(answer.wanted, (keepsake.version for keepsake in self.keepsakes), now)
        return actions + self._ask_keepsakes(now)

    def _acknowledged(self, answer: Answer, now: float) -> list[Action]:
        """OK or GAP: the hub takes us for the present box, and says how far it is."""
        if self._fence.is_proved:  # it has forgotten the claim that we have seen: what is ours belongs on our branch, not in the journal
            return self._hold(now, limits.HELLO_RETRY_MAX_S)
        actions: list[Action] = []
        if self.fence is not None:  # only the hub had said so, and now it says otherwise
            self._fence.lift()
            actions = self._raise("", "")
        before, incarnation = self.watermark, self.incarnation
        actions += self._take_watermark(answer, now)
        is_further = self.watermark.sequence > before.sequence
        if is_further:
            self._patience.barren = 0
        if self.watermark.sequence < self.begins.sequence:
            return actions + self._greet_below_begins(now)
        if self.phase is Phase.GREETING:
            self._patience.round_trip_s = now - self._run.silent_since
            return actions + self._start(Phase.SENDING, now)
        if answer.status is AnswerStatus.GAP:
            return actions + self._close_gap(now)
        if self.phase is Phase.FENCED or self.watermark.sequence < before.sequence or self.incarnation != incarnation:
            return actions + self._start(Phase.SENDING, now)
        return actions + self._go_on(self.watermark, is_further, now)

    def _unavailable(self, answer: Answer, now: float) -> list[Action]:
        wait_s = max(limits.UNAVAILABLE_RETRY_S, answer.retry_after_s)  # in this order: NaN is no time to wait
        return self._hold(now, min(limits.UNAVAILABLE_RETRY_MAX_S, wait_s))

    def _forked(self, answer: Answer, now: float) -> list[Action]:
        return self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise(answer.code or answer.status, answer.detail)

    def _refused(self, answer: Answer, now: float) -> list[Action]:
        """Refused: while greeting it is the box that is not wanted. Else it is an envelope: for its box, as the hub has forgotten the
        claim and learns it from the hello; or the entry at fault is searched for by halves, and what stands before it gets through."""
        if self.phase not in _RUNNING or not self._run.in_flight:
            return self._forked(answer, now)
        if answer.code in _OF_THE_BOX:
            self._patience.barren += 1
            return self._greet(now) if self._patience.barren <= _FUTILE_GREETINGS_MAX else self._forked(answer, now)
        if not self._bisection.refused(self._run.in_flight, self._held.sequence):
            return self._greet(now)
        detail = f"The hub refuses the entry {self._run.sent}: {answer.code or answer.status}: {answer.detail}"
        return self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise("envelope.refused_entry", detail)

    # --- the fence -------------------------------------------------------------------------------

    def _heard_of_fence(self, answer: Answer, now: float) -> list[Action]:
        """A claim proves a fence whenever it comes; without one the hub's word counts in the present attempt, unless we could have
        been shown a proof. A proof that is none is passed over, with an alarm."""
        is_present = answer.attempt == self._attempt
        told: list[Action] = []
        if answer.claim and self._fence.can_be_proved:
            try:
                if self._fence.prove(answer.claim):
                    told = self._tell_fence()
            except ClaimError as error:
                if error.code == "claim.not_higher" and not is_present:
                    return []  # said to a box that we replaced: boxes of one site hear one another's answers
                return self._raise(error.code, error.detail)
        if not is_present:
            return told + self._greet(now) if told else []
        self._patience.heard()
        if not answer.incarnation or (self.fence is None and self._fence.can_be_proved):
            return told + self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise("epoch.fenced", answer.detail)
        if self.fence is None:
            self._fence.believe(answer.claim)
            told = self._tell_fence()
        return told + self._take_along(answer, now) + self._branch_acknowledged(answer, now)

    def _branch_acknowledged(self, answer: Answer, now: float) -> list[Action]:
        """How far the hub has our branch: send on from there, as an orphan."""
        before = self._fence.kept
        is_restored = self._fence.kept_up_to(answer.watermark, answer.incarnation)
        self._run.grant(answer.credit_until, now + answer.credit_ttl_s)
        actions: list[Action] = [self.fence] if self.fence is not None and answer.watermark != before else []
        is_further = answer.watermark.sequence > before.sequence
        if is_further:
            self._patience.barren = 0
        if self.phase is not Phase.FENCED:
            if self.phase is Phase.GREETING:
                self._patience.round_trip_s = now - self._run.silent_since
            return actions + self._start(Phase.FENCED, now)
        if answer.code == "envelope.gap":
            return actions + self._close_gap(now)
        if is_restored:
            return actions + self._start(Phase.FENCED, now)
        return actions + self._go_on(answer.watermark, is_further, now)

    def _tell_fence(self) -> list[Action]:
        assert self.fence is not None
        return [self.fence, *self._raise("epoch.fenced", self._fence.detail)]

    # --- inside --------------------------------------------------------------------------------

    @property
    def _held(self) -> Position:
        """How far the hub has what we are sending: our branch, or the journal of the site."""
        return self._fence.kept if self.phase is Phase.FENCED else self.watermark

    def _take_watermark(self, answer: Answer, now: float) -> list[Action]:
        """Note what the hub has and grants. Without its shard it knows neither."""
        if not answer.incarnation:
            return []
        changed = answer.watermark != self.watermark or answer.incarnation != self.incarnation
        self.watermark, self.incarnation = answer.watermark, answer.incarnation
        self._run.grant(answer.credit_until, now + answer.credit_ttl_s)
        return [Watermark(answer.watermark, answer.incarnation)] if changed else []

    def _go_on(self, held: Position, is_further: bool, now: float) -> list[Action]:
        """What was acknowledged is settled, and more can be sent. With nothing left, or some progress, no alarm but a fence holds."""
        self._run.settle(held.sequence, now)
        calm: list[Action] = []
        if is_further or not self._run.is_waiting:
            calm = self._raise("" if self.fence is None else "epoch.fenced", self._fence.detail)
        return calm + self._pump(now)

    def _greet_below_begins(self, now: float) -> list[Action]:
        """The hub stands where this journal no longer reaches: it learns so from the hello, and declares the hole."""
        self._patience.barren += 1
        if self._patience.barren <= _FUTILE_GREETINGS_MAX:
            return self._greet(now)
        detail = f"The hub stands at {self.watermark.sequence}, the journal of this box begins after {self.begins.sequence}."
        return self._hold(now, limits.HELLO_RETRY_MAX_S) + self._raise("journal.begins_later", detail)

    def _close_gap(self, now: float) -> list[Action]:
        """Send again from where the hub is: at once the first time, after a pause when that has not helped."""
        self._patience.barren += 1
        if self._patience.barren > 1:
            return self._hold(now, self._patience.silence_s)
        return self._start(self.phase, now)

    def _greet(self, now: float) -> list[Action]:
        self.phase = Phase.GREETING
        self._run.forget()
        self._attempt += limits.ATTEMPT_STRIDE
        self._run.silent_since = now
        return [self._hello(now, self._patience.hello_wait_s)]

    def _hello(self, now: float, wait_s: float) -> Publish:
        self._hello_due = now + wait_s
        who = self._identity
        frame = Hello(
            org=who.org_id, site=who.site_id, epoch=who.epoch, attempt=self._attempt, head=self.head, figures=self.figures,
            begins=self.begins, claim=who.claim, keepsakes=self.keepsakes[: limits.KEEPSAKES_MAX],
            epoch_begins=self.epoch_begins[-limits.EPOCH_BEGINS_MAX :],
        )  # fmt: skip
        return self._sealer.hello(frame)

    def _start(self, phase: Phase, now: float) -> list[Action]:
        """Go on from where the hub is, as a new attempt: answers to what was in flight would mislead, and so would a second
        answer to a hello that the network doubled, if the hub was restored between the two."""
        self._attempt += limits.ATTEMPT_STRIDE
        self.phase = phase
        self._run.begin(self._held, now)
        self._hello_due = now + self._patience.heartbeat_s
        return [Follow(self._held)]

    def _hold(self, now: float, wait_s: float) -> list[Action]:
        self.phase = Phase.HOLDING
        self._attempt += limits.ATTEMPT_STRIDE  # the answers to the rest of what was in flight change nothing any more
        self._hold_until = now + wait_s
        self._run.forget()
        return []

    def _raise(self, code: str, detail: str) -> list[Action]:
        if code == self._alarm:
            return []
        self._alarm = code
        return [Alarm(code, detail)]

    def _pump(self, now: float) -> list[Action]:
        """Publish what buffer, credit and the pipeline allow."""
        if self.phase not in _RUNNING:
            return []
        suspect = self._bisection.suspect(self._held.sequence)
        return [self._sealer.envelope(self._attempt, before, run) for before, run in self._run.envelopes(suspect, now)]

    def _ask_keepsakes(self, now: float) -> list[Action]:
        asked = self._keeping.ask(now)
        return [WantKeepsakes(asked)] if asked else []

    def _send_parts(self) -> list[Action]:
        """The next few parts of keepsakes, after the envelopes that may go."""
        return [self._sealer.part(part) for part in self._keeping.next_parts()]


_AFTER_ANSWER: dict[AnswerStatus, Callable[[Sender, Answer, float], list[Action]]] = {
    AnswerStatus.OK: Sender._acknowledged,  # pyright: ignore[reportPrivateUsage] - a table of its own states
    AnswerStatus.GAP: Sender._acknowledged,  # pyright: ignore[reportPrivateUsage]
    AnswerStatus.UNAVAILABLE: Sender._unavailable,  # pyright: ignore[reportPrivateUsage]
    AnswerStatus.FORK: Sender._forked,  # pyright: ignore[reportPrivateUsage]
    AnswerStatus.REFUSED: Sender._refused,  # pyright: ignore[reportPrivateUsage]
}
