"""Migrations: run twice, tampered with, pointed at the wrong database; and what roles and tables are afterwards."""

from collections.abc import Callable

import asyncpg
import pytest

from hub.db import migrate
from hub.db.connect import Role
from hub.db.migrate import HALVES, Migration, migrate_all, migrate_shard
from shared.limits import JOURNAL_MONTHS_AHEAD, PLACEMENT_BUCKETS, UPLINK_LANES
from shared.operator_error import OperatorError
from tests.support.hub_rig import HubRig
from tests.support.postgres import Database

TENANT_TABLES = """
select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as is_forced, pg_get_userbyid(c.relowner) as owner,
       (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisprimary) as first_key
from pg_class c join pg_attribute o on o.attrelid = c.oid and o.attname = 'org_id' and not o.attisdropped
where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
"""


async def test_a_second_run_changes_nothing(rig: HubRig) -> None:
    again = await rig.migrate()
    assert again[-1] == "done: 0 migrations applied"
    assert "control: up to date" in again


async def test_the_directory_is_spread_and_lanes_wait_for_owners(rig: HubRig) -> None:
    connection = await asyncpg.connect(rig.control.owner_dsn)
    try:
        counts = dict(await connection.fetch("select shard, count(*) from directory group by shard"))
        lanes = await connection.fetchval("select count(*) from lanes where owner = ''")
    finally:
        await connection.close()
    assert counts == {"s1": PLACEMENT_BUCKETS // 2, "s2": PLACEMENT_BUCKETS // 2}
    assert lanes == UPLINK_LANES


async def test_every_tenant_table_forces_row_level_security_and_leads_its_key_with_the_organisation(rig: HubRig) -> None:
    for dsn in (rig.control.owner_dsn, rig.shards["s1"].owner_dsn):
        connection = await asyncpg.connect(dsn)
        try:
            tables = await connection.fetch(TENANT_TABLES)
        finally:
            await connection.close()
        assert len(tables) >= 5
        assert [each["name"] for each in tables if not each["is_forced"]] == []
        # A token is looked up by its hash before anybody knows whose it is; every other key begins with the tenant.
        assert [each["name"] for each in tables if each["first_key"] != "org_id"] in ([], ["tokens"])


async def test_what_the_processes_are_owns_nothing_and_bypasses_nothing(rig: HubRig) -> None:
    connection = await asyncpg.connect(rig.shards["s1"].owner_dsn)
    try:
        roles = await connection.fetch(
            "select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles where rolname = any($1)", [*Role, "comanda_app"]
        )
        owners = {row["owner"] for row in await connection.fetch(TENANT_TABLES)}
    finally:
        await connection.close()
    assert len(roles) == len(Role) + 1
    assert not any(role["rolsuper"] or role["rolbypassrls"] or role["rolname"] in owners for role in roles)
    assert [role["rolname"] for role in roles if role["rolcanlogin"]] == ["comanda_app"]


async def test_the_login_has_no_rights_until_it_takes_a_role(rig: HubRig) -> None:
    connection = await asyncpg.connect(rig.shards["s1"].app_dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from watermarks")
    finally:
        await connection.close()


async def test_months_of_the_journal_are_made_ahead(rig: HubRig) -> None:
    rows = await rig.look("s1", "select count(*) as count from pg_inherits where inhparent = 'journal'::regclass")
    assert rows[0]["count"] == JOURNAL_MONTHS_AHEAD + 2  # this month and the default as well


async def test_two_databases_with_swapped_names_are_noticed(rig: HubRig) -> None:
    shard = rig.shards["s1"]
    with pytest.raises(OperatorError, match=r"hub\.wrong_shard"):
        await migrate_shard("s2", shard.owner_dsn, shard.app_dsn, HALVES, [].append)


async def test_a_file_that_was_changed_after_it_was_applied_is_refused(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "migrations", lambda kind: [Migration(f"0001_pre_{kind}", "pre", "select 1")])
    with pytest.raises(OperatorError, match=r"hub\.migration_changed"):
        await rig.migrate()


async def test_a_file_that_fails_leaves_nothing_of_itself(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    real = migrate.migrations
    broken = Migration("0002_post_broken", "post", "create table half_done (a int); select 1 / 0")
    monkeypatch.setattr(migrate, "migrations", lambda kind: [*real(kind), broken])
    with pytest.raises(OperatorError, match=r"hub\.migration_failed"):
        await rig.migrate()
    assert (await rig.look("s1", "select to_regclass('half_done') as found"))[0]["found"] is None
    await migrate_all(rig.settings, ("pre",), [].append)  # its half is not asked for, so it does not stand in the way


async def test_processes_may_not_run_as_the_owner(make_database: Callable[[str], Database]) -> None:
    database = make_database("s1")
    with pytest.raises(OperatorError, match=r"hub\.login_too_strong"):
        await migrate_shard("s1", database.owner_dsn, database.owner_dsn, HALVES, [].append)


async def test_a_database_that_is_not_there_is_told(make_database: Callable[[str], Database]) -> None:
    database = make_database("s1")
    with pytest.raises(OperatorError, match=r"hub\.database_unreachable"):
        await migrate_shard("s1", database.owner_dsn + "_gone", database.app_dsn, HALVES, [].append)
