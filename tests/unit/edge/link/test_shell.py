"""The link's shell without its sockets: what it does with what the sender wants."""

import asyncio
from pathlib import Path
from urllib.parse import urlparse

import msgspec
import pytest
from nats.aio.client import Server
from websockets.asyncio.server import ServerConnection, unix_serve

from edge.box import Box
from edge.link.shell import Link, where_and_when
from provisioning.keys import new_user
from shared.limits import LINK_OUTBOX_MAX, LINK_RECONNECT_MAX_S
from shared.protocol.entry import START, Position
from shared.protocol.envelope import Answer, AnswerStatus, Hello, encode_answer, open_frame
from shared.protocol.keys import verify
from shared.protocol.sender import Alarm, Identity, Phase, Publish, Sender, Watermark
from tests.support.waiting import eventually_async
from tests.unit.shared.domain.world import ORG, SITE

KEY = new_user()
BOX = Box(
    org_id=ORG, site_id=SITE, epoch=1, site_name="Test", currency="EUR", time_zone="Europe/Berlin", cut_over_minutes=240,
    public_key=KEY.public,
)  # fmt: skip


class Message:
    """What of a NATS message the shell looks at."""

    def __init__(self, data: bytes) -> None:
        self.data = data


@pytest.fixture
async def link(tmp_path: Path) -> Link:
    sender = Sender(Identity(org_id=ORG, site_id=SITE, epoch=1, key=KEY.public), KEY.sign, first_attempt=1)
    made = Link(BOX, tmp_path / "edge.sock", sender, ["nats://127.0.0.1:1"], tmp_path / "box.creds")
    made._beside.is_known.set()  # no edge is here to tell
    return made


async def test_an_outbox_that_is_full_drops_the_oldest_and_never_blocks(link: Link) -> None:
    for number in range(LINK_OUTBOX_MAX + 3):
        link._act([Publish("s", b"%d" % number)])
    assert link._outbox.qsize() == LINK_OUTBOX_MAX
    assert link._outbox.get_nowait().data == b"3"


async def test_a_watermark_and_an_alarm_are_kept_for_the_box(link: Link) -> None:
    link._act([Watermark(Position(1, 5, bytes(32)), "i"), Alarm("envelope.fork", "two entries")])
    assert (link._beside.watermark.position.sequence, link._beside.alarm.code) == (5, "envelope.fork")
    assert link._beside._news.is_set()
    link._act([Alarm("", "")])
    assert link._beside.alarm.code == ""


async def test_an_answer_that_cannot_be_read_changes_nothing(link: Link) -> None:
    before = link._sender.phase
    for data in (b"", b"\xc1", b"x" * 1000, msgspec.msgpack.encode({"attempt": "one"})):
        await link._on_answer(Message(data))  # type: ignore[arg-type] - as far as it is read
    assert link._sender.phase is before


async def test_greeted_and_answered_it_follows_the_journal_from_the_watermark(link: Link) -> None:
    link._act(link._sender.connected(0.0))
    hello, key = open_frame(link._outbox.get_nowait().data, verify)
    assert isinstance(hello, Hello)
    assert key == KEY.public
    answer = Answer(attempt=hello.attempt, incarnation="i", status=AnswerStatus.OK, watermark=START, credit_until=100, credit_ttl_s=60)
    await link._on_answer(Message(encode_answer(answer)))  # type: ignore[arg-type] - as far as it is read
    assert link._sender.phase is Phase.SENDING
    assert link._wanted.is_set()
    assert link._reader is not None
    link._reader.cancel()
    await asyncio.gather(link._reader, return_exceptions=True)


