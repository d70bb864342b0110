"""A box that has trimmed its journal gets a release with another state format: it goes on selling, or says why not before it touches anything."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.app.identity import BoxIdentity
from edge.journal.checkpoint import read_checkpoint, state_hash
from edge.journal.raise_checkpoint import ensure_way_of_file
from edge.journal.rebuild import rebuild
from edge.journal.store import SqliteStore
from edge.journal.upgrade import upgrade
from edge.journal.verify import verify
from edge.main import _open
from shared.domain.registry import STATE_FORMAT
from shared.domain.upgrade import CHECKPOINT_UPGRADES, StateRow
from shared.operator_error import OperatorError
from tests.support.old_release import CLAIM
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import SITE

OLD = STATE_FORMAT - 1

Rows = list[tuple[object, ...]]


def projections(connection: sqlite3.Connection) -> Rows:
    return [*connection.execute("SELECT * FROM aggregates"), *connection.execute("SELECT * FROM commands")]


def as_older_release(path: Path) -> None:
    """The file as a release would have left it whose checks called their id otherwise, and that kept no books of days."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE checkpoint_aggregates SET state = replace(state, '\"check_id\"', '\"bill_id\"') WHERE kind = 'check'")
        connection.execute("DELETE FROM checkpoint_aggregates WHERE kind = 'day'")
        connection.execute("UPDATE checkpoint SET format = ?, state_hash = ?", (OLD, state_hash(connection)))
        connection.execute(f"PRAGMA user_version = {OLD}")


class Trimmed:
    """A box that has trimmed, as the release before left it; `projections` are those of today's release, `days` the books of the checkpoint."""

    def __init__(self, directory: Path) -> None:
        self.kit = SiteKit(directory)
        self.kit.load_menu()
        for name in "abcdef":
            self.kit.batch(*service(name, ("soup", "wine")))
        self.kit.store.trim(25)
        self.path, self.store = self.kit.path, self.kit.store
        self.projections = projections(self.store.connection)
        self.hash = read_checkpoint(self.store.connection).state_hash
        days = self.store.connection.execute("SELECT kind, id, state FROM checkpoint_aggregates WHERE kind = 'day'").fetchall()
        self.days = [StateRow(kind, id, json.loads(state)) for kind, id, state in days]
        as_older_release(self.path)

    def step(self, rows: Iterable[StateRow]) -> Iterator[StateRow]:
        """The way up from the planted format; it goes through the rows twice, as one that totals would."""
        assert sum(1 for _ in rows) == sum(1 for _ in rows) > 0
        for row in rows:
            state = {("check_id" if name == "bill_id" and row.kind == "check" else name): value for name, value in row.state.items()}
            yield StateRow(row.kind, row.id, state)
        yield from self.days

    def open_as_the_edge_does(self) -> None:
        store, _ = _open(self.path.parent, BoxIdentity(**CLAIM))
        store.close()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Trimmed]:
    made = Trimmed(tmp_path)
    yield made
    made.kit.close()


def test_a_trimmed_box_goes_on_after_an_update_whose_states_are_others(box: Trimmed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKPOINT_UPGRADES, OLD, box.step)
    assert upgrade(box.store) is not None
    assert _facts(projections(box.store.connection)) == _facts(box.projections)
    found = read_checkpoint(box.store.connection)
    assert (found.format, found.state_hash) == (STATE_FORMAT, state_hash(box.store.connection))
    assert verify(box.path, SITE).is_whole
    assert upgrade(box.store) is None
    box.kit.batch(*service("later"))
    box.store.trim(10**9)
    assert rebuild(box.store.connection, swap=True).differences == ()


def test_a_look_at_what_would_be_built_changes_nothing(box: Trimmed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKPOINT_UPGRADES, OLD, box.step)
    before = list(box.store.connection.iterdump())
    assert rebuild(box.store.connection, swap=False).differences == ()
    assert list(box.store.connection.iterdump()) == before


def test_a_trim_that_comes_first_brings_the_checkpoint_up_itself(box: Trimmed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKPOINT_UPGRADES, OLD, box.step)
    box.store.trim(33)
    assert read_checkpoint(box.store.connection).format == STATE_FORMAT
    assert verify(box.path, SITE).is_whole


def test_damage_from_before_the_update_still_shows_after_it(box: Trimmed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKPOINT_UPGRADES, OLD, box.step)
    with closing(sqlite3.connect(box.path)) as connection, connection:
        connection.execute("UPDATE checkpoint_aggregates SET state = replace(state, 'wine', 'wino')")
    upgrade(box.store)
    assert "not what was kept" in verify(box.path, SITE).problem


@pytest.mark.parametrize("format", [OLD, STATE_FORMAT + 1], ids=["no way up", "made by a newer release"])
def test_without_a_way_up_it_says_so_and_leaves_the_file_as_it_was(box: Trimmed, format: int) -> None:
    with closing(sqlite3.connect(box.path)) as connection, connection:
        connection.execute("UPDATE checkpoint SET format = ?", (format,))
    before = list(box.store.connection.iterdump())
    for attempt in (
        box.open_as_the_edge_does, lambda: upgrade(box.store), lambda: rebuild(box.store.connection, swap=True), lambda: box.store.trim(33),
        lambda: ensure_way_of_file(box.path),
    ):  # fmt: skip
        with pytest.raises(OperatorError) as refused:
            attempt()
        assert refused.value.code == "journal.checkpoint_format"
        assert "comanda edge restore" in refused.value.hint
    assert list(box.store.connection.iterdump()) == before


def test_a_power_cut_in_the_middle_leaves_the_old_checkpoint_and_the_next_start_goes_up(
    box: Trimmed, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def cut(rows: Iterable[StateRow]) -> Iterator[StateRow]:
        yield from list(box.step(rows))[:1]
        raise KeyboardInterrupt

    monkeypatch.setitem(CHECKPOINT_UPGRADES, OLD, cut)
    with pytest.raises(KeyboardInterrupt):
        upgrade(box.store)
    assert read_checkpoint(box.store.connection).format == OLD
    monkeypatch.setitem(CHECKPOINT_UPGRADES, OLD, box.step)
    again = SqliteStore(box.path)
    upgrade(again)
    assert _facts(projections(again.connection)) == _facts(box.projections)
    again.close()


def _facts(rows: Rows) -> Rows:
    """Rows without the sequence at which a state last changed: one that a step added is as old as the checkpoint."""
    return [(*row[:3], row[-1]) if len(row) == 5 else row for row in rows]
