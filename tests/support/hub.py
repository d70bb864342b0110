"""A whole hub for one test: databases, broker and the three processes, started as programs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from provisioning.process import free_port
from tests.support.broker import Broker
from tests.support.issuer import ISSUER
from tests.support.postgres import Database, TestPostgres
from tests.support.programs import Program, run, run_json

__all__ = ["HubStack"]


@dataclass
class HubStack:
    """The settings of a hub over fresh databases, and its processes. Nothing runs until it is started."""

    directory: Path
    broker: Broker
    control: Database
    shards: dict[str, Database]

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            "COMANDA_HUB_CONTROL_DSN": self.control.app_dsn,
            "COMANDA_HUB_CONTROL_ADMIN_DSN": self.control.owner_dsn,
            "COMANDA_HUB_SHARDS": json.dumps({name: shard.app_dsn for name, shard in self.shards.items()}),
            "COMANDA_HUB_SHARDS_ADMIN": json.dumps({name: shard.owner_dsn for name, shard in self.shards.items()}),
            "COMANDA_HUB_NATS_URLS": self.broker.url,
            "COMANDA_HUB_NATS_CREDS": str(self.broker.hub_creds),
            "COMANDA_HUB_SIGNING_KEY": self.broker.home.signing_seed,
            "COMANDA_HUB_ACCOUNT_KEY": self.broker.home.account_public,
            "COMANDA_HUB_BOX_NATS_URLS": self.broker.url,
            "COMANDA_HUB_CLAIM_ISSUERS": ISSUER.public,
            "COMANDA_HUB_API_HOST": "127.0.0.1",
            "COMANDA_HUB_API_PORT": str(self.port),
        }
        log = self.directory / "hub-log"
        self.ingest = Program("ingest", log, "hub", "ingest", env=self.env)
        self.project = Program("project", log, "hub", "project", env=self.env)
        self.api = Program("api", log, "hub", "api", env=self.env)

    @classmethod
    def create(cls, directory: Path, broker: Broker, postgres: TestPostgres, shards: int = 2) -> "HubStack":
        """A hub over new databases of `postgres`."""
        names = [f"s{number}" for number in range(1, shards + 1)]
        return cls(directory, broker, postgres.create("control"), {name: postgres.create(name) for name in names})

    def migrate(self) -> None:
        done = run("hub", "migrate", env=self.env)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Migrate, then start ingest, project and api, and wait for the API."""
        self.migrate()
        for program in (self.ingest, self.project, self.api):
            program.start()
        self.api.wait_ready(self.is_ready)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2.0).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        for program in (self.api, self.project, self.ingest):
            program.stop()

    def command(self, *arguments: str) -> Any:
        """`comanda hub … --json`, decoded."""
        return run_json("hub", *arguments, env=self.env)

    def add_site(
        self, name: str = "Test site", *, org_id: str = "", currency: str = "USD", time_zone: str = "America/New_York"
    ) -> tuple[str, str]:
        """(org_id, site_id) of a new site, in a new organisation unless one is named."""
        org_id = org_id or self.command("org", "add", f"Org of {name}")["org_id"]
        site = self.command("site", "add", "--org", org_id, "--name", name, "--currency", currency, "--time-zone", time_zone)
        return org_id, site["site_id"]

    def enroll(self, site_id: str, data_dir: Path) -> dict[str, Any]:
        """Claim the site and enrol a box for it, through the API, as a technician would."""
        code = self.command("site", "claim", site_id)["code"]
        return run_json("provision", "enroll", "--hub", self.url, "--code", code, "--data-dir", data_dir)

    def client(self) -> httpx.Client:
        """A client of the API with a token that sees everything. The caller closes it."""
        token = self.command("token", "add", "--name", "tests")["token"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=10.0)
