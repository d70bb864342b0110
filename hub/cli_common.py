"""What the commands of the hub share: stores for one command, refusals as errors of the command line, answers as text or JSON.

What lives here: no command. No rule and no SQL.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from hub.app.errors import HUB_ERRORS, HubRefused
from hub.app.operating import Operations
from hub.app.ports import Scope, Site
from hub.app.sites import find_site
from hub.db.connect import Database, DatabaseUnavailable, Role
from hub.settings import load_settings
from hub.stores import Stores, open_stores, run
from shared.operator_error import OperatorError

__all__ = ["age", "as_json", "decided_by", "moment", "on_shard", "operations_of", "or_else", "run_with", "show", "table"]

T = TypeVar("T")
as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON, for programs.")
decided_by = click.option("--by", "decided_by", required=True, metavar="NAME", help="Who decides this; it is kept with the decision.")


def run_with(work: Callable[[Stores], Awaitable[T]]) -> T:
    """Run `work(stores)`; what the hub refuses is an error of the command line."""
    settings = load_settings(("control_dsn", "shards"))

    async def within() -> T:
        async with open_stores(settings) as stores:
            return await work(stores)

    try:
        return run(within())
    except HubRefused as error:
        raise OperatorError(error.code, error.detail, HUB_ERRORS[error.code].hint) from error


async def operations_of(stores: Stores, site_id: str) -> tuple[Site, Operations]:
    """The site, and the shard it lives on. Raises HubRefused."""
    site = await find_site(stores.control, Scope(None), site_id)
    shard = stores.operations.get(site.shard)
    if shard is None:
        raise HubRefused("shard.unavailable", f"The directory names shard {site.shard!r}, which is not in the settings of this process.")
    return site, shard


async def on_shard(shard: str, role: Role, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the database of a shard in that role, closed after it. Raises HubRefused."""
    dsn = load_settings(("shards",)).shards.get(shard)
    if dsn is None:
        raise HubRefused("shard.not_found", f"The settings name no shard {shard!r}.")
    database = Database(shard, dsn, role)
    try:
        return await work(database)
    except DatabaseUnavailable as error:
        raise HubRefused("shard.unavailable", str(error)) from error
    finally:
        await database.close()


def show(is_json: bool, value: Any, text: str) -> None:
    click.echo(msgspec.json.encode(value).decode() if is_json else text)


def or_else(value: object | None, otherwise: str) -> str:
    return otherwise if value is None else str(value)


def moment(value: Any) -> str:
    """A time for people, in UTC."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if value is not None else ""


def age(seconds: int | None) -> str:
    """How long something has been, for people: `45 s`, `12 min`, `3 h`, `5 d`."""
    if seconds is None:
        return ""
    for unit, length in (("d", 2 * 86_400), ("h", 2 * 3_600), ("min", 2 * 60)):
        if seconds >= length:
            return f"{seconds // (length // 2)} {unit}"
    return f"{seconds} s"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as columns; the first is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
