"""The sending end, wired to a receiving one: every way in which the WAN, the hub or the journal can fail, and what heals it."""

import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import limits
from shared.protocol.entry import START
from shared.protocol.envelope import Envelope, Hello, decode_answer
from shared.protocol.sender import Alarm, Follow, Phase, Publish, Sender, Watermark
from tests.unit.shared.protocol.wire import ME, Wire, frames, journal, linked, sign

# --- an ordinary day ---


def test_a_backlog_of_a_night_arrives_in_order_and_the_till_is_told() -> None:
    wire = linked(10_000)
    assert wire.watermarks[-1].position == wire.entries[-1].position
    assert wire.alarms == []


def test_an_order_goes_out_at_once() -> None:
    wire = linked(10)
    wire.entries = journal(3, after=wire.entries)
    wire.exchange()
    assert wire.arrived()


def test_an_idle_site_says_hello_now_and_then_with_its_live_figures() -> None:
    wire = linked(10)
    before = wire.sent_frames
    wire.run(limits.HELLO_INTERVAL_S * 4)
    assert 3 <= wire.sent_frames - before <= 5


def test_the_pipeline_is_bounded_in_flight_and_in_memory() -> None:
    wire = Wire(journal(12_000)).connect()
    wire.spoil = lambda queue: None
    hello = wire.up.popleft()
    wire.act(wire.sender.answered(decode_answer(wire.hub.hear(hello)), 0.0))
    wire.feed()
    assert len(wire.up) == limits.ENVELOPES_IN_FLIGHT
    assert wire.follows is not None
    assert wire.follows <= limits.ENTRIES_BUFFERED_MAX + limits.ENVELOPES_IN_FLIGHT * limits.ENVELOPE_ENTRIES_MAX
    assert not wire.sender.wants_entries


def test_envelopes_are_bounded_in_entries_and_bytes_and_never_mix_epochs() -> None:
    old = journal(150, size=3_000)
    wire = Wire(journal(250, epoch=2, after=old, size=3_000)).connect()
    seen: list[Envelope] = []
    wire.spoil = lambda queue: seen.extend(f for f in frames(queue) if isinstance(f, Envelope)) if queue is wire.up else None
    assert wire.run(30, wire.arrived)
    for envelope in seen:
        entries = envelope.entries()
        assert len(entries) <= limits.ENVELOPE_ENTRIES_MAX
        assert sum(map(len, entries)) <= limits.ENVELOPE_BYTES_MAX
        assert envelope.epoch == (1 if envelope.last <= 150 else 2)


def test_an_entry_larger_than_an_envelope_goes_alone() -> None:
    big = journal(1, after=journal(5), size=limits.ENVELOPE_BYTES_MAX + 1)
    wire = Wire(journal(5, after=big)).connect()
    assert wire.run(10, wire.arrived)


def test_a_link_that_starts_again_goes_on_where_the_hub_stands() -> None:
    wire = linked(500)
    wire.disconnect()
    again = Wire(journal(300, after=wire.entries), wire.hub, Sender(ME, sign, first_attempt=2_000)).connect()
    assert again.run(5, again.arrived)


# --- the WAN ---


@pytest.mark.parametrize("direction", ["up", "down"])
def test_everything_lost_for_an_hour_is_sent_again(direction: str) -> None:
    wire = linked(100)
    wire.entries = journal(5_000, after=wire.entries)
    wire.spoil = lambda queue: queue.clear() if queue is getattr(wire, direction) else None
    wire.run(3_600)
    assert not wire.arrived() or direction == "down"
    wire.heal(within_s=40)


def test_a_cable_pulled_out_and_put_back() -> None:
    wire = linked(100)
    wire.disconnect()
    assert wire.sender.phase is Phase.OFFLINE
    wire.entries = journal(900, after=wire.entries)
    wire.run(600)
    assert wire.hub.watermark.sequence == 100
    wire.connect()
    wire.heal(within_s=5)


def test_one_envelope_lost_among_many_is_asked_for_at_once() -> None:
    wire = Wire(journal(2_000)).connect()
    lost: list[bytes] = []

    def lose_the_third(queue: deque[bytes]) -> None:
        if queue is wire.up and len(queue) > 5 and not lost:
            lost.append(queue[2])
            del queue[2]

    wire.spoil = lose_the_third
    wire.exchange()
    assert lost
    assert wire.arrived()


