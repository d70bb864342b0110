"""A shard of release 0.1 with what it holds is brought to this release, while processes of both are at work (Law 10)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from hub.app.ports import Scope
from hub.db import migrate
from hub.db.connect import Database as HubDatabase
from hub.db.connect import Role
from hub.db.migrate import migrate_shard
from hub.db.project_store import ProjectShard, forget_site
from hub.db.read_store import PostgresReadShard
from hub.project.projector import ProjectCounts, Projector
from hub.project.rows import FORMAT
from shared.limits import JOURNAL_MONTHS_AHEAD
from shared.operator_error import OperatorError
from shared.protocol.entry import decode_entry
from shared.protocol.subjects import Address
from tests.corpus.reading import Follower
from tests.integration.hub.comparing import rows_in_memory, rows_read
from tests.support.boxes import new_id
from tests.support.old_hub import ORG, SITE, OldHub, frozen_entries
from tests.support.postgres import Database

MakeDatabase = Callable[[str], Database]


class Shard:
    """The shard that is upgraded, and what of both releases stands on it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.old = OldHub(database)
        self._opened = {role: HubDatabase("s1", database.app_dsn, role) for role in (Role.PROJECT, Role.PLATFORM, Role.TENANT)}
        self.projector = Projector(ProjectShard(self._opened[Role.PROJECT]), ProjectCounts())
        self.read = PostgresReadShard(self._opened[Role.PLATFORM], self._opened[Role.TENANT])

    async def migrate(self, *halves: str) -> list[str]:
        lines: list[str] = []
        await migrate_shard("s1", self.database.owner_dsn, self.database.app_dsn, halves or migrate.HALVES, lines.append)
        return lines

    async def look(self, org_id: str, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.database.owner_dsn)
        try:
            await connection.execute("select set_config('app.org_id', $1, false)", org_id)
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    async def project(self) -> None:
        while await self.projector.round():
            continue

    async def close(self) -> None:
        for each in self._opened.values():
            await each.close()


