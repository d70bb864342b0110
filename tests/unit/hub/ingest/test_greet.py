"""Hellos: boxes the hub forgot, boxes that were replaced, journals that begin later than the hub stands, and what goes along."""

import hashlib

import pytest

from provisioning.keys import new_account
from shared.limits import KEEPSAKES_MAX, KEEPSAKES_WANTED_MAX, SITE_COMMANDS_PER_ANSWER
from shared.protocol.entry import START
from shared.protocol.envelope import AnswerStatus, Figures, Keepsake, SiteCommand
from tests.support.ingest_rig import IngestRig
from tests.support.issuer import claim_token, read_claim
from tests.support.journals import SiteJournal
from tests.support.memory_hub import OpenCommand


@pytest.fixture
def rig() -> IngestRig:
    return IngestRig()


def menus(count: int) -> tuple[Keepsake, ...]:
    return tuple(Keepsake("menu", hashlib.sha256(b"%d" % number).hexdigest()) for number in range(count))


# --- claims the hub forgot -----------------------------------------------------------------------


async def test_a_box_proves_a_claim_that_the_hub_forgot(rig: IngestRig) -> None:
    old = rig.site()
    new = rig.replace(old, 17, is_known=False)
    (refused,) = await rig.send(new.message(18, 18))
    assert refused.code == "key.unknown"
    (answer,) = await rig.greet(new.hello())
    assert answer.status is AnswerStatus.OK
    assert await rig.statuses(new.message(1, 18)) == [AnswerStatus.OK]
    assert rig.registry.sites[old.address].epoch == 2
    (answer,) = await rig.greet(old.hello())
    assert (answer.status, answer.claim) == (AnswerStatus.FENCED, new.claim)


async def test_of_two_boxes_that_hold_one_epoch_the_second_is_refused(rig: IngestRig) -> None:
    old = rig.site()
    rig.replace(old, 17)
    forgotten = rig.replace(old, 17, is_known=False)
    (answer,) = await rig.greet(forgotten.hello(attempt=5))
    assert (answer.status, answer.code, answer.attempt) == (AnswerStatus.REFUSED, "epoch.twice", 5)


async def test_a_claim_of_somebody_else_proves_nothing(rig: IngestRig) -> None:
    old, neighbour = rig.site(), rig.site()
    thief = rig.replace(old, 17, is_known=False)
    for claim, code in (
        (claim_token(*old.address, 2, old.key.public), "claim.other_key"),
        (claim_token(*neighbour.address, 2, thief.key.public), "claim.other_key"),
        (claim_token(*old.address, 2, thief.key.public, issuer=new_account()), "claim.untrusted"),
        ("nonsense", "claim.malformed"),
        (thief.claim[:-4] + "AAAA", None),
        ("", "key.unknown"),
    ):
        (answer,) = await rig.greet(thief.hello(claim=claim))
        assert answer.status is AnswerStatus.REFUSED
        assert code is None or answer.code == code
    assert rig.registry.sites[old.address].epoch == 1


async def test_a_claim_of_a_lower_epoch_than_the_frame_does_not_grant_it(rig: IngestRig) -> None:
    old = rig.site()
    new = rig.replace(old, 17, is_known=False)
    (answer,) = await rig.greet(new.hello(claim=claim_token(*old.address, 1, new.key.public)))
    assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "epoch.twice")


async def test_a_registered_box_needs_no_claim_and_one_that_cannot_be_read_does_it_no_harm(rig: IngestRig) -> None:
    """Boxes of release 0.2 have none; a box enrolled with another hub key shows one that is not trusted here."""
    site = rig.site()
    for claim in ("", "nonsense"):
        (answer,) = await rig.greet(site.hello(claim=claim))
        assert answer.status is AnswerStatus.OK


