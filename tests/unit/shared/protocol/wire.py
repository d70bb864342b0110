"""Sender and receiver wired together without I/O, for tests of the protocol.

What lives here: journals made of plain bytes, and `Wire`, a shell that carries out a sender's actions over two queues that a test can
lose, double or reorder. The hub at the other end is in hub.py.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from shared.limits import FEED_PAGE_ENTRIES_MAX
from shared.protocol.entry import GENESIS_HASH, START, Position, StoredEntry, entry_hash
from shared.protocol.envelope import DocumentPart, Envelope, Fetch, Hello, Keepsake, SiteCommand, decode_answer, open_frame
from shared.protocol.sender import (
    Action,
    Alarm,
    BackedUp,
    Carry,
    Fenced,
    Follow,
    Publish,
    Sender,
    WantKeepsakes,
    Watermark,
)
from tests.unit.shared.protocol.hub import KEY, ME, ORG, SITE, SUCCESSOR, Hub, claim_of, read_claim, sign, verify

__all__ = [
    "KEY", "ME", "ORG", "SITE", "SUCCESSOR", "Hub", "Wire", "changed", "claim_of", "frames", "journal", "linked", "lose_all", "read_claim",
    "sign", "verify",
]  # fmt: skip


def journal(count: int, *, epoch: int = 1, tag: str = "", after: Sequence[StoredEntry] = (), size: int = 0) -> list[StoredEntry]:
    """`after` and `count` more entries; `tag` makes entries that differ."""
    entries = list(after)
    before = entries[-1].hash if entries else GENESIS_HASH
    for sequence in range(len(entries) + 1, len(entries) + count + 1):
        data = f"{tag}{epoch}/{sequence}".encode().ljust(size, b".")
        before = entry_hash(before, data)
        entries.append(StoredEntry(epoch, sequence, before, data))
    return entries


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
        self.details: list[str] = []  # of each alarm
        self.watermarks: list[Watermark] = []
        self.sent_frames = 0
        self.journal_lost = False
        self.peers: list[Wire] = []  # the other boxes of the site, which hear what is answered to this one
        self.fences: list[Fenced] = []
        self.carried: list[SiteCommand] = []
        self.backed_up: list[int] = []
        self.documents: dict[str, bytes] = {}  # keepsakes of the box, by version

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
                case Alarm(code=code, detail=detail):
                    self.alarms.append(code)
                    self.details.append(detail)
                case Fenced():
                    self.fences.append(action)
                case Carry(commands=commands):
                    self.carried += commands
                case BackedUp(sequence=sequence):
                    self.backed_up.append(sequence)
                case WantKeepsakes(versions=versions):
                    for version in versions:
                        if version in self.documents:
                            self.act(self.sender.keepsake("menu", version, self.documents[version], self.now))

    def keep(self, *documents: bytes) -> None:
        """The box has these keepsakes from now on."""
        self.documents = {hashlib.sha256(document).hexdigest(): document for document in documents}
        self.sender.keepsakes = tuple(Keepsake("menu", version) for version in sorted(self.documents))

    def _follow(self, after: Position) -> None:
        if after.sequence < self.sender.begins.sequence:
            self.follows = None
            self.act(self.sender.journal_refused("feed.trimmed", f"no {after}", self.now))
            return
        held = self.entries[after.sequence - 1].position if 1 <= after.sequence <= len(self.entries) else START
        if held == after:
            self.follows = after.sequence
        else:
            self.follows = None
            code = "feed.ahead" if after.sequence > len(self.entries) else "feed.fork"
            self.act(self.sender.journal_refused(code, f"no {after}", self.now))

    @property
    def attempt(self) -> int:
        """The present one."""
        return self.sender._attempt  # pyright: ignore[reportPrivateUsage]

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
                if answer := self.hub.hear(self.up.popleft()):
                    self.down.append(answer)
                    for peer in self.peers:
                        peer.down.append(answer)
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

    def kept(self) -> bool:
        """The hub keeps the branch of this box whole, and the sender knows."""
        branch = self.hub.branch(1)
        whole = [entry for entry in self.entries if entry.sequence > branch.parted.sequence]
        return branch.rows == whole and self.sender.fence is not None and self.sender.fence.kept == branch.watermark

    def heal(self, within_s: float) -> None:
        """From here on nothing fails: everything has to arrive within a bounded time."""
        self.spoil = lambda queue: None
        self.hub.is_up = True
        assert self.run(within_s, self.arrived), f"stuck in {self.sender.phase} at {self.sender.watermark.sequence} of {len(self.entries)}"


def frames(queue: Sequence[bytes]) -> list[Envelope | Hello | DocumentPart | Fetch]:
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
