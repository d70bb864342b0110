"""A refused envelope is halved down to its entry: one bad entry stops nobody before it, and names itself (Law 11)."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared import limits
from shared.protocol.bisection import Bisection
from shared.protocol.envelope import AnswerStatus, Envelope, decode_answer, encode_answer
from shared.protocol.sender import Phase, Sender
from tests.unit.shared.protocol.wire import ME, Hub, Wire, frames, journal, read_claim, sign


def poisoned(at: int, count: int = 1_000) -> Wire:
    wire = Wire(journal(count))
    wire.hub.poison = {wire.entries[at - 1].entry}
    return wire.connect()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1_000))
def test_all_before_the_entry_gets_through_and_it_is_named(at: int) -> None:
    wire = poisoned(at)
    wire.run(5)
    assert wire.hub.rows == wire.entries[: at - 1]
    assert wire.alarms == ["envelope.refused_entry"]
    assert wire.sender.phase is Phase.HOLDING
    assert wire.sent_frames < 60


def test_the_alarm_names_the_position_and_what_the_hub_said() -> None:
    wire = poisoned(77)
    wire.run(5)
    assert str(wire.entries[76].position) in wire.details[0]
    assert "hub.unstorable" in wire.details[0]


def test_the_entry_is_tried_again_now_and_then_and_the_alarm_does_not_flap() -> None:
    wire = poisoned(500)
    wire.run(3_600)
    assert wire.alarms == ["envelope.refused_entry"]
    assert wire.sent_frames < 60 + 3_600 / limits.HELLO_RETRY_MAX_S * 4


def test_a_hub_that_was_mended_takes_the_entry_and_all_that_waited_and_the_alarm_is_over() -> None:
    wire = poisoned(500)
    wire.run(100)
    wire.hub.poison.clear()
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 3)
    assert wire.alarms == ["envelope.refused_entry", ""]


def test_a_refusal_that_was_of_the_moment_is_no_alarm() -> None:
    wire = poisoned(500)
    refusals = 0

    def mend_after_two(queue: deque[bytes]) -> None:
        nonlocal refusals
        if queue is wire.down:
            refusals += sum(decode_answer(data).status is AnswerStatus.REFUSED for data in queue)
            if refusals >= 2:
                wire.hub.poison.clear()

    wire.spoil = mend_after_two
    assert wire.run(5, wire.arrived)
    assert refusals >= 2
    assert wire.alarms == []


def test_two_bad_entries_are_found_one_after_the_other() -> None:
    wire = poisoned(150)
    wire.hub.poison.add(wire.entries[700].entry)
    wire.run(60)
    assert len(wire.hub.rows) == 149
    wire.hub.poison.discard(wire.entries[149].entry)
    wire.run(60)
    assert len(wire.hub.rows) == 700
    assert wire.alarms == ["envelope.refused_entry", "", "envelope.refused_entry"]


def test_a_box_that_is_not_known_any_more_is_told_so_and_its_entries_are_not_blamed() -> None:
    wire = Wire(journal(100)).connect()
    assert wire.run(5, wire.arrived)
    wire.entries = journal(1, after=wire.entries)

    def refuse(queue: deque[bytes]) -> None:
        if queue is wire.down:
            said = [replace(decode_answer(data), status=AnswerStatus.REFUSED, incarnation="", code="key.unknown") for data in queue]
            queue.clear()
            queue.extend(encode_answer(answer) for answer in said)

    wire.spoil = refuse
    wire.run(100)
    assert wire.alarms == ["key.unknown"]


def forgets(wire: Wire, refusals: int) -> Wire:
    """The hub refuses so many envelopes because it knows no such box, though it takes every hello: it learns the claim from that, and is
    restored again."""
    wire.hub.poison = {wire.entries[-1].entry}

    def forget(queue: deque[bytes]) -> None:
        nonlocal refusals
        if queue is wire.down:
            said = [decode_answer(data) for data in queue]
            refusals -= sum(answer.status is AnswerStatus.REFUSED for answer in said)
            queue.clear()
            queue.extend(
                encode_answer(replace(answer, code="key.unknown") if answer.status is AnswerStatus.REFUSED else answer) for answer in said
            )
            if refusals <= 0:
                wire.hub.poison.clear()

    wire.spoil = forget
    return wire


def test_a_hub_that_has_forgotten_the_claim_twice_is_told_it_and_no_entry_is_blamed() -> None:
    wire = forgets(Wire(journal(1)).connect(), refusals=2)
    assert wire.run(5, wire.arrived)
    assert wire.alarms == []


def test_a_hub_that_takes_our_hello_and_no_envelope_is_asked_no_more_than_now_and_then() -> None:
    wire = forgets(Wire(journal(1)).connect(), refusals=1_000)
    wire.run(3_600)
    assert wire.alarms == ["key.unknown"]
    assert wire.sent_frames < 20 + 3_600 / limits.HELLO_RETRY_MAX_S * 4


def test_a_bad_entry_of_a_branch_is_found_as_well() -> None:
    hub = Hub()
    wire = Wire(journal(10), hub, Sender(ME, sign, first_attempt=1, read_claim=read_claim)).connect()
    assert wire.run(5, wire.arrived)
    hub.replace_box()
    wire.entries = journal(400, after=wire.entries)
    hub.poison = {wire.entries[299].entry}
    wire.run(60)
    assert hub.branches[1].rows == wire.entries[10:299]
    assert wire.alarms[:2] == ["epoch.fenced", "envelope.refused_entry"]
    wire.run(600)
    assert len(wire.alarms) == 2, "no flapping between the two"
    hub.poison.clear()
    assert wire.run(60, wire.kept)
    assert wire.alarms == ["epoch.fenced", "envelope.refused_entry", "epoch.fenced"]


def test_while_searching_one_envelope_is_in_flight() -> None:
    wire = poisoned(120)
    together: list[int] = []

    def watch(queue: deque[bytes]) -> None:
        if queue is wire.up and (envelopes := [frame for frame in frames(queue) if isinstance(frame, Envelope)]):
            together.append(len(envelopes))

    wire.spoil = watch
    wire.run(5)
    assert together[0] > 1
    assert set(together[1:]) == {1}


@pytest.mark.parametrize(("lasts", "held", "suspect"), [((), 0, 0), ((200, 400), 0, 200), ((200, 400), 200, 400), ((200,), 200, 0)])
def test_the_first_run_beyond_what_the_hub_holds_is_the_suspect(lasts: tuple[int, ...], held: int, suspect: int) -> None:
    bisection = Bisection()
    assert bisection.refused(lasts, 0) is False
    assert bisection.suspect(held) == suspect


def test_a_restored_hub_ends_the_search_instead_of_getting_everything_one_by_one() -> None:
    bisection = Bisection()
    bisection.refused([100_000], 99_999)
    assert bisection.suspect(10) == 0
