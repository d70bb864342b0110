"""Keeps the read models of one shard up to its journals.

What lives here: the loop over sites with work, one transaction a batch, and what happens when a batch cannot be kept. What an
entry means is folded in fold.py, how state is kept is behind the shard.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence

from hub.db.connect import DatabaseUnavailable, ValueRefused
from hub.db.project_store import ProjectShard, SiteTransaction
from hub.project.fold import Missing, SiteFold
from hub.project.reading import Read, read_entry
from hub.project.rows import replacements
from shared.limits import PROJECT_BATCH_ENTRIES, PROJECT_POLL_S, PROJECT_SITES_MAX, RECONNECT_WAIT_S
from shared.protocol.subjects import Address

__all__ = ["ProjectCounts", "Projector", "fold_entries"]

log = logging.getLogger(__name__)
CHANNEL = "journal"


class ProjectCounts:
    """What a process has projected since it began; `held` by code."""

    def __init__(self) -> None:
        self.entries = 0
        self.unknown_events = 0
        self.held: Counter[str] = Counter()


class _Unkeepable(Exception):
    """A batch folds, but what it comes to cannot be shown or kept."""


class Projector:
    """One shard's projector. Any number may work at once, in any number of processes: each site is locked by one."""

    def __init__(self, shard: ProjectShard, counts: ProjectCounts) -> None:
        self._shard = shard
        self._counts = counts
        self._heard = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. A shard that is down is waited for."""
        listening = asyncio.create_task(self._listen(stop))
        try:
            while not stop.is_set():
                self._heard.clear()
                try:
                    worked = await self.round()
                except DatabaseUnavailable as error:
                    log.warning("cannot project, trying on: %s", error)
                    await _pause(stop, RECONNECT_WAIT_S)
                    continue
                if not worked:
                    await _pause(self._heard, PROJECT_POLL_S)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, stop: asyncio.Event) -> None:
        """Notices save the wait for the next look; without them the looks go on."""
        while not stop.is_set():
            try:
                async with self._shard.database.listening(CHANNEL, self._heard) as connection:
                    while not (connection.is_closed() or stop.is_set()):
                        await _pause(stop, PROJECT_POLL_S)
            except DatabaseUnavailable as error:
                log.info("not listening: %s", error)
            await _pause(stop, RECONNECT_WAIT_S)

    async def round(self) -> bool:
        """One batch of every site with work, up to PROJECT_SITES_MAX sites; whether anything was projected."""
        worked = False
        for address in await self._shard.sites_with_work(PROJECT_SITES_MAX):
            worked |= await self.project(address) > 0
        return worked

    async def project(self, address: Address) -> int:
        """One batch of one site; how many entries."""
        try:
            return await self._batch(address, PROJECT_BATCH_ENTRIES)
        except (ValueRefused, _Unkeepable) as error:
            log.error("site %s cannot be projected as it is, its entries are tried one by one: %s", address.site_id, error)
        done = 0
        while done < PROJECT_BATCH_ENTRIES:
            try:
                count = await self._batch(address, 1)
            except (ValueRefused, _Unkeepable) as error:
                count = await self._batch(address, 1, hold=str(error))
            if count == 0:
                break
            done += count
        return done

    async def _batch(self, address: Address, limit: int, hold: str = "") -> int:
        """Fold up to `limit` entries and keep what they come to. With `hold` they are put into quarantine unseen."""
        async with self._shard.site(address) as site:
            if site is None:
                return 0
            entries = [read_entry(address.org_id, address.site_id, raw) for raw in await site.entries(limit)]
            if not entries:
                return 0
            fold = SiteFold()
            if hold:
                for read in entries:
                    fold.hold(read, "projection.unkeepable", hold)
            else:
                await fold_entries(site, fold, entries)
                try:
                    replaced = replacements(fold.changed())
                except Exception as error:  # arithmetic over whatever a site sent; the entry is found one by one (Law 11)
                    raise _Unkeepable(f"{type(error).__name__}: {error}") from error
                await site.put(fold.changes, replaced)
            await site.advance(entries[-1].raw.sequence, fold.unknown_events, fold.held)
        self._count(address, fold, len(entries))
        return len(entries)

    def _count(self, address: Address, fold: SiteFold, entries: int) -> None:
        self._counts.entries += entries
        self._counts.unknown_events += fold.unknown_events
        for held in fold.held:
            self._counts.held[held.code] += 1
            log.error(
                "quarantined entry %d of site %s (%s %s): %s: %s",
                held.sequence,
                address.site_id,
                held.kind,
                held.id,
                held.code,
                held.detail,
            )


async def fold_entries(site: SiteTransaction, fold: SiteFold, entries: Sequence[Read]) -> None:
    """Fold `entries` with the state that they ask for, as the transaction sees it."""
    wanted = fold.wanted(entries)
    found = await site.aggregates(wanted)
    fold.load(wanted, found)
    if related := fold.related(found):
        fold.load(related, await site.aggregates(related))
    fold.quarantine(await site.quarantined({subject for read in entries for subject in read.subjects}))
    for read in entries:
        while True:
            try:
                fold.fold(read)
                break
            except Missing as missing:
                fold.load([missing.key], await site.aggregates([missing.key]))


async def _pause(until: asyncio.Event, timeout_s: float) -> None:
    """Wait for `until`, but not longer than `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            await until.wait()
    except TimeoutError:
        return
