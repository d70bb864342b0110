"""The mirror's shell beside a box that answers as the test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import ServerConnection, unix_serve

from edge.box import read_box
from edge.mirror.disk import Disk
from edge.mirror.file import JOURNAL, Walk
from edge.mirror.shell import Mirror
from shared.protocol.entry import START, Position, StoredEntry
from tests.support.boxes import make_box
from tests.support.journals import SiteJournal
from tests.support.waiting import eventually_async


class _Box:
    """A box whose journal begins after `begins`; what the mirror tells it, it remembers."""

    def __init__(self, entries: list[StoredEntry], begins: Position) -> None:
        self.entries = entries
        self.begins = begins
        self.told: list[dict[str, str]] = []

    async def feed(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        after = parse_qs(urlsplit(socket.request.path).query).get("after", [""])[0]
        cursor = Position.parse(after) if after else START
        if cursor.sequence < self.begins.sequence:
            await socket.close(4409, "feed.trimmed")
            return
        run = [entry for entry in self.entries if entry.sequence > cursor.sequence]
        if run:
            await socket.send(msgspec.msgpack.encode((str(self.entries[-1].position), run)))
        await socket.wait_closed()

    async def get(self, target: str) -> bytes:
        if target == "/v1/status":
            return msgspec.json.encode({"begins": str(self.begins) if self.begins.sequence else ""})
        return b"[]"

    async def put(self, target: str, body: bytes) -> None:
        assert target == "/v1/followers/mirror"
        self.told.append(msgspec.json.decode(body))


@asynccontextmanager
async def _mirroring(box: _Box, short_dir: Path, journal: SiteJournal) -> AsyncIterator[Path]:
    make_box(short_dir / "box", org_id=journal.address.org_id, site_id=journal.address.site_id)
    (short_dir / "stick").mkdir(exist_ok=True)
    disk = Disk(short_dir / "stick", short_dir, *journal.address, may_share=True)
    async with unix_serve(box.feed, str(short_dir / "s")):
        mirror = Mirror(read_box(short_dir / "box"), short_dir / "s", disk)
        mirror._edge = mirror._keeper._edge = box  # type: ignore[assignment]
        running = asyncio.create_task(mirror.run())
        try:
            yield short_dir / "stick" / journal.address.site_id
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _held(path: Path) -> list[StoredEntry]:
    return [entry for run in Walk(path).runs() for entry in run] if path.exists() else []


def _journal() -> SiteJournal:
    from tests.support.boxes import new_id

    return SiteJournal(new_id(), new_id()).begin().orders(3)


async def test_an_empty_stick_in_a_box_that_has_trimmed_begins_where_the_journal_does(short_dir: Path) -> None:
    journal = _journal()
    box = _Box(journal.entries[9:], journal.entries[8].position)
    async with _mirroring(box, short_dir, journal) as site:
        await eventually_async(lambda: _held(site / JOURNAL) == journal.entries[9:], "the stick has what the box has")
        await eventually_async(lambda: {"position": str(journal.head), "alarm": ""} in box.told, "and the box is told")
    assert [path.name for path in site.glob("*.mirror")] == [JOURNAL]


async def test_a_stick_that_was_away_until_the_box_had_trimmed_keeps_what_it_held_without_an_alarm(short_dir: Path) -> None:
    journal = _journal()
    async with _mirroring(_Box(journal.entries[:5], START), short_dir, journal) as site:
        await eventually_async(lambda: _held(site / JOURNAL) == journal.entries[:5], "the stick has the beginning")
    box = _Box(journal.entries[9:], journal.entries[8].position)
    async with _mirroring(box, short_dir, journal) as site:
        await eventually_async(lambda: _held(site / JOURNAL) == journal.entries[9:], "it goes on behind the checkpoint")
        await eventually_async(lambda: {"position": str(journal.head), "alarm": ""} in box.told, "and nothing is wrong")
    (kept,) = site.glob("earlier-*.mirror")
    assert _held(kept) == journal.entries[:5]
