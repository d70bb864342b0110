"""After an update: a box that ran release 0.1 builds its projections anew by itself, and survives being cut off at it."""

import json
import logging
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edge.app.identity import BoxIdentity
from edge.app.site import Site
from edge.journal import rebuild as rebuild_module
from edge.journal.schema import INDEXES, format_of
from edge.journal.store import SqliteStore
from edge.journal.upgrade import upgrade
from shared.domain.check.books import DAY, DayBook
from shared.domain.registry import AGGREGATES, STATE_FORMAT
from shared.protocol.entry import StoredEntry, decode_entry
from tests.corpus.reading import Follower
from tests.support.old_release import CLAIM, write_v01
from tests.support.programs import ROOT
from tests.unit.edge.site_kit import SiteKit, entries_of, service
from tests.unit.shared.domain.world import NOON

CORPUS = ROOT / "tests" / "corpus"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "journal.db"
    write_v01(made)
    return made


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    opened.close()


def rows(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """What the projections say, and which tables there are."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
    return [*tables, *connection.execute("SELECT * FROM aggregates"), *connection.execute("SELECT * FROM commands")]


def test_a_box_that_ran_the_last_release_has_its_books_after_the_update(store: SqliteStore) -> None:
    assert format_of(store.connection) == 0
    built = upgrade(store)
    assert built is not None
    assert (built.entries, built.unknown_events, format_of(store.connection)) == (26, 0, STATE_FORMAT)
    site = Site(BoxIdentity(**CLAIM), store, lambda: NOON)
    assert site.start() is None, "its epoch has begun"
    book = site.find(DayBook, DAY, "2026-10-24/EUR")
    assert book is not None
    assert (book.sales.orders, book.sales.gross_minor, book.sales.net_minor, book.sales.tax_minor) == (1, 5247, 4678, 594)
    assert {name: tender.amount_minor for name, tender in book.tenders.items()} == {"cash": 5272}
    indexes = {str(name) for (name,) in store.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    assert set(INDEXES) <= indexes


def test_it_is_done_once(store: SqliteStore) -> None:
    upgrade(store)
    before = rows(store.connection)
    assert upgrade(store) is None
    assert rows(store.connection) == before


def test_a_file_that_this_release_made_is_left_alone(tmp_path: Path) -> None:
    kit = SiteKit(tmp_path)
    kit.load_menu()
    kit.batch(*service("a"))
    assert upgrade(kit.store) is None
    kit.close()


def test_a_box_that_goes_back_a_release_does_not_go_on_with_what_it_cannot_know(store: SqliteStore) -> None:
    upgrade(store)
    store.connection.execute(f"PRAGMA user_version = {STATE_FORMAT + 1}")
    assert upgrade(store) is not None
    assert format_of(store.connection) == STATE_FORMAT


def test_what_is_built_is_what_the_release_itself_would_have_made(store: SqliteStore) -> None:
    upgrade(store)
    assert rebuild_module.rebuild(store.connection, swap=False).differences == ()


def test_the_log_tells_how_far_it_is(store: SqliteStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.journal.upgrade.REBUILD_PROGRESS_INTERVAL_S", 0.0)
    monkeypatch.setattr("edge.journal.rebuild.VERIFY_PAGE_ENTRIES", 10)
    with caplog.at_level(logging.INFO):
        upgrade(store)
    assert [f"built anew: {done} of 26 entries" in caplog.text for done in (10, 20, 26)] == [True] * 3


@pytest.mark.parametrize("page", [1, 2, 3])
def test_an_error_in_the_middle_leaves_the_file_as_it_was(store: SqliteStore, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(rebuild_module, "VERIFY_PAGE_ENTRIES", 10)
    before = rows(store.connection)
    seen: list[int] = []

    def trip(sequence: int) -> None:
        seen.append(sequence)
        if len(seen) == page:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_module.rebuild(store.connection, swap=True, progress=trip)
    assert rows(store.connection) == before
    assert format_of(store.connection) == 0


DIES = """
import os, signal, sys
from pathlib import Path
from edge.journal import rebuild, upgrade
from edge.journal.store import SqliteStore

path, name, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real = getattr(rebuild, name)

def die(*given):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)

rebuild.VERIFY_PAGE_ENTRIES = 10
setattr(rebuild, name, die)
upgrade.upgrade(SqliteStore(path))
"""


@pytest.mark.parametrize(("step", "times"), [("fold", 0), ("fold", 15), ("create_indexes", 0), ("mark_format", 0)])
def test_power_that_fails_at_any_moment_costs_nothing_and_the_next_start_does_it(path: Path, step: str, times: int) -> None:
    journal = list(entries_of(path))
    done = subprocess.run([sys.executable, "-c", DIES, str(path), step, str(times)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    with closing(SqliteStore(path)) as store:
        assert format_of(store.connection) == 0
        assert store.connection.execute("SELECT count(*) FROM aggregates").fetchone() == (12,), "the old projections stand"
        assert upgrade(store) is not None
        assert store.connection.execute("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'rebuilt%'").fetchone() == (0,)
        assert store.connection.execute("SELECT count(*) FROM aggregates WHERE kind = 'day'").fetchone() == (2,)
    assert list(entries_of(path)) == journal


FORMATS = {"v0.1": 0, "v0.2": 2, "v0.3": 3}
"""The state format of every release whose journal is frozen."""


def test_states_in_the_field_that_are_of_this_format_can_be_gone_on_with() -> None:
    """A box only builds its projections anew when the format says so: else what it holds must be what this release would have made."""
    assert set(FORMATS) == {path.name for path in CORPUS.glob("v*.*")}, "say which state format the new release has"
    for version in (name for name, format in FORMATS.items() if format == STATE_FORMAT):
        follower = Follower()
        for epoch, sequence, digest, text in json.loads((CORPUS / version / "journal.json").read_text(encoding="utf-8")):
            follower.take(decode_entry(StoredEntry(epoch, sequence, bytes.fromhex(digest), text.encode()).entry))
        held = json.loads((CORPUS / version / "state.json").read_text(encoding="utf-8"))
        now = {f"{kind} {id}": state for (kind, id), state in follower.states.items()}
        advice = "raise STATE_FORMAT in shared/domain/registry.py: boxes in the field must build this anew"
        assert set(held) == set(now), advice
        for key, state in held.items():
            assert msgspec.convert(state, AGGREGATES[key.partition(" ")[0]]) == now[key], f"{key}: {advice}"
