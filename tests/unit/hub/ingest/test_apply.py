"""The apply step over ports in memory: grouping, order, failures that are contained."""

import pytest

from shared.protocol.envelope import AnswerStatus
from tests.support.ingest_rig import IngestRig
from tests.support.journals import SiteJournal


@pytest.fixture
def rig() -> IngestRig:
    return IngestRig()


async def test_a_batch_is_one_transaction_for_each_shard(rig: IngestRig) -> None:
    sites = [rig.site("s1"), rig.site("s2"), rig.site("s1")]
    assert await rig.statuses(*(site.message(1, 17) for site in sites)) == [AnswerStatus.OK] * 3
    assert [shard.transactions for shard in rig.shards.values()] == [1, 1]
    assert rig.counts.entries == 51


async def test_envelopes_of_one_site_are_applied_in_order_and_answered_once(rig: IngestRig) -> None:
    site = rig.site()
    (reply,) = await rig.applier.apply([site.message(1, 5), site.message(6, 10), site.message(11, 17)])
    assert reply.answer.watermark == site.head


async def test_a_repeat_within_the_batch_is_told_from_a_fork(rig: IngestRig) -> None:
    site = rig.site()
    assert await rig.statuses(site.message(1, 10), site.message(2, 5), site.message(1, 17)) == [AnswerStatus.OK]
    other = SiteJournal(*site.address, key=site.key).begin()
    other.append(b'{"type":"Other"}')
    assert await rig.statuses(other.message(1, 2)) == [AnswerStatus.FORK]
    assert len(rig.shards["s1"].kept) == 1


async def test_a_shard_that_is_down_is_left_alone_for_as_long_as_its_failure_deserves(rig: IngestRig) -> None:
    there, here = rig.site("s2"), rig.site("s1")
    rig.shards["s2"].is_down = True
    assert await rig.statuses(there.message(1, 5), here.message(1, 5)) == [AnswerStatus.UNAVAILABLE, AnswerStatus.OK]
    rig.shards["s2"].is_down = False
    assert await rig.statuses(there.message(1, 5)) == [AnswerStatus.OK]  # it failed at once, so it is tried at once


async def test_when_sites_cannot_be_looked_up_they_are_told_to_wait(rig: IngestRig) -> None:
    site = rig.site()
    rig.registry.is_down = True
    assert await rig.statuses(site.message(1, 5)) == [AnswerStatus.UNAVAILABLE]


async def test_a_site_that_nobody_knows_yet_stops_none_that_is_known_while_the_control_database_is_away(rig: IngestRig) -> None:
    known, new = rig.site(), rig.site()
    rig.registry.is_down = True
    rig.registry.cached.add(known.address)
    replies = {reply.address: reply.answer for reply in await rig.applier.apply([new.message(1, 5), known.message(1, 5)])}
    assert (replies[known.address].status, replies[known.address].watermark) == (AnswerStatus.OK, known.entries[4].position)
    assert replies[new.address].status is AnswerStatus.UNAVAILABLE


async def test_what_a_shard_will_not_store_is_refused_and_stops_nobody(rig: IngestRig) -> None:
    bad, good = rig.site(), rig.site()
    rig.shards["s1"].refuses.add(bad.address)
    replies = {reply.address: reply.answer for reply in await rig.applier.apply([bad.message(1, 5), good.message(1, 17)])}
    assert (replies[bad.address].status, replies[bad.address].code) == (AnswerStatus.REFUSED, "hub.unstorable")
    assert replies[good.address].watermark == good.head


async def test_a_placement_that_has_changed_is_forgotten(rig: IngestRig) -> None:
    site = rig.site()
    rig.shards["s1"].placements[site.address.org_id] = 2
    assert await rig.statuses(site.message(1, 5)) == [AnswerStatus.UNAVAILABLE]
    assert rig.registry.forgotten == [site.address]


async def test_a_shard_that_is_not_configured_is_unavailable(rig: IngestRig) -> None:
    site = rig.site()
    rig.registry.register(site.address, site.key.public, shard="s9")
    assert await rig.statuses(site.message(1, 5)) == [AnswerStatus.UNAVAILABLE]


async def test_a_fenced_box_is_told_so_even_when_its_entries_would_fit(rig: IngestRig) -> None:
    site = rig.site()
    rig.registry.register(site.address, "the key of the next box", epoch=2)
    kept, gap = [reply.answer for reply in await rig.applier.apply([site.message(1, 5), site.message(9, 10)])]
    assert (kept.status, kept.code, kept.watermark) == (AnswerStatus.FENCED, "epoch.fenced", site.entries[4].position)
    assert (gap.status, gap.code, gap.watermark) == (AnswerStatus.FENCED, "envelope.gap", site.entries[4].position)
    assert rig.shards["s1"].orphans == {(site.address, 1): site.entries[:5]}
    assert rig.shards["s1"].journals == {}


async def test_a_subject_that_is_none_is_counted(rig: IngestRig) -> None:
    assert await rig.statuses(("up.0.x.y", b"")) == []
    assert rig.counts.frames == {"subject.malformed": 1}
