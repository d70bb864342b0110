"""`comanda edge restore` and `comanda edge handed-in …`.

What lives here: options in, settings made, the restore run, the report printed.
"""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from edge.settings import EdgeSettings, settings_of
from shared.limits import RESTORE_WAIT_MAX_S, RESTORE_WAIT_S
from shared.operator_error import OperatorError

__all__ = ["handed_in", "restore"]

_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Directory of the box. [env: COMANDA_EDGE_DATA_DIR; default /var/lib/comanda]"
)


@click.command()
@_data_dir
@click.option("--hub/--no-hub", "use_hub", default=True, show_default=True, help="Whether to fetch what the hub holds.")
@click.option("--hub-url", default="", help="Address of the hub's API; by default the one this box was enrolled with.")
@click.option(
    "--mirror", "mirrors", multiple=True, type=click.Path(path_type=Path), help="A mirror's directory; may be given several times."
)
@click.option("--tablets", type=click.IntRange(min=0), default=0, show_default=True,
              help="Go on once so many tablets have handed in what they hold; 0 waits for whoever comes until the time is over.")  # fmt: skip
@click.option("--wait", "wait_s", type=click.FloatRange(0, RESTORE_WAIT_MAX_S), default=RESTORE_WAIT_S, show_default=True,
              help="Seconds to wait for tablets at most.")  # fmt: skip
@click.option("--no-tablets", is_flag=True, help="Do not ask tablets: what they hold is played when they find the box selling.")
@click.option("--menu", type=click.Path(path_type=Path), help="A menu (JSON) to sell from, where no source holds the one in force.")
@click.option("--accept-clock", is_flag=True, help="The clock of this box is right, though it is behind the last entry.")
@click.option("--host", help="Address to listen on for tablets. [env: COMANDA_EDGE_HOST; default 127.0.0.1]")
@click.option("--port", type=int, help="TCP port for tablets. [env: COMANDA_EDGE_PORT; default 8080]")
@click.option("--fd", type=int, help="Listening socket handed over by systemd. [env: COMANDA_EDGE_FD]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def restore(as_json: bool, no_tablets: bool, tablets: int, use_hub: bool, hub_url: str, mirrors: tuple[Path, ...], wait_s: float,
            menu: Path | None, **given: Any) -> None:  # fmt: skip
    """Make a newly enrolled box go on where the one before it ended, from what the hub, mirrors and tablets hold.

    Every entry is proven from the first on. What contradicts the hub is kept apart. Tablets are waited for, and what they were told is
    accepted is played in the order in which it was, before the box sells. The report says what came from where, and what is missing;
    it is kept as restore.json. Run it again if it was cut short. Exit status 1 if something is known to be missing.

    \b
    Examples:
      comanda edge restore --data-dir /var/lib/comanda --mirror /mnt/comanda-mirror --tablets 6
      comanda edge restore --data-dir /var/lib/comanda --no-hub --mirror /mnt/comanda-mirror --wait 300
    """
    from edge.progress import progress_line
    from edge.restore.report import words
    from edge.restore.run import Wanted
    from edge.restore.run import restore as run

    accept_clock = given.pop("accept_clock")
    settings = settings_of(EdgeSettings, **given)
    wanted = Wanted(
        use_hub=use_hub, hub_url=hub_url, mirrors=mirrors, tablets=None if no_tablets else tablets, wait_s=wait_s, menu=menu,
        accept_clock=accept_clock,
    )  # fmt: skip
    report = run(settings, wanted, lambda text: click.echo(text, err=True), progress_line("at"))
    click.echo(msgspec.json.encode(report) if as_json else "\n".join(words(report)))
    if not report.is_whole:
        raise SystemExit(1)


@click.group("handed-in", help="What tablets handed in and this box refused: commands that a guest or the kitchen may count on.")
def handed_in() -> None: ...


@handed_in.command("list")
@_data_dir
@click.option("--all", "show_all", is_flag=True, help="Also those that somebody has settled.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_handed_in(show_all: bool, as_json: bool, **given: Any) -> None:
    """List refused hand-ins that nobody has settled yet.

    \b
    Example:
      comanda edge handed-in list --data-dir /var/lib/comanda
    """
    book = _book(given)
    found = book.refusals if show_all else book.open
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for each in found:
        settled = book.settled(each.command_id)
        click.echo(f"{each.command_id}  {each.at:%Y-%m-%d %H:%M:%S}  device {each.device_id}: {each.code}: {each.detail}")
        click.echo(f"  {bytes(each.command).decode()}" + (f"  (settled by {settled.by})" if settled else ""))
    if not found:
        click.echo("none")


@handed_in.command("settle")
@_data_dir
@click.argument("command_ids", nargs=-1)
@click.option("--all", "settle_all", is_flag=True, help="All that are open.")
@click.option("--by", default=getpass.getuser, help="Who has looked at it. [default: the user]")
def settle(command_ids: tuple[str, ...], settle_all: bool, by: str, **given: Any) -> None:
    """Say that somebody has looked at refused hand-ins and made up for them: the alarm ends, the record stays.

    \b
    Example:
      comanda edge handed-in settle 01997c1e-0000-7000-8000-000000000001 --by Rosa
    """
    from edge.journal.handed_in import Settled

    book = _book(given)
    open_ids = {each.command_id for each in book.open}
    for id in sorted(open_ids) if settle_all else command_ids:
        if id not in open_ids:
            raise OperatorError("handin.unknown", f"No refused hand-in {id} is open.", "See `comanda edge handed-in list`.")
        try:
            book.add(Settled(settles=id, by=by, at=datetime.now(UTC)))
        except OSError as error:
            raise OperatorError(
                "handin.unwritable", f"It cannot be kept: {error}", "Look at the disk, and at whose directory it is."
            ) from error
        click.echo(f"settled: {id}")


def _book(given: dict[str, Any]) -> Any:
    from edge.journal.handed_in import HandedInFile

    data_dir = settings_of(EdgeSettings, **given).data_dir
    try:
        return HandedInFile(data_dir)
    except OSError as error:
        raise OperatorError(
            "handin.unreadable", f"{data_dir} cannot be read: {error}", "Name the right directory with --data-dir."
        ) from error
