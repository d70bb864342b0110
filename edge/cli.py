"""The command line of the edge.

What lives here: `comanda edge …`: options in, settings made, use cases called, answers printed.
"""

from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from edge.settings import EdgeSettings, LinkSettings
from shared.operator_error import OperatorError

__all__ = ["group"]


@click.group(help="The box in the restaurant: serve its API, link it to the hub, look after its journal.")
def group() -> None: ...


data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Directory of the box. [env: COMANDA_EDGE_DATA_DIR; default /var/lib/comanda]"
)


def settings_of(cls: Any, **given: Any) -> Any:
    """Settings from the command line over environment over file. Raises OperatorError `settings.invalid`."""
    try:
        return cls(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OperatorError("settings.invalid", f"{where}: {first['msg']}", "See docs/settings.md for what it takes.") from error


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
