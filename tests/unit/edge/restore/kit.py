"""What tests of the restore stand on: a site's journal as three parties hold it, and a hub that answers over real HTTP."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from edge.box import Box, read_box, read_signer
from edge.journal.refill import Refill
from edge.mirror.file import MirrorFile
from edge.restore.hub import HubSource
from edge.restore.sources import MirrorSource
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.envelope import Fetch, FetchPage, Keepsake, encode_page, open_frame
from shared.protocol.keys import verify
from tests.support.boxes import make_box, new_id
from tests.support.journals import SiteJournal

__all__ = ["ORG", "SITE", "FakeHub", "box_of", "entries_in", "hub_source", "mirror_of", "refill"]

ORG, SITE = new_id(), new_id()


def box_of(data_dir: Path, *, epoch: int = 2) -> Box:
    make_box(data_dir, org_id=ORG, site_id=SITE, epoch=epoch)
    return read_box(data_dir)


def refill(data_dir: Path, entries: Sequence[StoredEntry] = ()) -> Refill:
    journal = Refill(data_dir / "journal.db")
    if entries:
        journal.append(entries)
    return journal


def entries_in(journal: Refill) -> list[StoredEntry]:
    return journal.store.entries(0, 1_000_000)


def mirror_of(directory: Path, entries: Sequence[StoredEntry], *, site_id: str = SITE, frame: int = 7) -> MirrorSource:
    (directory / site_id).mkdir(parents=True, exist_ok=True)
    file = MirrorFile(directory / site_id, ORG, site_id)
    file.append([entries[start : start + frame] for start in range(0, len(entries), frame)])
    file.close()
    return MirrorSource(file.path)


class FakeHub(ThreadingHTTPServer):
    """A hub of one site: `entries`, `keepsakes`. `fails`: how many of the next requests are answered 503; `page` entries at most."""

    def __init__(self, journal: Sequence[StoredEntry], *, keepsakes: Sequence[tuple[str, bytes]] = (), page: int = 5) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.entries = list(journal)
        self.documents = {hashlib.sha256(body).hexdigest(): (kind, body) for kind, body in keepsakes}
        self.page = page
        self.fails = 0
        self.refuses = ""
        self.asked: list[Fetch] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, fetch: Fetch) -> FetchPage:
        after = fetch.after.sequence
        run = [entry for entry in self.entries if entry.sequence > after][: min(self.page, fetch.limit)]
        watermark: Position = self.entries[-1].position if self.entries else START
        keepsakes = tuple(Keepsake(kind, version) for version, (kind, _) in self.documents.items())
        document = self.documents.get(fetch.version, ("", b""))[1]
        return FetchPage(incarnation="i", watermark=watermark, entries=tuple(run), keepsakes=keepsakes, document=document)

    @contextmanager
    def serving(self) -> Iterator["FakeHub"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub  # type: ignore[assignment] - which is what starts it

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.path == "/v1/boxes/fetch"
        frame, _ = open_frame(body, verify)
        assert isinstance(frame, Fetch)
        self.server.asked.append(frame)
        if self.server.fails:
            self.server.fails -= 1
            self._send(503, b"{}")
        elif self.server.refuses:
            self._send(403, msgspec.json.encode({"code": self.server.refuses, "detail": "No.", "hint": "Enrol the box again."}))
        else:
            self._send(200, encode_page(self.server.answer(frame)))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def hub_source(box: Box, data_dir: Path, hub: FakeHub) -> HubSource:
    return HubSource(box, read_signer(data_dir, box.public_key), hub.url, sleep=lambda _: None)


def site_journal(orders: int, *, epoch: int = 1) -> SiteJournal:
    return SiteJournal(ORG, SITE, epoch=epoch).begin().orders(orders)
