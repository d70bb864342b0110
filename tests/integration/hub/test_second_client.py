"""docs/protocol.md is enough: a client written from it, without a line of ours, uploads journals to the shipped hub.

What lives here: that client against the hub's processes and a broker, over a line that loses what it is told to lose; and, for what a hub does
only when it is unwell, against answers made up here as the page words them.
"""

import ast
import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest_asyncio

from provisioning.keys import new_account
from tests.integration.hub import second_client
from tests.integration.hub.second_client import SILENCE_S, START, SecondClient
from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.hub_rig import HubRig, everything
from tests.support.issuer import ISSUER, claim_token
from tests.support.journals import SiteJournal
from tests.support.waiting import DEADLINE_S, eventually_async

SEED = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y"  # of the page
ORG, SITE = "0190c5a0-0000-7000-8000-000000000001", "0190c5a0-0000-7000-8000-000000000002"


@pytest_asyncio.fixture
async def looking(hub: HubStack) -> AsyncIterator[HubRig]:
    """The hub's databases to make sites in and to look at; its ingest process runs."""
    hub.migrate()
    rig = HubRig(hub.control, hub.shards)
    hub.ingest.start()
    yield rig
    await rig.close()


class Lossy(SecondClient):
    """The second client in the place of the site's box, on a line that loses the first answer or envelope where it is told to."""

    def __init__(self, site: SiteJournal, **more: Any) -> None:
        journal = [(entry.epoch, entry.sequence, entry.hash, entry.entry) for entry in site.entries]
        super().__init__(*site.address, site.epoch, site.key.seed, journal, clock=lambda: time.monotonic() + self.skipped_s, **more)
        self.loses_answer = self.loses_envelope = False
        self.skipped_s = 0.0  # by which its clock is ahead: the silence after what was lost is not waited for
        self.heard: list[str] = []  # statuses
        self.said: list[str] = []  # kinds

    def say(self, subject: str, kind: str, fields: dict[str, Any]) -> None:
        super().say(subject, kind, fields)
        self.said.append(kind)
        if kind == "envelope" and self.loses_envelope:
            self.loses_envelope = False
            self.outbox.pop()

    async def hear(self, message: Any) -> None:
        answer = msgspec.msgpack.decode(message.data)
        is_mine = answer["attempt"] == self.attempt
        if is_mine and self.flight and self.loses_answer:
            self.loses_answer = False
            self.skipped_s += SILENCE_S
            return
        if is_mine:
            self.heard.append(answer["status"])
        await super().hear(message)

    async def upload(self, broker: Broker, directory: Path, key: Any) -> None:
        creds = directory / f"{key.public}.creds"
        creds.write_text(broker.box_creds(self.org, self.site, key))
        await asyncio.wait_for(self.run(broker.url, str(creds)), DEADLINE_S)


def test_it_is_small_and_imports_nothing_of_ours() -> None:
    source = Path(second_client.__file__).read_text()
    assert len(source.splitlines()) <= 200
    imported = {node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name.split(".")[0] for name in imported} & {"shared", "edge", "hub", "provisioning", "tests"}


# --- with the shipped hub ----------------------------------------------------------------------------


