"""A box that was replaced: whose word it takes for it, what it then does, and that nothing it still held is lost (Law 6)."""

import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import limits
from shared.domain.ids import derived_id
from shared.protocol.entry import START, StoredEntry
from shared.protocol.envelope import Answer, AnswerStatus, SiteCommand
from shared.protocol.sender import Alarm, Fenced, Phase, Publish, Sender
from tests.unit.shared.protocol.wire import ME, SUCCESSOR, Hub, Wire, claim_of, journal, linked, read_claim, sign

TOKEN = claim_of(2)


def fenced_answer(claim: str = TOKEN, attempt: int = 0) -> Answer:
    """What an ingest process says of its own accord when a claim was redeemed."""
    return Answer(attempt=attempt, incarnation="", status=AnswerStatus.FENCED, watermark=START, code="epoch.fenced", claim=claim)


def proving(entries: list[StoredEntry], hub: Hub | None = None, attempt: int = 1_000) -> Wire:
    """A box that knows the issuer of its hub."""
    return Wire(entries, hub, Sender(ME, sign, first_attempt=attempt, read_claim=read_claim)).connect()


def in_step(count: int = 100) -> Wire:
    wire = proving(journal(count))
    assert wire.run(5, wire.arrived)
    return wire


def replaced(count: int = 100, alone: int = 30, *, by: int = 50) -> Wire:
    """A box whose successor has sold, while it sold on by itself."""
    wire = in_step(count)
    wire.hub.replace_box()
    wire.hub.rows = journal(by, epoch=2, after=wire.entries)
    wire.entries = journal(alone, after=wire.entries)
    return wire


# --- whose word counts ---


def test_a_claim_redeemed_elsewhere_fences_the_old_box_at_once() -> None:
    wire = in_step()
    wire.hub.replace_box()
    actions = wire.sender.answered(fenced_answer(), wire.now)
    assert [type(action) for action in actions] == [Fenced, Alarm, Publish], "the box, a person, and the hub for its branch"
    assert actions[0] == Fenced(TOKEN, 2, START)


def test_it_is_fenced_at_once_whatever_it_is_doing() -> None:
    for attempt in (0, 1, 10**9):
        for wire in (proving([]), in_step(3)):
            assert Fenced(TOKEN, 2, START) in wire.sender.answered(fenced_answer(attempt=attempt), wire.now)


def test_a_second_word_of_the_same_fence_changes_nothing_and_a_higher_one_is_told() -> None:
    wire = in_step()
    wire.hub.replace_box()
    wire.act(wire.sender.answered(fenced_answer(), wire.now))
    assert wire.sender.answered(fenced_answer(), wire.now) == []
    higher = claim_of(5)
    assert wire.sender.answered(fenced_answer(higher), wire.now)[0] == Fenced(higher, 5, START)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("no claim", "claim.malformed"),
        (claim_of(2, issuer="somebody"), "claim.untrusted"),
        (claim_of(2, by=lambda data: bytes(64)), "claim.bad_signature"),
        (claim_of(2, site=derived_id("next door")), "claim.other_site"),
    ],
)
def test_a_fence_that_proves_nothing_stops_no_sales_and_calls_a_person(token: str, code: str) -> None:
    wire = in_step()
    for attempt in (0, wire.attempt):  # unasked, and to the present attempt
        wire.act(wire.sender.answered(fenced_answer(token, attempt), wire.now))
    assert wire.sender.phase is Phase.SENDING
    assert wire.fences == []
    assert wire.alarms == [code]
    wire.entries = journal(20, after=wire.entries)
    wire.heal(within_s=5)
    assert wire.alarms == [code, ""]


def test_a_claim_that_is_not_higher_stops_no_sales() -> None:
    """The hub's control database was restored, say. What it says to the other boxes of the site, which all hear it, is no alarm."""
    wire = in_step()
    for attempt in (0, 1, 10**9):
        assert wire.sender.answered(fenced_answer(claim_of(1), attempt), wire.now) == []
    wire.act(wire.sender.answered(fenced_answer(claim_of(1), wire.attempt), wire.now))
    assert (wire.sender.phase, wire.fences, wire.alarms) == (Phase.SENDING, [], ["claim.not_higher"])


