"""The sending end and what the hub says to it: restores, outages, credit, stale words, and words for a person."""

from collections import deque
from collections.abc import Callable

import msgspec
import pytest

from shared import limits
from shared.protocol.entry import START
from shared.protocol.envelope import Answer, AnswerStatus, Envelope, Hello, decode_answer, encode_answer
from shared.protocol.sender import Phase, Publish, Sender
from tests.unit.shared.protocol.wire import ME, Hub, Wire, frames, journal, linked, lose_all, sign

# --- the hub ---


def test_a_hub_restored_from_last_nights_backup_gets_everything_since() -> None:
    wire = linked(3_000)
    wire.hub.restore(700, "second")
    wire.heal(within_s=limits.HELLO_INTERVAL_S + 1)
    assert next(mark.position.sequence for mark in wire.watermarks if mark.incarnation == "second") == 700, "the till must see it go back"


def test_a_hub_that_lost_everything_gets_everything() -> None:
    wire = linked(3_000)
    wire.hub.restore(0, "second")
    wire.heal(within_s=limits.HELLO_INTERVAL_S + 1)


def test_a_shard_that_is_down_is_asked_again_and_nothing_is_forgotten() -> None:
    wire = linked(100)
    wire.hub.is_up = False
    wire.entries = journal(5_000, after=wire.entries)
    wire.run(300)
    assert wire.sender.phase in {Phase.HOLDING, Phase.GREETING}
    assert wire.sender.watermark.sequence == 100, "a hub without its shard knows no watermark"
    assert wire.alarms == []
    wire.heal(within_s=limits.UNAVAILABLE_RETRY_S + 2)


@pytest.mark.parametrize("retry_after_s", [float("nan"), float("inf"), 1e12, -5.0, 0.0])
def test_no_number_of_the_hub_can_silence_a_site_for_good(retry_after_s: float) -> None:
    sender = Sender(ME, sign, first_attempt=1)
    (hello,) = (frame for frame in frames([action.data for action in sender.connected(0.0) if isinstance(action, Publish)]))
    assert isinstance(hello, Hello)
    answer = Answer(attempt=hello.attempt, incarnation="", status=AnswerStatus.UNAVAILABLE, watermark=START, retry_after_s=retry_after_s)
    sender.answered(decode_answer(encode_answer(answer)), 0.0)
    assert sender.tick(limits.UNAVAILABLE_RETRY_S / 2) == []
    assert any(isinstance(action, Publish) for action in sender.tick(limits.UNAVAILABLE_RETRY_MAX_S))


def test_credit_that_ran_out_is_asked_for() -> None:
    wire = linked(10)
    wire.hub.credit = 0
    wire.entries = journal(10, after=wire.entries)
    wire.run(limits.CREDIT_TTL_S + 60)
    assert wire.hub.watermark.sequence == 20, "credit granted before was good for these"
    wire.entries = journal(10, after=wire.entries)
    wire.run(300)
    assert wire.hub.watermark.sequence == 20
    wire.hub.credit = limits.CREDIT_ENTRIES
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 1)


def test_credit_that_expired_over_a_silent_wan_is_asked_for_at_once() -> None:
    wire = linked(10)
    wire.spoil = lose_all
    wire.run(limits.CREDIT_TTL_S * 2)
    wire.entries = journal(1, after=wire.entries)
    wire.spoil = lambda queue: None
    wire.feed()
    assert wire.sender.phase is Phase.SENDING
    assert not wire.up, "nothing is sent on credit that is void"
    assert wire.run(2, wire.arrived), "a tick finds that nothing may be sent, and greets"


def test_credit_is_kept_to() -> None:
    hub = Hub()
    hub.credit = 250
    wire = Wire(journal(1_000), hub).connect()
    hello = wire.up.popleft()
    wire.act(wire.sender.answered(decode_answer(hub.hear(hello)), 0.0))
    wire.feed()
    assert max(frame.last for frame in frames(wire.up) if isinstance(frame, Envelope)) == 250


def test_an_answer_to_an_earlier_attempt_changes_nothing() -> None:
    wire = linked(100)
    before = (wire.sender.phase, wire.sender.watermark, wire.sender.incarnation)
    for status in AnswerStatus:
        stale = Answer(attempt=wire.attempt - 1, incarnation="ghost", status=status, watermark=START)
        assert wire.sender.answered(stale, wire.now) == []
    assert (wire.sender.phase, wire.sender.watermark, wire.sender.incarnation) == before


def test_an_answer_after_the_connection_went_changes_nothing() -> None:
    wire = Wire(journal(10)).connect()
    answer = decode_answer(wire.hub.hear(wire.up.popleft()))
    wire.disconnect()
    assert wire.sender.answered(answer, 0.0) == []
    assert wire.sender.tick(1_000.0) == []


