"""A hub of one site in memory, as the tests of the protocol know it, and the keys and claims that it trusts.

What lives here: the shipped `receive` and `receive_branch` around lists of rows. A signature here needs no cryptography.
"""

import hashlib
import zlib

from shared.domain.ids import derived_id
from shared.limits import CREDIT_ENTRIES, CREDIT_TTL_S
from shared.protocol.claim import Claim, open_claim, seal_claim
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import (
    Answer,
    AnswerStatus,
    DocumentPart,
    Envelope,
    Fetch,
    Hello,
    Sign,
    SiteCommand,
    encode_answer,
    open_frame,
)
from shared.protocol.receiver import Verdict, receive, receive_branch, sequence_to_compare
from shared.protocol.sender import Identity

ORG = derived_id("org")
SITE = derived_id("site")
KEY = "test-key"
SUCCESSOR_KEY = "successor-key"
ME = Identity(org_id=ORG, site_id=SITE, epoch=1, key=KEY)
SUCCESSOR = Identity(org_id=ORG, site_id=SITE, epoch=2, key=SUCCESSOR_KEY)
ISSUER = "test-issuer"


def sign(data: bytes) -> bytes:
    """Stands for Ed25519: the shells bring the real one."""
    return hashlib.sha512(b"secret" + data).digest()


def verify(key: str, signature: bytes, data: bytes) -> bool:
    return key in (KEY, SUCCESSOR_KEY) and signature == sign(data)


def claim_of(epoch: int, site: str = SITE, issuer: str = ISSUER, by: Sign = sign) -> str:
    """The token of a claim, as the hub hands it out."""
    return seal_claim(Claim(org=ORG, site=site, epoch=epoch, key=SUCCESSOR_KEY, issued_at_ms=0), issuer, by)


def read_claim(token: str) -> Claim:
    """What a box has that knows the hub's issuer. Raises ClaimError."""
    return open_claim(token, (ISSUER,), lambda issuer, signature, data: signature == sign(data))


class Branch:
    """What the hub keeps of a fenced box."""

    def __init__(self, parted: Position) -> None:
        self.parted = parted
        self.rows: list[StoredEntry] = []

    @property
    def watermark(self) -> Position:
        return self.rows[-1].position if self.rows else self.parted


