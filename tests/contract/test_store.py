"""One suite for the `Store` port of the edge: the simulated disk and the SQLite file must not differ in anything that `Site` sees."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edge.app.ports import AggregateRow, CommandRecord, Head, Store, Write
from edge.journal.store import SqliteStore
from shared.domain.ids import derived_id
from shared.protocol.entry import GENESIS_HASH, START, Entry, StoredEntry, encode_entry, entry_hash
from tests.sim.store import Disk, SimStore

NOON = datetime(2026, 3, 2, 11, tzinfo=UTC)
Open = Callable[[], Store]


@pytest.fixture(params=["simulated", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same journal again and again, as a box does that is switched off and on."""
    opened: list[Store] = []
    disk = Disk()

    def again() -> Store:
        for store in opened:
            if isinstance(store, SqliteStore):
                store.close()
        opened[:] = [SqliteStore(tmp_path / "journal.db") if request.param == "sqlite" else SimStore(disk)]
        return opened[0]

    yield again
    for store in opened:
        if isinstance(store, SqliteStore):
            store.close()


def entries_after(before: StoredEntry | None, count: int) -> list[StoredEntry]:
    made: list[StoredEntry] = []
    last = before
    for _ in range(count):
        sequence = last.sequence + 1 if last else 1
        data = encode_entry(
            Entry(
                org="o", site="s", epoch=1, sequence=sequence, at=NOON + timedelta(seconds=sequence), date="2026-03-02",
                command=derived_id("c", sequence), ordinal=0, of=1, event=msgspec.Raw(b'{"type":"Nothing"}'), digest="d",
            )
        )  # fmt: skip
        last = StoredEntry(1, sequence, entry_hash(last.hash if last else GENESIS_HASH, data), data)
        made.append(last)
    return made


def write(entries: list[StoredEntry], **aggregates: AggregateRow) -> Write:
    """A write in which every entry is a command of its own."""
    return Write(
        entries=entries,
        commands=[CommandRecord(derived_id("c", entry.sequence), f"{entry.sequence:064x}", entry.sequence, 1) for entry in entries],
        aggregates={("check", name): row for name, row in aggregates.items()},
        at=NOON + timedelta(seconds=entries[-1].sequence),
    )


def test_an_empty_journal_stands_before_its_first_entry(open_store: Open) -> None:
    store = open_store()
    assert store.head() == Head(START, None)
    assert store.entries(0, 10) == []
    assert store.load("check", "a") is None
    assert store.find_commands([derived_id("c", 1)]) == {}
    assert store.document("v") is None


def test_what_was_committed_is_there_whole_and_after_the_box_was_switched_off(open_store: Open) -> None:
    first = entries_after(None, 3)
    second = entries_after(first[-1], 2)
    store = open_store()
    store.commit(write(first, a=AggregateRow(b'{"n":1}', True, 3), b=AggregateRow(b'{"n":"\xc3\xa9"}', True, 2)))
    store.commit(write(second, a=AggregateRow(b'{"n":2}', False, 5)))
    for read in (lambda: store, open_store):
        reader = read()
        assert reader.head() == Head(second[-1].position, NOON + timedelta(seconds=5))
        assert reader.entries(0, 100) == first + second
        assert reader.load("check", "a") == b'{"n":2}'
        assert reader.load("check", "b") == b'{"n":"\xc3\xa9"}'
        assert reader.load("ticket", "a") is None
        assert reader.find_commands([derived_id("c", 4)]) == {derived_id("c", 4): CommandRecord(derived_id("c", 4), f"{4:064x}", 4, 1)}


def test_pages_of_the_journal_are_bounded_and_in_order(open_store: Open) -> None:
    entries = entries_after(None, 10)
    store = open_store()
    store.commit(write(entries))
    assert store.entries(0, 3) == entries[:3]
    assert store.entries(8, 3) == entries[8:]
    assert store.entries(10, 3) == []
    assert store.entries(99, 3) == []


@pytest.mark.parametrize("first", [1, 3])
def test_an_entry_at_a_sequence_that_is_taken_is_refused_and_nothing_is_written(open_store: Open, first: int) -> None:
    entries = entries_after(None, 3)
    store = open_store()
    store.commit(write(entries))
    with pytest.raises(Exception, match=r"."):
        store.commit(write(entries[first - 1 :], a=AggregateRow(b"{}", True, 3)))
    assert store.entries(0, 100) == entries
    assert store.load("check", "a") is None
    store.reopen()
    assert store.entries(0, 100) == entries
    more = entries_after(entries[-1], 1)
    store.commit(write(more))
    assert store.head().position == more[-1].position


def test_a_command_that_is_known_is_refused_with_the_whole_write(open_store: Open) -> None:
    entries = entries_after(None, 1)
    store = open_store()
    store.commit(write(entries))
    more = entries_after(entries[-1], 1)
    again = Write(entries=more, commands=[CommandRecord(derived_id("c", 1), "0" * 64, 2, 1)], aggregates={}, at=NOON)
    with pytest.raises(Exception, match=r"."):
        store.commit(again)
    assert store.entries(0, 100) == entries
    record = store.find_commands([derived_id("c", 1)])[derived_id("c", 1)]
    assert record is not None
    assert record.first_sequence == 1


def test_reopening_changes_nothing_that_was_committed(open_store: Open) -> None:
    entries = entries_after(None, 4)
    store = open_store()
    store.commit(write(entries, a=AggregateRow(b"{}", True, 4)))
    store.put_document("v1", "menu", b"menu")
    store.reopen()
    assert store.head().position == entries[-1].position
    assert store.entries(0, 10) == entries
    assert store.load("check", "a") == b"{}"
    assert store.document("v1") == b"menu"


def test_a_document_is_kept_by_its_hash_and_the_same_twice_is_no_change(open_store: Open) -> None:
    store = open_store()
    store.put_document("v1", "menu", b'{"name":"Lunch"}')
    store.put_document("v1", "menu", b'{"name":"Lunch"}')
    store.put_document("v2", "menu", b"\x00\xff")
    for read in (lambda: store, open_store):
        reader = read()
        assert reader.document("v1") == b'{"name":"Lunch"}'
        assert reader.document("v2") == b"\x00\xff"
        assert reader.document("v3") is None


def test_a_journal_of_many_commits_is_read_back_byte_for_byte(open_store: Open) -> None:
    store = open_store()
    written: list[StoredEntry] = []
    for size in (1, 2, 64, 5, 600):
        more = entries_after(written[-1] if written else None, size)
        store.commit(write(more))
        written += more
    assert open_store().entries(0, 10_000) == written
