-- The tables of a journal file as this release made them. Frozen: what is in the field cannot be changed.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'comanda.edge','m0001_journal','2026-10-24 16:30:00.000000+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'comanda.edge','m0003_indexes','2026-10-24 16:30:00.000000+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'comanda.edge','m0004_checkpoint','2026-10-24 16:30:00.000000+00:00');
CREATE TABLE aggregates (
    kind             TEXT NOT NULL,
    id               TEXT NOT NULL,
    is_live          INTEGER NOT NULL,
    updated_sequence INTEGER NOT NULL,
    state            TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch      INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    state_hash BLOB NOT NULL,
    format     INTEGER NOT NULL
) STRICT;
CREATE TABLE checkpoint_aggregates (
    kind             TEXT NOT NULL,
    id               TEXT NOT NULL,
    is_live          INTEGER NOT NULL,
    updated_sequence INTEGER NOT NULL,
    state            TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint_commands (
    id             BLOB PRIMARY KEY,
    digest         BLOB NOT NULL,
    first_sequence INTEGER NOT NULL,
    count          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE commands (
    id             BLOB PRIMARY KEY,
    digest         BLOB NOT NULL,
    first_sequence INTEGER NOT NULL,
    count          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    device_id  TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;
CREATE TABLE documents (
    version     TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    body        BLOB NOT NULL,
    received_at TEXT NOT NULL
) STRICT;
CREATE TABLE followers (
    name       TEXT PRIMARY KEY,
    position   TEXT NOT NULL,
    info       TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    epoch    INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    entry    BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX aggregates_updated ON aggregates (updated_sequence);
CREATE INDEX aggregates_live ON aggregates (kind, updated_sequence) WHERE is_live;
CREATE INDEX aggregates_closed ON aggregates (json_extract(state, '$.business_date'), updated_sequence)
WHERE kind = 'check' AND NOT is_live;
COMMIT;
PRAGMA user_version = 3;
