"""The steps of a restore, over real files."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edge.journal.store import SqliteStore
from edge.restore import run as steps
from edge.restore.run import REPORT, Wanted, restore
from edge.settings import EdgeSettings
from shared.operator_error import OperatorError
from shared.protocol.entry import decode_entry
from tests.unit.edge.restore.kit import FakeHub, box_of, mirror_of, site_journal

JOURNAL = site_journal(3)


def _restore(tmp_path: Path, **wanted):
    return restore(EdgeSettings(data_dir=tmp_path / "new"), Wanted(**wanted))


def _entries(tmp_path: Path):
    store = SqliteStore(tmp_path / "new" / "journal.db")
    try:
        return [decode_entry(stored.entry) for stored in store.entries(0, 10_000)]
    finally:
        store.close()


def test_the_epoch_begins_at_the_time_of_the_last_entry_so_that_what_tablets_hold_can_be_played_as_at_its_own(tmp_path):
    box_of(tmp_path / "new")
    with FakeHub(JOURNAL.entries).serving() as hub:
        report = _restore(tmp_path, hub_url=hub.url)
    *before, begun = _entries(tmp_path)
    assert len(before) == len(JOURNAL.entries)
    assert (begun.epoch, begun.sequence, begun.at) == (2, len(before) + 1, before[-1].at)
    assert report.head == str(JOURNAL.head)
    assert msgspec.json.decode((tmp_path / "new" / REPORT).read_bytes(), type=type(report)) == report
    assert not (tmp_path / "new" / "restore.pending").exists()


def test_a_second_run_changes_nothing_and_says_the_same_of_what_was_there_before(tmp_path):
    box_of(tmp_path / "new")
    mirror_of(tmp_path / "stick", JOURNAL.entries)
    with FakeHub(JOURNAL.entries[:10]).serving() as hub:
        first = _restore(tmp_path, hub_url=hub.url, mirrors=(tmp_path / "stick",))
        entries = _entries(tmp_path)
        second = _restore(tmp_path, hub_url=hub.url, mirrors=(tmp_path / "stick",))
    assert _entries(tmp_path) == entries
    assert (first.head, first.highest_seen, first.missing) == (second.head, second.highest_seen, second.missing)


def test_a_refusal_before_anything_is_written_leaves_nothing_in_the_way_of_what_served_before(tmp_path):
    box_of(tmp_path / "new", epoch=1)
    with FakeHub(JOURNAL.entries).serving() as hub, pytest.raises(OperatorError) as caught:
        _restore(tmp_path, hub_url=hub.url)
    assert caught.value.code == "restore.epoch_used"
    assert not (tmp_path / "new" / "restore.pending").exists()


def test_a_box_whose_clock_is_out_of_the_carton_is_told_to_set_it(tmp_path, monkeypatch):
    class _Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2020, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(steps, "datetime", _Clock)
    box_of(tmp_path / "new")
    with FakeHub(JOURNAL.entries).serving() as hub:
        with pytest.raises(OperatorError) as caught:
            _restore(tmp_path, hub_url=hub.url)
        assert caught.value.code == "restore.clock_behind"
        assert (tmp_path / "new" / "restore.pending").exists(), "it is not at its end"
        _restore(tmp_path, hub_url=hub.url, accept_clock=True)
    assert b"ClockAccepted" in bytes(_entries(tmp_path)[-1].event)


def test_a_collection_that_was_stopped_is_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "serve", lambda settings, recover: None)  # SIGTERM while it waits
    box_of(tmp_path / "new")
    with FakeHub(JOURNAL.entries).serving() as hub, pytest.raises(OperatorError) as caught:
        _restore(tmp_path, hub_url=hub.url, tablets=2)
    assert caught.value.code == "restore.interrupted"
    assert (tmp_path / "new" / "restore.pending").exists()


@pytest.mark.parametrize(("content", "code"), [(b"{", "restore.menu_unfit"), (None, "restore.menu_unfit")])
def test_a_menu_that_is_none_is_told_before_anybody_waits_for_tablets(tmp_path, content, code):
    box_of(tmp_path / "new")
    if content is not None:
        (tmp_path / "menu.json").write_bytes(content)
    with pytest.raises(OperatorError) as caught:
        _restore(tmp_path, use_hub=False, menu=tmp_path / "menu.json")
    assert caught.value.code == code
