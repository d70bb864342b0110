"""The apply step on a real shard: what arrives twice, cut, out of order, wrongly signed, from elsewhere, or by two owners."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import pytest

from hub.db.connect import Role
from provisioning.keys import new_user
from shared.limits import CREDIT_ENTRIES
from shared.protocol.entry import START
from shared.protocol.envelope import AnswerStatus
from tests.support.hub_rig import HubRig, everything
from tests.support.issuer import read_claim
from tests.support.journals import SiteJournal
from tests.support.postgres import TestPostgres
from tests.support.waiting import eventually_async


async def test_what_is_answered_ok_is_stored_as_it_was_written(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(40)
    (answer,) = await rig.send(site.message(1, 200), site.message(201, len(site.entries)))
    assert (answer.status, answer.watermark) == (AnswerStatus.OK, site.head)
    assert answer.credit_until == site.head.sequence + CREDIT_ENTRIES
    assert answer.incarnation
    assert await rig.stored(site) == everything(site)


async def test_a_batch_of_many_sites_of_two_shards_is_two_transactions(rig: HubRig) -> None:
    sites = [(await rig.add_site(shard=shard)).orders(3) for shard in ("s1", "s2", "s1")]
    answers = await rig.send(*(site.message(1, len(site.entries)) for site in sites))
    assert [answer.status for answer in answers] == [AnswerStatus.OK] * 3
    for site in sites:
        assert await rig.stored(site) == everything(site)


async def test_the_same_works_on_one_shard(one_shard: HubRig) -> None:
    sites = [(await one_shard.add_site()).orders(2) for _ in range(2)]
    for site in sites:
        await one_shard.send_all(site)
    await one_shard.project()
    for site in sites:
        assert await one_shard.stored(site) == everything(site)
        assert (await one_shard.sales(site))["2026-03-01"].orders == 2


async def test_what_comes_twice_is_there_once(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(4)
    last = len(site.entries)
    for messages in ([site.message(1, 20), site.message(1, 20)], [site.message(11, 30)], [site.message(5, 9), site.message(1, last)]):
        answers = await rig.send(*messages)
        assert {answer.status for answer in answers} == {AnswerStatus.OK}
    assert await rig.stored(site) == everything(site)


async def test_a_gap_is_answered_with_the_watermark_and_nothing_is_appended(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(4)
    await rig.send(site.message(1, 10))
    (answer,) = await rig.send(site.message(21, 30))
    assert (answer.status, answer.watermark) == (AnswerStatus.GAP, site.entries[9].position)
    first, second = await rig.send(site.message(11, 20), site.message(26, 30))
    assert (first.status, second.status) == (AnswerStatus.OK, AnswerStatus.GAP)
    assert len(await rig.stored(site)) == 20


@pytest.mark.parametrize("at", [0, 1, 40, -1])
async def test_an_envelope_that_is_cut_is_refused(rig: HubRig, at: int) -> None:
    site = (await rig.add_site()).orders(1)
    subject, frame = site.message(1, 8)
    (answer,) = await rig.send((subject, frame[:at]))
    assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "frame.malformed")
    assert await rig.stored(site) == []


async def test_a_wrong_signature_is_refused_and_counted(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(1)
    subject, frame = site.message(1, 8, attempt=7)
    kind, key, signature, payload = msgspec.msgpack.decode(frame)
    forged = msgspec.msgpack.encode([kind, key, signature[:-1] + bytes([signature[-1] ^ 1]), payload])
    (answer,) = await rig.send((subject, forged))
    assert (answer.status, answer.code, answer.attempt) == (AnswerStatus.REFUSED, "frame.bad_signature", 7)
    assert rig.counts.frames["frame.bad_signature"] == 1


async def test_a_key_that_is_registered_for_no_box_of_the_site_is_refused(rig: HubRig) -> None:
    site, neighbour = await rig.add_site(), await rig.add_site()
    for key in (new_user(), neighbour.key):
        (answer,) = await rig.send(site.message(1, 1, key=key))
        assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "key.unknown")
    assert await rig.stored(site) == []


async def test_another_sites_envelope_is_refused_on_our_subject(rig: HubRig) -> None:
    ours, theirs = await rig.add_site(), await rig.add_site()
    (answer,) = await rig.send((ours.message(1, 1)[0], theirs.frame(1, 1)))
    assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "frame.other_site")
    assert await rig.stored(ours) == await rig.stored(theirs) == []


async def test_a_site_that_does_not_exist_is_counted_and_not_answered(rig: HubRig) -> None:
    real = await rig.add_site()
    nobody = SiteJournal(real.address.org_id, "00000000-0000-7000-8000-000000000000").begin()
    assert await rig.send(nobody.message(1, 1)) == []
    assert rig.counts.frames["site.unknown"] == 1


async def test_a_fork_is_kept_apart_once_and_the_journal_stays(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(1)
    await rig.send_all(site)
    other = SiteJournal(*site.address, key=site.key)
    for number in range(12):
        other.append(b'{"type":"Other","number":%d}' % number)
    for first, last in ((1, 4), (1, 12), (1, 4)):
        (answer,) = await rig.send(other.message(first, last))
        assert (answer.status, answer.watermark) == (AnswerStatus.FORK, site.head)
    kept = await rig.look_as(site, "select kind, first_sequence, last_sequence from forks where site_id = $1::text::uuid order by 3")
    assert [tuple(row) for row in kept] == [("fork", 1, 4), ("fork", 1, 12)]
    assert await rig.stored(site) == everything(site)


async def test_a_replaced_box_is_fenced_and_what_it_held_is_kept(rig: HubRig) -> None:
    old = (await rig.add_site()).orders(1)
    await rig.send(old.message(1, 4))
    new = SiteJournal(*old.address, epoch=2)
    assert await rig.claim(new) == 2
    new.entries, new.memory = list(old.entries[:4]), old.memory
    new.append(b'{"type":"EpochStarted"}')

    async def is_known() -> bool:
        (answer,) = await rig.send(new.message(5, 5))
        return answer.status is AnswerStatus.OK

    await eventually_async(is_known, "a key that is not known is looked up")
    (answer,) = await rig.send(old.message(5, 8))
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.FENCED, "epoch.fenced", old.entries[7].position)
    assert read_claim(answer.claim).epoch == 2
    kept = await rig.look_as(old, "select epoch, sequence, hash, entry, state from orphans where site_id = $1::text::uuid order by 2")
    assert [tuple(row) for row in kept] == [(1, each.sequence, each.hash, each.entry, "held") for each in old.entries[4:8]]
    assert await rig.stored(new) == everything(new)
    assert await rig.look_as(old, "select from forks where site_id = $1::text::uuid") == []


async def test_from_the_moment_a_code_is_used_the_replaced_box_adds_nothing(rig: HubRig) -> None:
    """Whatever this process remembers of the site: the new box is about to restore what is here."""
    old = (await rig.add_site()).orders(1)
    await rig.send(old.message(1, 4))
    await rig.claim(SiteJournal(*old.address))
    (answer,) = await rig.send(old.message(5, 8))  # before anybody has heard of the claim
    assert (answer.status, answer.watermark) == (AnswerStatus.FENCED, old.entries[7].position)
    assert len(await rig.stored(old)) == 4


async def test_a_box_cannot_write_an_epoch_that_it_was_not_given(rig: HubRig) -> None:
    site = await rig.add_site()
    ahead = SiteJournal(*site.address, key=site.key, epoch=9).begin()
    (answer,) = await rig.send(ahead.message(1, 1))
    assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "epoch.not_granted")


async def test_two_owners_of_a_lane_at_once_do_no_harm(rig: HubRig) -> None:
    sites = [(await rig.add_site(shard="s1")).orders(25) for _ in range(4)]
    batches = [[site.message(first, first + 9) for site in sites] for first in range(1, 201, 10)]
    owners = [rig.make_applier(), rig.make_applier()]

    async def own(number: int) -> None:
        for batch in batches:
            # One sees the sites in the opposite order: locks are taken in key order all the same.
            await owners[number].apply(batch if number else batch[::-1])

    await asyncio.gather(own(0), own(1))
    for site in sites:
        await rig.send(site.message(191, len(site.entries)))
        assert await rig.stored(site) == everything(site)


async def test_entries_are_bytes_whatever_is_in_them(rig: HubRig) -> None:
    site = await rig.add_site()
    for data in (b"", b"\x00\xff", b"{", b'{"event":{"note":"\\u0000"}}'):
        site.append_bytes(data)
    await rig.send_all(site)
    assert await rig.stored(site) == everything(site)


async def test_an_organisation_that_has_moved_away_is_not_written(rig: HubRig) -> None:
    site = (await rig.add_site(shard="s1")).orders(1)
    await rig.send(site.message(1, 4))
    connection = await asyncpg.connect(rig.shards["s1"].owner_dsn)
    try:
        await connection.execute("select set_config('app.org_id', $1, false)", site.address.org_id)
        await connection.execute("update placements set epoch = epoch + 1 where org_id = $1::text::uuid", site.address.org_id)
    finally:
        await connection.close()
    (answer,) = await rig.send(site.message(5, 8))
    assert answer.status is AnswerStatus.UNAVAILABLE
    assert len(await rig.stored(site)) == 4


# --- a shard that is down ------------------------------------------------------------------------


@asynccontextmanager
async def rig_with_own_shard(rig: HubRig, own: TestPostgres):
    """A hub whose second shard lives on a Postgres that the test may kill."""
    made = HubRig(rig.control, {"s1": rig.shards["s1"], "s2": own.create("s2")})
    await made.migrate()
    try:
        yield made
    finally:
        await made.close()


async def test_a_shard_that_is_down_holds_only_its_own_tenants(rig: HubRig, own_postgres: Callable[..., TestPostgres]) -> None:
    own = own_postgres()
    async with rig_with_own_shard(rig, own) as hub:
        there, here = (await hub.add_site(shard="s2")).orders(2), (await hub.add_site(shard="s1")).orders(2)
        await hub.send(there.message(1, 8), here.message(1, 8))
        own.server.kill()
        answers = await hub.applier.apply([there.message(9, 16), here.message(9, 16)])
        by_site = {reply.address: reply.answer for reply in answers}
        assert by_site[there.address].status is AnswerStatus.UNAVAILABLE
        assert by_site[there.address].retry_after_s > 0
        assert by_site[here.address].status is AnswerStatus.OK
        own.server.start()

        async def is_back() -> bool:
            (answer,) = await hub.send(there.message(9, 17))
            return answer.status is AnswerStatus.OK

        await eventually_async(is_back, "the shard is used again without anybody's help")
        assert await hub.stored(there) == everything(there)


# --- hellos --------------------------------------------------------------------------------------


async def test_a_hello_is_answered_with_the_watermark_and_remembered(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(2)
    await rig.send(site.message(1, 8))
    (reply,) = await rig.greeter.greet([site.hello(attempt=3)])
    assert (reply.answer.status, reply.answer.attempt, reply.answer.watermark) == (AnswerStatus.OK, 3, site.entries[7].position)
    rows = await rig.look_as(site, "select head_sequence, box_epoch from contacts where site_id = $1::text::uuid")
    assert [tuple(row) for row in rows] == [(len(site.entries), 1)]


async def test_a_site_that_never_sent_anything_is_told_to_begin(rig: HubRig) -> None:
    site = await rig.add_site()
    (reply,) = await rig.greeter.greet([site.hello()])
    assert (reply.answer.status, reply.answer.watermark, reply.answer.credit_until) == (AnswerStatus.OK, START, CREDIT_ENTRIES)


async def test_a_fork_is_noticed_at_the_hello(rig: HubRig) -> None:
    site = (await rig.add_site()).orders(1)
    await rig.send_all(site)
    other = SiteJournal(*site.address, key=site.key)
    for _ in range(len(site.entries)):
        other.append(b'{"type":"Other"}')
    for head in (other.head, other.entries[2].position):
        (reply,) = await rig.greeter.greet([site.hello(head=head)])
        assert (reply.answer.status, reply.answer.code) == (AnswerStatus.FORK, "envelope.fork")
    (reply,) = await rig.greeter.greet([site.hello(head=site.entries[2].position)])
    assert reply.answer.status is AnswerStatus.OK


async def test_a_hello_of_a_replaced_box_is_fenced(rig: HubRig) -> None:
    old = await rig.add_site()
    await rig.claim(SiteJournal(*old.address, epoch=2))
    (reply,) = await rig.greeter.greet([old.hello()])
    assert (reply.answer.status, reply.answer.code) == (AnswerStatus.FENCED, "epoch.fenced")


async def test_a_hello_with_a_strange_key_is_refused(rig: HubRig) -> None:
    site = await rig.add_site()
    (reply,) = await rig.greeter.greet([site.hello(attempt=5, key=new_user(), claim="")])
    assert (reply.answer.status, reply.answer.code, reply.answer.attempt) == (AnswerStatus.REFUSED, "key.unknown", 5)


async def test_an_incarnation_is_that_of_the_shard(rig: HubRig) -> None:
    site = await rig.add_site(shard="s1")
    (reply,) = await rig.greeter.greet([site.hello()])
    async with rig.database(rig.shards["s1"].app_dsn, Role.INGEST).transaction() as connection:
        assert reply.answer.incarnation == await connection.fetchval("select shard_incarnation()")
        assert reply.answer.incarnation.startswith(await connection.fetchval("select incarnation::text from identity"))
