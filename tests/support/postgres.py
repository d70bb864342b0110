"""Postgres for tests: one instance for the whole session, a database of its own for each test."""

import itertools
from dataclasses import dataclass
from pathlib import Path

from provisioning.process import free_port
from provisioning.servers import APP_ROLE, OWNER_ROLE, PostgresServer

__all__ = ["Database", "TestPostgres"]

_OWNER_PASSWORD, _APP_PASSWORD = "owner-of-a-test", "app-of-a-test"


@dataclass(frozen=True)
class Database:
    """A fresh database: `owner_dsn` may migrate it, `app_dsn` is what the hub's processes use."""

    name: str
    owner_dsn: str
    app_dsn: str


class TestPostgres:
    """An instance with the hub's two roles. `server` can be stopped, killed and started again by a test that owns it."""

    __test__ = False

    def __init__(self, directory: Path, *, fsync: bool = False) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.server = PostgresServer(directory / "pg", free_port(), directory / "postgres.log", fsync=fsync)
        self._numbers = itertools.count(1)
        self.server.init()
        self.server.start()
        self.server.ensure_roles(_OWNER_PASSWORD, _APP_PASSWORD)

    def create(self, prefix: str = "test") -> Database:
        """A new empty database."""
        name = f"{prefix}_{next(self._numbers)}"
        self.server.ensure_database(name)
        return Database(
            name=name,
            owner_dsn=self.server.dsn(name, OWNER_ROLE, _OWNER_PASSWORD),
            app_dsn=self.server.dsn(name, APP_ROLE, _APP_PASSWORD),
        )

    def drop(self, database: Database) -> None:
        self.server.drop_database(database.name)