async def test_a_site_that_nobody_knows_yet_stops_no_hello_of_one_that_is_known(rig: IngestRig) -> None:
    known, new = rig.site(), rig.site()
    rig.registry.is_down = True
    rig.registry.cached.add(known.address)
    assert [answer.status for answer in await rig.greet(new.hello(), known.hello())] == [AnswerStatus.UNAVAILABLE, AnswerStatus.OK]


async def test_while_the_control_database_is_away_a_proof_has_to_wait(rig: IngestRig) -> None:
    new = rig.replace(rig.site(), 17, is_known=False)
    find = rig.registry.find

    async def find_and_go(wanted):  # type: ignore[no-untyped-def]
        found = await find(wanted)
        rig.registry.is_down = True
        return found

    rig.registry.find = find_and_go  # type: ignore[method-assign]
    (answer,) = await rig.greet(new.hello())
    assert answer.status is AnswerStatus.UNAVAILABLE


# --- replaced boxes ------------------------------------------------------------------------------


async def test_a_replaced_box_learns_from_where_to_send_what_it_still_holds(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 10))
    new = rig.replace(old, 10)
    await rig.send(new.message(11, 11))
    (answer,) = await rig.greet(old.hello())
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.FENCED, "epoch.fenced", old.entries[9].position)
    assert read_claim(answer.claim).key == new.key.public
    await rig.send(old.message(11, 15))
    (answer,) = await rig.greet(old.hello())
    assert answer.watermark == old.entries[14].position


async def test_both_boxes_of_a_site_are_answered_and_only_the_present_one_speaks_for_it(rig: IngestRig) -> None:
    old = rig.site()
    new = rig.replace(old, 17)
    for hellos in ((old.hello(attempt=3), new.hello(attempt=4)), (new.hello(attempt=4), old.hello(attempt=3))):
        answers = {answer.key: (answer.attempt, answer.status) for answer in await rig.greet(*hellos)}
        assert answers == {old.key.public: (3, AnswerStatus.FENCED), new.key.public: (4, AnswerStatus.OK)}
        assert rig.shard.contacts[old.address].box_epoch == 2


async def test_of_several_hellos_of_one_box_the_last_counts(rig: IngestRig) -> None:
    site = rig.site()
    assert [answer.attempt for answer in await rig.greet(*(site.hello(attempt=attempt) for attempt in (1, 2, 3)))] == [3]


# --- holes ---------------------------------------------------------------------------------------


async def test_what_the_hub_lost_and_the_box_has_trimmed_is_declared_a_hole(rig: IngestRig) -> None:
    site = rig.site()
    await rig.send(site.message(1, 4))  # last night's backup; the box has trimmed up to 12 since
    (answer,) = await rig.greet(site.hello(begins=site.entries[11].position))
    assert (answer.status, answer.code, answer.watermark) == (AnswerStatus.OK, "journal.hole", site.entries[11].position)
    (hole,) = rig.shard.holes.values()
    assert (hole.before, hole.last) == (site.entries[3].position, site.entries[11].position)
    (answer,) = await rig.greet(site.hello(begins=site.entries[11].position))
    assert (answer.code, answer.watermark) == ("", site.entries[11].position)
    assert await rig.statuses(site.message(13, 17)) == [AnswerStatus.OK]


async def test_a_replaced_box_declares_no_hole(rig: IngestRig) -> None:
    old = rig.site()
    await rig.send(old.message(1, 4))
    rig.replace(old, 17)
    (answer,) = await rig.greet(old.hello(begins=old.entries[11].position))
    assert answer.status is AnswerStatus.FENCED
    assert rig.shard.holes == {}


async def test_a_head_that_lies_in_a_hole_is_no_fork(rig: IngestRig) -> None:
    site = rig.site()
    await rig.greet(site.hello(begins=site.entries[11].position))
    (answer,) = await rig.greet(site.hello(head=site.entries[7].position))
    assert answer.status is AnswerStatus.OK


# --- what goes along -----------------------------------------------------------------------------