class Hub:
    """What the hub knows of one site."""

    def __init__(self) -> None:
        self.rows: list[StoredEntry] = []
        self.incarnation = "first"
        self.is_up = True
        self.credit = CREDIT_ENTRIES
        self.boxes = {KEY: 1}  # the epoch that each key was given
        self.claim = ""  # the token of the box of the highest epoch, for those whom it fences
        self.branches: dict[int, Branch] = {}
        self.is_old = False  # a hub of a release that knows no branches, holes and keepsakes
        self.poison: set[bytes] = set()  # entries that the hub will not take
        self.holes: list[tuple[Position, Position]] = []
        self.keepsakes: dict[str, bytes] = {}
        self.wanted: set[str] = set()
        self.parts: dict[str, dict[int, bytes]] = {}
        self.commands: tuple[SiteCommand, ...] = ()
        self.backed_up = 0

    @property
    def watermark(self) -> Position:
        held = self.rows[-1].position if self.rows else START
        return max([held, *(after for _, after in self.holes)], key=lambda position: position.sequence)

    def restore(self, length: int, incarnation: str) -> None:
        """Last night's backup."""
        del self.rows[length:]
        self.holes = [hole for hole in self.holes if hole[1].sequence <= (self.rows[-1].sequence if self.rows else 0)]
        self.incarnation = incarnation

    def replace_box(self) -> None:
        """A successor is claimed: epoch 2."""
        self.boxes[SUCCESSOR_KEY] = 2
        self.claim = claim_of(2)

    def branch(self, epoch: int) -> Branch:
        """The branch of the box of an epoch; it parts after the last entry of the site of an epoch that is not above it."""
        if epoch in self.branches:
            return self.branches[epoch]
        return Branch(next((row.position for row in reversed(self.rows) if row.epoch <= epoch), START))

    def hear(self, data: bytes) -> bytes:
        """Take a frame and answer it, as ingest does after its commit; empty where there is no answer."""
        frame, key = open_frame(data, verify)
        assert not isinstance(frame, Fetch)
        if isinstance(frame, DocumentPart):
            self._take_part(frame)
            return b""
        if not self.is_up:
            return encode_answer(
                Answer(attempt=frame.attempt, incarnation="", status=AnswerStatus.UNAVAILABLE, watermark=START, retry_after_s=2.0)
            )
        epoch = self.boxes[key]
        is_fenced = epoch < max(self.boxes.values())
        verdict = self._greet(frame, is_fenced, epoch) if isinstance(frame, Hello) else self._take(frame, is_fenced, epoch)
        if verdict.status is AnswerStatus.REFUSED:
            return encode_answer(Answer(attempt=frame.attempt, incarnation="", status=verdict.status, watermark=START, code=verdict.code))
        return encode_answer(
            Answer(
                attempt=frame.attempt, incarnation=self.incarnation, status=verdict.status, watermark=verdict.watermark, code=verdict.code,
                credit_until=verdict.watermark.sequence + self.credit, credit_ttl_s=CREDIT_TTL_S,
                claim=self.claim if verdict.status is AnswerStatus.FENCED else "",
                wanted=tuple(sorted(self.wanted)) if isinstance(frame, Hello) else (),
                commands=self.commands if isinstance(frame, Hello) else (), backed_up=self.backed_up,
            )
        )  # fmt: skip

    def _greet(self, hello: Hello, is_fenced: bool, epoch: int) -> Verdict:
        if is_fenced:
            mark = self.watermark if self.is_old else self.branch(epoch).watermark
            return Verdict(status=AnswerStatus.FENCED, watermark=mark, code="epoch.fenced")
        if self.is_old:
            return Verdict(status=AnswerStatus.OK, watermark=self.watermark)
        self.wanted = {keepsake.version for keepsake in hello.keepsakes} - set(self.keepsakes)
        if hello.begins.sequence > self.watermark.sequence:
            self.holes.append((self.watermark, hello.begins))
            return Verdict(status=AnswerStatus.OK, watermark=self.watermark, code="journal.hole")
        return Verdict(status=AnswerStatus.OK, watermark=self.watermark)

    def _take(self, envelope: Envelope, is_fenced: bool, epoch: int) -> Verdict:
        if self.poison & set(envelope.entries()):
            return Verdict(status=AnswerStatus.REFUSED, watermark=START, code="hub.unstorable")
        if not is_fenced:
            at = sequence_to_compare(self.watermark, envelope)
            verdict = receive(self.watermark, envelope, self.hash_at(at))
            self.rows += verdict.append
            assert self.watermark == verdict.watermark
            return verdict
        if self.is_old:
            return Verdict(status=AnswerStatus.FENCED, watermark=self.watermark, code="epoch.fenced")
        branch = self.branches.setdefault(epoch, self.branch(epoch))
        at = sequence_to_compare(branch.watermark, envelope)
        verdict = receive_branch(branch.watermark, envelope, self.hash_at(at, branch))
        branch.rows += verdict.append
        assert branch.watermark == verdict.watermark
        return verdict

    def hash_at(self, sequence: int | None, branch: Branch | None = None) -> bytes | None:
        """The hash held at a sequence: of a branch above where it parted, else of the site."""
        rows = branch.rows if branch is not None and sequence is not None and sequence > branch.parted.sequence else self.rows
        return next((row.hash for row in rows if row.sequence == sequence), None)

    def _take_part(self, part: DocumentPart) -> None:
        parts = self.parts.setdefault(part.version, {})
        parts[part.index] = part.data
        if len(parts) == part.count:
            document = zlib.decompress(b"".join(data for _, data in sorted(parts.items())))
            assert hashlib.sha256(document).hexdigest() == part.version
            self.keepsakes[part.version] = document
