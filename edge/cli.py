"""The command line of the edge.

What lives here: `comanda edge …`: options in, settings made, use cases called, answers printed.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import click
import msgspec

from edge.devices.cli import device
from edge.menus.cli import export_menu, import_menu
from edge.mirror.cli import mirror
from edge.progress import progress_line
from edge.replay.cli import replay
from edge.restore.cli import handed_in, restore
from edge.settings import EdgeSettings, LinkSettings, settings_of
from shared.operator_error import OperatorError

__all__ = ["group"]


@click.group(help="The box in the restaurant: serve its API, link it to the hub, look after its journal.")
def group() -> None: ...


group.add_command(device)
group.add_command(replay)
group.add_command(import_menu)
group.add_command(export_menu)
group.add_command(mirror)
group.add_command(restore)
group.add_command(handed_in)


data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Directory of the box. [env: COMANDA_EDGE_DATA_DIR; default /var/lib/comanda]"
)


@group.command()
@data_dir_option
@click.option("--host", help="Address to listen on. [env: COMANDA_EDGE_HOST; default 127.0.0.1]")
@click.option("--port", type=int, help="TCP port of the API. [env: COMANDA_EDGE_PORT; default 8080]")
@click.option("--fd", type=int, help="Listening socket handed over by systemd. [env: COMANDA_EDGE_FD]")
def serve(**given: Any) -> None:
    """Serve the API and the web apps of this box.

    \b
    Example:
      comanda edge serve --data-dir /var/lib/comanda --port 8080
    """
    from edge.main import run

    run(settings_of(EdgeSettings, **given))


@group.command()
@data_dir_option
@click.option("--nats-urls", help="NATS URLs, comma-separated, instead of box.toml's. [env: COMANDA_EDGE_NATS_URLS]")
def link(**given: Any) -> None:
    """Send the journal of this box to the hub, and bring back what the cloud has.

    \b
    Example:
      comanda edge link --data-dir /var/lib/comanda
    """
    from edge.link.main import run

    run(settings_of(LinkSettings, **given))


@group.command()
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(as_json: bool, **given: Any) -> None:
    """Check the hash chain of the journal and name the first bad entry. Exit status 1 if there is one.

    Reads only: the edge may be serving meanwhile.

    \b
    Example:
      comanda edge verify --data-dir /var/lib/comanda
    """
    from edge.box import read_box
    from edge.journal.verify import verify as walk

    settings = settings_of(EdgeSettings, **given)
    found = walk(settings.data_dir / "journal.db", read_box(settings.data_dir).site_id, progress_line("verified"))
    if as_json:
        click.echo(msgspec.json.encode(found))
    elif found.bad_sequence is not None:
        click.echo(f"bad: entry {found.bad_sequence}: {found.problem}; the {found.entries} before it are whole")
    elif found.ahead:
        click.echo(f"cut: {', '.join(found.ahead)} has seen more than the {found.entries} entries here")
    else:
        click.echo(f"whole: {found.entries} entries, head {found.head}")
    if not found.is_whole:
        raise SystemExit(1)


@group.command()
@data_dir_option
@click.option("--check", is_flag=True, help="Compare only; leave the projections as they are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rebuild(check: bool, as_json: bool, **given: Any) -> None:
    """Build the projections anew from the journal, prove them equal to the old ones (or say where not), and swap.

    The edge must be stopped. Exit status 1 if anything differed.

    \b
    Example:
      systemctl stop comanda-edge && comanda edge rebuild --data-dir /var/lib/comanda
    """
    from edge.journal.lock import single_writer
    from edge.journal.rebuild import rebuild as fold_anew
    from edge.journal.store import SqliteStore
    from edge.journal.verify import open_read_only

    settings = settings_of(EdgeSettings, **given)
    path = settings.data_dir / "journal.db"
    open_read_only(path).close()
    try:
        with single_writer(settings.data_dir), contextlib.closing(SqliteStore(path)) as store:
            found = fold_anew(store.connection, swap=not check, progress=progress_line("folded"))
    except (msgspec.DecodeError, LookupError, ValueError) as error:
        raise OperatorError(
            "journal.unprojectable", f"An entry does not fit: {error}", "Run `comanda edge verify`; keep the file."
        ) from error
    except sqlite3.Error as error:
        hint = "Look at the disk, then run `comanda edge verify`; keep the file."
        raise OperatorError("journal.unusable", f"{path} cannot be used, and was left as it was: {error}", hint) from error
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        click.echo(f"{found.entries} entries folded into {found.aggregates} aggregates and {found.commands} commands")
        click.echo("\n".join([f"differs: {each}" for each in found.differences]) or "equal to the projections before")
        click.echo("the new projections are in place" if found.swapped else "the projections were left as they are")
    if found.differences:
        raise SystemExit(1)
