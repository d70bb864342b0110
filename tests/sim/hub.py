"""A simulated hub: a broker that drops, lanes that wait, a shard that goes down, ingest that crashes, backups that are restored.

What lives here: the surroundings of the real `receive` and `fold`. What the hub holds is a list of rows a site; a restore cuts
it. The broker's word is never worth anything: only an answer after the commit is.
"""

from collections.abc import Callable

from shared.domain.kernel import A, Aggregate, Key
from shared.limits import CREDIT_TTL_S
from shared.protocol.entry import START, Position, StoredEntry, decode_entry
from shared.protocol.envelope import Answer, AnswerStatus, Envelope, Hello, encode_answer, open_frame
from shared.protocol.fold import fold
from shared.protocol.receiver import receive, sequence_to_compare
from tests.sim.profile import Profile
from tests.sim.scheduler import Scheduler

__all__ = ["Hub", "Shelf", "sign", "verify"]

Reply = Callable[[bytes], None]
_BATCH = 8  # envelopes of one transaction


def sign(data: bytes) -> bytes:
    """Stands for Ed25519, which is tested elsewhere and costs time."""
    return data[:1] * 64


def verify(key: str, signature: bytes, data: bytes) -> bool:
    return signature == sign(data)


class Shelf:
    """One site at the hub: raw rows, and the state that they fold to."""

    def __init__(self) -> None:
        self.rows: list[StoredEntry] = []
        self.states: dict[Key, Aggregate] = {}

    def find(self, cls: type[A], kind: str, id: str) -> A | None:
        found = self.states.get((kind, id))
        assert found is None or isinstance(found, cls)
        return found

    @property
    def watermark(self) -> Position:
        return self.rows[-1].position if self.rows else START

    def append(self, rows: tuple[StoredEntry, ...]) -> None:
        self.rows += rows
        for row in rows:
            self.states.update(fold(self, decode_entry(row.entry)) or {})

    def cut(self, length: int) -> None:
        rows, self.rows, self.states = tuple(self.rows[:length]), [], {}
        self.append(rows)


class Hub:
    """Every site's shelf behind one lane of one broker."""

    def __init__(self, scheduler: Scheduler, profile: Profile) -> None:
        self._scheduler = scheduler
        self._profile = profile
        self.shelves: dict[str, Shelf] = {}
        self.restores = 0
        self.is_shard_up = True
        self.is_healthy = False
        self._lane: list[tuple[bytes, Reply]] = []
        self._backup: dict[str, int] = {}

    @property
    def incarnation(self) -> str:
        return f"incarnation-{self.restores}"

    def publish(self, data: bytes, reply: Reply) -> None:
        """What comes in on `journal.>`: the broker keeps it in the lane, if it does."""
        if not self.is_healthy and self._scheduler.chance(self._profile.broker_drop):
            self._scheduler.note("broker: took a message and dropped it")
            return
        self._lane.append((data, reply))
        if len(self._lane) == 1:
            self._scheduler.after(0.02, self._ingest)

    def hello(self, data: bytes, reply: Reply) -> None:
        """What comes in on `hello.>`, outside the lane."""
        frame, _ = open_frame(data, verify)
        assert isinstance(frame, Hello)
        reply(self._answer(frame.site, frame.attempt, AnswerStatus.OK if self.is_shard_up else AnswerStatus.UNAVAILABLE))

    def _ingest(self) -> None:
        batch, self._lane = self._lane[:_BATCH], self._lane[_BATCH:]
        if self._lane:
            self._scheduler.after(0.02, self._ingest)
        crash = (
            ""
            if self.is_healthy or not self._scheduler.chance(self._profile.ingest_crash)
            else self._scheduler.rng.choice(["before", "after"])
        )
        if crash == "before":
            self._scheduler.note("ingest: crashed before the commit; the broker delivers again")
            self._lane = batch + self._lane
            if len(self._lane) == len(batch):
                self._scheduler.after(1.0, self._ingest)
            return
        answers = [(reply, self._apply(data)) for data, reply in batch]
        if crash == "after":
            self._scheduler.note("ingest: crashed after the commit, before the answers")
            return
        for reply, answer in answers:
            reply(answer)

    def _apply(self, data: bytes) -> bytes:
        envelope, _ = open_frame(data, verify)
        assert isinstance(envelope, Envelope)
        if not self.is_shard_up:
            return self._answer(envelope.site, envelope.attempt, AnswerStatus.UNAVAILABLE)
        shelf = self.shelves.setdefault(envelope.site, Shelf())
        at = sequence_to_compare(shelf.watermark, envelope)
        verdict = receive(shelf.watermark, envelope, shelf.rows[at - 1].hash if at else None)
        shelf.append(verdict.append)
        self._scheduler.note(f"hub: {envelope.first}-{envelope.last} {verdict.status}, watermark {shelf.watermark.sequence}")
        return self._answer(envelope.site, envelope.attempt, verdict.status, verdict.code)

    def _answer(self, site: str, attempt: int, status: AnswerStatus, code: str = "") -> bytes:
        if status is AnswerStatus.UNAVAILABLE:
            return encode_answer(Answer(attempt=attempt, incarnation="", status=status, watermark=START, retry_after_s=2.0))
        watermark = self.shelves.setdefault(site, Shelf()).watermark
        return encode_answer(
            Answer(
                attempt=attempt, incarnation=self.incarnation, status=status, watermark=watermark, code=code,
                credit_until=watermark.sequence + self._profile.credit_entries, credit_ttl_s=CREDIT_TTL_S,
            )
        )  # fmt: skip

    # --- what befalls it ---

    def wipe_broker(self) -> None:
        self._scheduler.note(f"broker: wiped with {len(self._lane)} messages in the lane")
        self._lane.clear()

    def back_up(self) -> None:
        self._backup = {site: len(shelf.rows) for site, shelf in self.shelves.items()}

    def restore(self) -> None:
        """Last night's backup, under a new incarnation."""
        self.restores += 1
        for site, shelf in self.shelves.items():
            shelf.cut(self._backup.get(site, 0))
        self._scheduler.note(f"hub: restored as {self.incarnation} at {[len(shelf.rows) for shelf in self.shelves.values()]}")
