"""`comanda hub backup …` and `comanda hub restored`: what the hub is told of backups of its shards.

What lives here: options in, the store called, answers printed. Making backups is the business of whatever makes them; boxes trim nothing
that is in none (Law 4).
"""

import click

from hub.app.errors import HubRefused
from hub.app.operating import Backup, Operations
from hub.cli_common import as_json, moment, run_with, show, table
from hub.stores import Stores
from shared.limits import BACKUPS_SHOWN_MAX, ID_LENGTH_MAX
from shared.operator_error import OperatorError

__all__ = ["COMMANDS"]

CONTROL = "control"


@click.group(help="Backups of the shards: say when one begins and that it is done, so that boxes may trim what is in it.")
def backup() -> None: ...


@backup.command("begin")
@click.argument("backup_id", metavar="ID")
@as_json
def begin(backup_id: str, is_json: bool) -> None:
    """Note where every site stands, before the backup of the shards begins.

    \b
    Example:
      comanda hub backup begin 2026-03-02
    """
    if not backup_id.strip() or len(backup_id) > ID_LENGTH_MAX:
        raise OperatorError("backup.unnamed", f"{backup_id[:80]!r} is no name for a backup.", f"Use up to {ID_LENGTH_MAX} characters.")

    async def work(stores: Stores) -> int:
        return sum([await shard.begin_backup(backup_id) for shard in stores.operations.values()])

    sites = run_with(work)
    show(
        is_json,
        {"backup_id": backup_id, "sites": sites},
        f"{sites} sites noted; say so when it is done: comanda hub backup done {backup_id}",
    )


@backup.command("done")
@click.argument("backup_id", metavar="ID")
@as_json
def done(backup_id: str, is_json: bool) -> None:
    """The backup is whole and safe: boxes may trim, after their 30 days, what was noted when it began.

    \b
    Example:
      comanda hub backup done 2026-03-02
    """

    async def work(stores: Stores) -> int:
        finished = [await shard.finish_backup(backup_id) for shard in stores.operations.values()]
        if all(each is None for each in finished):
            raise HubRefused("backup.unknown", f"No backup {backup_id[:ID_LENGTH_MAX]!r} is under way.")
        return sum(each or 0 for each in finished)

    sites = run_with(work)
    show(is_json, {"backup_id": backup_id, "sites": sites}, f"{sites} sites are backed up further than before")


@backup.command("list")
@as_json
def list_command(is_json: bool) -> None:
    """List the backups that the hub was told of, the latest first.

    \b
    Example:
      comanda hub backup list
    """

    async def work(stores: Stores) -> list[Backup]:
        return [each for shard in stores.operations.values() for each in await shard.backups(BACKUPS_SHOWN_MAX)]

    found = sorted(run_with(work), key=lambda each: each.begun_at, reverse=True)
    rows = [("ID", "SHARD", "BEGUN (UTC)", "DONE (UTC)", "SITES")]
    rows += [(each.backup_id, each.shard, moment(each.begun_at), moment(each.done_at) or "under way", str(each.sites)) for each in found]
    show(is_json, {"backups": found}, table(rows) if found else "nothing")


@click.command("restored")
@click.argument("shard_name", metavar="SHARD")
@as_json
def restored(shard_name: str, is_json: bool) -> None:
    """Say that a shard was put back from a backup, so that every box sends again what is not in it.

    A restore by Postgres' own means shows by itself; this is for what does not, such as a copied disk. `control` is the
    control database: the next claim of each site leaves out some epochs, which may have been granted and forgotten.

    \b
    Example:
      comanda hub restored s1
    """

    async def work(stores: Stores) -> str:
        if shard_name == CONTROL:
            return await stores.control.restored()
        shard: Operations | None = stores.operations.get(shard_name)
        if shard is None:
            raise HubRefused("shard.not_found", f"The settings name no shard {shard_name!r}.")
        return await shard.restored()

    incarnation = run_with(work)
    done = "the control database is a new one" if shard_name == CONTROL else f"shard {shard_name} is a new one to every box"
    show(is_json, {"shard": shard_name, "incarnation": incarnation}, f"{done}: {incarnation}")


COMMANDS: tuple[click.Command, ...] = (backup, restored)