async def test_the_hub_asks_for_a_few_documents_at_a_time_until_it_has_all(rig: IngestRig) -> None:
    site, named = rig.site(), menus(KEEPSAKES_WANTED_MAX + 2)
    (answer,) = await rig.greet(site.hello(keepsakes=named))
    assert answer.wanted == tuple(each.version for each in named[:KEEPSAKES_WANTED_MAX])
    for number in range(KEEPSAKES_WANTED_MAX + 1):
        await rig.send(*site.parts("menu", b"%d" % number))
    (answer,) = await rig.greet(site.hello(keepsakes=named))
    assert answer.wanted == (named[-1].version,)
    assert rig.shard.contacts[site.address].hello.keepsakes == named


async def test_a_hello_that_names_too_many_documents_is_refused(rig: IngestRig) -> None:
    (answer,) = await rig.greet(rig.site().hello(keepsakes=menus(KEEPSAKES_MAX + 1)))
    assert (answer.status, answer.code) == (AnswerStatus.REFUSED, "frame.out_of_bounds")


async def test_commands_are_handed_out_until_they_are_refused_or_run_out(rig: IngestRig) -> None:
    site = rig.site()
    rig.shard.now_ms = 1_000
    for number in range(SITE_COMMANDS_PER_ANSWER + 2):
        command = SiteCommand(id=f"c{number:02}", command=b"{}", expires_at_ms=2_000 if number else 500)
        rig.shard.commands[site.address, command.id] = OpenCommand(command)
    (answer,) = await rig.greet(site.hello())
    assert [command.id for command in answer.commands] == [f"c{number:02}" for number in range(1, SITE_COMMANDS_PER_ANSWER + 1)]
    refused = Figures(refused_commands={"c01": "orphan.unfit", "unknown": "whatever"})
    (answer,) = await rig.greet(site.hello(figures=refused))
    assert answer.commands[0].id == "c02"
    assert (rig.shard.commands[site.address, "c01"].state, rig.shard.commands[site.address, "c01"].result) == ("refused", "orphan.unfit")
    rig.shard.now_ms = 2_000
    (answer,) = await rig.greet(site.hello())
    assert answer.commands == ()


async def test_a_command_that_a_person_asks_for_once_more_is_not_met_by_its_earlier_refusal(rig: IngestRig) -> None:
    """The box tells a refusal as long as it remembers it; the check has been seen to, and the orphan is adopted anew under its own id."""
    site = rig.site()
    key = (site.address, "c")
    rig.shard.commands[key] = OpenCommand(SiteCommand(id="c", command=b"{}", expires_at_ms=100))
    stale = Figures(refused_commands={"c": "orphan.unfit"}, refused_asks={"c": 100})
    assert (await rig.greet(site.hello(figures=stale)))[0].commands == ()
    assert rig.shard.commands[key].state == "refused"
    rig.shard.commands[key] = OpenCommand(SiteCommand(id="c", command=b"{}", expires_at_ms=200))
    (answer,) = await rig.greet(site.hello(figures=stale))
    assert ([each.id for each in answer.commands], rig.shard.commands[key].state) == (["c"], "open")
    again = Figures(refused_commands={"c": "orphan.unfit"}, refused_asks={"c": 200})
    assert (await rig.greet(site.hello(figures=again)))[0].commands == ()
    assert rig.shard.commands[key].state == "refused"


async def test_a_box_hears_what_is_backed_up(rig: IngestRig) -> None:
    site = rig.site()
    await rig.send(site.message(1, 17))
    rig.shard.backed_up[site.address] = 12
    (answer,) = await rig.greet(site.hello())
    assert (answer.watermark, answer.backed_up) == (site.head, 12)


async def test_a_new_site_is_told_to_begin(rig: IngestRig) -> None:
    site = SiteJournal(*rig.site().address)
    site.epoch = 2
    rig.claim(site)
    (answer,) = await rig.greet(site.hello())
    assert (answer.status, answer.watermark) == (AnswerStatus.OK, START)
