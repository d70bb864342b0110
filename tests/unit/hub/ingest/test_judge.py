"""What becomes of envelopes when a box is replaced, comes back, contradicts, or sends what was given up for lost."""

import pytest

from hub.ingest.ports import Hole
from shared.limits import CREDIT_ENTRIES
from shared.protocol.entry import START
from shared.protocol.envelope import AnswerStatus, SiteCommand
from tests.support.ingest_rig import IngestRig
from tests.support.issuer import read_claim
from tests.support.journals import SiteJournal
from tests.support.memory_hub import OpenCommand


@pytest.fixture
def rig() -> IngestRig:
    return IngestRig()


async def test_the_tail_of_a_replaced_box_is_kept_apart_and_the_new_box_goes_on(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 10))
    new = rig.replace(old, 10)
    assert await rig.statuses(new.message(11, 11)) == [AnswerStatus.OK]
    (answer,) = await rig.send(old.message(11, 14), old.message(15, 17))
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.FENCED, "epoch.fenced", old.head)
    assert answer.credit_until == old.head.sequence + CREDIT_ENTRIES
    assert read_claim(answer.claim).epoch == 2
    assert rig.shard.orphans == {(old.address, 1): old.entries[10:]}
    assert rig.shard.journals[old.address] == new.entries
    assert rig.shard.kept == {}


async def test_an_orphan_that_comes_again_is_kept_once(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 10))
    rig.replace(old, 10)
    for first, last in ((11, 15), (11, 15), (9, 12), (13, 17), (1, 17)):
        assert await rig.statuses(old.message(first, last)) == [AnswerStatus.FENCED]
    assert rig.shard.orphans == {(old.address, 1): old.entries[10:]}


async def test_a_gap_in_a_branch_is_told_by_its_code_and_nothing_is_kept(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 10))
    rig.replace(old, 10)
    (answer,) = await rig.send(old.message(13, 17))
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.FENCED, "envelope.gap", old.entries[9].position)
    assert rig.shard.orphans == {}


async def test_a_site_replaced_twice_has_a_branch_for_each_box(rig: IngestRig) -> None:
    first = rig.site()
    await rig.send(first.message(1, 10))
    second = rig.replace(first, 10).orders(1)
    await rig.send(second.message(11, 13))
    third = rig.replace(second, 13).orders(1)
    await rig.send(third.message(14, len(third.entries)))
    replies = await rig.send(second.message(14, len(second.entries), attempt=2), first.message(11, 17, attempt=1))
    assert [(answer.status, answer.watermark) for answer in replies] == [(AnswerStatus.FENCED, each.head) for each in (second, first)]
    assert rig.shard.orphans == {(first.address, 2): second.entries[13:], (first.address, 1): first.entries[10:]}
    assert rig.shard.journals[first.address] == third.entries


async def test_a_branch_that_contradicts_itself_is_a_fork(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 10))
    rig.replace(old, 10)
    await rig.send(old.message(11, 15))
    copy = SiteJournal(*old.address, key=old.key)
    copy.entries = list(old.entries[:12])
    copy.append(b'{"type":"SomethingElse"}')
    (answer,) = await rig.send(copy.message(11, 13))
    assert (answer.status, answer.code) == (AnswerStatus.FORK, "envelope.fork")
    assert [(each.kind, each.first, each.last) for each in rig.shard.kept.values()] == [("fork", 11, 13)]
    assert rig.shard.orphans == {(old.address, 1): old.entries[10:15]}


async def test_a_fenced_box_whose_claim_we_do_not_hold_is_told_without_proof(rig: IngestRig) -> None:
    """The shard has entries of epoch 2, the control database was restored from before its claim."""
    old = rig.site()
    new = rig.replace(old, 17)
    await rig.send(new.message(1, 18))
    del rig.registry.sites[old.address]
    rig.claim(old)
    (answer,) = await rig.send(old.message(17, 17))
    assert (answer.status, answer.claim) == (AnswerStatus.FENCED, "")  # never its own: a box passes that over
    assert rig.registry.forgotten == [old.address]


async def test_the_present_box_that_contradicts_with_old_entries_is_a_fork_and_no_fenced_box(rig: IngestRig) -> None:
    old = rig.site()
    new = rig.replace(old, 10)
    await rig.send(new.message(1, 11))
    other = SiteJournal(*old.address, key=new.key)
    other.append(b'{"type":"SomethingElse"}')
    (answer,) = await rig.send(other.message(1, 1))
    assert (answer.status, answer.code) == (AnswerStatus.FORK, "envelope.fork")
    assert len(rig.shard.kept) == 1


async def test_a_new_box_may_send_what_the_old_one_wrote_before_it_begins_its_own_epoch(rig: IngestRig) -> None:
    """It found in a mirror what the hub did not have yet."""
    old = rig.site()
    await rig.send(old.message(1, 8))
    new = rig.replace(old, 17)
    assert await rig.statuses(new.message(9, 17), new.message(18, 18)) == [AnswerStatus.OK]
    assert rig.shard.journals[old.address] == new.entries


async def test_what_comes_late_of_a_hole_is_no_fork(rig: IngestRig) -> None:
    """The broker still held an envelope from before the restore of the hub."""
    site = rig.site()
    await rig.send(site.message(1, 4))
    async with rig.shard.transaction() as transaction:
        await transaction.declare_hole(Hole(address=site.address, before=site.entries[3].position, last=site.entries[11].position))
    (answer,) = await rig.send(site.message(5, 8))
    assert (answer.status, answer.watermark) == (AnswerStatus.OK, site.entries[11].position)
    assert await rig.statuses(site.message(10, 14), site.message(15, 17)) == [AnswerStatus.OK]
    assert [entry.sequence for entry in rig.shard.journals[site.address]] == [1, 2, 3, 4, 13, 14, 15, 16, 17]
    assert rig.shard.kept == {}


async def test_a_command_of_the_hub_is_done_when_its_entries_arrive(rig: IngestRig) -> None:
    site = rig.site()
    site.append(b'{"type":"OrphanAdopted"}', command_id="the-command")
    site.append_bytes(b"\xff no entry that anybody can read")
    for id in ("the-command", "another"):
        rig.shard.commands[site.address, id] = OpenCommand(SiteCommand(id=id, command=b"{}", expires_at_ms=-1))
    assert await rig.statuses(site.message(1, len(site.entries))) == [AnswerStatus.OK]
    assert {id: command.state for (_, id), command in rig.shard.commands.items()} == {"the-command": "done", "another": "open"}


async def test_a_box_that_nobody_replaced_parts_from_nothing(rig: IngestRig) -> None:
    """The hub was made anew and has nothing of the site but the claim of the next box: everything is an orphan."""
    old = rig.site()
    rig.replace(old, 17)
    (answer,) = await rig.send(old.message(1, 17))
    assert answer.watermark == old.head
    assert rig.shard.branches[old.address, 1].parted == START


async def test_a_process_that_has_not_heard_of_a_claim_takes_nothing_of_the_replaced_box(rig: IngestRig) -> None:
    """The shard was told when the code was used: the new box may restore from it at once, wherever old registrations are cached."""
    old = rig.site()
    await rig.send(old.message(1, 10))
    rig.shard.granted[old.address] = 2
    assert await rig.statuses(old.message(11, 17)) == [AnswerStatus.FENCED]
    assert rig.shard.journals[old.address] == old.entries[:10]
    assert rig.shard.orphans == {(old.address, 1): old.entries[10:]}
    assert [answer.status for answer in await rig.greet(old.hello())] == [AnswerStatus.FENCED]
    assert rig.registry.forgotten == [old.address] * 2
