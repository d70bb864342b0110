"""Sender and receiver wired together without I/O, for tests of the protocol.

What lives here: journals made of plain bytes, a signature that needs no cryptography, a hub of one site, and `Wire`, a shell
that carries out a sender's actions over two queues that a test can lose, double or reorder.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from shared.domain.ids import derived_id
from shared.limits import CREDIT_ENTRIES, CREDIT_TTL_S, FEED_PAGE_ENTRIES_MAX
from shared.protocol.entry import GENESIS_HASH, START, Position, StoredEntry, entry_hash
from shared.protocol.envelope import Answer, AnswerStatus, Envelope, Hello, decode_answer, encode_answer, open_frame
from shared.protocol.receiver import receive, sequence_to_compare
from shared.protocol.sender import Action, Alarm, Follow, Identity, Publish, Sender, Watermark

ORG = derived_id("org")
SITE = derived_id("site")
KEY = "test-key"
ME = Identity(org_id=ORG, site_id=SITE, epoch=1, key=KEY)


def sign(data: bytes) -> bytes:
    """Stands for Ed25519: the shells bring the real one."""
    return hashlib.sha512(b"secret" + data).digest()


def verify(key: str, signature: bytes, data: bytes) -> bool:
    return key == KEY and signature == sign(data)


def journal(count: int, *, epoch: int = 1, tag: str = "", after: Sequence[StoredEntry] = (), size: int = 0) -> list[StoredEntry]:
    """`after` and `count` more entries; `tag` makes entries that differ."""
    entries = list(after)
    before = entries[-1].hash if entries else GENESIS_HASH
    for sequence in range(len(entries) + 1, len(entries) + count + 1):
        data = f"{tag}{epoch}/{sequence}".encode().ljust(size, b".")
        before = entry_hash(before, data)
        entries.append(StoredEntry(epoch, sequence, before, data))
    return entries


class Hub:
    """What the hub knows of one site."""

    def __init__(self) -> None:
        self.rows: list[StoredEntry] = []
        self.incarnation = "first"
        self.is_up = True
        self.credit = CREDIT_ENTRIES
        self.epoch = 1

    @property
    def watermark(self) -> Position:
        return self.rows[-1].position if self.rows else START

    def restore(self, length: int, incarnation: str) -> None:
        """Last night's backup."""
        del self.rows[length:]
        self.incarnation = incarnation

    def hear(self, data: bytes) -> bytes:
        """Take a frame and answer it, as ingest does after its commit."""
        frame, _ = open_frame(data, verify)
        if not self.is_up:
            return encode_answer(
                Answer(attempt=frame.attempt, incarnation="", status=AnswerStatus.UNAVAILABLE, watermark=START, retry_after_s=2.0)
            )
        status, code = self._greet(frame) if isinstance(frame, Hello) else self._take(frame)
        return encode_answer(
            Answer(
                attempt=frame.attempt, incarnation=self.incarnation, status=status, watermark=self.watermark, code=code,
                credit_until=self.watermark.sequence + self.credit, credit_ttl_s=CREDIT_TTL_S,
            )
        )  # fmt: skip

    def _greet(self, hello: Hello) -> tuple[AnswerStatus, str]:
        return (AnswerStatus.FENCED, "epoch.fenced") if hello.epoch < self.epoch else (AnswerStatus.OK, "")

    def _take(self, envelope: Envelope) -> tuple[AnswerStatus, str]:
        at = sequence_to_compare(self.watermark, envelope)
        verdict = receive(self.watermark, envelope, self.rows[at - 1].hash if at else None)
        self.rows += verdict.append
        assert self.watermark == verdict.watermark
        return verdict.status, verdict.code


class Wire:
    """A shell around a sender, the journal it follows, and a hub behind two queues. Time passes by `run`."""

    def __init__(self, entries: Sequence[StoredEntry], hub: Hub | None = None, sender: Sender | None = None) -> None:
        self.entries = list(entries)
        self.hub = hub or Hub()
        self.sender = sender or Sender(ME, sign, first_attempt=1_000)
        self.now = 0.0
        self.up: deque[bytes] = deque()
        self.down: deque[bytes] = deque()
        self.spoil: Callable[[deque[bytes]], None] = lambda queue: None
        self.follows: int | None = None  # the sequence after which the feed is read
        self.alarms: list[str] = []
        self.watermarks: list[Watermark] = []
        self.sent_frames = 0
        self.journal_lost = False

    def act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish(data=data):
                    self.up.append(data)
                    self.sent_frames += 1
                case Follow(after=after):
                    self._follow(after)
                case Watermark():
                    self.watermarks.append(action)
                case Alarm(code=code):
                    self.alarms.append(code)

    def _follow(self, after: Position) -> None:
        held = self.entries[after.sequence - 1].position if 1 <= after.sequence <= len(self.entries) else START
        if held == after:
            self.follows = after.sequence
        else:
            self.follows = None
            code = "feed.ahead" if after.sequence > len(self.entries) else "feed.fork"
            self.act(self.sender.journal_refused(code, f"no {after}", self.now))

    def connect(self) -> "Wire":
        self.act(self.sender.connected(self.now))
        return self

    def disconnect(self) -> None:
        self.act(self.sender.disconnected(self.now))
        self.up.clear()
        self.down.clear()

    def feed(self) -> None:
        """Read what the sender wants, page by page."""
        while self.follows is not None and self.sender.wants_entries and self.follows < len(self.entries) and not self.journal_lost:
            page = self.entries[self.follows : self.follows + FEED_PAGE_ENTRIES_MAX]
            self.follows += len(page)
            self.act(self.sender.entries(page, self.now))

    def exchange(self) -> None:
        """Everything in the queues arrives, and what is answered to it, until nothing moves."""
        self.feed()
        for _ in range(10_000):
            self.spoil(self.up)
            while self.up:
                self.down.append(self.hub.hear(self.up.popleft()))
            self.spoil(self.down)
            if not self.down:
                return
            while self.down:
                self.act(self.sender.answered(decode_answer(self.down.popleft()), self.now))
                self.feed()
        raise AssertionError("the wire never comes to rest: sender and hub send each other round in circles")

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass, a second at a time; True as soon as `until` holds."""
        end = self.now + seconds
        self.exchange()
        while self.now < end and not until():
            self.now += 1.0
            self.act(self.sender.tick(self.now))
            self.exchange()
        return until()

    def arrived(self) -> bool:
        """The hub holds the journal, byte for byte, and the sender knows."""
        return self.hub.rows == self.entries and self.sender.watermark == self.hub.watermark

    def heal(self, within_s: float) -> None:
        """From here on nothing fails: everything has to arrive within a bounded time."""
        self.spoil = lambda queue: None
        self.hub.is_up = True
        assert self.run(within_s, self.arrived), f"stuck in {self.sender.phase} at {self.sender.watermark.sequence} of {len(self.entries)}"


def frames(queue: Sequence[bytes]) -> list[Envelope | Hello]:
    """What is in a queue of frames."""
    return [open_frame(data, verify)[0] for data in queue]


def changed(envelope: Envelope, **fields: object) -> Envelope:
    return msgspec.structs.replace(envelope, **fields)


def linked(count: int = 1_000, **fields: int) -> Wire:
    """A site in step with its hub."""
    wire = Wire(journal(count, **fields)).connect()
    assert wire.run(5, wire.arrived)
    return wire


def lose_all(queue: deque[bytes]) -> None:
    queue.clear()
