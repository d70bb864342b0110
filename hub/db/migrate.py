"""Brings the control database and the shards to the schema of this release.

What lives here: the runner. It applies the files of `migrations/` in order, once each, records their hashes, and sets up what
a database needs to be used: the login of the processes, the shard's name, the first directory, the months to come. It is the
only code that connects as owner. What the tables mean is not known here.

A release has two halves. `pre` files are run before its processes start and must suit the release before as well; `post`
files are run when no process of the release before is left. `comanda hub migrate` runs both unless told otherwise.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import asyncpg

from hub.db.connect import Role
from hub.db.placement import spread
from hub.settings import HubSettings
from shared.limits import (
    CONNECT_TIMEOUT_S,
    JOURNAL_MONTHS_AHEAD,
    MIGRATION_LOCK_TIMEOUT_S,
    READ_MODEL_MONTHS_AHEAD,
    READ_MODEL_MONTHS_BACK,
    UPLINK_LANES,
)
from shared.operator_error import OperatorError

__all__ = ["HALVES", "Migration", "migrate_all", "migrate_control", "migrate_shard", "migrations"]

HALVES = ("pre", "post")
_FILE = re.compile(r"(\d{4})_(pre|post)_([a-z0-9_]+)\.sql\Z")
_LOCK_KEY = 0x636F6D616E6461  # "comanda": one migration of a database at a time
_RECORD = """
create table if not exists schema_migrations (
    name text primary key,
    half text not null,
    sha256 text not null,
    applied_at timestamptz not null default now()
)
"""
Report = Callable[[str], None]


class Migration(NamedTuple):
    """One file: `name` is its file name without the suffix, `half` is `pre` or `post`."""

    name: str
    half: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(kind: str) -> list[Migration]:
    """The files for `kind` ("control" or "shard") in the order of their numbers. Raises ValueError for a misnamed file."""
    found: list[tuple[str, Migration]] = []
    for path in (Path(__file__).parent / "migrations" / kind).glob("*.sql"):
        match = _FILE.match(path.name)
        if match is None:
            raise ValueError(f"{path.name}: migrations are named NNNN_pre_what.sql or NNNN_post_what.sql")
        found.append((match[1], Migration(path.stem, match[2], path.read_text(encoding="utf-8"))))
    numbers = [number for number, _ in found]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"two migrations of {kind} share a number")
    return [migration for _, migration in sorted(found)]


async def migrate_control(admin_dsn: str, app_dsn: str, shards: Mapping[str, str], halves: tuple[str, ...], report: Report) -> int:
    """Migrate the control database; the number of files applied. Raises OperatorError."""
    connection = await _connect("control", admin_dsn)
    try:
        applied = await _run("control", connection, halves, report)
        await _ensure_login("control", connection, app_dsn, report)
        async with connection.transaction():
            await connection.executemany(
                "insert into shards (name) values ($1) on conflict do nothing", [(name,) for name in sorted(shards)]
            )
            if not await connection.fetchval("select exists (select from directory)"):
                await connection.executemany("insert into directory (bucket, shard) values ($1, $2)", spread(list(shards)))
                report(f"control: directory spread over {', '.join(sorted(shards))}")
            lanes = [(lane,) for lane in range(UPLINK_LANES)]
            await connection.executemany("insert into lanes (lane) values ($1) on conflict do nothing", lanes)
        return applied
    except asyncpg.PostgresError as error:
        raise _failed("control", error) from error
    finally:
        await connection.close()


async def migrate_shard(name: str, admin_dsn: str, app_dsn: str, halves: tuple[str, ...], report: Report) -> int:
    """Migrate one shard; the number of files applied. Raises OperatorError, also for the database of another shard."""
    connection = await _connect(name, admin_dsn)
    try:
        applied = await _run("shard", connection, halves, report, name)
        await _ensure_login(name, connection, app_dsn, report)
        await connection.execute("insert into identity (name) values ($1) on conflict do nothing", name)
        known_as = await connection.fetchval("select name from identity")
        if known_as != name:
            raise OperatorError(
                "hub.wrong_shard",
                f"The database configured as shard {name!r} is shard {known_as!r}.",
                "Compare COMANDA_HUB_SHARDS and COMANDA_HUB_SHARDS_ADMIN with the databases; two names have been swapped.",
            )
        await _ensure_months(name, connection, report)
        return applied
    except asyncpg.PostgresError as error:
        raise _failed(name, error) from error
    finally:
        await connection.close()


async def migrate_all(settings: HubSettings, halves: tuple[str, ...], report: Report) -> None:
    """Migrate the control database, then every shard. Raises OperatorError."""
    if set(settings.shards) != set(settings.shards_admin):
        raise OperatorError(
            "settings.invalid",
            f"COMANDA_HUB_SHARDS names {sorted(settings.shards)}, COMANDA_HUB_SHARDS_ADMIN {sorted(settings.shards_admin)}.",
            "Name the same shards in both.",
        )
    applied = await migrate_control(settings.control_admin_dsn, settings.control_dsn, settings.shards, halves, report)
    for number, name in enumerate(sorted(settings.shards), 1):
        report(f"shard {number} of {len(settings.shards)}: {name}")
        applied += await migrate_shard(name, settings.shards_admin[name], settings.shards[name], halves, report)
    report(f"done: {applied} migrations applied")


async def _connect(name: str, dsn: str) -> Any:
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:  # ValueError: a port that is none
        raise OperatorError(
            "hub.database_unreachable",
            f"The database {name!r} cannot be reached as its owner: {error or type(error).__name__}",
            "Check that Postgres runs and that the admin DSN of this database is right.",
        ) from error


async def _run(kind: str, connection: Any, halves: tuple[str, ...], report: Report, name: str = "control") -> int:
    await connection.execute("select set_config('lock_timeout', $1, false)", f"{int(MIGRATION_LOCK_TIMEOUT_S * 1000)}ms")
    await connection.execute("select pg_advisory_lock($1)", _LOCK_KEY)  # given back when the connection closes
    await connection.execute(_RECORD)
    recorded = {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from schema_migrations")}
    applied = 0
    for migration in migrations(kind):
        if migration.name in recorded:
            _ensure_unchanged(name, migration, recorded[migration.name])
        elif migration.half in halves:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into schema_migrations (name, half, sha256) values ($1, $2, $3)",
                    migration.name,
                    migration.half,
                    migration.sha256,
                )
            applied += 1
            report(f"{name}: applied {migration.name}")
    report(f"{name}: up to date" if applied == 0 else f"{name}: {applied} applied")
    return applied


def _ensure_unchanged(name: str, migration: Migration, recorded: str) -> None:
    if recorded != migration.sha256:
        raise OperatorError(
            "hub.migration_changed",
            f"{migration.name} was applied to {name!r} with other contents than it has now.",
            "Restore the file as it was released and put the change into a new migration.",
        )


async def _ensure_login(name: str, connection: Any, app_dsn: str, report: Report) -> None:
    """The login that the app DSN names: made when it is missing, a member of the four roles, and nothing more than that.

    Membership is not inherited: a connection has no rights at all until it has chosen its role.
    """
    parts = urlsplit(app_dsn)
    login, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not login:
        raise OperatorError(
            "hub.dsn_without_user", f"The DSN of {name!r} names no user.", "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    row = await connection.fetchrow(
        "select rolsuper or rolbypassrls as strong, rolname = current_user as is_owner from pg_roles where rolname = $1", login
    )
    if row is not None and (row["strong"] or row["is_owner"]):
        raise OperatorError(
            "hub.login_too_strong",
            f"The processes would connect to {name!r} as {login!r}, which owns the tables or bypasses row-level security.",
            "Give COMANDA_HUB_CONTROL_DSN and COMANDA_HUB_SHARDS a user of their own; migrate makes it when it is missing.",
        )
    if row is None:
        statement = "create role %I login nosuperuser nobypassrls noinherit" + (" password %L" if password else "")
        arguments = [login, password] if password else [login]
        holes = ", ".join(f"${index + 2}::text" for index in range(len(arguments)))
        await connection.execute(await connection.fetchval(f"select format($1, {holes})", statement, *arguments))
        report(f"{name}: made the login {login}")
    missing = await connection.fetch("select r from unnest($2::text[]) as r where not pg_has_role($1, r, 'SET')", login, list(Role))
    for (role,) in missing:
        statement = await connection.fetchval(
            "select format('grant %I to %I with inherit false, set true', $1::text, $2::text)", role, login
        )
        await connection.execute(statement)


async def _ensure_months(name: str, connection: Any, report: Report) -> None:
    """The partitions of the months to come. Sites that were offline send what belongs into the month before as well."""
    made = await connection.fetchval("select ensure_journal_months($1)", JOURNAL_MONTHS_AHEAD)
    if made:
        report(f"{name}: {made} months of the journal made")
    made = await connection.fetchval("select ensure_read_model_months($1, $2)", READ_MODEL_MONTHS_BACK, READ_MODEL_MONTHS_AHEAD)
    if made:
        report(f"{name}: {made} months of read models made")


def _failed(name: str, error: Exception) -> OperatorError:
    return OperatorError(
        "hub.migration_failed",
        f"{name}: {error}",
        "Nothing of the file that failed was kept; what was applied before it stays. Mend the cause and run the command again.",
    )
