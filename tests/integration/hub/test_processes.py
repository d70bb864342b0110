"""The hub's processes on a real broker and real databases: killed, wiped, restarted, and nothing is lost or counted twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest_asyncio

from provisioning.process import free_port
from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.hub_rig import HubRig, everything
from tests.support.journals import SiteJournal
from tests.support.postgres import TestPostgres
from tests.support.programs import Program, run
from tests.support.waiting import eventually_async
from tests.support.wire_box import WireBox, on_the_wire


@pytest_asyncio.fixture
async def looking(hub: HubStack) -> AsyncIterator[HubRig]:
    """The hub's databases, migrated, to make sites in and to look at; its processes are started by the test."""
    hub.migrate()
    rig = HubRig(hub.control, hub.shards)
    yield rig
    await rig.close()


async def ensure_arrived(looking: HubRig, boxes: list[WireBox], deadline_s: float = 30.0) -> None:
    """Every journal is in the hub as it was written, and the sites were told so."""
    for box in boxes:
        await eventually_async(lambda box=box: box.is_done, f"site {box.journal.address.site_id} has sent all", deadline_s=deadline_s)
        assert await looking.stored(box.journal) == everything(box.journal)


async def ensure_projected(looking: HubRig, site: SiteJournal, orders: int) -> None:
    async def counted() -> bool:
        return sum(day.orders for day in (await looking.sales(site)).values()) == orders

    await eventually_async(counted, f"{orders} orders in the sales of {site.address.site_id}")


async def test_journals_arrive_are_projected_and_are_reported(hub: HubStack, broker: Broker, looking: HubRig, short_dir: Path) -> None:
    for program in (hub.ingest, hub.project, hub.api):
        program.start()
    sites = [(await looking.add_site(shard=shard)).orders(60) for shard in ("s1", "s2", "s1")]
    async with on_the_wire(broker, short_dir, *sites) as boxes:
        await ensure_arrived(looking, boxes)
        site = sites[0]
        site.order("2026-03-02")  # live, after the backlog
        await ensure_arrived(looking, boxes)
        await ensure_projected(looking, site, 61)
    report = hub.command("sales", "--site", site.address.site_id, "--from", "2026-03-01", "--to", "2026-03-31")
    assert {"site_id", "from", "to", "orders", "lines", "gross_minor", "net_minor", "tax_minor", "currency", "days"} <= set(report)
    assert report["is_current"]
    assert (report["orders"], report["lines"], report["gross_minor"], report["currency"]) == (61, 122, 61 * 1547, "USD")
    assert [day["business_date"] for day in report["days"]] == ["2026-03-01", "2026-03-02"]
    text = run("hub", "sales", "--site", site.address.site_id, "--from", "2026-03-01", "--to", "2026-03-31", env=hub.env).stdout
    assert "943.67" in text
    shown = next(each for each in hub.command("sites")["sites"] if each["site_id"] == site.address.site_id)
    assert (shown["position"]["sequence"], shown["lag_entries"]) == (len(site.entries), 0)
    assert hub.command("rebuild", site.address.site_id) == {"site_id": site.address.site_id}
    await ensure_projected(looking, site, 61)
    hub.stop()
    for program in (hub.ingest, hub.project, hub.api):
        assert "Traceback" not in program.log_text(), program.name


