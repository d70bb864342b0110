"""The short way of the apply step: which envelopes go it, and that nothing is lost or doubled when what was believed is no longer so."""

from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from hub.ingest.short_way import ShortWay
from shared.limits import SITES_CACHED_MAX
from shared.protocol.entry import START
from shared.protocol.envelope import AnswerStatus, SiteCommand
from shared.protocol.subjects import Address
from tests.support.ingest_rig import IngestRig
from tests.support.journals import SiteJournal
from tests.support.memory_hub import OpenCommand

COMMAND = "55555555-5555-4555-8555-555555555555"


async def short_ways(rig: IngestRig, *messages: tuple[str, bytes]) -> int:
    """How many of the transactions that a batch took were of the short way, once it is answered OK."""
    done: list[bool] = []
    append_if = rig.shard.append_if

    async def noted(*given: object) -> bool:
        done.append(await append_if(*given))  # type: ignore[arg-type]
        return done[-1]

    rig.shard.append_if = noted  # type: ignore[method-assign]
    try:
        assert set(await rig.statuses(*messages)) == {AnswerStatus.OK}
    finally:
        rig.shard.append_if = append_if  # type: ignore[method-assign]
    return sum(done)


def held(rig: IngestRig, site: SiteJournal) -> int:
    """How many entries of the site's journal the hub holds; they are the first of it."""
    journal = rig.shard.journals.get(site.address, [])
    assert journal == site.entries[: len(journal)]
    assert rig.shard.marks.get(site.address, START) == (journal[-1].position if journal else START)
    return len(journal)


async def test_what_follows_what_was_committed_goes_the_short_way() -> None:
    rig = IngestRig()
    site = rig.site()
    assert await short_ways(rig, site.message(1, 5)) == 0  # nothing is known of it yet
    before = rig.shard.transactions
    assert await short_ways(rig, site.message(6, 8), site.message(9, 10)) == 1
    assert await short_ways(rig, site.message(11, 17)) == 1
    assert rig.shard.transactions == before + 2
    assert held(rig, site) == 17
    assert rig.counts.entries == 17


async def test_sites_of_one_organisation_share_a_statement() -> None:
    rig = IngestRig()
    one = rig.site()
    two = SiteJournal(one.address.org_id, "22222222-2222-4222-8222-222222222222").begin().orders(2)
    rig.claim(two)
    assert await short_ways(rig, one.message(1, 5), two.message(1, 3)) == 0
    assert await short_ways(rig, one.message(6, 8), two.message(4, 17)) == 1
    assert (held(rig, one), held(rig, two)) == (8, 17)


async def test_a_repeat_and_what_overlaps_are_looked_at_in_the_shard() -> None:
    rig = IngestRig()
    site = rig.site()
    await rig.statuses(site.message(1, 5))
    assert await short_ways(rig, site.message(2, 4)) == 0
    assert await short_ways(rig, site.message(1, 5)) == 0
    assert await short_ways(rig, site.message(4, 9)) == 1  # what is new of it follows
    assert held(rig, site) == 9


async def test_another_process_that_went_on_meanwhile_costs_one_look_and_nothing_else() -> None:
    rig = IngestRig()
    site = rig.site()
    other = Applier(rig.registry, rig.shards, lambda: rig.now, Counts())
    await rig.statuses(site.message(1, 5))
    (reply,) = await other.apply([site.message(6, 8)])
    assert reply.answer.watermark == site.entries[7].position
    assert await short_ways(rig, site.message(6, 10)) == 0
    assert held(rig, site) == 10
    assert await short_ways(rig, site.message(11, 12)) == 1
    assert rig.counts.short_ways == {"taken": 1, "refused": 1}


