"""The demo's programs: broker, Postgres, the hub's processes, and two for each site.

What lives here: how each is started, in which order, with which settings. The programs are started as programs, by their
command line; nothing of edge or hub is imported. When to start, restart and stop them is decided in runner.py.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from provisioning.demo.home import DemoHome
from provisioning.demo.plan import SHARDS, SITES, Ports
from provisioning.nats_init import NatsHome
from provisioning.process import Child
from provisioning.servers import APP_ROLE, OWNER_ROLE, NatsServer, PostgresServer
from shared.limits import DEMO_STEP_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["Stack", "is_ready", "run_comanda", "run_json"]

_COMANDA = (sys.executable, "-m", "comanda")


class Stack:
    """Every child of one demo. Nothing runs until it is started."""

    def __init__(self, home: DemoHome, ports: Ports, nats: NatsHome, passwords: tuple[str, str]) -> None:
        """`passwords` are those of the databases' owner and of the hub's processes."""
        self.home = home
        self.ports = ports
        self.hub_url = f"http://127.0.0.1:{ports.hub}"
        self.broker = NatsServer(Path(nats.conf), ports.nats, home.logs / "nats.log")
        self.postgres = PostgresServer(home.postgres, ports.postgres, home.logs / "postgres.log")
        self._passwords = passwords
        self.hub_env = self._hub_env(nats)
        self.hub = [self._hub_child(name) for name in ("ingest", "project", "api")]
        self.edges = {site.key: self._edge(site.key) for site in SITES}
        self.links = {site.key: self._link(site.key) for site in SITES}

    # --- what runs where -----------------------------------------------------------------------

    def _hub_env(self, nats: NatsHome) -> dict[str, str]:
        owner, app = self._passwords

        def dsns(role: str, password: str) -> str:
            return json.dumps({shard: self.postgres.dsn(f"shard_{shard}", role, password) for shard in SHARDS})

        return {
            "COMANDA_HUB_CONTROL_DSN": self.postgres.dsn("control", APP_ROLE, app),
            "COMANDA_HUB_CONTROL_ADMIN_DSN": self.postgres.dsn("control", OWNER_ROLE, owner),
            "COMANDA_HUB_SHARDS": dsns(APP_ROLE, app),
            "COMANDA_HUB_SHARDS_ADMIN": dsns(OWNER_ROLE, owner),
            "COMANDA_HUB_NATS_URLS": self.broker.url,
            "COMANDA_HUB_NATS_CREDS": nats.hub_creds,
            "COMANDA_HUB_SIGNING_KEY": nats.signing_seed,
            "COMANDA_HUB_ACCOUNT_KEY": nats.account_public,
            "COMANDA_HUB_BOX_NATS_URLS": self.broker.url,
            "COMANDA_HUB_API_HOST": "127.0.0.1",
            "COMANDA_HUB_API_PORT": str(self.ports.hub),
        }

    def _hub_child(self, name: str) -> Child:
        return Child(f"hub-{name}", [*_COMANDA, "hub", name], self.home.logs / f"hub-{name}.log", env=self.hub_env)

    def _edge(self, key: str) -> Child:
        arguments = ["edge", "serve", "--data-dir", self.home.site_dir(key), "--port", str(self.ports.edge(key))]
        return Child(f"edge-{key}", [*_COMANDA, *arguments], self.home.logs / f"edge-{key}.log")

    def _link(self, key: str) -> Child:
        line = f"nats://127.0.0.1:{self.ports.line(key)}"  # the cuttable one, whatever box.toml says
        arguments = ["edge", "link", "--data-dir", self.home.site_dir(key)]
        return Child(f"link-{key}", [*_COMANDA, *arguments], self.home.logs / f"link-{key}.log", env={"COMANDA_EDGE_NATS_URLS": line})

    def edge_url(self, key: str) -> str:
        return f"http://127.0.0.1:{self.ports.edge(key)}"

    # --- starting and stopping -----------------------------------------------------------------

    @property
    def children(self) -> list[Child]:
        """Everything, in the order in which it is started."""
        return [self.broker.child, self.postgres.child, *self.hub, *self.edges.values(), *self.links.values()]

    def start_databases(self) -> None:
        """Postgres with its roles, the control database and the shards."""
        self.postgres.init()
        self.postgres.start()
        self.postgres.ensure_roles(*self._passwords)
        for database in ("control", *(f"shard_{shard}" for shard in SHARDS)):
            self.postgres.ensure_database(database)

    async def stop(self) -> list[str]:
        """Stop everything that runs, what depends on others first; the names of those that had to be killed."""
        tiers: Sequence[Sequence[Child]] = (
            list(self.links.values()), list(self.edges.values()), self.hub[::-1], [self.broker.child], [self.postgres.child],
        )  # fmt: skip
        killed: list[str] = []
        for tier in tiers:
            for child in tier:
                child.ask_to_stop()
            killed += [child.name for child in tier if not await asyncio.to_thread(child.stop)]
        return killed


async def run_comanda(*arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command of `comanda` to its end; what it printed. Raises OperatorError with its words when it fails."""
    argv = [*_COMANDA, *(str(argument) for argument in arguments)]
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | dict(env or {}),
        start_new_session=True,
    )
    try:
        output, complaint = await asyncio.wait_for(process.communicate(), DEMO_STEP_TIMEOUT_S)
    except BaseException:  # cancelled, or too slow: either way it must not outlive us
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode:
        words = complaint.decode(errors="replace").strip().replace("\n", " | ")
        raise OperatorError("demo.step_failed", f"comanda {' '.join(argv[3:6])} …: {words[-600:]}", "Read the message of that command.")
    return output.decode()


async def run_json(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Any:
    """The same with `--json`, decoded."""
    return json.loads(await run_comanda(*arguments, "--json", env=env))


def is_ready(url: str) -> bool:
    """Whether the process behind `url` says that it is ready."""
    try:
        return httpx.get(f"{url}/readyz", timeout=2.0).is_success
    except httpx.HTTPError:
        return False
