"""A box that was replaced: it says so on every screen at once, takes nothing more, and no restart makes it forget."""

import asyncio
from collections.abc import Callable, Iterator

import httpx
import msgspec
import pytest
import websockets

from provisioning.keys import new_account
from shared.protocol.session import BoxState
from tests.integration.edge.till import load_menu
from tests.support.boxes import claim_token, make_box, new_id
from tests.support.programs import EdgeBox

NewEdge = Callable[..., EdgeBox]
ISSUER = new_account()
ORG, SITE = new_id(), new_id()
OLD, PRESENT = 1, 2


def claim(epoch: int) -> str:
    return claim_token(ISSUER, ORG, SITE, epoch)


@pytest.fixture
def edge(new_edge: NewEdge) -> EdgeBox:
    """The box of epoch 1, selling."""
    made = new_edge(org_id=ORG, site_id=SITE, epoch=OLD, issuer=ISSUER)
    made.start_serve()
    load_menu(made)
    return made


@pytest.fixture
def client(edge: EdgeBox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edge.url, timeout=10.0) as made:
        yield made


def open_check() -> dict[str, object]:
    return {"id": new_id(), "command": {"type": "OpenCheck", "check_id": new_id(), "table_id": "1"}}


def state(client: httpx.Client) -> BoxState:
    return msgspec.convert(client.get("/v1/status").json()["box"], BoxState)


def test_the_present_box_says_that_it_is_and_shows_its_claim(client: httpx.Client) -> None:
    found = state(client)
    assert (found.epoch, found.site_id, found.fenced_epoch, found.is_recovering) == (OLD, SITE, 0, False)
    assert found.claim
    assert client.post("/v1/fence", json={"claim": found.claim}).json()["fenced_epoch"] == 0, "its own claim fences nobody"
    assert client.post("/v1/commands", json=open_check()).status_code == 200


def test_a_tablet_that_knows_the_present_box_stops_the_old_one_for_good(client: httpx.Client, edge: EdgeBox) -> None:
    kept = open_check()
    shown = client.post("/v1/fence", json={"claim": claim(PRESENT)})
    assert (shown.status_code, shown.json()["fenced_epoch"]) == (200, PRESENT)
    refused = client.post("/v1/commands", json=kept)
    assert (refused.status_code, refused.json()["code"]) == (409, "box.fenced")
    assert refused.json()["facts"] == {"epoch": OLD, "fenced_epoch": PRESENT}
    head = client.get("/v1/status").json()["head"]
    assert client.get("/v1/checks").status_code == 200, "reading goes on"
    edge.serve.kill()
    edge.start_serve()
    assert state(client).fenced_epoch == PRESENT
    assert "epoch.fenced" in client.get("/v1/status").json()["alarms"]
    assert client.post("/v1/commands", json=kept).json()["code"] == "box.fenced"
    assert client.post("/v1/card-payments", json={"id": new_id(), "check_id": new_id(), "amount_minor": 100}).json()["code"] == "box.fenced"
    with edge.box_client() as box:
        refused = box.put("/v1/menu", json={"name": "Late", "currency": "EUR", "items": []})
        assert refused.json()["code"] == "box.fenced", "not even the box itself"
    assert client.get("/v1/status").json()["head"] == head


async def test_every_screen_is_told_at_once(client: httpx.Client, edge: EdgeBox) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{edge.port}/v1/feed?checks=false&station=grill") as screen:
        first = msgspec.json.decode(await screen.recv())
        assert first["box"]["fenced_epoch"] == 0
        await asyncio.to_thread(client.post, "/v1/fence", json={"claim": claim(PRESENT)})
        async with asyncio.timeout(10):
            while not (frame := msgspec.json.decode(await screen.recv())).get("box"):
                pass
        assert frame["box"]["fenced_epoch"] == PRESENT
        assert "epoch.fenced" in frame["alarms"]


def test_the_links_word_does_the_same_and_tells_how_far_the_hub_keeps_what_it_held(client: httpx.Client, edge: EdgeBox) -> None:
    head = client.get("/v1/status").json()["head"]
    report = {"position": "", "incarnation": "", "link": "fenced", "claim": claim(PRESENT), "fenced_epoch": PRESENT, "kept": head}
    with edge.box_client() as box:
        forged = report | {"claim": claim_token(new_account(), ORG, SITE, 9), "fenced_epoch": 9}
        assert box.put("/v1/followers/cloud", json=forged).status_code == 204
        status = client.get("/v1/status").json()
        assert (status["box"]["fenced_epoch"], status["alarms"]) == (0, ["claim.untrusted"]), "a word without proof stops nobody"
        assert box.put("/v1/followers/cloud", json=report).status_code == 204
    status = client.get("/v1/status").json()
    assert (status["box"]["fenced_epoch"], status["kept_sequence"], status["pending_entries"]) == (PRESENT, status["sequence"], 0)
    assert status["fence_claim"] == report["claim"]


def test_a_claim_that_proves_nothing_is_refused_and_the_box_sells_on(client: httpx.Client) -> None:
    for token in ("", "nonsense", claim_token(new_account(), ORG, SITE, 9), claim_token(ISSUER, ORG, new_id(), 9)):
        refused = client.post("/v1/fence", json={"claim": token})
        assert (refused.status_code, refused.json()["code"]) == (422, "fence.bad_claim")
    assert client.post("/v1/commands", json=open_check()).status_code == 200


def test_enrolled_again_the_box_is_the_present_one(client: httpx.Client, edge: EdgeBox) -> None:
    client.post("/v1/fence", json={"claim": claim(PRESENT)})
    edge.stop()
    make_box(edge.data_dir, currency="EUR", time_zone="Europe/Berlin", org_id=ORG, site_id=SITE, epoch=PRESENT + 1, issuer=ISSUER)
    edge.start_serve()
    assert state(client).fenced_epoch == 0
    assert client.post("/v1/commands", json=open_check()).status_code == 200
