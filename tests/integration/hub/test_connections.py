"""A connection that goes from hand to hand in a pool carries nothing of whoever had it before (Law 9), although nothing resets it."""

import asyncio

from hub.db.connect import Role
from tests.support.hub_rig import HubRig

_LEFT = "select pg_backend_pid(), coalesce(current_setting('app.org_id', true), ''), (select count(*) from journal)"


async def test_who_comes_next_on_a_connection_acts_for_nobody(rig: HubRig) -> None:
    site = (await rig.add_site(shard="s1")).orders(1)
    await rig.send_all(site)
    database = rig.database(rig.shards["s1"].app_dsn, Role.INGEST)
    async with database.transaction(org_id=site.address.org_id) as connection:
        pid, org_id, _ = await connection.fetchrow(_LEFT)
        assert org_id == site.address.org_id
    async with database.transaction() as connection:
        assert tuple(await connection.fetchrow(_LEFT)) == (pid, "", 0)


async def test_who_was_cut_off_in_the_middle_leaves_no_transaction_behind(rig: HubRig) -> None:
    site = await rig.add_site(shard="s1")
    database = rig.database(rig.shards["s1"].app_dsn, Role.INGEST)
    began = asyncio.Event()

    async def hang() -> None:
        async with database.transaction(org_id=site.address.org_id) as connection:
            began.set()
            await connection.execute("select pg_sleep(60)")

    task = asyncio.create_task(hang())
    await began.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.transaction() as connection:
        _, org_id, rows = await connection.fetchrow(_LEFT)
        assert (org_id, rows) == ("", 0)
