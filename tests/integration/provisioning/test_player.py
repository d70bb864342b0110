"""The played service against a real box: what the players count is what the box has sold."""

import asyncio
import random
from datetime import UTC, datetime

import httpx
import pytest

from provisioning.demo.home import DemoHome
from provisioning.demo.plan import MENUS, SITES
from provisioning.demo.player import Player
from provisioning.demo.setup import load_menu, manager_token
from shared.domain.menu import decode_menu
from tests.support.boxes import make_box
from tests.support.waiting import eventually_async


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.key)
async def test_a_service_survives_a_kill_9_of_the_box_and_every_closed_check_is_sold_once(short_dir, make_edge, site):
    home = DemoHome(short_dir / "demo")
    data_dir = home.site_dir(site.key)
    make_box(data_dir, currency=site.currency, time_zone=site.time_zone)
    box = make_edge(data_dir)
    box.start_serve()
    await load_menu(home, site)
    token = await manager_token(home, site)
    assert await manager_token(home, site) == token, "the device is remembered"
    player, stop = Player(decode_menu((MENUS / site.menu).read_bytes()), random.Random(7), token), asyncio.Event()
    async with httpx.AsyncClient(base_url=box.url, timeout=5.0) as client:
        service = asyncio.ensure_future(player.play(client, 0.005, stop))
        try:
            await eventually_async(lambda: player.closed >= 5 or service.done(), "five checks are closed")
            box.serve.kill()
            box.start_serve()
            closed = player.closed
            await eventually_async(lambda: player.closed >= closed + 5 or service.done(), "five more are closed")
        finally:
            stop.set()
            await service
        today = datetime.now(UTC).date()
        sales = (
            await client.get("/v1/sales", params={"from_date": today.replace(year=today.year - 1).isoformat(), "to_date": "9999-12-31"})
        ).json()
    assert sales["total"]["orders"] == player.closed
    assert sales["total"]["tax_minor"] > 0
    assert player.refused == 0
