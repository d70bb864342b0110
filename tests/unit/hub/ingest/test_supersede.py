"""A replacement that was restored without the hub, which held more: that becomes a branch, and the site goes on (Law 6)."""

import pytest

from shared.protocol.entry import START, Position
from shared.protocol.envelope import Answer, AnswerStatus
from tests.support.ingest_rig import IngestRig
from tests.support.journals import SiteJournal

AT = 12  # where the mirror ended; the hub holds all 17


@pytest.fixture
def rig() -> IngestRig:
    return IngestRig()


async def greet(rig: IngestRig, box: SiteJournal, *begins: Position) -> Answer:
    (answer,) = await rig.greet(box.hello(epoch_begins=begins))
    return answer


async def swapped(rig: IngestRig) -> tuple[SiteJournal, SiteJournal]:
    """A site of which the hub holds everything, and its next box, which knows the first twelve entries."""
    old = rig.site()
    assert await rig.statuses(old.message(1, 17)) == [AnswerStatus.OK]
    return old, rig.replace(old, AT)


async def test_what_the_hub_holds_beyond_becomes_a_branch_and_the_new_box_is_heard(rig: IngestRig) -> None:
    old, new = await swapped(rig)
    rig.shard.backed_up[old.address] = 15
    answer = await greet(rig, new, new.entries[AT - 1].position)
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.OK, "journal.superseded", new.entries[AT - 1].position)
    assert answer.backed_up == AT, "what will stand there is in no backup"
    assert await rig.statuses(new.message(13, 13)) == [AnswerStatus.OK]
    assert rig.shard.journals[new.address] == new.entries
    assert rig.shard.orphans[old.address, 1] == old.entries[AT:]
    branch = rig.shard.branches[old.address, 1]
    assert (branch.parted, branch.kept) == (new.entries[AT - 1].position, old.entries[-1].position)
    assert (await greet(rig, new, new.entries[AT - 1].position)).code == ""


async def test_the_old_box_goes_on_with_its_branch_behind_what_was_put_aside(rig: IngestRig) -> None:
    old, new = await swapped(rig)
    old.orders(1)
    await greet(rig, new, new.entries[AT - 1].position)
    (answer,) = await rig.greet(old.hello())
    assert (answer.status, answer.watermark) == (AnswerStatus.FENCED, old.entries[16].position)
    (answer,) = await rig.send(old.message(18, 25))
    assert (answer.status, answer.watermark) == (AnswerStatus.FENCED, old.head)
    assert rig.shard.orphans[old.address, 1] == old.entries[AT:]


async def test_what_the_old_box_brought_apart_before_stays_behind_what_is_put_aside(rig: IngestRig) -> None:
    old, new = await swapped(rig)
    old.orders(1)
    await rig.send(old.message(18, 25))
    await greet(rig, new, new.entries[AT - 1].position)
    assert rig.shard.orphans[old.address, 1] == old.entries[AT:]
    branch = rig.shard.branches[old.address, 1]
    assert (branch.parted, branch.kept) == (new.entries[AT - 1].position, old.head)
    assert await rig.statuses(old.message(13, 25)) == [AnswerStatus.FENCED]
    assert rig.shard.kept == {}


async def test_a_box_that_does_not_say_where_it_began_is_answered_as_ever(rig: IngestRig) -> None:
    """Boxes before 0.3, and those that have trimmed where they began."""
    old, new = await swapped(rig)
    assert (await greet(rig, new)).code == "envelope.fork"
    assert rig.shard.journals[old.address] == old.entries


async def test_a_hub_that_had_nothing_forgot_the_claim_and_took_the_journal_of_the_box_before_takes_that_of_the_present_one(
    rig: IngestRig,
) -> None:
    """The box was restored from nothing, since there was nothing. Then the hub was restored, its control database too, and the old box
    was the first to be back."""
    old = rig.site()
    assert await rig.statuses(old.message(1, 17)) == [AnswerStatus.OK]
    new = rig.replace(old, 0)
    answer = await greet(rig, new, START)
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.OK, "journal.superseded", START)
    assert await rig.statuses(new.message(1, 1)) == [AnswerStatus.OK]
    assert rig.shard.journals[new.address] == new.entries
    assert rig.shard.orphans[old.address, 1] == old.entries
    (answer,) = await rig.greet(old.hello())
    assert (answer.status, answer.watermark) == (AnswerStatus.FENCED, old.head)


async def test_a_hub_that_was_restored_to_before_two_swaps_makes_way_where_the_first_of_them_left_it(rig: IngestRig) -> None:
    """The second box was restored from a stick that ended below what the hub had, the third from the hub that had made way for it."""
    old, second = await swapped(rig)
    second.append(b'{"type":"Sold"}')
    third = rig.replace(second, len(second.entries))
    first_left, then_left = second.entries[AT - 1].position, second.entries[-1].position
    answer = await greet(rig, third, START, first_left, then_left)
    assert (answer.code, answer.watermark) == ("journal.superseded", first_left)
    assert rig.shard.orphans[old.address, 1] == old.entries[AT:]
    assert await rig.statuses(third.message(13, 14), third.message(15, 15)) == [AnswerStatus.OK]
    assert rig.shard.journals[third.address] == third.entries
    assert (await greet(rig, third, START, first_left, then_left)).code == ""


async def test_a_box_that_has_trimmed_where_it_left_is_a_fork(rig: IngestRig) -> None:
    _, second = await swapped(rig)
    second.append(b'{"type":"Sold"}')
    third = rig.replace(second, len(second.entries))
    answer = await greet(rig, third, second.entries[-1].position)
    assert (answer.status, answer.code) == (AnswerStatus.FORK, "envelope.fork")


async def test_a_beginning_that_the_hub_holds_otherwise_is_a_fork(rig: IngestRig) -> None:
    old, new = await swapped(rig)
    for begins in (Position(1, AT, bytes(32)), Position(1, AT, old.entries[AT].hash)):
        answer = await greet(rig, new, begins)
        assert (answer.status, answer.code) == (AnswerStatus.FORK, "envelope.fork")
    assert rig.shard.journals[old.address] == old.entries


async def test_a_replaced_box_puts_nothing_aside(rig: IngestRig) -> None:
    old, new = await swapped(rig)
    later = rig.replace(new, AT)
    assert (await greet(rig, new, new.entries[AT - 1].position)).status is AnswerStatus.FENCED
    assert rig.shard.journals[old.address] == old.entries
    assert (await greet(rig, later, later.entries[AT - 1].position)).code == "journal.superseded"


async def test_a_box_in_whose_epoch_the_hub_is_already_puts_nothing_aside(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, AT))
    new = rig.replace(old, AT)
    assert await rig.statuses(new.message(13, 13)) == [AnswerStatus.OK]
    assert (await greet(rig, new, new.entries[3].position)).code == ""
    assert rig.shard.orphans == {}


async def test_more_than_one_hello_may_put_aside_is_left_to_a_person(rig: IngestRig, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = await swapped(rig)
    monkeypatch.setattr("tests.support.memory_hub.SUPERSEDED_ENTRIES_MAX", 4)
    answer = await greet(rig, new, new.entries[AT - 1].position)
    assert (answer.status, answer.code) == (AnswerStatus.FORK, "envelope.fork")
    assert rig.shard.journals[old.address] == old.entries


async def test_what_a_hole_has_torn_is_left_to_a_person(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 14))
    await rig.greet(old.hello(begins=old.entries[15].position))
    await rig.send(old.message(17, 17))
    new = rig.replace(old, AT)
    assert (await greet(rig, new, new.entries[AT - 1].position)).status is AnswerStatus.FORK
