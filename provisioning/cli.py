"""`comanda provision …`: what a technician types.

What lives here: arguments, help and output. How things are done is in the modules beside; the clock is read here.
"""

import json
import time
from pathlib import Path

import click
import msgspec

from provisioning.enroll import enroll
from provisioning.nats_init import init_nats
from shared.operator_error import OperatorError

__all__ = ["group"]

DEFAULT_NATS_PORT = 4222


@click.group(name="provision")
def group() -> None:
    """Turn an unopened box into a selling restaurant.

    \b
    Example:
      comanda provision nats-init /etc/comanda/nats
      comanda provision enroll --hub https://hub.example.com --code K7QX-2M4D --data-dir /var/lib/comanda
    """


@group.command("nats-init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--host", default="127.0.0.1", show_default=True, envvar="COMANDA_PROVISION_NATS_HOST", show_envvar=True, help="Address to listen on."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=DEFAULT_NATS_PORT, show_default=True, envvar="COMANDA_PROVISION_NATS_PORT",
    show_envvar=True, help="Port to listen on.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, envvar="COMANDA_JSON", show_envvar=True, help="Print what was made as JSON.")
def nats_init(directory: Path, host: str, port: int, as_json: bool) -> None:
    """Make DIRECTORY the home of a NATS server in operator mode.

    Writes nats.conf, hub.creds and signing.seed (both for the hub), system.creds (for changes of accounts), and keys/,
    which belongs off this machine once everything runs.

    \b
    Example:
      comanda provision nats-init /etc/comanda/nats --port 4222
    """
    try:
        home = init_nats(directory, host=host, port=port, issued_at=int(time.time()))
    except OSError as error:
        raise OperatorError(
            "nats.unwritable", f"{directory} cannot be written: {error}", "Check the directory's owner and free space."
        ) from error
    if as_json:
        click.echo(msgspec.json.encode(home))
        return
    click.echo(f"{home.conf}: run it with nats-server -c {home.conf}")
    click.echo(f"COMANDA_HUB_NATS_CREDS={home.hub_creds}")
    click.echo(f"COMANDA_HUB_SIGNING_KEY={home.signing_seed}")
    click.echo(f"COMANDA_HUB_ACCOUNT_KEY={home.account_public}")
    click.echo(f"COMANDA_HUB_CLAIM_ISSUERS={home.signing_public}")


@group.command("enroll")
@click.option("--hub", "hub_url", required=True, envvar="COMANDA_PROVISION_HUB", show_envvar=True, help="Address of the hub's API.")
@click.option("--code", required=True, envvar="COMANDA_PROVISION_CODE", show_envvar=True, help="Claim code of the site, good for one use.")
@click.option(
    "--data-dir", required=True, type=click.Path(path_type=Path, file_okay=False), envvar="COMANDA_EDGE_DATA_DIR", show_envvar=True,
    help="Directory of the box.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, envvar="COMANDA_JSON", show_envvar=True, help="Print the box's identity as JSON.")
def enroll_box(hub_url: str, code: str, data_dir: Path, as_json: bool) -> None:
    """Claim a site for this box: its key is made here and never leaves it.

    Writes box.toml and box.creds into the directory. Run again after a lost connection, it goes on with the same key.

    \b
    Example:
      comanda hub site claim SITE          (at the hub: prints the code)
      comanda provision enroll --hub https://hub.example.com --code K7QX-2M4D --data-dir /var/lib/comanda
    """
    claimed = enroll(hub_url, code, data_dir)
    if as_json:
        identity = {name: getattr(claimed, name) for name in ("org_id", "site_id", "epoch", "site_name")}
        click.echo(json.dumps(identity | {"data_dir": str(data_dir)}))
        return
    click.echo(f"{data_dir} is now the box of {claimed.site_name} (site {claimed.site_id}, epoch {claimed.epoch}).")
    click.echo(f"Start it: comanda edge serve --data-dir {data_dir}   and   comanda edge link --data-dir {data_dir}")