@pytest_asyncio.fixture
async def shard(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A shard of release 0.1, with the frozen journal of a site, projected by it."""
    made = Shard(make_database("s1"))
    real = migrate.migrations
    with monkeypatch.context() as old:
        old.setattr(migrate, "migrations", lambda kind: real(kind)[:1])
        old.setattr(migrate, "_ensure_months", no_months)
        await made.migrate()
    await made.old.receive(ORG, SITE)
    await made.old.begin(ORG, SITE)
    await made.old.project(ORG, SITE)
    yield made
    await made.close()


async def no_months(*_: Any) -> None:
    """Release 0.1 knew no months of read models; those of its journal do not matter here."""


def follower() -> Follower:
    found = Follower()
    for *_, text in frozen_entries():
        found.take(decode_entry(text.encode()))
    return found


async def ensure_made_anew(shard: Shard) -> None:
    """The read models of the frozen site are what its journal comes to in this release."""
    states = follower().states
    assert await rows_read(lambda query: shard.look(ORG, query)) == rows_in_memory(states.values())
    kept = await shard.look(ORG, "select kind, id from aggregates")
    assert {(row["kind"], row["id"]) for row in kept} == set(states)
    assert await shard.look(ORG, "select from quarantine") == []


async def test_what_is_there_is_told_as_before_until_it_is_made_anew(shard: Shard) -> None:
    before = await shard.old.sales(ORG, SITE)
    await shard.migrate("pre")
    assert await shard.old.sales(ORG, SITE) == before
    told = {day.business_date: day.orders for day in await shard.read.sales(ORG, SITE, "2000-01-01", "2099-12-31")}
    assert told == {date: day["orders"] for date, day in before.items()}
    assert not await shard.read.is_current(ORG, SITE), "the old figures are not all that there is to tell"
    await shard.project()
    assert await shard.read.is_current(ORG, SITE)
    await ensure_made_anew(shard)
    # The same amounts on the same days: the new figures beside them are what there is more to tell.
    after = {day.business_date: day for day in await shard.read.sales(ORG, SITE, "2000-01-01", "2099-12-31")}
    assert sum(day.gross_minor for day in after.values()) == sum(day["gross_minor"] for day in before.values())
    await shard.migrate("post")
    assert [row["found"] for row in await shard.look(ORG, "select to_regclass('checks') as found")] == [None]
    await ensure_made_anew(shard)


async def test_an_old_projector_goes_on_where_no_new_one_has_been(shard: Shard) -> None:
    other_org, other_site = new_id(), new_id()
    await shard.old.receive(other_org, other_site)
    await shard.migrate("pre")
    await shard.old.begin(other_org, other_site)
    assert await shard.old.lock(other_org, other_site) == 0
    today = datetime.now(UTC).date().isoformat()
    figures = {"orders": 2, "lines": 3, "gross_minor": 5, "net_minor": 4, "tax_minor": 1}
    await shard.old.project(other_org, other_site, {today: figures})
    await shard.old.project(other_org, other_site, {today: figures})  # it adds to what is there
    assert await shard.old.sales(other_org, other_site) == {today: {name: 2 * value for name, value in figures.items()}}
    assert await shard.old.lock(ORG, SITE) == len(frozen_entries())


async def test_an_old_projector_keeps_away_from_what_a_new_one_has_taken_over(shard: Shard) -> None:
    await shard.migrate("pre")
    assert await shard.projector.project(Address(ORG, SITE)) == len(frozen_entries())
    assert await shard.old.lock(ORG, SITE) is None
    assert [row["format"] for row in await shard.look(ORG, "select format from cursors")] == [FORMAT]
    await ensure_made_anew(shard)


async def test_a_release_leaves_what_a_later_one_has_projected_alone(shard: Shard) -> None:
    await shard.migrate()
    await shard.project()
    rows = await rows_read(lambda query: shard.look(ORG, query))
    connection = await asyncpg.connect(shard.database.app_dsn, server_settings={"role": "comanda_project"})
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.org_id', $1, true), set_config('app.format', $2, true)", ORG, str(FORMAT + 1))
            await connection.execute("update cursors set format = $1, sequence = 3", FORMAT + 1)
    finally:
        await connection.close()
    assert await shard.projector.project(Address(ORG, SITE)) == 0
    assert not await shard.projector.round()
    with pytest.raises(OperatorError, match=r"hub\.older_than_read_models"):
        await forget_site(shard.database.app_dsn, ORG, SITE)
    assert await rows_read(lambda query: shard.look(ORG, query)) == rows
    assert not await shard.read.is_current(ORG, SITE)


async def test_rows_of_this_month_come_into_their_month(shard: Shard) -> None:
    today = datetime.now(UTC).date().isoformat()
    await shard.old.project(ORG, SITE, {today: {"orders": 1, "lines": 1, "gross_minor": 1, "net_minor": 1, "tax_minor": 0}})
    await shard.migrate()
    found = await shard.look(ORG, f"select tableoid::regclass::text as found from daily_sales where business_date = '{today}'")
    assert [row["found"] for row in found] == [f"daily_sales_{today[:4]}_{today[5:7]}"]


async def test_a_month_of_which_rows_are_in_the_default_partition_stays_there_and_stops_no_migration(shard: Shard) -> None:
    """Release 0.1 asked whether there are such rows as the owner, from whom the policies hide them, and then failed."""
    lines = await shard.migrate()
    [row] = await shard.look(ORG, "select count(*) as count from journal_default")
    assert row["count"] == len(frozen_entries())
    assert f"s1: {JOURNAL_MONTHS_AHEAD} months of the journal made" in lines  # but for this one


async def test_the_upgrade_is_done_once(shard: Shard) -> None:
    await shard.migrate()
    assert "s1: up to date" in await shard.migrate()
    assert (await shard.read.positions(Scope(None), [])) == {}
