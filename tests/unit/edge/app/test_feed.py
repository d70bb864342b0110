"""The feed in memory: windows that are never shown with a hole, filters, and frames made once."""

import asyncio

import msgspec

from edge.app.feed import Batch, Change, Feed, Filter
from edge.app.site import Committed
from shared.domain.kernel import Aggregate, Key
from shared.domain.kitchen.ticket import Ticket, TicketStatus
from shared.domain.menu.overrides import ItemOverride
from shared.limits import FEED_RECENT_BATCHES, FEED_RECENT_ENTRIES
from shared.protocol.entry import START, Position, StoredEntry
from shared.protocol.session import BoxState, ChangesFrame, CloudState
from tests.unit.shared.domain.world import NOON, begun


def position(sequence: int) -> Position:
    return Position(1, sequence, sequence.to_bytes(32, "big")) if sequence else START


def committed(first: int, last: int, changes: dict[Key, Aggregate] | None = None) -> Committed:
    entries = tuple(StoredEntry(1, sequence, sequence.to_bytes(32, "big"), b"{}") for sequence in range(first, last + 1))
    return Committed(head=position(last), entries=entries, changes=changes or {})


def ticket(station: str) -> Ticket:
    return Ticket(
        ticket_id=station, station=station, number=1, epoch=1, check_id="c", check_number=1, table_id="1", business_date="2026-03-02",
        lines=(), status=TicketStatus.OPEN, created_at=NOON,
    )  # fmt: skip


def sequences(found: list[StoredEntry] | None) -> list[int] | None:
    return None if found is None else [entry.sequence for entry in found]


def test_recent_entries_are_a_window_without_holes() -> None:
    feed = Feed(position(10))
    assert sequences(feed.recent(10, 5)) == []
    assert sequences(feed.recent(9, 5)) is None, "what was written before the start is not in memory"
    feed.publish(committed(11, 13))
    feed.publish(committed(14, 14))
    assert sequences(feed.recent(10, 99)) == [11, 12, 13, 14]
    assert sequences(feed.recent(12, 99)) == [13, 14]
    assert sequences(feed.recent(11, 2)) == [12, 13]
    assert sequences(feed.recent(9, 99)) is None
    assert sequences(feed.recent(14, 99)) == []
    assert sequences(feed.recent(99, 99)) == []


def test_memory_is_bounded_and_whoever_falls_out_of_it_is_told_to_read_the_file() -> None:
    feed = Feed(START)
    feed.publish(committed(1, FEED_RECENT_ENTRIES + 5))
    assert sequences(feed.recent(4, 1)) is None
    assert sequences(feed.recent(5, 1)) == [6]
    for number in range(FEED_RECENT_BATCHES):
        feed.publish(committed(FEED_RECENT_ENTRIES + 6 + number, FEED_RECENT_ENTRIES + 6 + number))
    assert feed.batches(0) is None
    found = feed.batches(1)
    assert found is not None
    assert [place for place, _ in found] == list(range(2, FEED_RECENT_BATCHES + 2))
    assert feed.batches(feed.count) == []


def test_a_station_sees_its_tickets_only_and_a_till_sees_what_it_asked_for() -> None:
    world = begun()
    world.open("a")
    check = world.check("a")
    changes: dict[Key, Aggregate] = {
        ("check", check.check_id): check, ("ticket", "bar"): ticket("bar"), ("ticket", "oven"): ticket("oven")
    }  # fmt: skip
    batch = Batch(position(1), [Change(each, 1) for each in changes.values()])

    def seen(wanted: Filter) -> tuple[int, list[str]] | None:
        frame = batch.frame(wanted)
        if frame is None:
            return None
        decoded = msgspec.json.decode(frame, type=ChangesFrame)
        return len(decoded.checks), [each.station for each in decoded.tickets]

    assert seen(Filter()) == (1, ["bar", "oven"])
    assert seen(Filter(checks=False, station="bar")) == (0, ["bar"])
    assert seen(Filter(tickets=False)) == (1, [])
    assert seen(Filter(checks=False, station="grill")) is None
    assert batch.frame(Filter()) is batch.frame(Filter()), "encoded once, however many screens"


