"""Every SQL statement of the edge, named.

What lives here: SQL with bound parameters. `{rows}` stands for the placeholders of as many rows as one statement takes, and
`{prefix}` for the projections that a rebuild makes beside the old ones. Which thread runs a statement is not known here.
"""

# --- journal -----------------------------------------------------------------------------------
HEAD = "SELECT epoch, sequence, hash, entry FROM journal ORDER BY sequence DESC LIMIT 1"
APPEND = "INSERT INTO journal (sequence, epoch, hash, entry) VALUES {rows}"
ENTRIES_AFTER = "SELECT epoch, sequence, hash, entry FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?"
LAST_BEFORE_EPOCH = "SELECT epoch, sequence, hash, entry FROM journal WHERE epoch < ? ORDER BY sequence DESC LIMIT 1"
ENTRY_AT = "SELECT epoch, sequence, hash, entry FROM journal WHERE sequence = ?"

# --- projections -------------------------------------------------------------------------------
FIND_COMMANDS = "SELECT id, digest, first_sequence, count FROM commands WHERE id IN {rows}"
ADD_COMMAND = "INSERT INTO {prefix}commands (id, digest, first_sequence, count) VALUES {rows}"
LOAD = "SELECT state FROM {prefix}aggregates WHERE kind = ? AND id = ?"
SAVE = """
INSERT INTO {prefix}aggregates (kind, id, is_live, updated_sequence, state) VALUES {rows}
ON CONFLICT (kind, id) DO UPDATE SET is_live = excluded.is_live, updated_sequence = excluded.updated_sequence, state = excluded.state
"""
# INDEXED BY, here and below: SQLite would else go through every check and ticket there ever was.
# The newest, where there are more than can be shown: a ticket that nobody bumps must hide no new one.
LIVE = "SELECT state, updated_sequence FROM aggregates INDEXED BY aggregates_live WHERE kind = ? AND is_live ORDER BY updated_sequence DESC LIMIT ?"
COUNT_LIVE = "SELECT count(*) FROM aggregates INDEXED BY aggregates_live WHERE kind = ? AND is_live"
CHANGED_AFTER = "SELECT kind, state, updated_sequence FROM aggregates WHERE updated_sequence > ? ORDER BY updated_sequence LIMIT ?"
# What a list of checks may be narrowed to; an empty parameter narrows nothing.
_NARROWED = """
  AND (:table_id = '' OR json_extract(state, '$.table_id') = :table_id)
  AND (:owner_id = '' OR json_extract(state, '$.owner_id') = :owner_id)
  AND (:service = '' OR json_extract(state, '$.service') = :service)
"""
OPEN_CHECKS = f"""
SELECT state, updated_sequence FROM aggregates INDEXED BY aggregates_live
WHERE kind = 'check' AND is_live AND (:from_date = '' OR json_extract(state, '$.business_date') BETWEEN :from_date AND :to_date) {_NARROWED}
ORDER BY updated_sequence DESC LIMIT :limit
"""
# `status` is 'closed' or 'merged'.
CLOSED_CHECKS = f"""
SELECT state, updated_sequence FROM aggregates INDEXED BY aggregates_closed
WHERE kind = 'check' AND NOT is_live AND json_extract(state, '$.business_date') BETWEEN :from_date AND :to_date
  AND json_extract(state, '$.status') = :status {_NARROWED}
ORDER BY updated_sequence DESC LIMIT :limit
"""
LOAD_MANY = "SELECT id, state FROM aggregates WHERE kind = ? AND id IN {rows}"
BETWEEN_IDS = "SELECT state FROM aggregates WHERE kind = ? AND id BETWEEN ? AND ? ORDER BY id LIMIT ?"
# Entries of a stretch of the journal that name something: an id stands in an entry as it is written everywhere.
ENTRIES_NAMING = """
SELECT epoch, sequence, hash, entry FROM journal WHERE sequence > ? AND sequence <= ? AND instr(entry, ?) ORDER BY sequence DESC LIMIT ?
"""
# Rows that a rebuild found otherwise: kind, id, old state, new state, and whether the rest of the row is the same.
AGGREGATES_DIFFER = """
SELECT o.kind, o.id, o.state, n.state, o.is_live IS n.is_live AND o.updated_sequence IS n.updated_sequence
FROM aggregates o LEFT JOIN rebuilt_aggregates n ON n.kind = o.kind AND n.id = o.id
WHERE o.state IS NOT n.state OR o.is_live IS NOT n.is_live OR o.updated_sequence IS NOT n.updated_sequence
UNION ALL
SELECT n.kind, n.id, NULL, n.state, 0 FROM rebuilt_aggregates n
WHERE NOT EXISTS (SELECT 1 FROM aggregates o WHERE o.kind = n.kind AND o.id = n.id)
"""
COMMANDS_DIFFER = """
SELECT hex(o.id) FROM commands o LEFT JOIN rebuilt_commands n ON n.id = o.id
WHERE o.digest IS NOT n.digest OR o.first_sequence IS NOT n.first_sequence OR o.count IS NOT n.count
UNION ALL
SELECT hex(n.id) FROM rebuilt_commands n WHERE NOT EXISTS (SELECT 1 FROM commands o WHERE o.id = n.id)
"""

# --- the checkpoint ----------------------------------------------------------------------------
CHECKPOINT = "SELECT epoch, sequence, hash, state_hash, format FROM checkpoint"
PUT_CHECKPOINT = "INSERT OR REPLACE INTO checkpoint (only_row, epoch, sequence, hash, state_hash, format) VALUES (1, ?, ?, ?, ?, ?)"
CHECKPOINT_AGGREGATE = "SELECT kind, id, is_live, updated_sequence, state FROM checkpoint_aggregates WHERE kind = ? AND id = ?"
CHECKPOINT_AGGREGATES = "SELECT kind, id, is_live, updated_sequence, state FROM checkpoint_aggregates"
CHECKPOINT_PAGE = "SELECT kind, id, state FROM checkpoint_aggregates WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?"
CHECKPOINT_COMMANDS = "SELECT id, digest, first_sequence, count FROM checkpoint_commands"
COPY_CHECKPOINT = "INSERT INTO {prefix}{table} SELECT * FROM {source}{table}"
FORGET_ENTRIES = "DELETE FROM journal WHERE sequence <= ?"

# --- what is not in the journal ----------------------------------------------------------------
DOCUMENT = "SELECT body FROM documents WHERE version = ?"
PUT_DOCUMENT = "INSERT INTO documents (version, kind, body, received_at) VALUES {rows} ON CONFLICT (version) DO NOTHING"
DOCUMENTS = "SELECT version, kind FROM documents ORDER BY received_at DESC, version LIMIT ?"
FOLLOWERS = "SELECT name, position FROM followers"
FOLLOWER_ROWS = "SELECT name, position, info, updated_at FROM followers"
PUT_FOLLOWER = """
INSERT INTO followers (name, position, info, updated_at) VALUES {rows}
ON CONFLICT (name) DO UPDATE SET position = excluded.position, info = excluded.info, updated_at = excluded.updated_at
"""
FORGET_FOLLOWER = "DELETE FROM followers WHERE name IN {rows}"
ADD_DEVICE = "INSERT INTO devices (device_id, name, role, token_hash, created_at) VALUES {rows}"
DEVICES = "SELECT device_id, role, token_hash FROM devices"
DEVICE_ROWS = "SELECT device_id, name, role, hex(token_hash) FROM devices"
