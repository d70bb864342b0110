"""The journal's tables, as migrations that sqlite-utils applies and records.

What lives here: DDL only. `journal`, behind the `checkpoint`, is the truth; `commands` and `aggregates` are projections of it that can be dropped and
rebuilt (Law 2); the rest is what Law 2 names as not in the journal: received documents, followers' positions, devices.
"""

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from shared.domain.registry import STATE_FORMAT

__all__ = ["INDEXES", "PROJECTIONS", "create_indexes", "create_projections", "format_of", "mark_format", "migrate"]

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
-- What changed after a cursor, and what is live, the newest first: the two questions of a screen.
CREATE INDEX aggregates_updated ON aggregates (updated_sequence);
CREATE INDEX aggregates_live ON aggregates (kind, updated_sequence) WHERE is_live;
-- What was closed on a date: that of a report.
CREATE INDEX aggregates_closed ON aggregates (json_extract(state, '$.business_date'), updated_sequence)
WHERE kind = 'check' AND NOT is_live;
"""

_CHECKPOINT = """
-- Where the journal begins after it was trimmed: the last entry that was forgotten, what all of those come to as a hash, and the
-- state format of the tables checkpoint_aggregates and checkpoint_commands, which hold it.
CREATE TABLE checkpoint (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch      INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    state_hash BLOB NOT NULL,
    format     INTEGER NOT NULL
) STRICT;
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


def create_projections(connection: sqlite3.Connection, prefix: str = "") -> None:
    """Create the projection tables, without their indexes, in the transaction that is open."""
    for statement in _statements(_PROJECTIONS.format(prefix=prefix)):
        connection.execute(statement)


def create_indexes(connection: sqlite3.Connection) -> None:
    """Create the indexes of the projections as they are now, whichever there were."""
    for index in INDEXES:
        connection.execute(f"DROP INDEX IF EXISTS {index}")
    for statement in _statements(_INDEXES):
        connection.execute(statement)


def format_of(connection: sqlite3.Connection) -> int:
    """The state format that the projections of the file were made in; 0 for those of a release that recorded none (0.1)."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def mark_format(connection: sqlite3.Connection) -> None:
    """Record that the projections are those of this release, in the transaction that is open."""
    connection.execute(f"PRAGMA user_version = {STATE_FORMAT}")


@migrations()
def m0001_journal(db: Database) -> None:
    for statement in _statements(_JOURNAL) + _statements(_BOX):
        db.conn.execute(statement)
    create_projections(db.conn)
    mark_format(db.conn)


@migrations()
def m0003_indexes(db: Database) -> None:
    """All indexes as they are now: a file made before this release lacks some. (m0002 of release 0.1 did the same for its own.)"""
    create_indexes(db.conn)


@migrations()
def m0004_checkpoint(db: Database) -> None:
    """Where trimmed entries are kept as what they come to."""
    for statement in _statements(_CHECKPOINT):
        db.conn.execute(statement)
    create_projections(db.conn, "checkpoint_")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables of the file up to this release, each migration in a transaction of its own. What stands in the
    projections is upgrade.py's business."""
    migrations.apply(Database(connection, recursive_triggers=False))
