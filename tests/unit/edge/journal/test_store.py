"""What is SQLite's own in the store: durability settings and the errors of the engine. The port's contract is in tests/contract."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.app.ports import CommitUnknownError, StorageFullError, Write
from edge.journal.store import SqliteStore
from tests.unit.edge.site_kit import SiteKit
from tests.unit.shared.domain.world import NOON

EMPTY = Write(entries=[], commands=[], aggregates={}, at=NOON)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "journal.db")
    yield made
    made.close()


class Stumbling:
    """A connection whose named statement fails as an engine would."""

    def __init__(self, real: sqlite3.Connection, statement: str, fail: Callable[[], Exception]) -> None:
        self._real, self._statement, self._fail = real, statement, fail

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql.startswith(self._statement):
            raise self._fail()
        return self._real.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def engine_error(code: int, text: str) -> Callable[[], Exception]:
    def make() -> Exception:
        error = sqlite3.OperationalError(text)
        error.sqlite_errorcode = code
        return error

    return make


def test_a_commit_is_synced_and_the_file_survives_a_power_cut(store: SqliteStore) -> None:
    pragma = {name: store.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragma == {"journal_mode": "wal", "synchronous": 2}
    store.reopen()
    assert store.connection.execute("PRAGMA synchronous").fetchone()[0] == 2, "after trouble as before"


@pytest.mark.parametrize(
    ("statement", "fail", "expected"),
    [
        ("COMMIT", engine_error(sqlite3.SQLITE_IOERR_FSYNC, "disk I/O error"), CommitUnknownError),
        ("COMMIT", engine_error(sqlite3.SQLITE_FULL, "database or disk is full"), StorageFullError),
        ("BEGIN", engine_error(sqlite3.SQLITE_BUSY, "database is locked"), CommitUnknownError),
        ("BEGIN", lambda: sqlite3.ProgrammingError("Cannot operate on a closed database."), CommitUnknownError),
    ],
)
def test_errors_of_the_engine_become_those_of_the_port(
    store: SqliteStore, statement: str, fail: Callable[[], Exception], expected: type[Exception]
) -> None:
    store.connection = Stumbling(store.connection, statement, fail)  # type: ignore[assignment] - as far as the store uses it
    with pytest.raises(expected):
        store.commit(EMPTY)
    store.reopen()
    store.commit(EMPTY)
    assert store.head().at is None


def test_what_failed_inside_a_transaction_is_gone_after_the_file_was_opened_anew(tmp_path: Path) -> None:
    kit = SiteKit(tmp_path)
    store, head = kit.store, kit.site.head
    store.connection.execute("BEGIN IMMEDIATE")
    store.connection.execute("DELETE FROM journal")
    store.reopen()
    assert store.head().position == head
    kit.close()


def test_two_entries_at_one_sequence_are_never_papered_over(tmp_path: Path) -> None:
    kit = SiteKit(tmp_path)
    entry = kit.store.entries(0, 1)[0]
    with pytest.raises(sqlite3.IntegrityError):
        kit.store.commit(Write(entries=[entry], commands=[], aggregates={}, at=NOON))
    assert not kit.store.connection.in_transaction, "and the next write finds the file free"
    kit.load_menu()
    kit.close()


def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is a shopping list, " * 100)
    with pytest.raises(sqlite3.DatabaseError):
        SqliteStore(path)
    assert path.read_bytes().startswith(b"this is a shopping list")


def test_what_is_found_after_a_failed_commit_is_synced_before_a_repeat_is_answered_from_it(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync of a commit failed; its entries were seen again after reopening, acknowledged, and gone at the next power cut."""
    reader = sqlite3.connect(tmp_path / "journal.db")  # keeps the WAL from being folded in when the writer lets go
    reader.execute("SELECT count(*) FROM journal").fetchone()
    store.put_document("v1", "menu", b"menu")
    synced: list[str] = []
    monkeypatch.setattr("edge.journal.store.os.fsync", lambda file: synced.append(Path(f"/proc/self/fd/{file}").readlink().name))
    store.reopen()
    reader.close()
    assert synced == ["journal.db-wal"]
    assert store.document("v1") == b"menu"
