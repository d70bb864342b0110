"""The feed: what has just been committed, for followers that are nearly up to date.

What lives here: the recent entries and batches in memory, and waking whoever follows. Each follower has a cursor and reads at
its own pace; nobody waits for it. Sockets and SQL are not known here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from edge.app.site import Committed
from shared.domain.check import Check
from shared.domain.kernel import Aggregate
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu.overrides import ItemOverride
from shared.domain.site import SiteState
from shared.domain.views import check_view
from shared.limits import FEED_RECENT_BATCHES, FEED_RECENT_ENTRIES
from shared.protocol.entry import Position, StoredEntry
from shared.protocol.session import BoxState, ChangesFrame, CloudState

__all__ = ["Batch", "Change", "Feed", "Filter", "Word", "changes_frame"]


class Filter(NamedTuple):
    """What a screen wants to see: checks or not, tickets or not, of one station or ("") of all."""

    checks: bool = True
    tickets: bool = True
    station: str = ""

    def shows(self, ticket: Ticket) -> bool:
        return self.tickets and self.station in ("", ticket.station)


class Change(NamedTuple):
    """An aggregate, and the sequence of the entry that changed it last: how far a watermark must be for it to be in the cloud."""

    aggregate: Aggregate
    sequence: int


class Word(NamedTuple):
    """What stands in no entry, and is news whatever the cursor: of the cloud, of the alarms that hold, of the box itself."""

    cloud: CloudState | None = None
    alarms: tuple[str, ...] | None = None
    box: BoxState | None = None

    @property
    def is_empty(self) -> bool:
        return self == _NOTHING


_NOTHING = Word()


class Batch:
    """One commit, or one word that is in no journal, as screens see it; encoded once for each filter, when first asked for."""

    __slots__ = ("_changes", "_frames", "position", "word")

    def __init__(self, position: Position, changes: Collection[Change], word: Word = _NOTHING) -> None:
        self.position = position
        self.word = word
        self._changes = changes
        self._frames: dict[Filter, bytes | None] = {}

    @property
    def is_word(self) -> bool:
        """Whether it says what stands in no entry, and is news whatever the cursor."""
        return not self.word.is_empty

    def frame(self, wanted: Filter) -> bytes | None:
        """The frame for a filter, or None when it shows nothing new."""
        if wanted not in self._frames:
            self._frames[wanted] = changes_frame(self.position, self._changes, wanted, self.word)
        return self._frames[wanted]


def changes_frame(position: Position, changes: Collection[Change], wanted: Filter, word: Word = _NOTHING) -> bytes | None:
    """A ChangesFrame of what a filter lets through, as JSON; None when that is nothing."""
    checks = [(check_view(each), sequence) for each, sequence in changes if isinstance(each, Check)] if wanted.checks else []
    tickets = tuple([each for each, _ in changes if isinstance(each, Ticket) and wanted.shows(each)])
    site = next((each for each, _ in changes if isinstance(each, SiteState)), None)
    overrides = tuple([each for each, _ in changes if isinstance(each, ItemOverride)])  # every screen offers or cooks what has run out
    if not (checks or tickets or overrides or site) and word.is_empty:
        return None
    frame = ChangesFrame(
        position=str(position), checks=tuple([view for view, _ in checks]), tickets=tickets, site=site, overrides=overrides,
        cloud=word.cloud, alarms=word.alarms, box=word.box, check_sequences=tuple([sequence for _, sequence in checks]),
    )  # fmt: skip
    return msgspec.json.encode(frame)


class Feed:
    """The end of the journal in memory. Lives in the event loop."""

    def __init__(self, head: Position) -> None:
        self.head = head
        self.entries: deque[StoredEntry] = deque(maxlen=FEED_RECENT_ENTRIES)
        self._batches: deque[tuple[int, Batch]] = deque(maxlen=FEED_RECENT_BATCHES)
        self._count = 0
        self._news = asyncio.Event()

    @property
    def count(self) -> int:
        """Batches published so far: a screen's place among them."""
        return self._count

    def publish(self, committed: Committed) -> None:
        """A group is on disk: `committed.entries` follow `head`."""
        self.head = committed.head
        self.entries.extend(committed.entries)
        changes = [Change(each, committed.sequences.get(key, self.head.sequence)) for key, each in committed.changes.items()]
        self._add(Batch(self.head, changes))

    def say_cloud(self, cloud: CloudState) -> None:
        """The link has told what the cloud has."""
        self._add(Batch(self.head, (), Word(cloud=cloud)))

    def say_alarms(self, alarms: tuple[str, ...]) -> None:
        """Other alarms hold than before."""
        self._add(Batch(self.head, (), Word(alarms=alarms)))

    def say_box(self, box: BoxState, alarms: tuple[str, ...]) -> None:
        """The box stands otherwise than before: it was fenced, or has recovered. With the alarms that hold now."""
        self._add(Batch(self.head, (), Word(box=box, alarms=alarms)))

    def _add(self, batch: Batch) -> None:
        self._count += 1
        self._batches.append((self._count, batch))
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def wait(self, until: Callable[[], bool]) -> None:
        """Return once `until` holds; it is asked again after every batch."""
        while not until():
            await self._news.wait()

    def recent(self, after_sequence: int, limit: int) -> list[StoredEntry] | None:
        """Up to `limit` entries after a sequence; None when they are no longer in memory."""
        if after_sequence >= self.head.sequence:
            return []
        if not self.entries or after_sequence + 1 < self.entries[0].sequence:
            return None
        start = after_sequence + 1 - self.entries[0].sequence
        return [self.entries[index] for index in range(start, min(start + limit, len(self.entries)))]

    def entry(self, sequence: int) -> StoredEntry | None:
        """The entry at a sequence, if it is still in memory."""
        index = sequence - self.entries[0].sequence if self.entries else -1
        return self.entries[index] if 0 <= index < len(self.entries) else None

    def batches(self, after_count: int) -> list[tuple[int, Batch]] | None:
        """Batches after a place, with theirs; None when some are no longer in memory."""
        if after_count < self._count and (not self._batches or after_count + 1 < self._batches[0][0]):
            return None
        missing = self._count - after_count
        return [self._batches[index] for index in range(len(self._batches) - missing, len(self._batches))]
