"""`comanda demo …`: three sites, a hub and a broker on this machine.

What lives here: arguments, help and output.
"""

import asyncio
import sys
from pathlib import Path

import click
import msgspec

from provisioning.demo.control import Request, ask
from provisioning.demo.home import DemoHome, DemoState
from provisioning.demo.plan import DEFAULT_PORT_BASE, PORTS_USED, Ports
from provisioning.demo.session import run_demo
from provisioning.demo.status import DemoStatus, SiteStatus, look_sync
from shared.operator_error import OperatorError

__all__ = ["group"]

_HASH_SHOWN = 8  # digits of a hash that a person is shown

directory_option = click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(".demo"), show_default=True,
    envvar="COMANDA_DEMO_DIR", show_envvar=True, help="Directory of the demo's data.",
)  # fmt: skip


@click.group(name="demo")
def group() -> None:
    """Three sites of two organisations, a hub and a broker on this machine.

    \b
    Example:
      comanda demo up
      comanda demo cut taqueria
      comanda demo status
    """


@group.command()
@directory_option
@click.option(
    "--port-base", type=click.IntRange(1024, 65535 - PORTS_USED), default=DEFAULT_PORT_BASE, show_default=True, envvar="DEMO_PORT_BASE",
    show_envvar=True, help=f"First of {PORTS_USED} ports: +0 broker, +1 Postgres, +2 hub API, +10… sites, +20… their lines to the hub.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.IntRange(min=5), envvar="DEMO_SECONDS", show_envvar=True,
    help="Run that long, cut one site off meanwhile, check that everything arrived, and leave with 0 or 1.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, envvar="DEMO_SEED", show_envvar=True, help="Seed of the guests' wishes.")
def up(directory: Path, port_base: int, seconds: int | None, seed: int) -> None:
    """Start everything, play a service, say where to click; Ctrl-C stops it. Started again it goes on with its data.

    \b
    Example:
      comanda demo up
      comanda demo up --seconds 20
      comanda demo up --port-base 19200
    """
    sys.exit(asyncio.run(run_demo(DemoHome(directory), Ports(port_base), seconds, seed, _show)))


def _show(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()  # whoever follows through a pipe sees each step as it is taken


@group.command()
@click.argument("site")
@directory_option
def cut(site: str, directory: Path) -> None:
    """Cut SITE (key, name or id) off from the hub: packets stop, connections stay open.

    \b
    Example:
      comanda demo cut taqueria
    """
    answer = ask(DemoHome(directory).control_socket, Request(act="cut", site=site))
    click.echo(f"{answer.site} is cut off from the hub. Heal it with: comanda demo heal {answer.site}")


@group.command()
@click.argument("site")
@directory_option
def heal(site: str, directory: Path) -> None:
    """Connect SITE (key, name or id) again: what it held back drains to the hub.

    \b
    Example:
      comanda demo heal taqueria
    """
    answer = ask(DemoHome(directory).control_socket, Request(act="heal", site=site))
    click.echo(f"{answer.site} is connected again.")


@group.command()
@directory_option
@click.option("--json", "as_json", is_flag=True, envvar="COMANDA_JSON", show_envvar=True, help="Print it as JSON, for programs.")
def status(directory: Path, as_json: bool) -> None:
    """Each site's address and ids, its position, what of it is in the cloud, how far behind, and whether it is cut off.

    \b
    Example:
      comanda demo status
      comanda demo status --json
    """
    home = DemoHome(directory)
    pid, state = home.running_pid(), home.state()
    if state is None:
        raise OperatorError("demo.not_set_up", f"There is no demo in {home.directory}.", "Start it: make demo")
    found = look_sync(state, pid, ask(home.control_socket, Request(act="lines")).cut) if pid else _at_rest(state)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    click.echo(f"The demo runs (process {pid})." if pid else "The demo does not run. Start it: make demo")
    for site in found.sites:
        for line in _lines_of(site):
            click.echo(line)
    click.echo(f"The hub: {found.hub_url}/openapi.json {'ready' if found.hub_ready else 'not ready'}, token {found.token}")


def _at_rest(state: DemoState) -> DemoStatus:
    """What is known of a demo that does not run; nobody is asked, since its ports may be somebody else's now."""
    return DemoStatus(
        running=False, pid=None, hub_url=f"http://127.0.0.1:{Ports(state.port_base).hub}", hub_ready=False, token=state.token, sites=[]
    )


def _lines_of(site: SiteStatus) -> list[str]:
    lag = "nobody answers" if site.lag_entries is None else "all in the cloud" if site.lag_entries == 0 else f"{site.lag_entries} behind"
    return [
        f"{site.name} ({site.site}) of {site.organisation}: {'CUT OFF, ' if site.cut else ''}{lag}",
        f"  {site.url}/pos/  {site.url}/kds/  {site.open_checks} open checks, {site.open_tickets} tickets",
        f"  box {_short(site.position)}, in the cloud {_short(site.in_cloud)}, read up to {site.projected_sequence}",
        f"  organisation {site.org_id}, site {site.site_id}",
    ]


def _short(position: str) -> str:
    epoch_and_sequence, _, digest = position.rpartition(".")
    return f"{epoch_and_sequence}.{digest[:_HASH_SHOWN]}" if position else "unknown"


@group.command()
@directory_option
def clean(directory: Path) -> None:
    """Forget the demo: everything in its directory is deleted.

    \b
    Example:
      comanda demo clean
    """
    home = DemoHome(directory)
    click.echo(f"{home.directory} is forgotten." if home.clean() else f"There is nothing in {home.directory}.")