async def test_a_box_lets_go_of_entries_and_a_hub_restored_to_before_them_is_told_at_once(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the simulator: the link knew the beginning of the journal from seconds ago, and called a person for `feed.trimmed`."""
    begins = Position(1, 20, b"b" * 32)

    async def look() -> None:
        link._sender.begins = begins

    async def refuse(feed: ServerConnection) -> None:
        await feed.close(4409, "feed.trimmed")

    monkeypatch.setattr(link._beside, "look", look)
    async with unix_serve(refuse, str(link._socket_path)):
        link._act(link._sender.connected(0.0))
        hello, _ = open_frame(link._outbox.get_nowait().data, verify)
        assert isinstance(hello, Hello)
        answer = Answer(
            attempt=hello.attempt, incarnation="restored", status=AnswerStatus.OK, watermark=Position(1, 9, bytes(32)), credit_until=100,
            credit_ttl_s=60,
        )  # fmt: skip
        await link._on_answer(Message(encode_answer(answer)))  # type: ignore[arg-type] - as far as it is read
        await eventually_async(lambda: not link._outbox.empty())
    again, _ = open_frame(link._outbox.get_nowait().data, verify)
    assert isinstance(again, Hello)
    assert again.begins == begins
    assert link._beside.alarm.code == ""


async def test_an_old_answer_is_ignored(link: Link) -> None:
    link._act(link._sender.connected(0.0))
    stale = Answer(attempt=0, incarnation="i", status=AnswerStatus.OK, watermark=Position(1, 9, bytes(32)))
    await link._on_answer(Message(encode_answer(stale)))  # type: ignore[arg-type] - as far as it is read
    assert link._beside.watermark.position == START
    assert link._sender.phase is Phase.GREETING


class Broker:
    """As much of a NATS server as a client needs to connect; `end` says an error to the last connection and cuts it."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self.hellos: list[int] = []  # by which connection each came

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        number = len(self.connections)
        writer.write(b'INFO {"server_id":"x","version":"2.11.0","proto":1,"max_payload":1048576}\r\n')
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
            elif line.startswith(b"PUB hello."):
                self.hellos.append(number)
        writer.close()

    def end(self, words: str) -> None:
        self.connections[-1].write(f"-ERR '{words}'\r\n".encode())
        self.connections[-1].close()


@pytest.mark.parametrize("words", ["Authorization Violation", "maximum connections exceeded", "Slow Consumer"])
async def test_a_broker_that_ends_the_connection_for_good_is_greeted_anew(link: Link, words: str) -> None:
    broker = Broker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    link._nats_urls = [f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"]
    running = asyncio.create_task(link.run())
    try:
        await eventually_async(lambda: 1 in broker.hellos, "the first hello")
        broker.end(words)
        await eventually_async(lambda: 2 in broker.hellos, "a hello over a new connection")
        assert link._sender.phase is Phase.GREETING
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        await server.wait_closed()


async def test_a_connection_that_cannot_even_be_begun_is_tried_again(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    link._nats_urls = ["nats://127.0.0.1:not-a-port"]  # refused by the client before it has begun anything
    running = asyncio.create_task(link.run())
    try:
        await eventually_async(lambda: "out of reach" in caplog.text, "the first attempt")
        broker = Broker()
        server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
        link._nats_urls = [f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"]
        await eventually_async(lambda: broker.hellos, "a hello")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    server.close()
    await server.wait_closed()


def test_boxes_come_back_at_moments_of_their_own_and_try_every_broker_in_turn() -> None:
    """A hub that went away took all its boxes with it: what they try in step, they try as a herd."""
    servers = [Server(urlparse(f"nats://broker{number}:4222"), reconnects=1) for number in range(3)]
    drawn = [where_and_when(servers, {}) for _ in range(300)]
    assert {server.uri.netloc for server, _ in drawn} == {server.uri.netloc for server in servers}
    delays = sorted(delay for _, delay in drawn)
    assert 0.0 <= delays[0] < LINK_RECONNECT_MAX_S / 10
    assert LINK_RECONNECT_MAX_S * 9 / 10 < delays[-1] <= LINK_RECONNECT_MAX_S
    servers[1].reconnects = 0
    assert {where_and_when(servers, {})[0].uri.netloc for _ in range(30)} == {"broker1:4222"}