async def test_a_hub_that_was_restored_has_what_it_lacks_sent_again() -> None:
    rig = IngestRig()
    site = rig.site()
    await rig.statuses(site.message(1, 5))
    journals, marks = dict(rig.shard.journals), dict(rig.shard.marks)
    await rig.statuses(site.message(6, 10))
    rig.shard.journals, rig.shard.marks = journals, marks
    (answer,) = await rig.send(site.message(11, 12))
    assert (answer.status, answer.watermark) == (AnswerStatus.GAP, site.entries[4].position)
    assert await rig.statuses(site.message(6, 12)) == [AnswerStatus.OK]
    assert held(rig, site) == 12


async def test_a_replaced_box_never_goes_the_short_way() -> None:
    rig = IngestRig()
    old = rig.site()
    await rig.statuses(old.message(1, 5))
    rig.replace(old, 5)
    (answer,) = await rig.send(old.message(6, 8))
    assert (answer.status, answer.code) == (AnswerStatus.FENCED, "epoch.fenced")
    assert held(rig, old) == 5
    assert rig.shard.orphans == {(old.address, 1): old.entries[5:8]}


async def test_a_claim_that_only_the_shard_has_heard_of_fences_all_the_same() -> None:
    rig = IngestRig()
    old = rig.site()
    await rig.statuses(old.message(1, 5))
    rig.shard.granted[old.address] = 2
    (answer,) = await rig.send(old.message(6, 8))
    assert answer.status is AnswerStatus.FENCED
    assert held(rig, old) == 5
    assert rig.registry.forgotten == [old.address]


async def test_a_command_of_the_hub_is_seen_to_be_done() -> None:
    rig = IngestRig()
    site = rig.site()
    await rig.statuses(site.message(1, 5))
    site.append(b'{"type":"Other"}', command_id=COMMAND)
    rig.shard.commands[site.address, COMMAND] = OpenCommand(SiteCommand(id=COMMAND, command=b"{}", expires_at_ms=1))
    assert await short_ways(rig, site.message(6, 17)) == 0
    assert await short_ways(rig, site.message(18, 18)) == 0  # believed of no site for which something waits
    assert rig.shard.commands[site.address, COMMAND].state == "done"
    site.append(b'{"type":"Other"}')
    site.append(b'{"type":"Other"}')
    assert await short_ways(rig, site.message(19, 19)) == 0
    assert await short_ways(rig, site.message(20, 20)) == 1


async def test_what_the_shard_will_not_store_is_refused_and_stops_nobody_on_the_short_way_either() -> None:
    rig = IngestRig()
    bad = rig.site()
    good = SiteJournal(bad.address.org_id, "22222222-2222-4222-8222-222222222222").begin().orders(2)
    rig.claim(good)
    await rig.statuses(bad.message(1, 5), good.message(1, 5))
    rig.shard.refuses.add(bad.address)
    replies = {reply.address: reply.answer for reply in await rig.applier.apply([bad.message(6, 8), good.message(6, 9)])}
    assert (replies[bad.address].status, replies[bad.address].code) == (AnswerStatus.REFUSED, "hub.unstorable")
    assert replies[good.address].watermark == good.entries[8].position
    assert held(rig, good) == 9


async def test_an_organisation_that_has_moved_away_is_told_to_wait() -> None:
    rig = IngestRig()
    site = rig.site()
    await rig.statuses(site.message(1, 5))
    rig.shard.placements[site.address.org_id] = 2
    assert await rig.statuses(site.message(6, 8)) == [AnswerStatus.UNAVAILABLE]
    assert held(rig, site) == 5


def test_beliefs_are_bounded_and_the_least_recently_used_are_dropped() -> None:
    way = ShortWay(Counts())
    addresses = [Address("org", str(number)) for number in range(SITES_CACHED_MAX + 1)]
    way.believe(dict.fromkeys(addresses[:2], START))
    way.believe({addresses[0]: START})
    way.believe(dict.fromkeys(addresses[2:], START))
    assert len(way._stands) == SITES_CACHED_MAX  # pyright: ignore[reportPrivateUsage]
    assert addresses[1] not in way._stands  # pyright: ignore[reportPrivateUsage]
    assert addresses[0] in way._stands  # pyright: ignore[reportPrivateUsage]
