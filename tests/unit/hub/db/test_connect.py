"""Connections that cannot be made: the fault is told, never a traceback."""

import pytest

from hub.db.connect import Database, DatabaseUnavailable, Role
from hub.db.migrate import migrate_shard
from shared.operator_error import OperatorError

NO_PORT = "postgresql://user:word@127.0.0.1:port/control"


async def test_a_dsn_whose_port_is_no_number_is_a_database_that_cannot_be_used() -> None:
    database = Database("control", NO_PORT, Role.PLATFORM)
    with pytest.raises(DatabaseUnavailable, match="control"):
        async with database.transaction():
            pass
    assert not await database.is_reachable()
    await database.close()


async def test_a_migration_says_which_dsn_it_was() -> None:
    with pytest.raises(OperatorError, match="'s1' cannot be reached as its owner"):
        await migrate_shard("s1", NO_PORT, NO_PORT, ("pre", "post"), print)