def test_a_hub_that_says_fenced_and_shows_no_claim_is_not_believed_by_a_box_that_could_read_one() -> None:
    wire = in_step()
    wire.hub.replace_box()
    wire.hub.claim = ""
    wire.run(limits.HELLO_INTERVAL_S + 1)
    assert wire.alarms == ["epoch.fenced"], "a person looks"
    assert wire.fences == []
    assert wire.sender.phase is Phase.HOLDING


def test_a_box_without_issuers_takes_the_hubs_word_in_the_present_attempt_only() -> None:
    wire = linked(100)
    assert wire.sender.answered(fenced_answer(), wire.now) == []
    wire.hub.replace_box()
    wire.hub.claim = ""
    assert wire.run(limits.HELLO_INTERVAL_S + 1, lambda: bool(wire.fences))
    assert (wire.fences[0].claim, wire.fences[0].epoch) == ("", 2)


def test_a_box_without_issuers_sells_on_when_the_hub_takes_its_word_back() -> None:
    """A hub of 0.2, restored to before the claim."""
    wire = linked(100)
    wire.hub.replace_box()
    assert wire.run(limits.HELLO_INTERVAL_S + 1, lambda: bool(wire.fences))
    wire.hub.boxes.popitem()
    wire.entries = journal(10, after=wire.entries)
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S)
    assert wire.sender.fence is None
    assert wire.alarms == ["epoch.fenced", ""]


def test_a_hub_that_forgot_the_claim_does_not_get_the_branch_as_the_journal() -> None:
    """The control database is restored to before the swap, and the old box is the first to say hello. What it wrote alone would have
    become the journal of the site, and its successor would have been the fork."""
    wire = replaced()
    wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    wire.hub.boxes.popitem()
    wire.hub.restore(80, "second")
    wire.run(300)
    assert len(wire.hub.rows) == 80
    assert wire.watermarks[-1].position.sequence == 100, "nothing more of this box is called in the cloud"
    assert wire.alarms == ["epoch.fenced"]


def test_a_claim_shown_by_a_tablet_fences_as_the_hubs_word_does() -> None:
    wire = in_step()
    wire.hub.replace_box()
    wire.act(wire.sender.shown_claim(TOKEN, wire.now))
    assert wire.fences == [Fenced(TOKEN, 2, START)]
    assert wire.sender.shown_claim(TOKEN, wire.now) == []
    assert wire.run(5, lambda: wire.sender.phase is Phase.FENCED)


def test_a_claim_of_an_earlier_life_fences_before_there_is_a_connection() -> None:
    sender = Sender(ME, sign, read_claim=read_claim)
    assert Fenced(TOKEN, 2, START) in sender.shown_claim(TOKEN, 0.0)
    assert sender.phase is Phase.OFFLINE
    assert Sender(ME, sign).shown_claim(TOKEN, 0.0) == [], "a box without issuers cannot tell"


def test_what_is_shown_and_proves_nothing_is_an_alarm() -> None:
    wire = in_step()
    wire.act(wire.sender.shown_claim("no claim", wire.now))
    assert (wire.alarms, wire.fences, wire.sender.phase) == (["claim.malformed"], [], Phase.SENDING)


# --- the branch ---


def test_what_a_replaced_box_still_held_reaches_the_hub_apart() -> None:
    wire = replaced(100, 30, by=50)
    site = list(wire.hub.rows)
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    assert wire.hub.branches[1].rows == wire.entries[100:]
    assert wire.hub.rows == site, "the journal of the site is its successor's"
    assert wire.sender.phase is Phase.FENCED
    assert wire.alarms == ["epoch.fenced"]
    assert wire.fences[-1] == Fenced(wire.hub.claim, 2, wire.entries[-1].position)
    assert wire.watermarks[-1].position.sequence == 100, "the branch is not called in the cloud"


def test_a_long_branch_is_sent_within_credit_and_told_as_it_grows() -> None:
    wire = replaced(10, 9_000, by=5)
    wire.hub.credit = 1_000
    assert wire.run(300, wire.kept)
    kept = [fence.kept.sequence for fence in wire.fences]
    assert kept == sorted(kept)
    assert len(kept) > 9


