"""One contract for shards in memory and on Postgres, so that what stands on the fake stands on the real one."""

import time
from collections.abc import Callable

import pytest

from hub.db.apply_store import PostgresShard
from hub.db.connect import Role
from hub.ingest.ports import Contact, Contradiction, ContradictionKind, Shard, Standing
from shared.protocol.entry import START
from shared.protocol.envelope import Hello
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal
from tests.support.memory_hub import MemoryShard


@pytest.fixture(params=["memory", "postgres"])
def make_shard(request: pytest.FixtureRequest, rig: HubRig) -> Callable[[SiteJournal], Shard]:
    """Makes a shard on which the site's organisation is placed under epoch 1."""

    def make(site: SiteJournal) -> Shard:
        if request.param == "postgres":
            return PostgresShard(rig.database(rig.shards["s1"].app_dsn, Role.INGEST, "s1"), time.monotonic)
        shard = MemoryShard("s1")
        shard.placements[site.address.org_id] = 1
        return shard

    return make


MakeShard = Callable[[SiteJournal], Shard]


async def test_placements_are_found_under_their_epoch_only(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    async with shard.transaction() as transaction:
        assert await transaction.lock_placements({site.address.org_id: 1}) == {site.address.org_id}
        assert await transaction.lock_placements({site.address.org_id: 2}) == set()


async def test_rows_and_watermarks_are_kept_together(rig: HubRig, make_shard: MakeShard) -> None:
    site = (await rig.add_site(shard="s1")).orders(1)
    shard = make_shard(site)
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: START}
        await transaction.append({site.address: site.entries}, {site.address: site.head})
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: site.head}
        assert await transaction.stored_hash(site.address, 3) == site.entries[2].hash
        assert await transaction.stored_hash(site.address, len(site.entries) + 1) is None


async def test_a_transaction_that_fails_keeps_nothing(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)

    async def fail() -> None:
        async with shard.transaction() as transaction:
            await transaction.lock_watermarks([site.address])
            await transaction.append({site.address: site.entries}, {site.address: site.head})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with shard.transaction() as transaction:
        assert await transaction.lock_watermarks([site.address]) == {site.address: START}


async def test_contacts_tell_watermarks_and_contradictions_are_kept_once(rig: HubRig, make_shard: MakeShard) -> None:
    site = await rig.add_site(shard="s1")
    shard = make_shard(site)
    hello = Hello(org=site.address.org_id, site=site.address.site_id, epoch=1, attempt=1, head=site.head)
    contradiction = Contradiction(
        address=site.address, kind=ContradictionKind.FORK, epoch=1, first=1, last=1, after=bytes(32), frame=b"frame"
    )  # fmt: skip
    for _ in range(2):
        async with shard.transaction() as transaction:
            contacts = [Contact(address=site.address, box_epoch=1, hello=hello)]
            assert await transaction.record_contacts(contacts) == {site.address: Standing(watermark=START)}
            await transaction.keep([contradiction])


async def test_an_incarnation_stays(rig: HubRig, make_shard: MakeShard) -> None:
    shard = make_shard(await rig.add_site(shard="s1"))
    assert await shard.incarnation() == await shard.incarnation() != ""