async def test_a_broker_that_lost_everything_and_killed_processes_heal(
    hub: HubStack, broker: Broker, looking: HubRig, short_dir: Path, make_program: Callable[..., Program]
) -> None:
    second = make_program("ingest-2", "hub", "ingest", env=hub.env)
    for program in (hub.ingest, second, hub.project):
        program.start()
    sites = [(await looking.add_site(shard=shard)).orders(20) for shard in ("s1", "s2")]
    async with on_the_wire(broker, short_dir, *sites) as boxes:
        await ensure_arrived(looking, boxes)
        # The broker loses its disk in the middle of traffic.
        for site in sites:
            site.orders(20)
        broker.server.stop()
        broker.wipe()
        broker.server.start()
        await ensure_arrived(looking, boxes)
        # One ingest process and the projector are killed: the other owner takes the lanes over when the lease runs out.
        for site in sites:
            site.orders(20)
        hub.ingest.kill()
        hub.project.kill()
        for site in sites:
            site.orders(20)
        await ensure_arrived(looking, boxes, deadline_s=40.0)
        hub.project.start()
        for site in sites:
            await ensure_projected(looking, site, 80)
    assert second.is_running
    assert "Traceback" not in second.log_text()


async def test_postgres_comes_back_and_the_backlog_drains_without_a_new_process(
    short_dir: Path, broker: Broker, own_postgres: Callable[..., TestPostgres]
) -> None:
    postgres = own_postgres()
    hub = HubStack.create(short_dir, broker, postgres, shards=1)
    try:
        hub.migrate()
        rig = HubRig(hub.control, hub.shards)
        for program in (hub.ingest, hub.project):
            program.start()
        site = (await rig.add_site()).orders(10)
        async with on_the_wire(broker, short_dir, site) as boxes:
            await ensure_arrived(rig, boxes)
            postgres.server.kill()
            site.orders(30)
            await eventually_async(lambda: "unavailable" in hub.ingest.log_text().lower(), "the shard is missed")
            assert not boxes[0].is_done
            postgres.server.start()
            await ensure_arrived(rig, boxes)
            await ensure_projected(rig, site, 40)
        assert hub.ingest.is_running
        assert hub.project.is_running
        await rig.close()
    finally:
        hub.stop()


async def test_a_box_reaches_no_subject_but_its_own(hub: HubStack, broker: Broker, looking: HubRig, short_dir: Path) -> None:
    hub.ingest.start()
    ours, theirs = (await looking.add_site()).orders(1), (await looking.add_site()).orders(1)
    stranger = SiteJournal(*theirs.address, key=ours.key).begin()
    async with on_the_wire(broker, short_dir, ours) as boxes:
        await ensure_arrived(looking, boxes)
        await boxes[0]._client.publish(*stranger.message(1, 1))
        await eventually_async(lambda: any("permissions violation" in alarm.lower() for alarm in boxes[0].alarms), "it is told")
    assert await looking.stored(theirs) == []


async def test_processes_stop_when_told_and_show_their_metrics(
    hub: HubStack, looking: HubRig, make_program: Callable[..., Program]
) -> None:
    ports = {name: free_port() for name in ("ingest", "project")}
    for name, port in ports.items():
        program = make_program(f"{name}-m", "hub", name, "--metrics-port", str(port), env=hub.env)
        program.start()

        async def shown(port: int = port, name: str = name) -> str:
            async with httpx.AsyncClient() as client:
                try:
                    return (await client.get(f"http://127.0.0.1:{port}/metrics")).text
                except httpx.HTTPError as error:
                    raise AssertionError(name) from error

        text = await eventually_async(shown, "metrics")
        assert "comanda_hub_" in text
        await asyncio.to_thread(program.stop)
        assert "Traceback" not in program.log_text()


async def test_settings_that_are_wrong_are_told_in_one_line(hub: HubStack) -> None:
    cases = {
        "settings.missing": hub.env | {"COMANDA_HUB_CONTROL_DSN": ""},
        "settings.invalid": hub.env | {"COMANDA_HUB_SHARDS": json.dumps({"s1": "sqlite://"})},
        "settings.malformed": hub.env | {"COMANDA_HUB_SHARDS": "{"},
    }
    for code, env in cases.items():
        done = await asyncio.to_thread(run, "hub", "sites", env=env)
        assert (done.returncode, done.stderr.splitlines()[0].split(": ")[1]) == (1, code), done.stderr
        assert len(done.stderr.splitlines()) == 2