def test_a_box_that_has_nothing_of_its_own_is_fenced_and_goes_on_saying_hello() -> None:
    wire = in_step()
    wire.hub.replace_box()
    wire.run(limits.HELLO_INTERVAL_S + 1)
    assert wire.sender.phase is Phase.FENCED
    before = wire.sent_frames
    wire.run(limits.HELLO_INTERVAL_S * 4)
    assert 3 <= wire.sent_frames - before <= 5


def test_what_is_written_after_the_fence_follows() -> None:
    """The last prints of the night, and what a waiter typed in before the screen turned."""
    wire = replaced()
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    wire.entries = journal(7, after=wire.entries)
    assert wire.run(5, wire.kept)


def test_a_branch_survives_the_restart_of_the_link_and_a_restored_hub() -> None:
    wire = replaced(100, 500)
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    wire.disconnect()
    wire.sender = Sender(ME, sign, first_attempt=9_000, read_claim=read_claim)
    wire.act(wire.sender.shown_claim(TOKEN, wire.now))
    del wire.hub.branches[1].rows[200:]
    wire.hub.incarnation = "second"
    wire.connect()
    assert wire.run(10, wire.kept)


def test_a_hub_restored_under_a_fenced_box_gets_its_branch_again() -> None:
    wire = replaced(100, 500)
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    del wire.hub.branches[1]
    wire.hub.incarnation = "second"
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    assert Fenced(wire.hub.claim, 2, wire.entries[99].position) in wire.fences[1:], "that it went back is told"


def test_a_gap_in_the_branch_is_closed_at_once() -> None:
    wire = replaced(10, 1)
    assert wire.run(limits.HELLO_INTERVAL_S + 1, wire.kept)
    wire.entries = journal(2_000, after=wire.entries)
    lost: list[bytes] = []

    def lose_the_third(queue: deque[bytes]) -> None:
        if queue is wire.up and len(queue) > 5 and not lost:
            lost.append(queue[2])
            del queue[2]

    wire.spoil = lose_the_third
    wire.exchange()
    assert lost
    assert wire.kept()


def test_the_parting_point_lies_where_the_hub_last_had_the_old_box() -> None:
    """The hub had 60 of the 100; the successor went on from there."""
    wire = in_step(60)
    wire.entries = journal(40, after=wire.entries)
    wire.hub.replace_box()
    wire.hub.rows = journal(10, epoch=2, after=wire.entries[:60])
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    assert wire.hub.branches[1].parted == wire.entries[59].position


def test_a_hub_of_an_older_release_knows_no_branches_and_the_box_holds_and_asks() -> None:
    wire = linked(100)
    wire.hub.is_old = True
    wire.hub.replace_box()
    wire.hub.claim = ""
    wire.hub.rows = journal(50, epoch=2, after=wire.entries)
    wire.entries = journal(30, after=wire.entries)
    before = wire.sent_frames
    wire.run(600)
    assert wire.sent_frames - before < 100
    assert wire.alarms == ["epoch.fenced"]
    assert wire.watermarks[-1].position.sequence == 100


def test_a_branch_that_the_hub_sees_otherwise_than_the_box_stays_on_the_box_and_a_person_is_called() -> None:
    wire = replaced()
    wire.hub.rows = journal(50, epoch=2, after=journal(100, tag="other "))
    wire.run(300)
    assert wire.sender.phase in {Phase.HOLDING, Phase.GREETING}
    assert wire.alarms[-1] == "epoch.fenced"
    assert all(branch.rows == [] for branch in wire.hub.branches.values())


def test_an_answer_from_before_the_fence_that_comes_after_it_changes_nothing() -> None:
    wire = replaced()
    said_before = Answer(
        attempt=wire.attempt, incarnation="first", status=AnswerStatus.OK, watermark=wire.entries[109].position, credit_until=10**6, credit_ttl_s=60.0
    )  # fmt: skip
    wire.act(wire.sender.answered(fenced_answer(), wire.now))
    assert wire.sender.answered(said_before, wire.now) == []
    assert wire.run(limits.HELLO_INTERVAL_S + 5, wire.kept)
    assert wire.sender.answered(said_before, wire.now) == []
    assert wire.watermarks[-1].position.sequence == 100


