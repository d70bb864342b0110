"""A shard fails at every round trip of an apply transaction, on real Postgres and as the simulator has it fail: what was answered OK is
there, what is there is there whole, and what was not answered can be sent again.

The real one: the line is cut before and after each round trip, its backend is terminated, the server is killed or shut down at once.
"""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from hub.db.apply_store import PostgresShard
from hub.db.connect import Role
from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from shared.protocol.entry import START
from shared.protocol.envelope import AnswerStatus
from tests.sim.shard import Crashed, SimRegistry, SimShard
from tests.support.hub_rig import HubRig, everything
from tests.support.journals import SiteJournal
from tests.support.postgres import Database, TestPostgres
from tests.support.step_proxy import StepProxy, When
from tests.support.waiting import eventually_async

IS_LONG = bool(os.environ.get("COMANDA_TEST_CHAOS"))


@pytest.fixture(scope="module")
def own() -> Iterator[TestPostgres]:
    """A Postgres with fsync that the stories of this file may kill."""
    with tempfile.TemporaryDirectory(prefix="comanda-pg-", ignore_cleanup_errors=True) as directory:
        postgres = TestPostgres(Path(directory), fsync=True)
        yield postgres
        postgres.server.stop()


class FailingShard:
    """An applier on a shard behind a proxy, one site, and how the shard fails."""

    def __init__(self, rig: HubRig, own: TestPostgres, proxy: StepProxy, site: SiteJournal) -> None:
        self.rig, self.own, self.proxy, self.site = rig, own, proxy, site
        dsn = rig.shards["only"].app_dsn.replace(f":{own.server.port}/", f":{proxy.port}/")
        shard = PostgresShard(rig.database(dsn, Role.INGEST, "only"), time.monotonic)
        self._applier = Applier(rig._registry(), {"only": shard}, time.monotonic, Counts())
        self._sent = 0

    async def send(self) -> AnswerStatus:
        """Everything that has no OK yet, in one envelope."""
        (reply,) = await self._applier.apply([self.site.message(self._sent + 1, len(self.site.entries))])
        if reply.answer.status is AnswerStatus.OK:
            assert reply.answer.watermark == self.site.head
            self._sent = len(self.site.entries)
        return reply.answer.status

    async def round_trips(self) -> int:
        """How many there are in a transaction on a connection that is open already."""
        for _ in range(2):
            self.site.order()
            self.proxy.disarm()
            assert await self.send() is AnswerStatus.OK
        return self.proxy.steps

    async def crash(self, step: int, when: When, fault: Callable[[], Awaitable[None]]) -> None:
        """One more order, applied while that happens; then the judgement, and the healing."""
        before = everything(self.site)
        self.site.order()
        self.proxy.arm(step, when, fault)
        status = await self.send()
        self.proxy.disarm()
        if not self.own.server.child.is_running:
            self.own.server.start()  # in this thread: it would end with any other (provisioning/process.py)
        stored = await self._stored()
        assert stored in ((everything(self.site),) if status is AnswerStatus.OK else (before, everything(self.site)))
        assert await self._watermark() == len(stored)

        async def is_applied() -> bool:
            return await self.send() is AnswerStatus.OK

        if status is not AnswerStatus.OK:
            await eventually_async(is_applied, "the shard is used again without anybody's help")
        assert await self._stored() == everything(self.site)
        assert await self._watermark() == len(self.site.entries)

    async def _stored(self) -> list[tuple[int, bytes]]:
        async def look() -> list[tuple[int, bytes]]:
            try:
                return await self.rig.stored(self.site)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise AssertionError(f"Postgres is not back yet: {error}") from error

        return await eventually_async(look, "Postgres is back")

    async def _watermark(self) -> int:
        rows = await self.rig.look_as(self.site, "select sequence from watermarks where site_id = $1::text::uuid")
        return rows[0]["sequence"] if rows else 0

    # --- faults ----------------------------------------------------------------------------------

    async def nothing_else(self) -> None:
        """The line is cut, and that is all."""

    async def terminate(self) -> None:
        who = f"application_name = '{Role.INGEST.value}' and datname = '{self.rig.shards['only'].name}'"
        await asyncio.to_thread(
            self.own.server.superuser_sql, f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {who};"
        )  # fmt: skip

    async def kill(self) -> None:
        await asyncio.to_thread(self.own.server.kill)

    async def shut_down_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: backends quit without cleaning up, and the next start recovers."""
        os.kill(self.own.server.child.pid, signal.SIGQUIT)
        await eventually_async(lambda: self.own.server.child.exit_code is not None, "Postgres has ended")


@pytest_asyncio.fixture
async def failing(own: TestPostgres, make_database: Callable[[str], Database]) -> AsyncIterator[FailingShard]:
    proxy = StepProxy(own.server.port)
    await proxy.start()
    rig = HubRig(make_database("control"), {"only": own.create("only")})
    await rig.migrate()
    yield FailingShard(rig, own, proxy, await rig.add_site())
    await rig.close()
    await proxy.stop()


async def test_the_line_is_cut_before_and_after_every_round_trip(failing: FailingShard) -> None:
    """After the round trip of the commit nobody here can know: it is there, and sending it again changes nothing."""
    for step in range(1, await failing.round_trips() + 1):
        for when in ("before", "after"):
            await failing.crash(step, when, failing.nothing_else)


async def test_the_backend_is_terminated_at_every_round_trip(failing: FailingShard) -> None:
    for step in range(1, await failing.round_trips() + 1):
        for when in ("during", "after") if IS_LONG else ("during",):
            await failing.crash(step, when, failing.terminate)


@pytest.mark.parametrize("fault", ["kill", "shut_down_at_once"])
async def test_the_server_dies_around_the_commit_and_recovers(failing: FailingShard, fault: str) -> None:
    trips = await failing.round_trips()
    for step in range(1, trips + 1) if IS_LONG else (trips,):  # the last is the commit
        for when in ("before", "after"):
            await failing.crash(step, when, getattr(failing, fault))


async def test_the_simulated_shard_fails_in_the_same_two_ways() -> None:
    """Before the commit nothing is there, after it everything; there is nothing between."""
    site = SiteJournal("0190a5a0-0000-7000-8000-000000000001", "0190a5a0-0000-7000-8000-000000000002").begin()
    stage = ""

    def hazard(now: str) -> None:
        if now == stage:
            raise Crashed(now)

    shard, registry = SimShard(hazard), SimRegistry()
    registry.register(site.address, site.key.public)
    shard.placements[site.address.org_id] = 1
    applied = 0
    for stage in ("before", "after", "before", ""):
        site.order()
        applier = Applier(registry, {shard.name: shard}, time.monotonic, Counts())
        message = site.message(applied + 1, len(site.entries))
        if not stage:
            (reply,) = await applier.apply([message])
            assert (reply.answer.status, reply.answer.watermark) == (AnswerStatus.OK, site.head)
            continue
        with pytest.raises(Crashed):
            await applier.apply([message])
        applied = len(site.entries) if stage == "after" else applied
        rows = shard.journals.get(site.address, [])
        assert list(rows) == site.entries[:applied]
        assert shard.marks.get(site.address, START) == (site.entries[applied - 1].position if applied else START)
