"""`comanda edge device …`: which devices this box knows.

What lives here: arguments, help and output. The box itself does the work, asked over its Unix socket.
"""

from pathlib import Path

import click
import msgspec

from shared.limits import LOCAL_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["device"]

ROLES = ("pos", "kds", "manager", "import")


@click.group()
def device() -> None:
    """Devices that this box knows: tablets, kitchen screens, importers.

    \b
    Example:
      comanda edge device add "Bar tablet" --role pos --data-dir /var/lib/comanda
    """


@device.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the device may do.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    envvar="COMANDA_EDGE_DATA_DIR",
    show_envvar=True,
    help="Directory of the box; default /var/lib/comanda.",
)
@click.option("--json", "as_json", is_flag=True, envvar="COMANDA_JSON", show_envvar=True, help="Print one JSON object.")
def add(name: str, role: str, data_dir: Path | None, as_json: bool) -> None:  # fmt: skip
    """Make the device NAME known and print its token, which is shown this once and kept nowhere.

    Run it on the box, while `comanda edge serve` runs.

    \b
    Example:
      comanda edge device add importer --role import --data-dir /var/lib/comanda
      comanda edge device add importer --role import --json
    """
    import httpx

    from edge.settings import EdgeSettings, settings_of

    socket = settings_of(EdgeSettings, data_dir=data_dir).data_dir / "edge.sock"
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://box", timeout=LOCAL_TIMEOUT_S) as box:
            answer = box.post("/v1/devices", json={"name": name, "role": role})
    except httpx.TransportError as error:
        hint = "Start `comanda edge serve` for that directory, or name the right one with --data-dir."
        raise OperatorError("box.unreachable", f"Nothing answers on {socket}: {error}.", hint) from error
    made = msgspec.json.decode(answer.content)
    if not answer.is_success:
        raise OperatorError(made["code"], made["detail"], made["hint"])
    if as_json:
        click.echo(msgspec.json.encode(made))
        return
    click.echo(f"device_id={made['device_id']}")
    click.echo(f"token={made['token']}")
