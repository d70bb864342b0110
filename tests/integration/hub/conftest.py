"""Hubs for the tests of this folder, on the session's Postgres.

Migrating takes a second, so the databases are shared and every test brings tenants of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import msgspec
import pytest
import pytest_asyncio
from click.testing import CliRunner

from hub.cli import group
from shared.operator_error import OperatorError
from tests.support.hub_rig import HubRig
from tests.support.postgres import Database, TestPostgres


@pytest.fixture(scope="session")
def hub_databases(postgres: TestPostgres) -> Iterator[dict[str, Database]]:
    """A control database and two shards, migrated."""
    made = {name: postgres.create(name) for name in ("control", "s1", "s2")}

    async def migrate() -> None:
        rig = HubRig(made["control"], {name: made[name] for name in ("s1", "s2")})
        await rig.migrate()
        await rig.close()

    asyncio.run(migrate())
    yield made
    for database in made.values():
        postgres.drop(database)


@pytest_asyncio.fixture
async def rig(hub_databases: dict[str, Database]) -> AsyncIterator[HubRig]:
    """A hub with two shards, without processes or broker, on databases that other tests use too."""
    made = HubRig(hub_databases["control"], {name: hub_databases[name] for name in ("s1", "s2")})
    yield made
    await made.close()


@pytest_asyncio.fixture
async def one_shard(make_database: Callable[[str], Database]) -> AsyncIterator[HubRig]:
    """A hub with one shard, on databases of the test's own."""
    made = HubRig(make_database("control"), {"only": make_database("only")})
    await made.migrate()
    yield made
    await made.close()


@pytest.fixture
def cli(rig: HubRig, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command of the hub on the rig's databases, in a thread of its own; its output, or the code it was refused with."""
    monkeypatch.setenv("COMANDA_HUB_CONTROL_DSN", rig.control.app_dsn)
    monkeypatch.setenv("COMANDA_HUB_SHARDS", msgspec.json.encode({name: each.app_dsn for name, each in rig.shards.items()}).decode())

    def call(*arguments: str) -> str:
        outcome = CliRunner().invoke(group, [str(each) for each in arguments])
        if isinstance(outcome.exception, OperatorError):
            return outcome.exception.code
        assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
        return outcome.stdout if outcome.exit_code == 0 else f"exit {outcome.exit_code}"

    return call
