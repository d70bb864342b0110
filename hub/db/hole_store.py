"""Filling a hole in the journal of a site.

What lives here: transactions in the role of lane owners, by the statements of holes.sql. That the entries are the right ones has been
proven before (hub/app/holes.py). That the site is projected anew is the caller's business, between the two: a hole stays open until then,
so that a fill that was cut short is done again.
"""

from collections.abc import Sequence

from hub.app.errors import HubRefused
from hub.app.operating import Hole
from hub.db.connect import Database, act_for
from hub.db.queries import load
from shared.limits import ORPHANS_PAGE_ENTRIES
from shared.protocol.entry import StoredEntry

__all__ = ["close_hole", "fill_hole"]

SQL = load("holes")


async def fill_hole(database: Database, hole: Hole, entries: Sequence[StoredEntry]) -> int:
    """Put the entries into the journal; how many were missing. Raises HubRefused `hole.unknown` for one that somebody else has filled and
    closed, and DatabaseUnavailable."""
    place = _place(hole)
    async with database.transaction(org_id=hole.org_id) as connection:
        await act_for(connection, hole.org_id)
        await connection.fetch(SQL["lock_watermark"], hole.org_id, hole.site_id)
        if await connection.fetchval(SQL["open"], *place) is None:
            raise HubRefused("hole.unknown", f"The hole from {hole.first} to {hole.last.sequence} is not open.")
        held = {row["sequence"] for row in await connection.fetch(SQL["held"], *place)}
        missing = [each for each in entries if each.sequence not in held]
        for start in range(0, len(missing), ORPHANS_PAGE_ENTRIES):
            page = missing[start : start + ORPHANS_PAGE_ENTRIES]
            columns = ([getattr(each, name) for each in page] for name in ("sequence", "epoch", "hash", "entry"))
            await connection.execute(SQL["fill"], hole.org_id, hole.site_id, *columns)
    return len(missing)


async def close_hole(database: Database, hole: Hole) -> None:
    """The hole is filled, and the site is being projected anew. Raises DatabaseUnavailable."""
    async with database.transaction(org_id=hole.org_id) as connection:
        await connection.execute(SQL["close"], *_place(hole))


def _place(hole: Hole) -> tuple[str, str, int, int]:
    return hole.org_id, hole.site_id, hole.first, hole.last.sequence
