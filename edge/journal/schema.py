"""The journal's tables, as migrations that sqlite-utils applies and records.

What lives here: DDL only. `journal` is the truth; `commands` and `aggregates` are projections of it that can be dropped and
rebuilt (Law 2); the rest is what Law 2 names as not in the journal: received documents, followers' positions, devices.
"""

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

__all__ = ["INDEXES", "PROJECTIONS", "create_projections", "migrate"]

migrations = Migrations("comanda.edge")

PROJECTIONS = ("commands", "aggregates")
INDEXES = ("aggregates_updated", "aggregates_live", "aggregates_closed")

_JOURNAL = """
-- One row an entry, never changed. entry: the bytes as first written; hash: SHA-256 over the hash before and those bytes.
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    epoch    INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    entry    BLOB NOT NULL
) STRICT;
"""

_PROJECTIONS = """
-- Which entries an accepted command made. id: the UUID's 16 bytes; digest: SHA-256 of the command, 32 bytes.
CREATE TABLE {prefix}commands (
    id             BLOB PRIMARY KEY,
    digest         BLOB NOT NULL,
    first_sequence INTEGER NOT NULL,
    count          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The present state of every aggregate, as JSON. is_live: whether a screen still shows it.
CREATE TABLE {prefix}aggregates (
    kind             TEXT NOT NULL,
    id               TEXT NOT NULL,
    is_live          INTEGER NOT NULL,
    updated_sequence INTEGER NOT NULL,
    state            TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
"""

_INDEXES = """
-- What changed after a cursor, and what is live: the two questions of a screen. What was closed on a date: that of a report.
CREATE INDEX {prefix}aggregates_updated ON {prefix}aggregates (updated_sequence);
CREATE INDEX {prefix}aggregates_live ON {prefix}aggregates (kind) WHERE is_live;
CREATE INDEX {prefix}aggregates_closed ON {prefix}aggregates (json_extract(state, '$.business_date'), updated_sequence)
WHERE kind = 'check' AND NOT is_live;
"""

_BOX = """
-- Documents received or loaded, by content hash: menus.
CREATE TABLE documents (
    version     TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    body        BLOB NOT NULL,
    received_at TEXT NOT NULL
) STRICT;

-- Where each follower stands, as it last told: the link's row is what the cloud has.
CREATE TABLE followers (
    name       TEXT PRIMARY KEY,
    position   TEXT NOT NULL,
    info       TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- Devices with a token. token_hash: SHA-256 of the token; the token itself is nowhere kept.
CREATE TABLE devices (
    device_id  TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;
"""


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]


def create_projections(connection: sqlite3.Connection, prefix: str = "", *, tables: bool = True) -> None:
    """Create the projection tables, or with `tables` off only their indexes, in the transaction that is open."""
    script = (_PROJECTIONS if tables else "") + _INDEXES
    for statement in _statements(script.format(prefix=prefix)):
        connection.execute(statement)


@migrations()
def m0001_journal(db: Database) -> None:
    for statement in _statements(_JOURNAL) + _statements(_BOX):
        db.conn.execute(statement)
    create_projections(db.conn)


@migrations()
def m0002_indexes(db: Database) -> None:
    """All indexes as they are now: a file made before this release lacks that of closed checks."""
    for index in INDEXES:
        db.conn.execute(f"DROP INDEX IF EXISTS {index}")
    create_projections(db.conn, tables=False)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file up to this release, each migration in a transaction of its own."""
    migrations.apply(Database(connection, recursive_triggers=False))
