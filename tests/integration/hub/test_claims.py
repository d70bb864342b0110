"""Claims in the control database: what a box proves is registered again, and every process hears of what is granted."""

import asyncio
import time

import pytest

from hub.db.apply_store import PostgresShard
from hub.db.claim_notices import PostgresClaimNotices
from hub.db.connect import Role
from hub.db.ingest_control import CachedRegistry
from hub.ingest.ports import Unavailable
from provisioning.keys import new_user
from shared.limits import INCARNATION_CHECK_S, UNKNOWN_SITE_RETRY_S
from shared.protocol.claim import Claim
from shared.protocol.envelope import AnswerStatus
from shared.protocol.subjects import Address
from tests.support.hub_rig import HubRig
from tests.support.issuer import claim_token, read_claim
from tests.support.journals import SiteJournal
from tests.support.postgres import TestPostgres
from tests.support.waiting import eventually_async


def registry_of(rig: HubRig) -> CachedRegistry:
    return CachedRegistry(rig.database(rig.control.app_dsn, Role.INGEST, "control"), time.monotonic)


def notices_of(rig: HubRig) -> PostgresClaimNotices:
    return PostgresClaimNotices(rig.database(rig.control.app_dsn, Role.INGEST, "control"))


def claim_of(site: SiteJournal, epoch: int, key: str) -> tuple[Claim, str]:
    token = claim_token(*site.address, epoch, key)
    return read_claim(token), token


async def test_what_is_learned_is_registered_with_its_token_and_twice_is_once(rig: HubRig) -> None:
    site, key, registry = await rig.add_site(), new_user().public, registry_of(rig)
    for _ in range(2):
        assert await registry.learn(*claim_of(site, 5, key))
    registry.forget([site.address])
    registration = (await registry.find([(site.address, key)])).registrations[site.address]
    assert (registration.boxes[key], registration.epoch, registration.claim) == (5, 5, claim_of(site, 5, key)[1])
    assert registration.proof(1) == registration.claim
    assert await rig.claim(SiteJournal(*site.address)) == 6


async def test_an_epoch_that_is_anothers_is_not_learned(rig: HubRig) -> None:
    site, registry = await rig.add_site(), registry_of(rig)
    assert not await registry.learn(*claim_of(site, 1, new_user().public))
    registration = (await registry.find([(site.address, "")])).registrations[site.address]
    assert registration.boxes == {site.key.public: 1}


async def test_a_claim_of_a_site_that_is_none_is_not_learned(rig: HubRig) -> None:
    nobody = SiteJournal((await rig.add_site()).address.org_id, "00000000-0000-7000-8000-000000000000")
    assert not await registry_of(rig).learn(*claim_of(nobody, 1, nobody.key.public))


async def test_a_box_that_the_hub_forgot_goes_on_after_its_hello(rig: HubRig) -> None:
    old = (await rig.add_site()).orders(1)
    await rig.send(old.message(1, 4))
    new = SiteJournal(*old.address)
    new.epoch = await rig.claim(new)
    new.entries = list(old.entries[:4])
    new.append(b'{"type":"EpochStarted"}')
    await rig.forget_boxes(old, 2)
    (reply,) = await rig.greeter.greet([new.hello()])
    assert (reply.answer.status, reply.answer.watermark) == (AnswerStatus.OK, old.entries[3].position)
    (reply,) = await rig.make_applier().apply([new.message(5, 5)])
    assert (reply.answer.status, reply.answer.watermark) == (AnswerStatus.OK, new.head)


async def test_a_replacement_that_says_hello_beside_the_old_box_is_known_at_once(rig: HubRig) -> None:
    """Both come in one batch, and the process has not heard of the claim yet: the old box's key must not hide the new one's."""
    old = (await rig.add_site()).orders(1)
    now = 0.0
    registry = CachedRegistry(rig.database(rig.control.app_dsn, Role.INGEST, "control"), lambda: now)
    await registry.find([(old.address, old.key.public)])
    new = SiteJournal(*old.address)
    await rig.claim(new)
    now = UNKNOWN_SITE_RETRY_S
    found = await registry.find([(old.address, new.key.public), (old.address, old.key.public)])
    assert new.key.public in found.registrations[old.address].boxes


