"""The sending end and a hub that forgets: restores, wiped brokers, holes, lost credit, words that come late or twice (Law 4)."""

import random
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from shared import limits
from shared.protocol.entry import START
from shared.protocol.envelope import Answer, AnswerStatus, Envelope, Hello, SiteCommand, decode_answer, encode_answer
from shared.protocol.sender import Action, Follow, Phase, Publish, Sender, Watermark
from tests.unit.shared.protocol.wire import ME, Wire, frames, journal, linked, sign

# --- a restored hub ---


def test_an_incarnation_that_changes_alone_makes_the_box_send_from_the_watermark_again() -> None:
    """The backup was of a moment ago: the watermark is where it was, and what was on its way went to the database that is no more."""
    wire = linked(100)
    wire.entries = journal(400, after=wire.entries)

    def into_the_old_database(queue: deque[bytes]) -> None:
        if queue is wire.up and any(isinstance(frame, Envelope) for frame in frames(queue)):
            queue.clear()
            wire.hub.incarnation = "second"

    wire.spoil = into_the_old_database
    wire.exchange()
    wire.spoil = lambda queue: None
    wire.heal(within_s=limits.HELLO_INTERVAL_S + 1)
    assert Watermark(wire.entries[99].position, "second") in wire.watermarks


def heartbeat(wire: Wire) -> list[Action]:
    """What the answer to the next heartbeat leads to."""
    wire.now += limits.HELLO_INTERVAL_S + 1
    (hello,) = (action.data for action in wire.sender.tick(wire.now) if isinstance(action, Publish))
    return wire.sender.answered(decode_answer(wire.hub.hear(hello)), wire.now)


def test_the_first_word_of_another_database_begins_the_sending_anew() -> None:
    wire = linked(100)
    assert heartbeat(wire) == []
    wire.hub.incarnation = "second"
    assert heartbeat(wire) == [Watermark(wire.entries[-1].position, "second"), Follow(wire.entries[-1].position)]


def test_a_watermark_that_goes_back_under_the_same_name_is_believed() -> None:
    """A restore without anybody saying so, and a database that kept its identity."""
    wire = linked(3_000)
    wire.hub.restore(700, wire.hub.incarnation)
    wire.heal(within_s=limits.HELLO_INTERVAL_S + 1)
    assert 700 in [mark.position.sequence for mark in wire.watermarks]


def test_a_hub_restored_twice_in_the_middle_of_a_backlog() -> None:
    wire = Wire(journal(9_000))
    wire.hub.credit = 800
    wire.connect()
    heard = 0

    def restore_now_and_then(queue: deque[bytes]) -> None:
        nonlocal heard
        if queue is wire.up:
            heard += len(queue)
            if heard in range(20, 30) or heard in range(60, 70):
                wire.hub.restore(len(wire.hub.rows) // 3, f"restored at {heard}")

    wire.spoil = restore_now_and_then
    wire.run(60)
    wire.heal(within_s=60)


def test_a_broker_that_is_wiped_with_everything_in_it_costs_a_silence() -> None:
    wire = linked(100)
    wire.entries = journal(3_000, after=wire.entries)
    wire.feed()
    assert any(isinstance(frame, Envelope) for frame in frames(wire.up))
    wire.up.clear()
    wire.heal(within_s=limits.ANSWER_TIMEOUT_S + 2)


def test_a_broker_that_is_wiped_again_and_again_is_sent_to_ever_less_often() -> None:
    wire = linked(100)
    wire.entries = journal(200, after=wire.entries)

    def wipe(queue: deque[bytes]) -> None:
        if queue is wire.up:
            hellos = [data for data, frame in zip(queue, frames(queue), strict=True) if isinstance(frame, Hello)]
            queue.clear()
            queue.extend(hellos)

    wire.spoil = wipe
    before = wire.sent_frames
    wire.run(1_200)
    assert wire.sent_frames - before < 1_200 / limits.HELLO_RETRY_MAX_S * 4 + 20
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 2)


# --- answers that are lost, late, doubled ---


def test_credit_that_was_lost_with_its_answer_is_asked_for() -> None:
    """The answers that would have granted more are gone; what was granted before is used up."""
    wire = Wire(journal(1_000))
    wire.hub.credit = 200
    wire.connect()
    answers = 0

    def lose_all_but_the_first(queue: deque[bytes]) -> None:
        nonlocal answers
        if queue is wire.down:
            answers += len(queue)
            if answers > 1:
                queue.clear()

    wire.spoil = lose_all_but_the_first
    wire.run(3)
    assert wire.sender.watermark == START
    assert len(wire.hub.rows) == 200, "no credit, no sending"
    wire.spoil = lambda queue: None
    wire.heal(within_s=limits.ANSWER_TIMEOUT_S * 2 + 5)


