"""Tenants never meet (Law 9): what one organisation's transaction sees of another's, in every role."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from hub.app.ports import Scope
from hub.db.connect import DatabaseUnavailable, Role
from hub.project.rows import TABLES
from tests.integration.hub.evenings import Evenings
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal
from tests.support.postgres import Database

CONTENTS = ("journal", "forks", "orphans", "keepsakes", "site_commands", "aggregates", "quarantine", "corrections", *TABLES)
POSITIONS = ("placements", "watermarks", "contacts", "cursors", "orphan_branches", "holes")
Tenants = tuple[SiteJournal, SiteJournal]


@pytest.fixture(scope="session")
def tenants(hub_databases: dict[str, Database], tmp_path_factory: pytest.TempPathFactory) -> Tenants:
    """Two sites of two organisations on one shard, both with everything that a site can have. Nobody writes to them."""

    async def make() -> Tenants:
        rig = HubRig(hub_databases["control"], {name: hub_databases[name] for name in ("s1", "s2")})
        try:
            found = [await full_site(rig, tmp_path_factory.mktemp("tenant")) for _ in range(2)]
            await rig.project()
        finally:
            await rig.close()
        return found[0], found[1]

    return asyncio.run(make())


async def full_site(rig: HubRig, directory: Path) -> SiteJournal:
    journal = await rig.add_site(shard="s1", currency="EUR")
    evenings = Evenings(directory, journal, seed=1).run(days=1)
    evenings.close()
    journal.append(b'{"type":"LineAdded","check_id":"lost"}')
    await rig.send_all(journal)
    await rig.send(journal.message(1, 2), (journal.message(1, 1)[0], fork_of(journal)))
    await rig.send(*journal.parts("menu", b"{}"))
    await rig.look_as(
        journal,
        "insert into site_commands (org_id, site_id, command_id, command, expires_at) "
        "values ($2::text::uuid, $1::text::uuid, 'command', '{}', now() + interval '1 hour')",
        journal.address.org_id,
    )  # fmt: skip
    await rig.look_as(
        journal,
        "insert into corrections (org_id, site_id, sequence, reason, decided_by) values ($2::text::uuid, $1::text::uuid, 999999, 'x', 'anna')",
        journal.address.org_id,
    )
    await rig.greeter.greet([journal.hello()])
    await rig.claim(SiteJournal(*journal.address))
    await rig.make_applier().apply([replaced_tail(journal)])  # one that has not cached who was the present box
    return journal


def replaced_tail(journal: SiteJournal) -> tuple[str, bytes]:
    """What the box still held when it was replaced."""
    journal.append(b'{"type":"SoldOffline"}')
    return journal.message(len(journal.entries), len(journal.entries))


def fork_of(journal: SiteJournal) -> bytes:
    """A signed envelope that contradicts the first entry."""
    other = SiteJournal(*journal.address, key=journal.key)
    other.append(b'{"type":"SomethingElse"}')
    return other.frame(1, 1)


@pytest.mark.parametrize("table", CONTENTS)
async def test_a_tenant_sees_its_own_rows_and_nobody_elses(rig: HubRig, tenants: Tenants, table: str) -> None:
    ours, theirs = tenants
    database = rig.database(rig.shards["s1"].app_dsn, Role.TENANT)
    async with database.transaction(org_id=ours.address.org_id) as connection:
        seen = {row["org_id"] for row in await connection.fetch(f"select distinct org_id::text from {table}")}
        asked = await connection.fetch(f"select from {table} where org_id = $1::text::uuid", theirs.address.org_id)
    assert seen == {ours.address.org_id}
    assert asked == []


@pytest.mark.parametrize("role", list(Role))
async def test_without_an_organisation_no_role_sees_contents(rig: HubRig, tenants: Tenants, role: Role) -> None:
    granted = await rig.look("s1", "select t from unnest($1::text[]) as t where has_table_privilege($2, t, 'select')", CONTENTS, role)
    database = rig.database(rig.shards["s1"].app_dsn, role)
    for (table,) in granted:
        async with database.transaction() as connection:
            assert await connection.fetch(f"select from {table}") == [], table
    assert bool(granted) == (role is not Role.PLATFORM)  # the operator has no business in them at all


async def test_the_owner_itself_is_subject_to_the_policies(rig: HubRig, tenants: Tenants) -> None:
    for table in (*CONTENTS, *POSITIONS):
        assert await rig.look("s1", f"select from {table}") == [], table


async def test_the_partitions_cannot_be_read_past_the_policy(rig: HubRig, tenants: Tenants) -> None:
    inherited = "select distinct inhrelid::regclass::text as name from pg_inherits join pg_class on oid = inhrelid and relkind = 'r'"
    partitions = await rig.look("s1", inherited)
    assert len(partitions) > len(TABLES)
    for each in partitions:
        assert await rig.look("s1", f"select from {each['name']}") == [], each["name"]


@pytest.mark.parametrize("role", [Role.INGEST, Role.PROJECT])
async def test_nobody_writes_rows_of_an_organisation_that_is_not_set(rig: HubRig, tenants: Tenants, role: Role) -> None:
    ours, theirs = tenants
    table = {Role.INGEST: "forks", Role.PROJECT: "quarantine"}[role]
    values = {
        "forks": "values ($1::text::uuid, $2::text::uuid, 1, ''::bytea, 1, 1, 'fork', ''::bytea)",
        "quarantine": "values ($1::text::uuid, $2::text::uuid, 99, 'entry', '99', 'x', 'x')",
    }[table]
    database = rig.database(rig.shards["s1"].app_dsn, role)
    with pytest.raises(DatabaseUnavailable, match="row-level security"):
        async with database.transaction(org_id=ours.address.org_id) as connection:
            await connection.execute(f"insert into {table} {values}", *theirs.address)


async def test_the_setting_does_not_outlive_its_transaction(rig: HubRig, tenants: Tenants) -> None:
    ours, _ = tenants
    database = rig.database(rig.shards["s1"].app_dsn, Role.TENANT)
    async with database.transaction(org_id=ours.address.org_id) as connection:
        assert await connection.fetchval("select count(*) from journal") > 0
    async with database.transaction() as connection:
        assert await connection.fetchval("select count(*) from journal") == 0


async def test_positions_are_seen_by_the_service_roles_and_are_only_positions(rig: HubRig, tenants: Tenants) -> None:
    ours, theirs = tenants
    for role in (Role.INGEST, Role.PROJECT, Role.PLATFORM):
        async with rig.database(rig.shards["s1"].app_dsn, role).transaction() as connection:
            seen = {row["org_id"] for row in await connection.fetch("select org_id::text from watermarks")}
        assert {ours.address.org_id, theirs.address.org_id} <= seen, role
    async with rig.database(rig.shards["s1"].app_dsn, Role.TENANT).transaction(org_id=ours.address.org_id) as connection:
        assert {row["org_id"] for row in await connection.fetch("select org_id::text from watermarks")} == {ours.address.org_id}


async def test_a_tenant_cannot_find_the_site_of_another_in_the_control_database(rig: HubRig, tenants: Tenants) -> None:
    ours, theirs = tenants
    scope = Scope(ours.address.org_id)
    assert await rig.stores.control.site(scope, theirs.address.site_id) is None
    assert [site.site_id for site in await rig.stores.control.sites(scope, theirs.address.org_id, None, 10)] == []
    assert [org.org_id for org in await rig.stores.control.organisations(scope)] == [ours.address.org_id]


async def test_tokens_and_codes_are_seen_by_their_holder_only(rig: HubRig, tenants: Tenants) -> None:
    connection = await asyncpg.connect(rig.control.app_dsn, server_settings={"role": Role.TENANT.value})
    try:
        assert await connection.fetch("select from tokens") == []
        assert await connection.fetch("select from claims") == []
    finally:
        await connection.close()
