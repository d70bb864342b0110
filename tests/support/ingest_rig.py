"""Ingest over shards in memory: an applier, a greeter, and sites whose boxes hold claims of the test's own issuer.

What lives here: the parts put together. What befalls them is the business of the tests.
"""

from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from hub.ingest.greet import Greeter
from shared.protocol.envelope import Answer, AnswerStatus
from tests.support.boxes import new_id
from tests.support.issuer import claim_token, read_claim
from tests.support.journals import SiteJournal
from tests.support.memory_hub import MemoryRegistry, MemoryShard

__all__ = ["IngestRig"]


class IngestRig:
    """Two shards, s1 and s2, and one process of ingest. `now` is its clock, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.registry = MemoryRegistry()
        self.shards = {"s1": MemoryShard("s1"), "s2": MemoryShard("s2")}
        self.counts = Counts()
        self.applier = Applier(self.registry, self.shards, lambda: self.now, self.counts)
        self.greeter = Greeter(self.registry, self.shards, lambda: self.now, self.counts, read_claim)

    @property
    def shard(self) -> MemoryShard:
        return self.shards["s1"]

    # --- sites and their boxes -------------------------------------------------------------------

    def site(self, shard: str = "s1", orders: int = 2) -> SiteJournal:
        """A site with a claimed box, and the first orders in its journal."""
        journal = SiteJournal(new_id(), new_id()).begin().orders(orders)
        self.shards[shard].placements[journal.address.org_id] = 1
        self.claim(journal, shard)
        return journal

    def claim(self, journal: SiteJournal, shard: str = "s1") -> None:
        """Register the box of the journal for its epoch."""
        journal.claim = claim_token(*journal.address, journal.epoch, journal.key.public)
        self.registry.register(journal.address, journal.key.public, epoch=journal.epoch, shard=shard, claim=journal.claim)

    def replace(self, old: SiteJournal, at: int, *, is_known: bool = True) -> SiteJournal:
        """The next box of the site, which has restored the first `at` entries of the old one and begun its epoch."""
        new = SiteJournal(*old.address, epoch=old.epoch + 1)
        new.entries = list(old.entries[:at])
        new.append(b'{"type":"EpochStarted"}')
        if is_known:
            self.claim(new)
        else:
            new.claim = claim_token(*new.address, new.epoch, new.key.public)
        return new

    # --- doing -----------------------------------------------------------------------------------

    async def send(self, *messages: tuple[str, bytes]) -> list[Answer]:
        """Apply a batch; the answers in order."""
        return [reply.answer for reply in await self.applier.apply(messages)]

    async def statuses(self, *messages: tuple[str, bytes]) -> list[AnswerStatus]:
        return [answer.status for answer in await self.send(*messages)]

    async def greet(self, *hellos: tuple[str, bytes]) -> list[Answer]:
        """Greet a batch; the answers in order."""
        return [reply.answer for reply in await self.greeter.greet(hellos)]
