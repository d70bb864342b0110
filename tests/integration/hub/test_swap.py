"""A box is replaced on a real broker and real databases: told at once, its tail kept apart, and nothing is lost (Laws 4 and 6)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from shared.protocol.entry import StoredEntry
from shared.protocol.sender import Phase
from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.hub_rig import HubRig, everything
from tests.support.journals import SiteJournal
from tests.support.programs import Program
from tests.support.waiting import eventually_async
from tests.support.wire_box import WireBox, on_the_wire


@pytest_asyncio.fixture
async def looking(hub: HubStack) -> AsyncIterator[HubRig]:
    """The hub's databases, migrated, to make sites in and to look at; its processes are started by the test."""
    hub.migrate()
    rig = HubRig(hub.control, hub.shards)
    yield rig
    await rig.close()


async def orphans(looking: HubRig, site: SiteJournal) -> list[StoredEntry]:
    rows = await looking.look_as(
        site, "select entry_epoch, sequence, hash, entry from orphans where site_id = $1::text::uuid order by epoch, sequence"
    )  # fmt: skip
    return [StoredEntry(*row) for row in rows]


async def replacement_of(old: SiteJournal, looking: HubRig) -> SiteJournal:
    """The next box: it claims the site, and restores what the hub has at that moment."""
    new = SiteJournal(*old.address)
    new.epoch = await looking.claim(new)
    new.entries = old.entries[: len(await looking.stored(old))]
    new.append(b'{"type":"EpochStarted"}')
    return new


async def ensure_swapped(looking: HubRig, old: WireBox, new: WireBox) -> None:
    """Both boxes have handed in everything they wrote: the one for the site, the other apart."""
    await eventually_async(lambda: new.is_done, "the new box has sent all")
    await eventually_async(lambda: old.is_kept, "what the old box still held is kept")
    parted = next(at for at, entry in enumerate(new.journal.entries) if entry.epoch == new.journal.epoch)
    assert await looking.stored(new.journal) == everything(new.journal)
    assert await orphans(looking, old.journal) == old.journal.entries[parted:]
    assert await looking.look_as(old.journal, "select from forks where site_id = $1::text::uuid") == []


async def test_a_box_is_replaced_while_it_sends(hub: HubStack, broker: Broker, looking: HubRig, short_dir: Path) -> None:
    hub.ingest.start()
    old = (await looking.add_site()).orders(20)
    async with on_the_wire(broker, short_dir, old) as (old_box,):
        await eventually_async(lambda: old_box.sender.watermark.sequence > 0, "it sends")
        old.orders(150)  # under way when the claim is used
        new = await replacement_of(old, looking)
        await eventually_async(lambda: bool(old_box.fenced), "it is told at once")
        assert old_box.fenced[0].epoch == 2
        assert old_box.fenced[0].claim == new.claim
        async with on_the_wire(broker, short_dir, new) as (new_box,):
            new.orders(20)
            old.orders(20)  # a waiter goes on at the old box, whose screens have not been looked at
            await ensure_swapped(looking, old_box, new_box)
            assert old_box.sender.phase is Phase.FENCED
            assert set(old_box.alarms) == {"epoch.fenced"}
            assert new_box.alarms == []


async def test_a_box_that_was_away_when_it_was_replaced_hears_of_it_when_it_is_back(
    hub: HubStack, broker: Broker, looking: HubRig, short_dir: Path
) -> None:
    hub.ingest.start()
    old = (await looking.add_site()).orders(20)
    async with on_the_wire(broker, short_dir, old) as (old_box,):
        await eventually_async(lambda: old_box.is_done, "everything arrived")
    new = await replacement_of(old, looking)
    old.orders(40)  # without a WAN
    async with on_the_wire(broker, short_dir, new) as (new_box,):
        new.orders(10)
        await eventually_async(lambda: new_box.is_done, "the new box has sent all")
        async with on_the_wire(broker, short_dir, old) as (old_box,):
            await ensure_swapped(looking, old_box, new_box)


async def test_a_restored_hub_believes_what_a_box_proves_and_fences_the_other_again(
    hub: HubStack, broker: Broker, looking: HubRig, short_dir: Path, make_program: Callable[..., Program]
) -> None:
    second = make_program("ingest-2", "hub", "ingest", env=hub.env)
    for program in (hub.ingest, second):
        program.start()
    old = (await looking.add_site()).orders(10)
    new = await replacement_of(old, looking)
    await looking.forget_boxes(new, 2)  # the control database comes back from a backup of before the swap
    async with on_the_wire(broker, short_dir, old, new) as (old_box, new_box):
        new.orders(10)
        await ensure_swapped(looking, old_box, new_box)
    for program in (hub.ingest, second):
        await asyncio.to_thread(program.stop)
        assert "Traceback" not in program.log_text()