def test_commands_of_the_hub_are_not_for_a_fenced_box() -> None:
    wire = replaced()
    wire.hub.commands = (SiteCommand(id="i", command=b"{}", expires_at_ms=10**13),)
    wire.run(limits.HELLO_INTERVAL_S * 3)
    assert wire.carried == []


def test_two_boxes_that_start_at_one_instant_do_not_take_each_others_answers() -> None:
    """The power came back over both boxes of a site. Their attempts were milliseconds of one clock, and the same: the old one took the
    watermark that was told to the new one for its own."""
    hub = Hub()
    common = journal(100)
    hub.rows = list(common)
    hub.replace_box()
    old = Wire(journal(10, tag="alone ", after=common), hub, Sender(ME, sign, first_attempt=7))
    new = Wire(journal(20, epoch=2, after=common), hub, Sender(SUCCESSOR, sign, first_attempt=7))
    old.peers, new.peers = [new], [old]
    for _ in range(20):
        for wire in (old.connect(), new.connect()):
            wire.exchange()
    assert old.run(60, old.kept)
    assert new.run(60, new.arrived)
    assert old.watermarks == []
    assert (old.alarms, new.alarms) == (["epoch.fenced"], [])


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(0, 400), st.integers(0, 900), st.integers(0, 900), st.floats(0, 0.5), st.booleans(), st.booleans()
)
def test_whatever_the_wan_does_during_a_swap_both_journals_arrive_whole_and_apart(
    seed: int, common: int, alone: int, after: int, loss: float, reorder: bool, knows_issuer: bool
) -> None:
    rng = random.Random(seed)
    hub = Hub()
    shared_part = journal(common)
    reader = read_claim if knows_issuer else None
    old = Wire(journal(alone, tag="alone ", after=shared_part), hub, Sender(ME, sign, first_attempt=1_000, read_claim=reader))
    # The successor was set up from the hub, or from a mirror that had more than the hub.
    sent_before = rng.randint(0, common)
    hub.rows = list(shared_part[:sent_before])
    new = Wire(journal(after, epoch=2, after=shared_part), hub, Sender(SUCCESSOR, sign, first_attempt=1_000, read_claim=reader))

    old.peers, new.peers = [new], [old]

    def spoil(queue: deque[bytes]) -> None:
        kept = [data for data in queue if rng.random() >= loss]
        kept += [data for data in kept if rng.random() < 0.2]
        if reorder:
            rng.shuffle(kept)
        queue.clear()
        queue.extend(kept)

    old.spoil = new.spoil = spoil
    if rng.random() < 0.5:
        hub.replace_box()
        new.connect()
        new.run(rng.uniform(0, 60))
        old.now = new.now
        old.connect()
    else:
        # Entries that the old box may still get through as the present one are common to both, or nobody could swap here.
        old.entries = list(shared_part)
        old.connect()
        old.run(rng.uniform(0, 60))
        hub.replace_box()
        new.now = old.now
        old.entries = journal(alone, tag="alone ", after=shared_part)
        new.connect()
    for _ in range(rng.randrange(5)):
        for wire in (old, new):
            wire.run(rng.uniform(0, 40))
            if rng.random() < 0.3:
                wire.disconnect()
                wire.run(rng.uniform(0, 20))
                wire.connect()
    new.heal(within_s=limits.HELLO_RETRY_MAX_S * 4)
    old.spoil = lambda queue: None
    assert old.run(limits.HELLO_RETRY_MAX_S * 4, old.kept), f"stuck in {old.sender.phase} at {old.sender.fence}"
    assert hub.rows == new.entries
    assert [row.position for row in hub.branch(1).rows] == [
        row.position for row in old.entries if row.sequence > hub.branch(1).parted.sequence
    ]
    assert all(mark.position.sequence <= common for mark in old.watermarks)
    assert old.alarms == ["epoch.fenced"]
    assert new.alarms == []