def test_answers_of_a_minute_ago_cannot_take_the_watermark_back() -> None:
    wire = Wire(journal(2_000)).connect()
    kept: list[bytes] = []
    wire.spoil = lambda queue: kept.extend(queue) if queue is wire.down else None
    wire.exchange()
    wire.spoil = lambda queue: None
    wire.disconnect()
    wire.connect()
    wire.exchange()
    told = len(wire.watermarks)
    for data in kept:
        wire.act(wire.sender.answered(decode_answer(data), wire.now))
    assert wire.watermarks[told:] == []
    assert wire.arrived()


def test_every_answer_twice_and_the_second_time_late_changes_nothing() -> None:
    wire = linked(10)
    late: deque[bytes] = deque()

    def double(queue: deque[bytes]) -> None:
        if queue is wire.down:
            again = list(queue)
            queue.extend(late)
            late.clear()
            late.extend(again)

    wire.spoil = double
    wire.entries = journal(3_000, after=wire.entries)
    assert wire.run(30, wire.arrived)
    positions = [mark.position.sequence for mark in wire.watermarks]
    assert positions[-1] == 3_010
    assert wire.alarms == []


def test_an_answer_of_the_present_attempt_that_was_overtaken_does_not_make_the_till_lie_for_long() -> None:
    """Two answers change places on the way: the watermark seems to go back. It is taken at its word, and put right."""
    wire = linked(10)

    def swap(queue: deque[bytes]) -> None:
        if queue is wire.down and len(queue) >= 2:
            queue.rotate(1)

    wire.spoil = swap
    wire.entries = journal(1_000, after=wire.entries)
    wire.exchange()
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 5)


# --- holes ---


def trimmed(held: int, begins: int, count: int) -> Wire:
    """A box that has trimmed up to `begins`, and a hub that was restored to `held`."""
    wire = linked(count)
    wire.sender.begins = wire.entries[begins - 1].position
    wire.hub.restore(held, "second")
    return wire


def test_a_hub_restored_to_before_what_the_box_still_has_declares_a_hole_and_takes_what_follows() -> None:
    wire = trimmed(40, 60, 100)
    wire.entries = journal(20, after=wire.entries)
    wire.run(limits.HELLO_INTERVAL_S + 5)
    assert wire.hub.holes == [(wire.entries[39].position, wire.entries[59].position)]
    assert [row.sequence for row in wire.hub.rows] == [*range(1, 41), *range(61, 121)]
    assert wire.sender.watermark == wire.entries[-1].position
    assert wire.alarms == []


def test_a_watermark_below_the_checkpoint_in_the_middle_of_sending_makes_the_box_greet() -> None:
    wire = trimmed(40, 60, 100)
    wire.entries = journal(1, after=wire.entries)
    wire.exchange()  # the envelope is answered with a gap, from the hub that was restored
    assert wire.hub.holes
    assert wire.run(5, lambda: wire.sender.watermark == wire.entries[-1].position)


def test_what_was_trimmed_is_not_even_asked_of_the_journal() -> None:
    wire = trimmed(40, 60, 100)
    wire.hub.is_old = True
    actions = heartbeat(wire)
    assert [type(action) for action in actions] == [Watermark, Publish], "a hello, and nothing followed"
    assert wire.sender.phase is Phase.GREETING


def test_a_checkpoint_that_moved_while_the_feed_was_asked_for_is_no_cut_tail() -> None:
    wire = linked(100)
    wire.disconnect()
    wire.hub.restore(40, "second")
    wire.connect()
    wire.act(wire.sender.answered(decode_answer(wire.hub.hear(wire.up.popleft())), wire.now))
    wire.sender.begins = wire.entries[59].position
    wire.act(wire.sender.journal_refused("feed.trimmed", "it begins later", wire.now))
    assert wire.alarms == []
    assert wire.run(5, lambda: wire.sender.watermark == wire.entries[-1].position)


def test_a_hub_of_an_older_release_declares_no_hole_and_a_person_is_called() -> None:
    wire = trimmed(40, 60, 100)
    wire.hub.is_old = True
    before = wire.sent_frames
    wire.run(600)
    assert wire.alarms == ["journal.begins_later"]
    assert wire.sender.phase in {Phase.HOLDING, Phase.GREETING}
    assert wire.sent_frames - before < 80
    wire.hub.is_old = False
    assert wire.run(limits.HELLO_RETRY_MAX_S + 5, lambda: wire.sender.watermark == wire.entries[-1].position)


def test_a_box_set_up_from_the_hub_says_where_its_journal_begins_and_makes_no_hole() -> None:
    wire = linked(100)
    wire.sender.begins = wire.entries[49].position
    wire.run(limits.HELLO_INTERVAL_S * 2)
    assert wire.hub.holes == []


