"""`comanda edge replay`: options in, a file played into a site, a report out.

What lives here: arguments, help and output.
"""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from shared.limits import REPLAY_PATIENCE_S
from shared.operator_error import OperatorError

if TYPE_CHECKING:
    from edge.replay.report import Progress, Report
    from edge.replay.runner import Replay

__all__ = ["replay"]


@click.command()
@click.argument("orders", metavar="ORDERS.csv", type=click.Path(path_type=Path))
@click.option("--site", "url", required=True, envvar="COMANDA_REPLAY_SITE", show_envvar=True, help="URL of the site's API.")
@click.option(
    "--token",
    envvar="COMANDA_DEVICE_TOKEN",
    show_envvar=True,
    help="Token of a device with the role import; better given by the variable, where no list of processes shows it.",
)
@click.option(
    "--menu",
    "menu_path",
    type=click.Path(path_type=Path),
    envvar="COMANDA_REPLAY_MENU",
    show_envvar=True,
    help="Menu (JSON) to put in force first; items it lacks are rejected. Without it the site's menu is extended by what is seen.",
)
@click.option(
    "--series",
    default="",
    envvar="COMANDA_REPLAY_SERIES",
    show_envvar=True,
    help="Name of the series that the order ids belong to, when another till or year counts from 1 again.",
)
@click.option(
    "--patience",
    "patience_s",
    type=click.FloatRange(min=0),
    default=REPLAY_PATIENCE_S,
    show_default=True,
    envvar="COMANDA_REPLAY_PATIENCE_S",
    show_envvar=True,
    help="Seconds a silent site is asked again before it is given up.",
)
@click.option("--strict", is_flag=True, envvar="COMANDA_REPLAY_STRICT", show_envvar=True, help="Exit status 1 if a row was rejected.")
@click.option("--json", "as_json", is_flag=True, envvar="COMANDA_JSON", show_envvar=True, help="Print the report as one JSON object.")
def replay(
    orders: Path, url: str, token: str | None, menu_path: Path | None, series: str, patience_s: float, strict: bool, as_json: bool
) -> None:  # fmt: skip
    """Play orders from a file into a site, through its public API, as a tablet would.

    Columns: order_id, ordered_at, item, quantity, unit_price and, optionally, modifiers. Each order becomes a check: opened, its
    lines added, sent, paid in cash, closed and bumped, on the business date of its time. Bad rows are listed, the rest goes in. It
    can be interrupted and run again: nothing is doubled. docs/replay.md tells the whole.

    \b
    Example:
      export COMANDA_DEVICE_TOKEN=$(comanda edge device add importer --role import --json | jq -r .token)
      comanda edge replay orders.csv --site http://127.0.0.1:8080
      comanda edge replay orders.csv --site http://127.0.0.1:8080 --menu menu.json --json
    """
    import uvloop

    from edge.replay.report import Progress, summary
    from edge.replay.runner import Replay, read_menu
    from edge.replay.site import HOW_TO_PAIR, ensure_url

    if not token:
        raise OperatorError("device.token_missing", "Replaying needs a token of a device with the role import.", HOW_TO_PAIR)
    asked = Replay(path=orders, menu=read_menu(menu_path) if menu_path else None, series=series)
    progress = Progress(sys.stderr)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(_run(asked, ensure_url(url), token, patience_s, progress))
    except KeyboardInterrupt:
        progress.end()
        click.echo("interrupted: run the same command again for the rest; nothing is doubled", err=True)
        raise
    finally:
        progress.end()
    click.echo(msgspec.json.encode(report) if as_json else summary(report))
    if strict and report.rejected:
        raise SystemExit(1)


async def _run(asked: "Replay", url: str, token: str, patience_s: float, progress: "Progress") -> "Report":
    import httpx

    from edge.replay.runner import replay as play
    from edge.replay.site import SiteClient

    # A site is on the LAN: no proxy of the environment stands between.
    async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}, trust_env=False) as http:
        return await play(asked, SiteClient(http, patience_s), progress)