def test_a_word_from_the_cloud_reaches_every_screen() -> None:
    feed = Feed(position(3))
    feed.say_cloud(CloudState(sequence=3, link="sending"))
    batches = feed.batches(0)
    assert batches is not None
    frame = batches[0][1].frame(Filter(checks=False, tickets=False))
    assert frame is not None
    decoded = msgspec.json.decode(frame, type=ChangesFrame)
    assert decoded.cloud == CloudState(sequence=3, link="sending")
    assert decoded.position == str(position(3))


def test_what_has_run_out_reaches_every_screen_whatever_it_shows() -> None:
    out, restored = ItemOverride(item_id="soup", is_86=True), ItemOverride(item_id="wine")
    batch = Batch(position(1), (Change(out, 1), Change(restored, 1)))
    for wanted in (Filter(), Filter(checks=False, station="grill"), Filter(checks=False, tickets=False)):
        frame = batch.frame(wanted)
        assert frame is not None
        assert msgspec.json.decode(frame, type=ChangesFrame).overrides == (out, restored), "also one that says nothing any more"
    assert not batch.is_word, "it stands in the journal: a cursor behind it has seen it"


def test_alarms_reach_every_screen_and_an_all_clear_too() -> None:
    feed = Feed(position(3))
    feed.say_alarms(("kitchen.unshown",))
    feed.say_alarms(())
    batches = feed.batches(0)
    assert batches is not None
    assert [batch.is_word for _, batch in batches] == [True, True]
    frames = [batch.frame(Filter(checks=False, tickets=False)) for _, batch in batches]
    assert [msgspec.json.decode(frame or b"", type=ChangesFrame).alarms for frame in frames] == [("kitchen.unshown",), ()]


def test_a_check_is_told_with_the_entry_that_changed_it_not_with_the_last_of_its_group() -> None:
    world = begun()
    world.open("a")
    check = world.check("a")
    feed = Feed(START)
    entries = committed(1, 9).entries
    feed.publish(Committed(head=position(9), entries=entries, changes={("check", "a"): check}, sequences={("check", "a"): 4}))
    batches = feed.batches(0)
    assert batches is not None
    decoded = msgspec.json.decode(batches[0][1].frame(Filter()) or b"", type=ChangesFrame)
    assert (decoded.position, decoded.check_sequences) == (str(position(9)), (4,))
    assert feed.entry(9) == entries[8]
    assert [feed.entry(outside) for outside in (0, 10)] == [None, None]


def test_a_fence_is_told_to_every_screen_with_its_alarm() -> None:
    feed = Feed(position(3))
    feed.say_box(BoxState(epoch=1, fenced_epoch=2), ("epoch.fenced",))
    batches = feed.batches(0)
    assert batches is not None
    assert batches[0][1].is_word
    decoded = msgspec.json.decode(batches[0][1].frame(Filter(checks=False, station="grill")) or b"", type=ChangesFrame)
    assert (decoded.box, decoded.alarms) == (BoxState(epoch=1, fenced_epoch=2), ("epoch.fenced",))


async def test_everybody_who_waits_is_woken_and_nobody_misses_what_came_before_he_waited() -> None:
    feed = Feed(START)
    early = [asyncio.ensure_future(feed.wait(lambda: feed.head.sequence >= 2)) for _ in range(3)]
    await asyncio.sleep(0)
    feed.publish(committed(1, 1))
    await asyncio.sleep(0)
    assert not any(each.done() for each in early), "the condition is asked again after every batch"
    feed.publish(committed(2, 2))
    await asyncio.wait_for(asyncio.gather(*early), 5)
    await asyncio.wait_for(feed.wait(lambda: feed.head.sequence >= 2), 5)