# --- what else an answer brings ---


def test_commands_of_the_hub_are_carried_to_the_box_until_the_hub_has_seen_them() -> None:
    wire = linked(10)
    command = SiteCommand(id="c", command=b"{}", expires_at_ms=10**13)
    wire.hub.commands = (command,) * (limits.SITE_COMMANDS_PER_ANSWER + 2)
    assert wire.run(limits.HELLO_INTERVAL_S + 1, lambda: bool(wire.carried))
    assert len(wire.carried) == limits.SITE_COMMANDS_PER_ANSWER
    wire.hub.commands = ()
    carried = len(wire.carried)
    wire.run(limits.HELLO_INTERVAL_S * 3)
    assert len(wire.carried) == carried


def test_how_far_a_backup_reaches_is_told_when_it_changes_also_back() -> None:
    wire = linked(10)
    for sequence in (7, 7, 9, 3):
        wire.hub.backed_up = sequence
        wire.run(limits.HELLO_INTERVAL_S + 1)
    assert wire.backed_up == [7, 9, 3]


def test_what_was_backed_up_before_a_restore_to_the_first_backup_of_all_is_backed_up_no_more() -> None:
    """The restored database knows of no finished backup and says 0, which in most answers means nothing; the box would go on to trim."""
    wire = linked(10)
    wire.hub.backed_up = 7
    wire.run(limits.HELLO_INTERVAL_S + 1)
    wire.hub.backed_up = 0
    wire.run(limits.HELLO_INTERVAL_S + 1)
    assert wire.backed_up == [7]
    wire.hub.restore(3, "restored")
    wire.heal(within_s=limits.HELLO_INTERVAL_S + 1)
    assert (wire.backed_up, wire.sender.backed_up) == ([7, 0], 0)


def test_an_answer_to_an_earlier_attempt_brings_nothing_along() -> None:
    wire = linked(10)
    stale = Answer(
        attempt=7, incarnation="first", status=AnswerStatus.OK, watermark=START, backed_up=5, wanted=("x",),
        commands=(SiteCommand(id="c", command=b"{}", expires_at_ms=1),),
    )  # fmt: skip
    assert wire.sender.answered(decode_answer(encode_answer(stale)), wire.now) == []


# --- all of it ---


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(100, 1_200), st.floats(0, 0.4))
def test_restores_holes_poison_and_a_bad_wan_together_lose_nothing_that_a_box_has(seed: int, count: int, loss: float) -> None:
    rng = random.Random(seed)
    wire = Wire(journal(count))

    def spoil(queue: deque[bytes]) -> None:
        kept = [data for data in queue if rng.random() >= loss]
        kept += [data for data in kept if rng.random() < 0.2]
        rng.shuffle(kept)
        queue.clear()
        queue.extend(kept)

    wire.spoil = spoil
    wire.connect()
    for _ in range(rng.randrange(8)):
        wire.run(rng.uniform(0, 60))
        known = {row.sequence for row in wire.hub.rows}
        match rng.randrange(6):
            case 0:
                wire.hub.restore(rng.randrange(len(wire.hub.rows) + 1), f"restored {wire.now}")
            case 1 if wire.sender.watermark.sequence > wire.sender.begins.sequence:  # only what is in the cloud is trimmed
                wire.sender.begins = wire.entries[rng.randint(wire.sender.begins.sequence + 1, wire.sender.watermark.sequence) - 1].position
            case 2:
                wire.hub.poison = {rng.choice(wire.entries).entry}
            case 3:
                wire.hub.poison = set()
            case 4:
                wire.entries = journal(rng.randrange(200), after=wire.entries)
            case _:
                begins = wire.sender.begins
                wire.sender = Sender(ME, sign, first_attempt=int(wire.now) + 5_000)
                wire.sender.begins = begins
                wire.up.clear()
                wire.connect()
        assert known >= {row.sequence for row in wire.hub.rows}
    wire.spoil = lambda queue: None
    wire.hub.poison = set()
    head = wire.entries[-1].position
    assert wire.run(limits.HELLO_RETRY_MAX_S * 6, lambda: wire.sender.watermark == wire.hub.watermark == head), wire.sender.phase
    by_sequence = {row.sequence: row for row in wire.hub.rows}
    assert len(by_sequence) == len(wire.hub.rows), "none twice"
    holes = {sequence for before, after in wire.hub.holes for sequence in range(before.sequence + 1, after.sequence + 1)}
    assert sorted(by_sequence) == [entry.sequence for entry in wire.entries if entry.sequence not in holes]
    assert all(entry == by_sequence[entry.sequence] for entry in wire.entries if entry.sequence in by_sequence)
    assert max(holes, default=0) <= wire.sender.begins.sequence, "what the box still has is no hole"
