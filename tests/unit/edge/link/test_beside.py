"""The link beside its box: watermarks told at once and together, what a hello says of the box, errands both ways."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.link.beside import Beside, _Status
from provisioning.keys import new_account, new_user
from shared.protocol.claim import open_claim
from shared.protocol.entry import START, Position
from shared.protocol.envelope import Answer, AnswerStatus, SiteCommand
from shared.protocol.keys import verify_issuer
from shared.protocol.sender import Action, Carry, Identity, Publish, Sender, WantKeepsakes, Watermark
from tests.support.boxes import claim_token
from tests.support.waiting import eventually_async
from tests.unit.shared.domain.world import ORG, SITE

KEY, ISSUER = new_user(), new_account()
MENU = b'{"name":"Evening"}'
VERSION = hashlib.sha256(MENU).hexdigest()
STATUS: dict[str, Any] = {"sequence": 7, "business_date": "2026-03-02", "open_checks": 2, "alarms": ["storage.low"]}


class Edge:
    """As much of a box as the link asks: answers by path, and notes what it is told. `held` keeps its answers back."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {
            "/v1/status": msgspec.json.encode(STATUS),
            "/v1/keepsakes": msgspec.json.encode([{"kind": "menu", "version": VERSION}]),
            f"/v1/keepsakes/{VERSION}": MENU,
        }
        self.reports: list[dict[str, Any]] = []
        self.carried: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.held = asyncio.Event()
        self.held.set()
        self.connected = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
                path, body = head.split(b" ")[1].decode(), await reader.readexactly(length)
                self.asked.append(path)
                if path == "/v1/followers/cloud":
                    self.reports.append(msgspec.json.decode(body))
                    await self.held.wait()
                elif path == "/v1/hub-commands":
                    self.carried.append(msgspec.json.decode(body))
                answer = self.answers.get(path, b"{}")
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer))
        writer.close()
        self.connected -= 1


class Rig:
    """A link's half beside an edge that the test plays, until the test ends."""

    def __init__(self, path: Path) -> None:
        identity = Identity(org_id=ORG, site_id=SITE, epoch=1, key=KEY.public)
        trust = lambda shown: open_claim(shown, {ISSUER.public}, verify_issuer)  # noqa: E731 - a port of one line
        self.sender = Sender(identity, KEY.sign, first_attempt=1, read_claim=trust)
        self.edge = Edge()
        self.actions: list[Action] = []
        self.beside = Beside(path, self.sender, self.actions.extend)

    def commit(self, sequence: int) -> None:
        """The hub has committed up to there."""
        self.beside.watermark = Watermark(Position(1, sequence, bytes([sequence]) * 32), "i")
        self.beside.tell()

    def told(self) -> list[int]:
        """The sequences of the watermarks that the box was told."""
        return [Position.parse(report["position"]).sequence for report in self.edge.reports if report["position"]]


@pytest.fixture
async def rig(short_dir: Path) -> AsyncIterator[Rig]:
    made = Rig(short_dir / "s")
    server = await asyncio.start_unix_server(made.edge.serve, str(short_dir / "s"))
    running = asyncio.create_task(made.beside.run())
    try:
        await asyncio.wait_for(made.beside.is_known.wait(), 10)
        yield made
    finally:
        made.edge.held.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await eventually_async(lambda: not made.edge.connected, "every connection closed")
        server.close()
        await server.wait_closed()


async def test_watermarks_that_come_while_one_is_told_are_told_together(rig: Rig) -> None:
    rig.edge.held.clear()
    rig.commit(1)
    await eventually_async(lambda: rig.told() == [1], "the first, at once")
    for sequence in range(2, 50):
        rig.commit(sequence)
    rig.edge.held.set()
    await eventually_async(lambda: rig.told()[-1] == 49, "the last")
    assert rig.told() == [1, 49]


async def test_a_hello_says_of_the_box_what_its_status_says(rig: Rig) -> None:
    assert rig.sender.figures.head_sequence == 7
    assert [each.version for each in rig.sender.keepsakes] == [VERSION]
    assert rig.sender.begins.sequence == 0
    assert rig.sender.epoch_begins == (), "it does not say"
    begins = START, Position(1, 5, bytes([5]) * 32)
    rig.edge.answers["/v1/status"] = msgspec.json.encode(STATUS | {"epoch_begins": [str(at) for at in begins]})
    await rig.beside.look()
    assert rig.sender.epoch_begins == begins


async def test_the_box_is_told_by_whom_it_was_replaced_and_how_far_the_hub_keeps_what_it_held(rig: Rig) -> None:
    rig.sender.connected(0.0)
    claim = claim_token(ISSUER, ORG, SITE, 2)
    rig.sender.answered(Answer(attempt=0, incarnation="i", status=AnswerStatus.FENCED, watermark=START, claim=claim), 0.0)
    rig.beside.tell()
    await eventually_async(lambda: rig.edge.reports and rig.edge.reports[-1]["fenced_epoch"] == 2, "the report")
    assert (rig.edge.reports[-1]["claim"], rig.edge.reports[-1]["kept"]) == (claim, "")


async def test_a_claim_that_a_tablet_showed_the_box_is_the_links_to_know_too(rig: Rig) -> None:
    claim = claim_token(ISSUER, ORG, SITE, 2)
    rig.edge.answers["/v1/status"] = msgspec.json.encode(STATUS | {"fence_claim": claim})
    await rig.beside.look()
    assert rig.sender.fence is not None
    assert rig.sender.fence.claim == claim


async def test_a_menu_that_the_hub_lacks_is_brought_in_parts(rig: Rig) -> None:
    rig.sender.connected(0.0)
    rig.beside.run_errand(WantKeepsakes((VERSION, "0" * 64)))
    await eventually_async(lambda: any(isinstance(each, Publish) for each in rig.actions), "a part")
    assert f"/v1/keepsakes/{'0' * 64}" not in rig.edge.asked, "what the box does not hold is not asked for"


async def test_a_command_of_the_hub_reaches_the_box_and_its_refusal_the_next_hello(rig: Rig) -> None:
    rig.edge.answers["/v1/status"] = msgspec.json.encode(STATUS | {"refused_commands": {"one": "orphan.unfit"}})
    rig.beside.run_errand(Carry((SiteCommand(id="one", command=b'{"type":"AdoptOrphan"}', expires_at_ms=5),)))
    await eventually_async(lambda: rig.sender.figures.refused_commands == {"one": "orphan.unfit"}, "the refusal")
    assert rig.edge.carried == [{"commands": [{"id": "one", "command": {"type": "AdoptOrphan"}, "expires_at_ms": 5}]}]


async def test_more_errands_than_fit_are_dropped_for_the_hub_asks_again(rig: Rig) -> None:
    for _ in range(1000):
        rig.beside.run_errand(WantKeepsakes(()))


def test_figures_take_of_the_status_what_they_know_and_mind_nothing_new() -> None:
    figures = msgspec.json.decode(msgspec.json.encode(STATUS | {"surprise": 1}), type=_Status).figures
    assert (figures.head_sequence, figures.alarms) == (7, ("storage.low",))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"sequence": 7}', type=_Status)


def test_the_hub_is_told_since_when_the_oldest_entry_waits() -> None:
    status = msgspec.json.encode(STATUS | {"oldest_pending_at": "2026-03-02T11:00:00.5Z"})
    assert msgspec.json.decode(status, type=_Status).figures.oldest_pending_at_ms == 1_772_449_200_500
    status = msgspec.json.encode(STATUS | {"oldest_pending_at": None})
    assert msgspec.json.decode(status, type=_Status).figures.oldest_pending_at_ms is None
