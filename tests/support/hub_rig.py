"""A hub in this process, over fresh databases and without a broker: what tests of ingest, projection and API stand on."""

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import asyncpg

from hub.app.claims import claim_site, new_code, redeem
from hub.app.ports import Scope, Site
from hub.app.tenants import add_organisation, add_site
from hub.db.apply_store import PostgresShard
from hub.db.connect import Database, Role
from hub.db.ingest_control import CachedRegistry
from hub.db.migrate import HALVES, migrate_all
from hub.db.project_store import ProjectShard
from hub.ingest.answers import Reply
from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from hub.ingest.greet import Greeter
from hub.project.projector import ProjectCounts, Projector
from hub.records.books import DaySales, DayTax, DayTender
from hub.settings import HubSettings
from hub.stores import make_stores
from shared.domain.check.books import DAY, NO_SALES, DayBook, Sales, TaxSum, TenderSum
from shared.domain.kernel import Key
from shared.limits import CLAIM_CODE_BYTES
from shared.protocol.envelope import Answer
from tests.support.boxes import new_id
from tests.support.issuer import CREDENTIALS, read_claim
from tests.support.journals import SiteJournal
from tests.support.postgres import Database as TestDatabase

__all__ = ["HubRig"]

S = TypeVar("S", Sales, TenderSum, TaxSum)


