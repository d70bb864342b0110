"""After an update: projections that an older release made are built anew, by the box itself, before it serves.

What lives here: noticing it, and telling how far it is. The fold is in rebuild.py; what a state means is the domain's business.
"""

import logging
import time

from edge.journal.checkpoint import read_checkpoint
from edge.journal.rebuild import Rebuilt, rebuild
from edge.journal.schema import format_of
from edge.journal.store import SqliteStore
from shared.domain.registry import STATE_FORMAT
from shared.limits import REBUILD_PROGRESS_INTERVAL_S

__all__ = ["upgrade"]

log = logging.getLogger(__name__)


def upgrade(store: SqliteStore) -> Rebuilt | None:
    """Build the projections anew if they, or the checkpoint, are not in this release's state format; what was built, or None.

    The state of an older release cannot be gone on with: what this one keeps beside it, such as the books of a day, is not there
    and would begin at nothing. A crash in the middle leaves the file as it was, and the next start begins anew. Raises what
    `fold` raises for an entry that does not fit, sqlite3.Error, and OperatorError `journal.checkpoint_format`.
    """
    found = format_of(store.connection)
    if found == STATE_FORMAT and read_checkpoint(store.connection).format == STATE_FORMAT:
        return None
    head = store.head().position.sequence
    if head:
        log.info("the projections are in format %s, this release's is %s: building them anew from %s entries", found, STATE_FORMAT, head)
    said_at = began = time.monotonic()

    def tell(sequence: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= REBUILD_PROGRESS_INTERVAL_S:
            said_at = time.monotonic()
            log.info("built anew: %s of %s entries", sequence, head)

    built = rebuild(store.connection, swap=True, compare=False, progress=tell)
    if head:
        log.info("built anew: %s aggregates from %s entries in %.1f s", built.aggregates, built.entries, time.monotonic() - began)
    return built
