"""How all sites stand, as metrics: how many are silent or behind, how far the furthest is, what waits for a person.

What lives here: looking at every shard once in a while, in the processes of the projectors, and the sums of what was seen. There is no
label by site: the list of sites is in the API. What is an alarm is decided in hub/app/overview.py.
"""

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from hub.app.overview import lag_of
from hub.app.ports import SitePosition
from hub.db.connect import Database, DatabaseUnavailable
from hub.db.queries import load
from hub.metrics import Counted
from shared.limits import STANDING_INTERVAL_S
from shared.protocol.entry import START, Position

__all__ = ["Standing", "Standings", "look"]

log = logging.getLogger(__name__)
SQL = load("standing")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the sites of one shard stand, or of all."""

    sites: int = 0
    silent: int = 0
    behind: int = 0
    alarmed: int = 0
    lag_entries: int = 0
    lag_entries_max: int = 0
    oldest_pending_s_max: int = 0
    unprojected_max: int = 0
    quarantined: int = 0
    orphans_held: int = 0
    holes_open: int = 0

    def __add__(self, other: "Standing") -> "Standing":
        """Sums, and of what ends in `_max` the larger."""
        names = self.__struct_fields__
        both = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return Standing(**{name: max(one, two) if name.endswith("_max") else one + two for name, one, two in both})


async def look(database: Database) -> Standing:
    """How the sites of one shard stand now. Raises DatabaseUnavailable."""
    async with database.transaction() as connection:
        rows = await connection.fetch(SQL["sites"])
        waiting = await connection.fetchrow(SQL["waiting"])
    found = Standing(**dict(waiting))
    for row in rows:
        known = SitePosition(
            position=Position(row["epoch"], row["sequence"], row["hash"]) if row["sequence"] is not None else START,
            received_at=row["received_at"], contact_at=row["contact_at"], head_sequence=row["head_sequence"], figures=row["figures"],
            projected_sequence=row["projected_sequence"], as_of=row["as_of"],
        )  # fmt: skip
        lag = lag_of(known)
        found += Standing(
            sites=1, silent="site.silent" in lag.alarms, behind="cloud.behind" in lag.alarms, alarmed=bool(lag.alarms),
            lag_entries=lag.entries, lag_entries_max=lag.entries, oldest_pending_s_max=lag.age_s or 0,
            unprojected_max=max(0, known.position.sequence - known.projected_sequence),
        )  # fmt: skip
    return found


class Standings:
    """Looks at shards again and again; a shard that does not answer keeps its last figures, and is counted."""

    def __init__(self, databases: Sequence[Database], interval_s: float = STANDING_INTERVAL_S) -> None:
        self._databases = databases
        self._interval_s = interval_s
        self._seen: dict[str, Standing] = {}
        self.unseen = 0

    @property
    def total(self) -> Standing:
        """Of all shards, as last seen."""
        total = Standing()
        for each in self._seen.values():
            total += each
        return total

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            await self.look_at_all()
            try:
                async with asyncio.timeout(self._interval_s):
                    await stop.wait()
            except TimeoutError:
                continue

    async def look_at_all(self) -> None:
        unseen = 0
        for database in self._databases:
            try:
                self._seen[database.name] = await look(database)
            except DatabaseUnavailable as error:
                unseen += 1
                log.warning("cannot see how sites stand: %s", error)
        self.unseen = unseen

    def counted(self) -> list[Counted]:
        """As metrics."""

        def sites() -> dict[str, float]:
            total = self.total
            return {"known": total.sites, "silent": total.silent, "behind": total.behind, "alarmed": total.alarmed}

        def waiting() -> dict[str, float]:
            total = self.total
            return {"quarantined": total.quarantined, "orphans_held": total.orphans_held, "holes_open": total.holes_open}

        return [
            ("gauge", "comanda_hub_sites", "Sites that were heard of, and those that are silent, behind, or have any alarm.", sites),
            ("gauge", "comanda_hub_waiting", "What waits for a person: entries in quarantine, orphans, holes.", waiting),
            (
                "gauge",
                "comanda_hub_lag_entries",
                "Entries that are not in the cloud, as the sites last said.",
                lambda: self.total.lag_entries,
            ),
            ("gauge", "comanda_hub_lag_entries_max", "The same of the site that has most.", lambda: self.total.lag_entries_max),
            (
                "gauge",
                "comanda_hub_oldest_pending_seconds",
                "Age of the oldest entry of any site that is not in the cloud.",
                lambda: self.total.oldest_pending_s_max,
            ),
            (
                "gauge",
                "comanda_hub_unprojected_entries_max",
                "Entries that have arrived and are not in the read models, of the site that has most.",
                lambda: self.total.unprojected_max,
            ),
            ("gauge", "comanda_hub_shards_unseen", "Shards that did not answer the last look.", lambda: self.unseen),
        ]