async def test_a_stranger_uploads_a_journal_and_what_comes_after_it(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    site = (await looking.add_site()).orders(120)
    first = Lossy(site)
    await first.upload(broker, short_dir, site.key)
    assert await looking.stored(site) == everything(site)
    assert first.cloud == len(site.entries)
    site.orders(3)
    await Lossy(site).upload(broker, short_dir, site.key)
    assert await looking.stored(site) == everything(site)
    again = Lossy(site)
    await again.upload(broker, short_dir, site.key)
    assert "envelope" not in again.said, "another start finds everything there"
    assert not first.alarms | again.alarms


async def test_a_lost_answer_is_asked_for_again(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    site = (await looking.add_site()).orders(10)
    client = Lossy(site)
    client.loses_answer = True
    await client.upload(broker, short_dir, site.key)
    assert client.said.count("envelope") == 1, "the hub had it: only its word was lost"
    assert client.said.count("hello") >= 2
    assert await looking.stored(site) == everything(site)


async def test_a_lost_envelope_is_a_gap_and_sent_again(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    site = (await looking.add_site()).orders(120)
    client = Lossy(site)
    client.loses_envelope = True
    await client.upload(broker, short_dir, site.key)
    assert "gap" in client.heard
    assert await looking.stored(site) == everything(site)


async def test_a_stranger_that_was_replaced_hands_in_what_it_still_held(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    old = (await looking.add_site()).orders(10)
    await Lossy(old).upload(broker, short_dir, old.key)
    parted = len(old.entries)
    new = SiteJournal(*old.address)
    new.epoch = await looking.claim(new)
    new.entries = list(old.entries)
    new.append(b'{"type":"EpochStarted"}')
    for number in range(450):
        new.append(b'{"type":"Sold","number":%d}' % number)
    old.orders(60)
    present = Lossy(new, claim=new.claim, issuers=(ISSUER.public,))
    replaced = Lossy(old, claim=old.claim, issuers=(ISSUER.public,))
    await asyncio.gather(present.upload(broker, short_dir, new.key), replaced.upload(broker, short_dir, old.key))
    assert await looking.stored(old) == everything(new), "nothing of the old box is in the journal"
    rows = await looking.look_as(old, "select epoch, entry from orphans where site_id = $1::text::uuid order by sequence")
    assert [(row["epoch"], row["entry"]) for row in rows] == [(old.epoch, entry.entry) for entry in old.entries[parted:]]
    assert (present.is_proved, present.alarms, present.cloud) == (False, set(), len(new.entries))
    assert (replaced.is_proved, replaced.alarms, replaced.cloud) == (True, {"epoch.fenced"}, 0), "a branch is not the cloud"
    assert replaced.said.count("envelope") > 2, "the branch was more than one envelope"


async def test_another_history_is_a_fork(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    site = (await looking.add_site()).orders(1)
    await Lossy(site).upload(broker, short_dir, site.key)
    other = SiteJournal(*site.address, key=site.key)
    other.entries = site.entries[:-1]
    other.append(b'{"type":"SomethingElse"}')
    client = Lossy(other)
    task = asyncio.create_task(client.upload(broker, short_dir, site.key))
    await eventually_async(lambda: "envelope.fork" in client.alarms, "the hub says that it holds otherwise")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await looking.stored(site) == everything(site)


async def test_what_the_hub_wants_of_keepsakes_it_is_sent(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    site = await looking.add_site()
    keepsakes = [("menu", b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(20_000))), ("devices", b"[]")]
    client = Lossy(site, keepsakes=keepsakes)
    await client.upload(broker, short_dir, site.key)
    assert client.said.count("document") == 4, "three parts and one"

    async def wants_nothing() -> bool:
        again = Lossy(site, keepsakes=keepsakes)
        await again.upload(broker, short_dir, site.key)
        return "document" not in again.said

    await eventually_async(wants_nothing, "the hub has them")


# --- with answers made up here -----------------------------------------------------------------------


class Desk:
    """A client with `count` entries, a clock that only the test moves, and a hub whose every word is the test's."""

    def __init__(self, count: int, **more: Any) -> None:
        journal: list[tuple[int, int, bytes, bytes]] = []
        for number in range(1, count + 1):
            before, entry = journal[-1][2] if journal else bytes(32), b"entry %d" % number
            journal.append((1, number, hashlib.sha256(b"comanda.entry.v1\0" + before + entry).digest(), entry))
        self.now = 0.0
        self.client = SecondClient(ORG, SITE, 1, SEED, journal, clock=lambda: self.now, **more)
        self.client.greet()

    def said(self, after_s: float = 0.0) -> Iterator[tuple[str, dict[str, Any]]]:
        """(kind, payload) of what the client says, `after_s` later."""
        self.now += after_s
        self.client.tick()
        frames, self.client.outbox = self.client.outbox, []
        for _, frame in frames:
            kind, _, _, payload = msgspec.msgpack.decode(frame)
            yield kind, msgspec.msgpack.decode(payload)

    def runs(self, after_s: float = 0.0) -> list[str]:
        """What it says, short: `hello`, or from where to where an envelope goes."""
        return [f"{said['first']}–{said['last']}" if kind == "envelope" else kind for kind, said in self.said(after_s)]

    async def answer(self, status: str, mark: int = 0, *, attempt: int | None = None, **fields: Any) -> None:
        place = self.client.place(mark) if mark else START
        fields = {"incarnation": "a", "credit_until": mark + 6400, "credit_ttl_s": 60.0} | fields
        answer = {"attempt": self.client.attempt if attempt is None else attempt, "status": status, "watermark": place} | fields
        await self.client.hear(SimpleNamespace(data=msgspec.msgpack.encode(answer)))


async def test_a_refused_entry_is_found_as_the_page_tells_it() -> None:
    desk, mark, runs = Desk(400), 0, []
    while "envelope.refused_entry" not in desk.client.alarms:
        for kind, said in list(desk.said()):
            if kind == "hello":
                await desk.answer("ok", mark, attempt=said["attempt"])
                continue
            runs.append(f"{said['first']}–{said['last']}")
            if said["first"] > mark + 1:
                await desk.answer("gap", mark, attempt=said["attempt"], code="envelope.gap")
            elif said["first"] <= 118 <= said["last"]:
                await desk.answer("refused", attempt=said["attempt"], code="hub.unstorable", incarnation="")
            else:
                mark = said["last"]
                await desk.answer("ok", mark, attempt=said["attempt"])
    told = "1–200 201–400 1–100 101–150 101–125 101–112 113–118 113–115 116–116 117–117 118–118"
    assert runs == told.split()
    assert desk.runs() == [], "it waits"
    assert desk.runs(30.0) == ["hello"]
    await desk.answer("ok", mark)
    assert desk.runs() == ["118–118"], "that entry alone, again"
    await desk.answer("ok", 118)
    assert desk.runs() == ["119–318", "319–400"], "the search is over"


async def test_a_restored_hub_gets_again_what_it_lost() -> None:
    desk = Desk(500)
    await desk.answer("ok", 0)
    assert desk.runs()[1:] == ["1–200", "201–400", "401–500"]
    await desk.answer("ok", 400)
    await desk.answer("ok", 200)
    assert (desk.client.cloud, desk.runs()) == (200, ["201–400", "401–500"]), "a lower watermark"
    await desk.answer("ok", 400)
    await desk.answer("ok", 400, incarnation="b")
    assert desk.runs() == ["401–500"], "another incarnation"


async def test_answers_to_earlier_attempts_and_for_other_boxes_change_nothing() -> None:
    desk = Desk(300)
    first = desk.client.attempt
    await desk.answer("ok", 0)
    await desk.answer("ok", 0, attempt=first)
    assert desk.runs()[1:] == ["1–200", "201–300"]
    await desk.answer("ok", 200)
    await desk.answer("ok", 200)
    await desk.answer("fork", 0, attempt=first)
    await desk.answer("fork", 0, key="U" + 55 * "A")
    assert (desk.runs(), desk.client.state, desk.client.cloud) == ([], "sending", 200)


async def test_credit_and_sixteen_in_flight_bound_what_is_sent() -> None:
    desk = Desk(5000)
    await desk.answer("ok", 0, credit_until=300)
    assert desk.runs()[1:] == ["1–200", "201–300"]
    await desk.answer("ok", 300, credit_until=6400)
    assert len(desk.runs()) == 16
    await desk.answer("ok", 500, credit_until=6400, credit_ttl_s=1.0)
    assert desk.runs(1.0) == [], "the credit is void"


async def test_silence_is_greeted_with_ever_more_patience() -> None:
    desk = Desk(3)
    assert [len(desk.runs(after_s)) for after_s in (0.4, 0.1, 0.9, 0.1)] == [1, 1, 0, 1]
    for patience in (5.0, 10.0, 20.0, 30.0, 30.0):
        await desk.answer("ok", 0)
        assert desk.runs() == ["1–3"]
        assert desk.runs(patience - 0.1) in ([], ["hello"]), "a heartbeat at most"
        attempt = desk.client.attempt
        assert desk.runs(0.1) == ["hello"]
        assert desk.client.attempt > attempt


async def test_a_hub_that_cannot_be_reached_is_waited_for() -> None:
    desk = Desk(3)
    await desk.answer("unavailable", retry_after_s=7.0, incarnation="")
    assert [desk.runs(after_s)[-1:] for after_s in (6.9, 0.1)] == [["hello"], ["hello"]]
    await desk.answer("ok", 0)
    assert desk.runs() == ["1–3"]


async def test_a_gap_that_comes_again_is_waited_out() -> None:
    desk = Desk(300)
    await desk.answer("ok", 0)
    assert desk.runs()[1:] == ["1–200", "201–300"]
    await desk.answer("gap", 0)
    assert desk.runs() == ["1–200", "201–300"]
    await desk.answer("gap", 0)
    assert (desk.runs(), desk.runs(19.9), desk.runs(0.1)) == ([], [], ["hello"])


async def test_a_proof_alone_fences_whichever_attempt_it_comes_in() -> None:
    desk, other = Desk(3, issuers=(ISSUER.public,)), "U" + 55 * "A"
    await desk.answer("ok", 0)
    for token, fields in (
        (claim_token(ORG, SITE, 1, other), {}),
        (claim_token(SITE, ORG, 2, other), {}),
        (claim_token(ORG, SITE, 2, other, issuer=new_account()), {}),
        (claim_token(ORG, SITE, 2, other), {"key": other}),
    ):
        await desk.answer("fenced", attempt=0, code="epoch.fenced", claim=token, incarnation="", **fields)
        assert desk.client.state == "sending"
    proof = claim_token(ORG, SITE, 2, other)
    await desk.answer("fenced", attempt=0, code="epoch.fenced", claim=proof, incarnation="")
    assert desk.client.state == "greeting"
    greeted = desk.client.attempt
    await desk.answer("fenced", attempt=0, code="epoch.fenced", claim=proof, incarnation="")
    assert desk.client.attempt == greeted, "it knows"
    await desk.answer("fenced", 1, code="epoch.fenced")
    assert desk.runs()[-1:] == ["2–3"]
    await desk.answer("ok", 1)
    assert (desk.runs(), desk.client.state, desk.client.cloud) == ([], "holding", 0), "a branch is never sent as the journal"


async def test_a_hub_that_only_says_so_fences_nobody_who_could_be_shown_a_proof() -> None:
    desk = Desk(3, issuers=(ISSUER.public,))
    await desk.answer("fenced", code="epoch.fenced")
    assert (desk.client.state, desk.client.alarms) == ("holding", {"epoch.fenced"})
    desk = Desk(3)
    await desk.answer("fenced", code="epoch.fenced")
    assert desk.runs()[-1:] == ["1–3"]
    await desk.answer("ok", 0)
    assert (desk.runs(), desk.client.state) == (["1–3"], "sending"), "and takes it back"
