"""A hub under measurement: NATS in operator mode, Postgres with fsync, a control database, two shards and one ingest process.

What lives here: starting it, enrolling boxes, making it forget, and hearing of its commits. What is timed is not known here.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg
import msgspec

from edge.box import read_box
from hub.app.claims import claim_site, new_code, redeem
from hub.app.ports import Site
from hub.app.tenants import add_organisation, add_site
from hub.credentials import box_credentials
from hub.settings import HubSettings
from hub.stores import open_stores
from provisioning.enroll import Claimed, write_box
from provisioning.keys import new_user
from shared.limits import CLAIM_CODE_BYTES, UPLINK_LANES
from tests.bench.run import Run
from tests.bench.site import PROGRAM_ENV
from tests.support.boxes import new_id
from tests.support.broker import Broker
from tests.support.hub import HubStack
from tests.support.postgres import TestPostgres
from tests.support.programs import Program
from tests.support.waiting import eventually

__all__ = ["BenchHub"]

_FORGET = """
truncate journal, watermarks, contacts, forks, cursors;
update identity set incarnation = gen_random_uuid();
"""
Look = Callable[[float], Awaitable[dict[str, int]]]


class BenchHub:
    """A hub of its own, from `with` to its end."""

    def __init__(self, run: Run) -> None:
        self._directory = run.fresh("hub")
        self._stack = ExitStack()
        self._sites: dict[Path, str] = {}
        self._orgs: dict[str, str] = {}  # the organisation of the bench on each shard

    def __enter__(self) -> "BenchHub":
        with ExitStack() as starting:
            self.postgres = TestPostgres(self._directory / "pg", fsync=True)
            starting.callback(self.postgres.server.stop)
            self.broker = Broker(self._directory)
            self.broker.server.start()
            starting.callback(self.broker.server.stop)
            self.stack = HubStack.create(self._directory, self.broker, self.postgres)
            self.stack.migrate()
            self.ingest = Program("ingest", self._directory / "ingest-log", "hub", "ingest", env=self.stack.env | PROGRAM_ENV)
            starting.callback(self.ingest.stop)
            self._stack = starting.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def start_ingest(self) -> None:
        """Start the ingest process and wait until it owns every lane."""
        self.ingest.log.unlink(missing_ok=True)
        self.ingest.start()
        eventually(lambda: self.ingest.log_text().count("owning lane") == UPLINK_LANES, "ingest owns every lane")

    def go_away(self) -> None:
        """Broker and ingest are gone; ingest begins anew and waits for the broker, as after a power cut in the cloud."""
        self.ingest.stop()
        self.broker.server.stop()
        self.ingest.log.unlink(missing_ok=True)
        self.ingest.start()
        eventually(lambda: "broker: " in self.ingest.log_text(), "ingest waits for the broker")

    def come_back(self) -> None:
        """The broker is there again."""
        if not self.broker.server.child.is_running:
            self.broker.server.start()

    # --- boxes -----------------------------------------------------------------------------------

    def enroll(self, data_dir: Path) -> Path:
        """A box of a new site, claimed as the API would let it; sites are spread over the shards."""
        return asyncio.run(self._enroll(data_dir))

    async def _enroll(self, data_dir: Path) -> Path:
        env = {name.removeprefix("COMANDA_HUB_").lower(): value for name, value in self.stack.env.items()}
        shards = msgspec.json.decode(env["shards"], type=dict[str, str])
        settings = HubSettings(control_dsn=env["control_dsn"], shards=shards)
        key, code = new_user(), new_code(secrets.token_bytes(CLAIM_CODE_BYTES))
        async with open_stores(settings) as stores:
            while len(self._orgs) < len(shards):
                org = await add_organisation(stores.control, stores.shards, new_id, "Bench")
                self._orgs.setdefault(org.shard, org.org_id)
            shard = sorted(shards)[len(self._sites) % len(shards)]
            site = Site(
                org_id=self._orgs[shard], site_id=new_id(), shard="", name="Bench", currency="USD", time_zone="America/New_York",
                cut_over_minutes=240,
            )  # fmt: skip
            await add_site(stores.control, site)
            await claim_site(stores.control, site.site_id, code)
            sign = box_credentials(Path(env["signing_key"]), env["account_key"])
            claimed = await redeem(stores.control, stores.shards, sign, [self.broker.url], code, key.public)
        write_box(data_dir, msgspec.convert(msgspec.to_builtins(claimed), Claimed), key)
        self._sites[data_dir] = site.site_id
        return data_dir

    def site_of(self, data_dir: Path) -> str:
        return read_box(data_dir).site_id

    # --- the databases, as their superuser -------------------------------------------------------

    def forget(self) -> None:
        """As if nobody had ever sent anything; the boxes will be told so and send all again (Law 4)."""
        for shard in self.stack.shards.values():
            self.postgres.server.superuser_sql(_FORGET, shard.name)

    async def connect(self, shard: str) -> Any:
        """A superuser's connection to a shard: row-level security does not stand in its way."""
        server = self.postgres.server
        return await asyncpg.connect(host=str(server.sockets), port=server.port, user="postgres", database=self.stack.shards[shard].name)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Look]:
        """What waits for a commit, at most so many seconds, and tells the watermark of every site."""
        heard = asyncio.Event()
        connections = [await self.connect(shard) for shard in self.stack.shards]
        try:
            for connection in connections:
                await connection.add_listener("journal", lambda *_: heard.set())

            async def look(timeout_s: float) -> dict[str, int]:
                await asyncio.wait({asyncio.ensure_future(heard.wait())}, timeout=min(timeout_s, 1.0))
                heard.clear()
                marks: dict[str, int] = {}
                for connection in connections:
                    marks |= {row[0]: row[1] for row in await connection.fetch("select site_id::text, sequence from watermarks")}
                return marks

            yield look
        finally:
            for connection in connections:
                connection.terminate()
