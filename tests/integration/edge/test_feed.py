"""The feed of a running box over WebSocket: cursors, filters, and a follower who stops reading."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from shared.domain.check import AddLine, OpenCheck
from shared.domain.menu.floor import Station
from shared.domain.menu.overrides import EightySixItem, RestoreItem
from shared.limits import FEED_CLIENTS_MAX
from tests.integration.edge.till import body_of, order
from tests.support.boxes import new_id
from tests.support.programs import EdgeBox
from tests.support.waiting import DEADLINE_S, eventually, eventually_async
from tests.unit.shared.domain.world import MENU

SOCKETS = 20


@asynccontextmanager
async def follow(edge: EdgeBox, query: str, **options: Any) -> AsyncIterator[ClientConnection]:
    url = f"{edge.url.replace('http', 'ws')}/v1/feed?{query}"
    async with connect(url, max_size=None, compression=None, **options) as feed:
        yield feed


async def frame(feed: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(feed.recv(), DEADLINE_S))


async def closed_with(feed: ClientConnection) -> int:
    """The code with which the box closes, whatever it still sends."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                await feed.recv()
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


async def submit(edge: EdgeBox, *commands: Any) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=edge.url, timeout=10) as client:
        answer = await client.post("/v1/batches", json={"commands": [body_of(each) for each in commands]})
    assert answer.status_code == 200, answer.text
    return answer.json()["answers"]


def sequence_of(position: str) -> int:
    return int(position.split(".")[1])


async def until(feed: ClientConnection, position: str) -> list[dict[str, Any]]:
    """Frames up to the one that has reached a position."""
    found = [await frame(feed)]
    while sequence_of(found[-1]["position"]) < sequence_of(position):
        found.append(await frame(feed))
    return found


async def test_a_snapshot_then_every_change_once_and_a_reconnect_goes_on_from_the_cursor(shared_edge: EdgeBox) -> None:
    async with follow(shared_edge, "view=screens") as feed:
        snapshot = await frame(feed)
        assert snapshot["type"] == "snapshot"
        commands = order()
        answers = await submit(shared_edge, *commands[:2])
        changes = await until(feed, answers[-1]["position"])
        check_id = answers[0]["events"][0]["event"]["check_id"]
        seen = [each for change in changes for each in change["checks"] if each["check_id"] == check_id]
        assert len(seen[-1]["lines"]) == 1
        cursor = changes[-1]["position"]
    rest = await submit(shared_edge, *commands[2:])
    async with follow(shared_edge, f"view=screens&after={cursor}") as feed:
        resumed = await frame(feed)
        assert resumed["type"] == "changes"
        assert resumed["position"] == rest[-1]["position"]
        assert [each["status"] for each in resumed["checks"]] == ["closed"], "each changed check once, closed ones included"
        assert {each["station"] for each in resumed["tickets"]} == {"kitchen", "bar"}


async def test_raw_entries_by_cursor_without_gap_or_repeat_while_orders_come_in(shared_edge: EdgeBox) -> None:
    """The follower reconnects after every frame, while somebody orders."""
    async with shared_edge_manager(shared_edge) as headers:
        ordering = asyncio.ensure_future(asyncio.gather(*(submit(shared_edge, *order()) for _ in range(10))))
        cursor, sequences = "", []
        while True:
            async with follow(shared_edge, f"view=entries&after={cursor}", additional_headers=headers) as feed:
                entries = (await frame(feed))["entries"]
            sequences += [entry["entry"]["sequence"] for entry in entries]
            cursor = entries[-1]["position"]
            if ordering.done():
                head = await status(shared_edge)
                if sequence_of(head["head"]) == sequences[-1]:
                    break
        await ordering
        assert sequences == list(range(1, sequences[-1] + 1))


@asynccontextmanager
async def shared_edge_manager(edge: EdgeBox) -> AsyncIterator[dict[str, str]]:
    """Headers of a manager's device."""
    with edge.box_client() as box:
        token = box.post("/v1/devices", json={"name": "manager", "role": "manager"}).json()["token"]
    yield {"authorization": f"Bearer {token}"}


async def status(edge: EdgeBox) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=edge.url, timeout=10) as client:
        return (await client.get("/v1/status")).json()


