"""Tenants never meet (Law 9): what one organisation's transaction sees of another's, in every role."""

import asyncpg
import pytest

from hub.app.ports import Scope
from hub.db.connect import DatabaseUnavailable, Role
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal

CONTENTS = ("journal", "forks", "aggregates", "checks", "daily_sales", "quarantine")
POSITIONS = ("placements", "watermarks", "contacts", "cursors")


async def two_tenants(rig: HubRig) -> tuple[SiteJournal, SiteJournal]:
    """Two sites of two organisations on one shard, both with everything that a site can have."""
    ours, theirs = await rig.add_site(shard="s1"), await rig.add_site(shard="s1")
    for journal in (ours, theirs):
        journal.order()
        journal.append(b'{"type":"LineAdded","check_id":"lost"}')
        await rig.send_all(journal)
        await rig.send(journal.message(1, 2), (journal.message(1, 1)[0], fork_of(journal)))
        await rig.greeter.greet([journal.hello()])
    await rig.project()
    return ours, theirs


def fork_of(journal: SiteJournal) -> bytes:
    """A signed envelope that contradicts the first entry."""
    other = SiteJournal(*journal.address, key=journal.key)
    other.append(b'{"type":"SomethingElse"}')
    return other.frame(1, 1)


@pytest.mark.parametrize("table", CONTENTS)
async def test_a_tenant_sees_its_own_rows_and_nobody_elses(rig: HubRig, table: str) -> None:
    ours, theirs = await two_tenants(rig)
    database = rig.database(rig.shards["s1"].app_dsn, Role.TENANT)
    async with database.transaction(org_id=ours.address.org_id) as connection:
        seen = {row["org_id"] for row in await connection.fetch(f"select distinct org_id::text from {table}")}
        asked = await connection.fetch(f"select from {table} where org_id = $1::text::uuid", theirs.address.org_id)
    assert seen == {ours.address.org_id}
    assert asked == []


@pytest.mark.parametrize("role", list(Role))
async def test_without_an_organisation_no_role_sees_contents(rig: HubRig, role: Role) -> None:
    await two_tenants(rig)
    granted = await rig.look("s1", "select t from unnest($1::text[]) as t where has_table_privilege($2, t, 'select')", CONTENTS, role)
    database = rig.database(rig.shards["s1"].app_dsn, role)
    for (table,) in granted:
        async with database.transaction() as connection:
            assert await connection.fetch(f"select from {table}") == [], table
    assert bool(granted) == (role is not Role.PLATFORM)  # the operator has no business in them at all


async def test_the_owner_itself_is_subject_to_the_policies(rig: HubRig) -> None:
    await two_tenants(rig)
    for table in (*CONTENTS, *POSITIONS):
        assert await rig.look("s1", f"select from {table}") == [], table


async def test_the_partitions_cannot_be_read_past_the_policy(rig: HubRig) -> None:
    await two_tenants(rig)
    partitions = await rig.look("s1", "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'journal'::regclass")
    for each in partitions:
        assert await rig.look("s1", f"select from {each['name']}") == [], each["name"]


@pytest.mark.parametrize("role", [Role.INGEST, Role.PROJECT])
async def test_nobody_writes_rows_of_an_organisation_that_is_not_set(rig: HubRig, role: Role) -> None:
    ours, theirs = await two_tenants(rig)
    table = {Role.INGEST: "forks", Role.PROJECT: "quarantine"}[role]
    values = {
        "forks": "values ($1::text::uuid, $2::text::uuid, 1, ''::bytea, 1, 1, 'fork', ''::bytea)",
        "quarantine": "values ($1::text::uuid, $2::text::uuid, 99, 'entry', '99', 'x', 'x')",
    }[table]
    database = rig.database(rig.shards["s1"].app_dsn, role)
    with pytest.raises(DatabaseUnavailable, match="row-level security"):
        async with database.transaction(org_id=ours.address.org_id) as connection:
            await connection.execute(f"insert into {table} {values}", *theirs.address)


async def test_the_setting_does_not_outlive_its_transaction(rig: HubRig) -> None:
    ours, _ = await two_tenants(rig)
    database = rig.database(rig.shards["s1"].app_dsn, Role.TENANT)
    async with database.transaction(org_id=ours.address.org_id) as connection:
        assert await connection.fetchval("select count(*) from journal") > 0
    async with database.transaction() as connection:
        assert await connection.fetchval("select count(*) from journal") == 0


async def test_positions_are_seen_by_the_service_roles_and_are_only_positions(rig: HubRig) -> None:
    ours, theirs = await two_tenants(rig)
    for role in (Role.INGEST, Role.PROJECT, Role.PLATFORM):
        async with rig.database(rig.shards["s1"].app_dsn, role).transaction() as connection:
            seen = {row["org_id"] for row in await connection.fetch("select org_id::text from watermarks")}
        assert {ours.address.org_id, theirs.address.org_id} <= seen, role
    async with rig.database(rig.shards["s1"].app_dsn, Role.TENANT).transaction(org_id=ours.address.org_id) as connection:
        assert {row["org_id"] for row in await connection.fetch("select org_id::text from watermarks")} == {ours.address.org_id}


async def test_a_tenant_cannot_find_the_site_of_another_in_the_control_database(rig: HubRig) -> None:
    ours, theirs = await two_tenants(rig)
    scope = Scope(ours.address.org_id)
    assert await rig.stores.control.site(scope, theirs.address.site_id) is None
    assert [site.site_id for site in await rig.stores.control.sites(scope, theirs.address.org_id, None, 10)] == []
    assert [org.org_id for org in await rig.stores.control.organisations(scope)] == [ours.address.org_id]


async def test_tokens_and_codes_are_seen_by_their_holder_only(rig: HubRig) -> None:
    await two_tenants(rig)
    connection = await asyncpg.connect(rig.control.app_dsn, server_settings={"role": Role.TENANT.value})
    try:
        assert await connection.fetch("select from tokens") == []
        assert await connection.fetch("select from claims") == []
    finally:
        await connection.close()
