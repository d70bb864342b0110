"""`comanda hub holes …`: entries that are neither in the hub nor on a box, and mirrors that still have them.

What lives here: options in, files read, use cases called, answers printed. No rule and no SQL.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from hub.app.errors import HubRefused
from hub.app.holes import filling
from hub.app.operating import Hole
from hub.app.ports import Scope
from hub.cli_common import as_json, moment, on_shard, operations_of, run_with, show, table
from hub.db.connect import Database, Role
from hub.db.hole_store import close_hole, fill_hole
from hub.db.project_store import forget_site
from hub.settings import load_settings
from hub.stores import Stores
from shared.limits import MIRROR_READ_BYTES
from shared.operator_error import OperatorError
from shared.protocol.entry import StoredEntry
from shared.protocol.mirror_file import MirrorFileError, MirrorReader

__all__ = ["COMMANDS", "mirror_files", "runs_of"]


@click.group(help="Holes: entries that the hub has lost and no box holds any more. Fill them from a mirror.")
def holes() -> None: ...


@holes.command("list")
@click.option("--site", "site_id", metavar="SITE", help="Only this site.")
@as_json
def list_command(site_id: str | None, is_json: bool) -> None:
    """List the holes, the open ones first.

    \b
    Example:
      comanda hub holes list
    """

    async def work(stores: Stores) -> tuple[list[Hole], list[str]]:
        found: list[Hole] = []
        missing: list[str] = []
        for name, shard in stores.operations.items():
            try:
                found += await shard.holes(Scope(None))
            except HubRefused:
                missing.append(name)  # a shard that is down hides its own sites only, and the answer says so
        return [each for each in found if site_id in (None, each.site_id)], missing

    found, missing = run_with(work)
    found.sort(key=lambda each: each.filled_at is not None)
    rows = [("SITE", "FROM", "TO", "DECLARED (UTC)", "FILLED (UTC)")]
    rows += [
        (each.site_id, str(each.first), str(each.last.sequence), moment(each.declared_at), moment(each.filled_at) or "open")
        for each in found
    ]
    value = [
        {"org_id": each.org_id, "site_id": each.site_id, "first": each.first, "last": each.last.sequence, "before": str(each.before),
         "until": str(each.last), "declared_at": each.declared_at, "filled_at": each.filled_at}
        for each in found
    ]  # fmt: skip
    show(is_json, {"holes": value, "missing_shards": missing}, table(rows) if found else "nothing")
    for name in missing:
        click.echo(f"shard {name} does not answer", err=True)


@holes.command("fill")
@click.argument("site_id", metavar="SITE")
@click.option("--from", "source", required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH",
              help="A mirror: the directory that comanda edge mirror was given, or a file of it.")  # fmt: skip
@as_json
def fill_command(site_id: str, source: Path, is_json: bool) -> None:
    """Fill the open holes of a site from a mirror, and project the site anew.

    Only entries that chain to those before and after the hole are taken, wherever they come from.

    \b
    Example:
      comanda hub holes fill SITE --from /media/stick
    """
    files = mirror_files(source, site_id)

    async def work(stores: Stores) -> tuple[list[Hole], list[str]]:
        site, shard = await operations_of(stores, site_id)
        opened = [each for each in await shard.holes(Scope(site.org_id)) if each.site_id == site_id and each.filled_at is None]
        if not opened:
            raise HubRefused("hole.unknown", f"Site {site.name!r} has no open hole.")
        filled: list[Hole] = []
        reasons: list[str] = []
        for hole in opened:
            entries, why = _found(hole, files)
            if entries is None:
                reasons += [f"{hole.first} to {hole.last.sequence}: {each}" for each in why]
                continue

            async def fill(database: Database, hole: Hole = hole, entries: list[StoredEntry] = entries) -> int:
                return await fill_hole(database, hole, entries)

            await on_shard(site.shard, Role.INGEST, fill)
            filled.append(hole)
            click.echo(f"filled {hole.first} to {hole.last.sequence}", err=True)
        if filled:
            await forget_site(load_settings(("shards",)).shards[site.shard], site.org_id, site.site_id)

        async def close(database: Database) -> None:
            for hole in filled:
                await close_hole(database, hole)

        await on_shard(site.shard, Role.INGEST, close)
        return filled, reasons

    filled, reasons = run_with(work)
    lines = [f"{len(filled)} holes filled; the site is projected anew, its reports are incomplete until then"] if filled else []
    show(is_json, {"filled": [(each.first, each.last.sequence) for each in filled], "unfilled": reasons}, "\n".join([*lines, *reasons]))
    if not filled:
        raise OperatorError("hole.unfilled", "No hole was filled.", "Try the mirror of another stick, or of the box before.")


def _found(hole: Hole, files: list[Path]) -> tuple[list[StoredEntry] | None, list[str]]:
    """The entries of the hole out of the first file that has them, else why none has."""
    why: list[str] = []
    for path in files:
        try:
            return filling(hole, runs_of(path, hole.site_id)), why
        except (HubRefused, MirrorFileError) as error:
            why.append(f"{path.name}: {error.detail}")
        except OSError as error:
            why.append(f"{path.name}: {error.strerror or error}")
    return None, why


def mirror_files(source: Path, site_id: str) -> list[Path]:
    """The files of a mirror that may hold entries of the site. Raises OperatorError `mirror.unreadable`."""
    if source.is_file():
        return [source]
    for directory in (source / site_id, source):
        found = sorted(directory.glob("*.mirror*")) if directory.is_dir() else []
        if found:
            return found
    raise OperatorError(
        "mirror.unreadable", f"{source} holds no mirror of site {site_id}.", "Name the directory given to comanda edge mirror, or a file of it."
    )  # fmt: skip


def runs_of(path: Path, site_id: str) -> Iterator[list[StoredEntry]]:
    """What the whole frames of a mirror hold, in order. Raises MirrorFileError, also for the mirror of another site, and OSError."""
    reader = MirrorReader()
    with path.open("rb") as file:
        while not reader.is_broken and (data := file.read(MIRROR_READ_BYTES)):
            for run in reader.feed(data):
                if reader.header is not None and reader.header.site != site_id:
                    raise MirrorFileError("mirror.malformed", f"It is the mirror of site {reader.header.site}.")
                yield run


COMMANDS: tuple[click.Command, ...] = (holes,)