async def test_a_station_hears_of_its_own_tickets_only(shared_edge: EdgeBox) -> None:
    async with follow(shared_edge, "view=screens&checks=false&station=bar") as feed:
        assert {each["station"] for each in (await frame(feed))["tickets"]} <= {"bar"}
        await submit(shared_edge, *order(("soup",)))
        answers = await submit(shared_edge, *order(("wine",)))
        heard = await until(feed, answers[-1]["position"])
        assert [each["station"] for change in heard for each in change["tickets"]] == ["bar"]
        assert not any(change["checks"] for change in heard)


async def test_a_cook_who_86s_an_item_is_seen_by_every_screen_at_once_and_by_those_that_come_later(shared_edge: EdgeBox) -> None:
    async with follow(shared_edge, "view=screens") as till, follow(shared_edge, "view=screens&checks=false&station=bar") as bar:
        cursor = (await frame(till))["position"]
        assert (await frame(bar))["overrides"] == []
        answers = await submit(shared_edge, EightySixItem(item_id="gold"))
        for feed in (till, bar):
            change = (await until(feed, answers[-1]["position"]))[-1]
            assert [(each["item_id"], each["is_86"]) for each in change["overrides"]] == [("gold", True)]
    async with follow(shared_edge, "view=screens") as late, follow(shared_edge, f"view=screens&after={cursor}") as resumed:
        assert [each["item_id"] for each in (await frame(late))["overrides"]] == ["gold"]
        assert [each["item_id"] for each in (await frame(resumed))["overrides"]] == ["gold"]
    await submit(shared_edge, RestoreItem(item_id="gold"))
    async with follow(shared_edge, "view=screens") as after:
        snapshot = await frame(after)
        assert (snapshot["overrides"], snapshot["alarms"]) == ([], [])


async def test_the_expo_sees_the_tickets_of_every_station(new_edge: Any) -> None:
    edge = new_edge()
    edge.start_serve()
    cooks = [Station(id=name, name=name.title()) for name in ("kitchen", "bar", "oven")]
    with edge.box_client() as box:
        menu = msgspec.structs.replace(MENU, stations=(*cooks, Station(id="pass", name="Pass", kind="expo")))
        box.put("/v1/menu", content=msgspec.json.encode(menu)).raise_for_status()
    async with follow(edge, "view=screens&checks=false&station=pass") as expo:
        await frame(expo)
        answers = await submit(edge, *order()[:4])
        heard = await until(expo, answers[-1]["position"])
        assert {each["station"] for change in heard for each in change["tickets"]} == {"kitchen", "bar"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("view=screens&after=latest", 4400),
        ("view=screens&after=1.1." + "0" * 64, 4409),
        ("view=screens&after=1.999999999." + "0" * 64, 4409),
        ("view=entries", 4401),
        ("view=entries&after=latest", 4401),
    ],
)
async def test_a_cursor_or_a_wish_that_cannot_be_is_closed_with_its_code(shared_edge: EdgeBox, query: str, code: int) -> None:
    async with follow(shared_edge, query) as feed:
        assert await closed_with(feed) == code


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"authorization": "Bearer nobody"}])
async def test_a_follower_who_is_not_known_is_closed(shared_edge: EdgeBox, headers: dict[str, str]) -> None:
    async with follow(shared_edge, "view=screens", additional_headers=headers) as feed:
        assert await closed_with(feed) == 4401


async def test_what_a_follower_says_is_passed_over_whatever_it_is(shared_edge: EdgeBox) -> None:
    before = len(shared_edge.serve.log_text())
    async with follow(shared_edge, "view=screens") as feed:
        await frame(feed)
        await feed.send("hello")
        await feed.send(b"\x00\xff")
        await feed.send("x" * 100_000)
        answers = await submit(shared_edge, *order(("soup",)))
        assert await until(feed, answers[-1]["position"])
    assert "Traceback" not in shared_edge.serve.log_text()[before:]


