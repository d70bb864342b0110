"""docs/protocol.md is enough: a client written from it, without a line of ours, uploads journals to the shipped hub."""

import ast
import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.hub import second_client
from tests.integration.hub.second_client import SecondClient
from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.hub_rig import HubRig, everything
from tests.support.journals import SiteJournal
from tests.support.waiting import eventually_async


@pytest_asyncio.fixture
async def looking(hub: HubStack) -> AsyncIterator[HubRig]:
    """The hub's databases to make sites in and to look at; its ingest process runs."""
    hub.migrate()
    rig = HubRig(hub.control, hub.shards)
    hub.ingest.start()
    yield rig
    await rig.close()


@contextlib.asynccontextmanager
async def speaking(broker: Broker, directory: Path, site: SiteJournal) -> AsyncIterator[SecondClient]:
    """The second client in the place of the site's box."""
    creds = directory / f"{site.key.public}.creds"
    creds.write_text(broker.box_creds(*site.address, site.key))
    client = SecondClient(*site.address, site.epoch, creds.read_text(), [entry.entry for entry in site.entries])
    task = asyncio.create_task(client.run(broker.url, str(creds)))
    try:
        yield client
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_it_is_small_and_imports_nothing_of_ours() -> None:
    source = Path(second_client.__file__).read_text()
    assert len(source.splitlines()) <= 200
    imported = {node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name.split(".")[0] for name in imported} & {"shared", "edge", "hub", "provisioning", "tests"}


async def test_a_stranger_uploads_a_journal_and_what_comes_after_it(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    site = (await looking.add_site()).orders(120)
    async with speaking(broker, short_dir, site) as client:
        await eventually_async(lambda: client.is_done, "the journal has arrived")
        assert await looking.stored(site) == everything(site)
        before = len(site.entries)
        site.orders(3)
        client.append([entry.entry for entry in site.entries[before:]])
        await eventually_async(lambda: client.is_done, "so has the rest")
    assert await looking.stored(site) == everything(site)
    async with speaking(broker, short_dir, site) as again:
        await eventually_async(lambda: again.is_done, "a second start finds everything there")
    assert await looking.stored(site) == everything(site)


async def test_a_stranger_that_was_replaced_hands_in_what_it_still_held(looking: HubRig, broker: Broker, short_dir: Path) -> None:
    old = (await looking.add_site()).orders(10)
    async with speaking(broker, short_dir, old) as client:
        await eventually_async(lambda: client.is_done, "everything arrived")
    new = SiteJournal(*old.address)
    new.epoch = await looking.claim(new)
    new.entries = list(old.entries)
    parted = len(old.entries)
    new.append(b'{"type":"EpochStarted"}')
    old.orders(5)
    async with speaking(broker, short_dir, new) as present, speaking(broker, short_dir, old) as replaced:
        await eventually_async(lambda: present.is_done and present.told["status"] == "ok", "the new box has sent all")
        await eventually_async(lambda: replaced.is_done and replaced.told["status"] == "fenced", "the old one is heard out")
    assert await looking.stored(old) == everything(new)
    rows = await looking.look_as(old, "select entry from orphans where site_id = $1::text::uuid order by sequence")
    assert [row[0] for row in rows] == [entry.entry for entry in old.entries[parted:]]