def test_a_slow_hub_is_not_buried_under_copies() -> None:
    """The lane stands still for a quarter of an hour. Each hello is answered at once, for hellos overtake the lanes. The site
    once sent its whole window again every five seconds, and so did every other site of the lane."""
    wire = Wire(journal(3_200)).connect()
    lane: list[bytes] = []

    def stand_still(queue: deque[bytes]) -> None:
        if queue is wire.up:
            lane.extend(data for data, frame in zip(queue, frames(queue), strict=True) if isinstance(frame, Envelope))
            hellos = [data for data, frame in zip(queue, frames(queue), strict=True) if isinstance(frame, Hello)]
            queue.clear()
            queue.extend(hellos)

    wire.spoil = stand_still
    wire.run(900)
    windows = len(lane) / limits.ENVELOPES_IN_FLIGHT
    assert windows <= 2 + 900 / limits.HELLO_RETRY_MAX_S + 3
    for data in lane:
        wire.hub.hear(data)
    wire.heal(within_s=limits.HELLO_RETRY_MAX_S + 1)


def test_an_envelope_that_never_gets_through_does_not_make_the_wire_spin() -> None:
    """Too large for the broker, say: the ones after it are answered with a gap, as fast as they are sent."""
    wire = Wire(journal(1_000)).connect()

    def never_the_first(queue: deque[bytes]) -> None:
        if queue is wire.up:
            kept = [d for d, f in zip(queue, frames(queue), strict=True) if not (isinstance(f, Envelope) and f.first == 1)]
            queue.clear()
            queue.extend(kept)

    wire.spoil = never_the_first
    wire.run(600)
    assert wire.sent_frames < 200
    wire.heal(within_s=60)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 1_500), st.floats(0, 0.6), st.floats(0, 0.5), st.booleans())
def test_whatever_the_wan_does_the_hub_gets_the_journal_once_and_in_order(
    seed: int, count: int, loss: float, doubling: float, reorder: bool
) -> None:
    rng = random.Random(seed)
    wire = Wire(journal(count))

    def spoil(queue: deque[bytes]) -> None:
        kept = [data for data in queue if rng.random() >= loss]
        kept += [data for data in kept if rng.random() < doubling]
        if reorder:
            rng.shuffle(kept)
        queue.clear()
        queue.extend(kept)

    wire.spoil = spoil
    wire.connect()
    for _ in range(rng.randrange(6)):
        wire.run(rng.uniform(0, 60))
        match rng.randrange(5):
            case 0:
                wire.disconnect()
                wire.run(rng.uniform(0, 20))
                wire.connect()
            case 1:
                wire.hub.restore(rng.randrange(len(wire.hub.rows) + 1), f"restored {wire.now}")
            case 2:
                wire.hub.is_up = not wire.hub.is_up
            case 3:
                wire.entries = journal(rng.randrange(300), after=wire.entries)
            case _:
                old, wire.sender = wire.sender, Sender(ME, sign, first_attempt=int(wire.now) + 5_000)
                assert old is not wire.sender
                wire.up.clear()
                wire.connect()
        assert wire.hub.rows == wire.entries[: len(wire.hub.rows)]
    wire.heal(within_s=limits.UNAVAILABLE_RETRY_MAX_S * 3)


# --- the feed ---


def test_a_feed_that_was_lost_is_read_on_from_where_it_was() -> None:
    wire = linked(100)
    wire.journal_lost = True
    wire.entries = journal(50, after=wire.entries)
    wire.run(120)
    assert wire.sender.read_position == wire.entries[99].position
    wire.journal_lost = False
    wire.heal(within_s=2)


def test_a_feed_that_skips_is_read_again() -> None:
    wire = linked(100)
    more = journal(10, after=wire.entries)
    actions = wire.sender.entries(more[105:], wire.now)
    assert Follow(wire.entries[-1].position) in actions
    assert wire.sender.read_position == wire.entries[-1].position


def test_entries_that_come_while_greeting_are_not_kept() -> None:
    entries = journal(10)
    sender = Sender(ME, sign, first_attempt=1)
    sender.connected(0.0)
    assert sender.entries(entries, 0.0) == []
    assert sender.read_position == START
    assert sender.head == entries[-1].position, "but the next hello tells where the journal stands"


def test_short_envelopes_never_wait_for_a_fill_that_does_not_come() -> None:
    wire = linked(100)
    held: list[bytes] = []

    def lose_answers(queue: deque[bytes]) -> None:
        if queue is wire.down:
            held.extend(queue)
            queue.clear()

    wire.spoil = lose_answers
    for _ in range(10):
        wire.entries = journal(1, after=wire.entries)
        wire.exchange()
    assert wire.hub.watermark.sequence < 110, "some wait while four are in flight"
    wire.heal(within_s=limits.ANSWER_TIMEOUT_S + 2)


def test_watermark_alarm_and_follow_are_all_a_shell_has_to_carry_out() -> None:
    wire = Wire(journal(10)).connect()
    kinds = {type(action) for action in wire.sender.answered(decode_answer(wire.hub.hear(wire.up.popleft())), 0.0)}
    assert kinds <= {Publish, Follow, Watermark, Alarm}