async def test_followers_are_bounded_and_a_place_is_free_again_when_one_leaves(shared_edge: EdgeBox) -> None:
    async with AsyncExitStack() as opened:

        async def fill() -> None:
            while True:
                feed = await opened.enter_async_context(follow(shared_edge, "view=screens"))
                try:
                    await frame(feed)
                except websockets.ConnectionClosed as closed:
                    assert closed.rcvd is not None
                    assert closed.rcvd.code == 4429
                    return

        await asyncio.wait_for(fill(), DEADLINE_S)

    async def is_free() -> bool:
        async with follow(shared_edge, "view=screens") as feed:
            return (await frame(feed))["type"] == "snapshot"

    async def look() -> bool:
        try:
            return await is_free()
        except websockets.ConnectionClosed:
            return False

    await eventually_async(look, f"a place among {FEED_CLIENTS_MAX} is free again")


async def test_screens_that_come_and_go_at_once_cost_nothing(shared_edge: EdgeBox) -> None:
    """Each walks away in the middle of its first read; afterwards every reader of the box must still see the present."""
    for _ in range(40):
        async with follow(shared_edge, "view=screens"):
            continue
    answers = await submit(shared_edge, *order(("soup",)))
    for _ in range(6):
        async with follow(shared_edge, "view=screens") as feed:
            assert (await frame(feed))["position"] == answers[-1]["position"]


async def test_a_follower_who_stops_reading_is_dropped_and_twenty_others_notice_nothing(shared_edge: EdgeBox) -> None:
    """Two slow ones ask for the raw journal, more of it than every buffer holds. One reads on after a while, and learns why it was
    dropped; the other never does, and must not be held for ever."""
    note = "é" * 500
    for _ in range(25):
        check_id = new_id()
        filling = [AddLine(check_id=check_id, line_id=new_id(), item_id="soup", note=note) for _ in range(199)]
        await submit(shared_edge, OpenCheck(check_id=check_id), *filling)
    dropped = await metric(shared_edge, "comanda_edge_feed_dropped_total")
    async with AsyncExitStack() as opened:
        others = [await opened.enter_async_context(follow(shared_edge, "view=screens&checks=false&station=bar")) for _ in range(SOCKETS)]
        for each in others:
            await frame(each)
        slow, _dead = [await opened.enter_async_context(slow_follower(shared_edge)) for _ in range(2)]
        assert await metric(shared_edge, "comanda_edge_feed_followers") == SOCKETS + 2

        async def are_dropped() -> bool:
            answers = await submit(shared_edge, *order(("wine",))[:3])
            await asyncio.gather(*(until(each, answers[-1]["position"]) for each in others))
            return await metric(shared_edge, "comanda_edge_feed_dropped_total") == dropped + 2

        await eventually_async(are_dropped, "the slow ones are dropped while the others go on")
        assert await closed_with(slow) == 4408
        assert await metric(shared_edge, "comanda_edge_feed_followers") == SOCKETS, "nobody who was dropped is counted"


@asynccontextmanager
async def slow_follower(edge: EdgeBox) -> AsyncIterator[ClientConnection]:
    """A manager's follower with small buffers, of whose feed nothing is read until the test reads."""
    async with shared_edge_manager(edge) as headers:
        near = socket.socket()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        near.setblocking(False)
        await asyncio.get_running_loop().sock_connect(near, ("127.0.0.1", edge.port))
        patient = {"sock": near, "max_queue": 1, "ping_interval": None, "close_timeout": 0.5}
        async with follow(edge, "view=entries", additional_headers=headers, **patient) as feed:
            yield feed


async def metric(edge: EdgeBox, name: str) -> float:
    async with httpx.AsyncClient(base_url=edge.url, timeout=10) as client:
        text = (await client.get("/metrics")).text
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def test_a_restart_closes_followers_with_1012_and_their_cursors_hold(new_edge: Any) -> None:
    edge = new_edge()
    edge.start_serve()

    async def session() -> tuple[int, str]:
        async with follow(edge, "view=screens") as feed:
            position = (await frame(feed))["position"]
            edge.serve.ask_to_stop()
            return await closed_with(feed), position

    code, cursor = asyncio.run(session())
    assert code == 1012
    eventually(lambda: not edge.serve.is_running, "the edge has stopped")
    edge.start_serve()

    async def resume() -> str:
        async with follow(edge, f"view=screens&after={cursor}") as feed:
            return str((await frame(feed))["type"])

    assert asyncio.run(resume()) == "changes"