def test_what_an_earlier_attempt_brought_after_all_is_not_sent_again() -> None:
    wire = Wire(journal(3_200)).connect()
    held: list[bytes] = []

    def hold_envelopes(queue: deque[bytes]) -> None:
        if queue is wire.up:
            held.extend(d for d, f in zip(queue, frames(queue), strict=True) if isinstance(f, Envelope))
            keep = [d for d, f in zip(queue, frames(queue), strict=True) if isinstance(f, Hello)]
            queue.clear()
            queue.extend(keep)

    wire.spoil = hold_envelopes
    wire.run(limits.ANSWER_TIMEOUT_S + 1)
    for data in held:
        wire.hub.hear(data)
    sent = wire.sent_frames
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S)
    assert wire.sent_frames - sent < limits.ENVELOPES_IN_FLIGHT


# --- a word for a person ---


def answer_with(status: AnswerStatus) -> Callable[[Wire], None]:
    def spoil(wire: Wire) -> None:
        def change(queue: deque[bytes]) -> None:
            if queue is wire.down:
                changed = [msgspec.structs.replace(decode_answer(data), status=status, code=f"test.{status}") for data in queue]
                queue.clear()
                queue.extend(encode_answer(answer) for answer in changed)

        wire.spoil = change

    return spoil


@pytest.mark.parametrize("status", [AnswerStatus.FORK, AnswerStatus.FENCED, AnswerStatus.REFUSED])
def test_a_person_is_called_once_and_told_when_it_is_over(status: AnswerStatus) -> None:
    wire = linked(100)
    wire.entries = journal(5_000, after=wire.entries)
    answer_with(status)(wire)
    code = "epoch.fenced" if status is AnswerStatus.FENCED else f"test.{status}"
    frames_before = wire.sent_frames
    wire.run(600)
    assert wire.alarms == [code], "an alarm must neither flap nor be repeated"
    assert wire.sent_frames - frames_before < 100, "nor may the link send in circles"
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 1)
    assert wire.alarms == [code, ""]


def test_a_refused_envelope_among_others_does_not_make_the_wire_spin() -> None:
    """The answers after it, gaps all of them, once started the sending anew at once: the same refusal at the speed of the WAN."""
    wire = Wire(journal(3_000)).connect()

    def refuse_the_second(queue: deque[bytes]) -> None:
        if queue is wire.down:
            answers = [decode_answer(data) for data in queue]
            spoiled = [
                msgspec.structs.replace(a, status=AnswerStatus.REFUSED, code="test.refused") if i == 1 and len(answers) > 2 else a
                for i, a in enumerate(answers)
            ]
            queue.clear()
            queue.extend(encode_answer(a) for a in spoiled)

    wire.spoil = refuse_the_second
    wire.exchange()
    assert wire.sent_frames < 100
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 1)


def test_two_boxes_that_wrote_the_same_sequence_are_a_fork_and_nothing_is_overwritten() -> None:
    wire = linked(100)
    other = Wire(journal(20, tag="other ", after=wire.entries[:90]), wire.hub, Sender(ME, sign, first_attempt=9_000)).connect()
    other.run(120)
    assert other.alarms == ["feed.fork"]
    assert wire.hub.rows == wire.entries


def test_a_fork_that_only_the_hub_can_see_is_told_by_the_hub() -> None:
    wire = linked(100)
    mine = journal(20, tag="mine ", after=wire.entries)
    theirs = journal(5, tag="theirs ", after=wire.entries)
    wire.entries = mine
    wire.hub.rows = theirs
    wire.run(2)
    assert wire.alarms == ["envelope.fork"]
    assert wire.sender.watermark.sequence == 100, "the other branch is not what the cloud has of this box"


def test_a_journal_that_was_cut_is_noticed_because_the_hub_is_ahead() -> None:
    wire = linked(100)
    wire.disconnect()
    del wire.entries[60:]
    wire.sender = Sender(ME, sign, first_attempt=5_000)
    wire.connect()
    wire.run(300)
    assert wire.alarms == ["feed.ahead"], "the alarm must not be cleared by each hello"
    assert wire.hub.watermark.sequence == 100


def test_a_link_that_was_refused_by_the_journal_goes_on_when_the_hub_is_healed() -> None:
    wire = linked(100)
    wire.disconnect()
    del wire.entries[60:]
    wire.connect()
    wire.run(100)
    wire.hub.restore(40, "second")
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 1)
    assert wire.alarms == ["feed.ahead", ""]


def test_a_refusal_by_the_journal_that_comes_late_is_of_no_concern() -> None:
    wire = linked(100)
    wire.disconnect()
    assert wire.sender.journal_refused("feed.fork", "late", wire.now) == []
    assert wire.sender.phase is Phase.OFFLINE


def test_what_is_said_to_the_other_box_of_the_site_in_an_attempt_of_the_same_number_is_not_for_us() -> None:
    """Boxes of one site hear one another's answers; two links that started in the same millisecond count their attempts alike."""
    sender = Sender(ME, sign, first_attempt=1)
    (hello,) = (frame for frame in frames([action.data for action in sender.connected(0.0) if isinstance(action, Publish)]))
    assert isinstance(hello, Hello)
    answer = Answer(attempt=hello.attempt, incarnation="i", status=AnswerStatus.OK, watermark=START, key="UANOTHERBOX")
    assert sender.answered(answer, 0.0) == []
    assert sender.phase is Phase.GREETING
    assert sender.answered(msgspec.structs.replace(answer, key=ME.key), 0.0) != []
