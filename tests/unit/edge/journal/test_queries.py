"""The plans by which SQLite answers: what screens and tills ask must not slow down as the journal grows."""

import sqlite3
from pathlib import Path

import pytest

from edge.journal import queries
from edge.journal.rebuild import rebuild
from edge.journal.schema import INDEXES, migrate
from edge.journal.store import SqliteStore
from tests.unit.edge.site_kit import SiteKit, service

NARROWED = {
    "status": "closed", "from_date": "2026-03-02", "to_date": "2026-03-02", "table_id": "", "owner_id": "", "service": "", "limit": 10,
}  # fmt: skip
PLANS = [
    (queries.LIVE, ("check", 10), "aggregates_live"),
    (queries.COUNT_LIVE, ("ticket",), "aggregates_live"),
    (queries.CHANGED_AFTER, (1, 10), "aggregates_updated"),
    (queries.OPEN_CHECKS, NARROWED, "aggregates_live"),
    (queries.CLOSED_CHECKS, NARROWED, "aggregates_closed"),
    (queries.BETWEEN_IDS, ("day", "2026-03-02", "2026-03-02/z", 10), "PRIMARY KEY"),
    (queries.LOAD_MANY.format(rows="(?, ?)"), ("ticket", "a", "b"), "PRIMARY KEY"),
    (queries.ENTRIES_NAMING, (1, 5_000, b"x", 10), "INTEGER PRIMARY KEY"),
]


def indexes_of(connection: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")}


@pytest.fixture
def kit(tmp_path: Path) -> SiteKit:
    made = SiteKit(tmp_path)
    made.load_menu()
    made.batch(*service("closed"))
    return made


@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_what_is_asked_again_and_again_is_found_by_an_index_also_after_a_rebuild(kit: SiteKit, is_rebuilt: bool) -> None:
    kit.close()
    connection = SqliteStore(kit.path).connection
    if is_rebuilt:
        rebuild(connection, swap=True)
    for sql, parameters, index in PLANS:
        steps = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert steps[0].startswith("SEARCH"), steps
        assert index in steps[0], steps
        if sql in (queries.LIVE, queries.OPEN_CHECKS):
            assert len(steps) == 1, "what is live is found in its order, and not sorted each time"
    connection.close()


def test_a_file_made_before_an_index_gets_it(kit: SiteKit) -> None:
    kit.close()
    connection = SqliteStore(kit.path).connection
    before = indexes_of(connection)
    assert set(INDEXES) <= before
    connection.execute("DROP INDEX aggregates_closed")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0003_indexes'")
    migrate(connection)
    assert indexes_of(connection) == before
    connection.close()
