"""Connections to one database in one role.

What lives here: the pool, its bounds, and the two kinds of transaction: on behalf of an organisation, or of nobody. What is
asked in them is the business of the stores; this file knows no table.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

import asyncpg

from shared.limits import CONNECT_TIMEOUT_S, POOL_IDLE_S, POOL_SIZE_MAX, QUERY_TIMEOUT_S

__all__ = ["Database", "DatabaseUnavailable", "Role", "ValueRefused", "act_for", "savepoint", "sha256"]

log = logging.getLogger(__name__)

Connection = Any
"""An asyncpg connection or its proxy in a pool; asyncpg ships no types that pyright can use."""


class Role(StrEnum):
    """What a process is for; see migrations/control/0001_pre_control.sql."""

    TENANT = "comanda_tenant"
    PLATFORM = "comanda_platform"
    INGEST = "comanda_ingest"
    PROJECT = "comanda_project"


class DatabaseUnavailable(Exception):
    """The database cannot be used now: down, hung, full, restarting, or not migrated. Trying again later may help."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class ValueRefused(Exception):
    """The database is well and will not store this value: trying again will not help."""


# Of the server and of the client library: a value that does not fit its column.
_VALUE_ERRORS = (
    asyncpg.exceptions.DataError,
    asyncpg.exceptions.IntegrityConstraintViolationError,
    asyncpg.exceptions.ProgramLimitExceededError,
    asyncpg.exceptions._base.DataError,
)
_UNAVAILABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_NOT_CONNECTED = (*_UNAVAILABLE, ValueError)  # asyncpg lets that through for a DSN whose port is no number


class Database:
    """A lazily opened pool on one database. `name` is for messages: "control" or the shard's."""

    def __init__(self, name: str, dsn: str, role: Role, *, query_timeout_s: float = QUERY_TIMEOUT_S) -> None:
        self.name = name
        self._dsn = dsn
        self._role = role
        self._query_timeout_s = query_timeout_s
        self._pool: Any = None
        self._opening = asyncio.Lock()

    def _session(self) -> dict[str, str]:
        """How every session begins. Times that Postgres writes as JSON are UTC, wherever its server stands."""
        return {"role": self._role.value, "application_name": self._role.value, "timezone": "UTC"}

    async def _open(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,  # nothing is connected before it is needed, so a process starts while a shard is down
                    max_size=POOL_SIZE_MAX,
                    max_inactive_connection_lifetime=POOL_IDLE_S,
                    timeout=CONNECT_TIMEOUT_S,
                    command_timeout=self._query_timeout_s,
                    server_settings=self._session(),
                    reset=_nothing_to_reset,
                )
            return self._pool

    @asynccontextmanager
    async def transaction(self, *, org_id: str | None = None, credential_sha256: bytes | None = None) -> AsyncIterator[Connection]:
        """A transaction, acting for `org_id` where one is given, or shown a credential.

        Raises DatabaseUnavailable or ValueRefused for what went wrong in the database, whoever's statement it was.
        """
        async with self.statement() as connection, connection.transaction():
            if org_id is not None:
                await act_for(connection, org_id)
            if credential_sha256 is not None:
                await connection.execute("select set_config('app.credential_sha256', $1, true)", credential_sha256.hex())
            yield connection

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Connection]:
        """A connection for statements of which each is a transaction of its own. Raises as `transaction` does."""
        async with self._connection() as connection:
            try:
                yield connection
            except _VALUE_ERRORS as error:
                raise ValueRefused(f"{self.name}: {_sentence(error)}") from error
            except _UNAVAILABLE as error:
                raise DatabaseUnavailable(self.name, _sentence(error)) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool. That there is none, for whatever reason, is no fault of a value."""
        try:
            pool = await self._open()
            connection = await pool.acquire(timeout=CONNECT_TIMEOUT_S)
        except _NOT_CONNECTED as error:
            raise DatabaseUnavailable(self.name, _sentence(error)) from error
        try:
            yield connection
        finally:
            await self._give_back(pool, connection)

    async def _give_back(self, pool: Any, connection: Connection) -> None:
        """What was committed is committed: a connection that cannot be given back in order is cut, and that is all."""
        try:
            await pool.release(connection, timeout=CONNECT_TIMEOUT_S)
        except _UNAVAILABLE as error:
            log.info("%s: a connection was cut: %s", self.name, _sentence(error))

    @asynccontextmanager
    async def listening(
        self, channel: str, heard: asyncio.Event, on_notice: Callable[[str], None] | None = None
    ) -> AsyncIterator[Connection]:
        """A connection of its own on which notices of `channel` set `heard`, and so does its loss; `on_notice` is told what they say."""

        def notice(_connection: Connection, _pid: int, _channel: str, payload: object) -> None:
            if on_notice is not None:
                on_notice(str(payload))
            heard.set()

        try:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=QUERY_TIMEOUT_S,
                server_settings=self._session(),
            )
        except _NOT_CONNECTED as error:
            raise DatabaseUnavailable(self.name, _sentence(error)) from error
        try:
            connection.add_termination_listener(lambda _connection: heard.set())
            await connection.add_listener(channel, notice)
            yield connection
        except _UNAVAILABLE as error:
            raise DatabaseUnavailable(self.name, _sentence(error)) from error
        finally:
            connection.terminate()

    async def is_reachable(self) -> bool:
        """Whether a statement can be run now."""
        try:
            async with self.transaction() as connection:
                await connection.execute("select 1")
        except DatabaseUnavailable as error:
            log.info("not reachable: %s", error)
            return False
        return True

    async def close(self) -> None:
        """Close every connection, waiting for those in use, but not for long."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await pool.close()
        except TimeoutError:
            log.warning("%s: connections did not close in time and were cut", self.name)
            pool.terminate()


async def _nothing_to_reset(_connection: Connection) -> None:
    """What a transaction sets ends with it (`act_for` and all of sql/ set for the transaction only), and the pool has rolled back one that
    was left open. Asking Postgres for more would be a round trip after every commit, for which whoever waits for its answer waits too."""


async def act_for(connection: Connection, org_id: str) -> None:
    """Let the rest of the transaction see and write the rows of `org_id`, and of nobody else."""
    await connection.execute("select set_config('app.org_id', $1, true)", org_id)


@asynccontextmanager
async def savepoint(connection: Connection) -> AsyncIterator[None]:
    """A part of a transaction that is kept or not as a whole. Raises ValueRefused; what came before in the transaction stays."""
    try:
        async with connection.transaction():
            yield
    except _VALUE_ERRORS as error:
        raise ValueRefused(_sentence(error)) from error


def sha256(secret: str) -> bytes:
    """How credentials are kept and looked up: never as they are."""
    return hashlib.sha256(secret.encode()).digest()


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{type(error).__name__}: {text}"