async def test_a_process_that_has_not_heard_of_the_box_that_was_learned_appends_nothing_of_the_one_before(rig: HubRig) -> None:
    """Both databases were restored to before the swap. The old box is back, and its lane's owner believes what it has just looked up."""
    old = (await rig.add_site()).orders(1)
    lane_owner = rig.make_applier()
    await lane_owner.apply([old.message(1, 4)])
    new = SiteJournal(*old.address)
    new.epoch = await rig.claim(new)
    new.entries = list(old.entries[:4])
    new.append(b'{"type":"EpochStarted"}')
    await rig.forget_boxes(old, 2)
    await rig.look_as(old, "update watermarks set granted = 0 where site_id = $1::text::uuid returning granted")
    await lane_owner.apply([old.message(1, 4)])
    (reply,) = await rig.greeter.greet([new.hello()])
    assert reply.answer.status == AnswerStatus.OK
    (reply,) = await lane_owner.apply([old.message(5, len(old.entries))])
    assert (reply.answer.status, reply.answer.code) == (AnswerStatus.FENCED, "epoch.fenced")
    (reply,) = await lane_owner.apply([new.message(5, 5)])
    assert (reply.answer.status, reply.answer.watermark) == (AnswerStatus.OK, new.head)


async def test_every_process_hears_of_a_claim_and_of_those_it_missed(rig: HubRig) -> None:
    site = await rig.add_site()
    heard: list[set[Address]] = [set(), set()]

    def hearing(number: int) -> asyncio.Task[None]:
        async def take(addresses: object) -> None:
            heard[number].update(addresses)  # type: ignore[call-overload]

        return asyncio.create_task(notices_of(rig).watch(take))

    tasks = [hearing(0), hearing(1)]
    try:
        await eventually_async(lambda: all(site.address in each for each in heard), "what was claimed before anybody listened is looked up")
        for each in heard:
            each.clear()
        await rig.claim(SiteJournal(*site.address))
        await eventually_async(lambda: all(site.address in each for each in heard), "both are told")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_listening_survives_the_loss_of_its_connection(rig: HubRig, postgres: TestPostgres) -> None:
    site, heard = await rig.add_site(), list[Address]()

    async def take(addresses: object) -> None:
        heard.extend(addresses)  # type: ignore[arg-type]

    task = asyncio.create_task(notices_of(rig).watch(take))
    try:
        await eventually_async(lambda: site.address in heard, "it listens")
        heard.clear()
        postgres.server.superuser_sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%claimed_at%' and pid <> pg_backend_pid()", "postgres"
        )
        await eventually_async(lambda: site.address in heard, "it listens again, and has looked up what it may have missed")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# --- which database it is ------------------------------------------------------------------------


async def test_a_database_that_was_made_anew_shows_within_seconds(rig: HubRig) -> None:
    now = 0.0
    shard = PostgresShard(rig.database(rig.shards["s1"].app_dsn, Role.INGEST, "s1"), lambda: now)
    before = await shard.incarnation()
    await rig.look("s1", "update identity set incarnation = gen_random_uuid()")
    assert await shard.incarnation() == before
    now = INCARNATION_CHECK_S
    assert await shard.incarnation() != before


async def test_a_copy_of_a_shard_is_told_from_it_though_it_says_the_same_of_itself(rig: HubRig) -> None:
    """As after a dump was read into another database."""
    first, second = (PostgresShard(rig.database(rig.shards[name].app_dsn, Role.INGEST, name), time.monotonic) for name in ("s1", "s2"))
    (row,) = await rig.look("s1", "select incarnation from identity")
    (kept,) = await rig.look("s2", "update identity set incarnation = $1 returning (select incarnation from identity)", row["incarnation"])
    try:
        assert await first.incarnation() != await second.incarnation()
    finally:
        await rig.look("s2", "update identity set incarnation = $1", kept["incarnation"])


async def test_a_shard_that_cannot_be_asked_is_unavailable(rig: HubRig) -> None:
    shard = PostgresShard(rig.database("postgresql://nobody@127.0.0.1:1/none", Role.INGEST, "gone"), time.monotonic)
    with pytest.raises(Unavailable):
        await shard.incarnation()