class HubRig:
    """Stores, an applier, a greeter and projectors. `migrate` first, `close` last."""

    def __init__(self, control: TestDatabase, shards: dict[str, TestDatabase]) -> None:
        self.control, self.shards = control, shards
        self.settings = HubSettings(
            control_dsn=control.app_dsn,
            control_admin_dsn=control.owner_dsn,
            shards={name: shard.app_dsn for name, shard in shards.items()},
            shards_admin={name: shard.owner_dsn for name, shard in shards.items()},
        )
        self.stores = make_stores(self.settings)
        self.counts, self.projected = Counts(), ProjectCounts()
        self._databases: list[Database] = []
        self.applier = self.make_applier()
        self.greeter = Greeter(self._registry(), self._shards(), time.monotonic, self.counts, read_claim)
        self.projectors = {name: self.make_projector(name) for name in shards}

    async def migrate(self) -> list[str]:
        """Migrate everything; what was reported."""
        lines: list[str] = []
        await migrate_all(self.settings, HALVES, lines.append)
        return lines

    async def close(self) -> None:
        for each in (*self._databases, self.stores.control, *self.stores.shards.values()):
            await each.close()

    # --- parts -----------------------------------------------------------------------------------

    def database(self, dsn: str, role: Role, name: str = "test") -> Database:
        """A database of the test's own choice, closed with the rig."""
        made = Database(name, dsn, role)
        self._databases.append(made)
        return made

    def _registry(self) -> CachedRegistry:
        return CachedRegistry(self.database(self.control.app_dsn, Role.INGEST, "control"), time.monotonic)

    def _shards(self) -> dict[str, PostgresShard]:
        return {name: PostgresShard(self.database(shard.app_dsn, Role.INGEST, name), time.monotonic) for name, shard in self.shards.items()}

    def make_applier(self) -> Applier:
        """Another owner, with caches and connections of its own."""
        return Applier(self._registry(), self._shards(), time.monotonic, self.counts)

    def make_projector(self, shard: str) -> Projector:
        return Projector(ProjectShard(self.database(self.shards[shard].app_dsn, Role.PROJECT, shard)), self.projected)

    # --- tenants ---------------------------------------------------------------------------------

    async def add_org(self, shard: str = "") -> str:
        """A new organisation, on `shard` where that is asked for."""
        return (await add_organisation(self.stores.control, self.stores.shards, new_id, "Test org", shard or None)).org_id

    async def add_site(self, org_id: str = "", *, shard: str = "", currency: str = "USD") -> SiteJournal:
        """A new site with a claimed box and the beginning of a journal, in a new organisation unless one is named."""
        org_id = org_id or await self.add_org(shard)
        site = Site(
            org_id=org_id, site_id=new_id(), name="Test site", currency=currency, time_zone="America/New_York", cut_over_minutes=240, shard=""
        )  # fmt: skip
        await add_site(self.stores.control, site)
        journal = SiteJournal(org_id, site.site_id)
        await self.claim(journal)
        return journal.begin()

    async def claim(self, journal: SiteJournal) -> int:
        """Claim the site for the key of `journal`; the epoch. The journal keeps the token."""
        code = new_code(os.urandom(CLAIM_CODE_BYTES))
        await claim_site(self.stores.control, journal.address.site_id, code)
        answer = await redeem(self.stores.control, self.stores.shards, CREDENTIALS, ["nats://broker"], code, journal.key.public)
        journal.claim = answer.claim
        return answer.epoch

    async def forget_boxes(self, journal: SiteJournal, epoch: int) -> None:
        """Let the control database be restored from a backup that was made before the claim of `epoch`."""
        await self._fetch(
            self.control.owner_dsn, journal.address.org_id,
            "delete from boxes where site_id = $1::text::uuid and epoch >= $2", journal.address.site_id, epoch,
        )  # fmt: skip

    async def forget_site(self, journal: SiteJournal) -> None:
        """Let the control database be restored from a backup that was made before the site."""
        for table in ("claims", "boxes", "sites"):
            await self._fetch(
                self.control.owner_dsn, journal.address.org_id, f"delete from {table} where site_id = $1::text::uuid", journal.address.site_id
            )  # fmt: skip

    # --- doing -----------------------------------------------------------------------------------

    async def send(self, *messages: tuple[str, bytes]) -> list[Answer]:
        """Apply a batch; the answers in order."""
        return [reply.answer for reply in await self.applier.apply(messages)]

    async def send_all(self, journal: SiteJournal, step: int = 200) -> list[Reply]:
        """Send a whole journal in one batch."""
        last = len(journal.entries)
        return await self.applier.apply([journal.message(first, min(last, first + step - 1)) for first in range(1, last + 1, step)])

    async def project(self) -> None:
        """Project until there is nothing left to do."""
        for projector in self.projectors.values():
            while await projector.round():
                continue

    # --- looking ---------------------------------------------------------------------------------

    async def look(self, shard: str, query: str, *arguments: Any) -> list[Any]:
        """Rows as the superuser of nothing: the owner cannot see tenants either, so an organisation must be set by the caller."""
        return await self._fetch(self.shards[shard].owner_dsn, "", query, *arguments)

    async def look_as(self, journal: SiteJournal, query: str, *arguments: Any) -> list[Any]:
        """Rows of the shard of the site, on behalf of its organisation; `$1` is the site's id."""
        placement = await self.stores.control.placement(journal.address.org_id)
        return await self._fetch(self.shards[placement.shard].owner_dsn, journal.address.org_id, query, journal.address.site_id, *arguments)

    async def _fetch(self, dsn: str, org_id: str, query: str, *arguments: Any) -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            if org_id:
                await connection.execute("select set_config('app.org_id', $1, false)", org_id)
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    async def stored(self, journal: SiteJournal) -> list[tuple[int, bytes]]:
        """(sequence, bytes) of what the hub holds of the site, in order."""
        rows = await self.look_as(journal, "select sequence, entry from journal where site_id = $1::text::uuid order by sequence")
        return [(row["sequence"], row["entry"]) for row in rows]

    async def books(self, journal: SiteJournal, first: str = "2026-01-01", last: str = "2026-12-31") -> dict[Key, DayBook]:
        """The books of the site by key, put together from what the read models say of sales, tenders and taxes."""
        site = await self.stores.control.site(Scope(None), journal.address.site_id)
        assert site is not None
        shard, asked = self.stores.shards[site.shard], (site.org_id, site.site_id, first, last)
        books: dict[Key, DayBook] = {}

        def add(day: DaySales | DayTender | DayTax, **fields: Any) -> None:
            key = (DAY, f"{day.business_date}/{day.currency}")
            book = books.get(key) or DayBook(business_date=day.business_date, currency=day.currency)
            books[key] = book.plus(DayBook(business_date=day.business_date, currency=day.currency, **fields))

        for sales in await shard.sales(*asked):
            add(sales, sales=_sums(Sales, sales))
        for tender in await shard.tenders(*asked):
            add(tender, tenders={tender.tender: _sums(TenderSum, tender)})
        for tax in await shard.taxes(*asked):
            kind = "inclusive" if tax.inclusive else "exclusive"
            add(tax, taxes={f"{tax.tax_id}|{tax.rate}|{kind}": _sums(TaxSum, tax)})
        return books

    async def sales(self, journal: SiteJournal, first: str = "2026-01-01", last: str = "2026-12-31") -> dict[str, Sales]:
        """Sales of a site of one currency, by business date."""
        books = await self.books(journal, first, last)
        return {book.business_date: book.sales for book in books.values() if book.sales != NO_SALES}


def _sums(cls: type[S], day: DaySales | DayTender | DayTax) -> S:
    return cls(**{name: getattr(day, name) for name in cls.__struct_fields__})


def everything(journal: SiteJournal) -> list[tuple[int, bytes]]:
    """What the hub ought to hold of the site."""
    return [(entry.sequence, entry.entry) for entry in journal.entries]


MakeRig = Callable[[int], HubRig]
