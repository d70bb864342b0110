"""The command line of the hub: its processes and migrations.

What lives here: `comanda hub …`: options in, settings made, wiring called. Commands that make and show things are in
cli_admin.py, those about what waits for a person in the cli_….py of its name. No rule and no SQL.
"""

from typing import Any

import click

from hub import cli_admin, cli_backup, cli_holes, cli_orphans, cli_quarantine
from hub.settings import load_settings

__all__ = ["group"]

_PROCESS = ("control_dsn", "shards", "nats_urls")


@click.group(help="The hub in the cloud: migrate it, run its processes, name organisations and sites, report sales.")
def group() -> None: ...


metrics_port = click.option(
    "--metrics-port", type=click.IntRange(0, 65535), help="Port for metrics, 0 for none. [env: COMANDA_HUB_METRICS_PORT]"
)


@group.command()
@click.option("--only", type=click.Choice(["pre", "post"]), help="Only the files that run before, or after, the new processes start.")
def migrate(only: str | None) -> None:
    """Bring the control database and every shard to this release; nothing happens where that is done.

    Needs COMANDA_HUB_CONTROL_ADMIN_DSN and COMANDA_HUB_SHARDS_ADMIN, the owner's, and makes the login of the others.

    \b
    Example:
      comanda hub migrate
    """
    from hub.db.migrate import HALVES, migrate_all  # here and below: what help does not need is not loaded for it
    from hub.stores import run

    settings = load_settings(("control_dsn", "control_admin_dsn", "shards", "shards_admin"))
    run(migrate_all(settings, (only,) if only else HALVES, click.echo))


@group.command()
@metrics_port
def ingest(**given: Any) -> None:
    """Own lanes: apply what the sites send to their shards, and answer them. Any number may run.

    \b
    Example:
      comanda hub ingest
    """
    from hub.main import run_ingest

    run_ingest(load_settings(_PROCESS, **given))


@group.command()
@metrics_port
def project(**given: Any) -> None:
    """Keep the read models (checks, tickets, the books of each day) up to the journals. Any number may run.

    \b
    Example:
      comanda hub project
    """
    from hub.main import run_project

    run_project(load_settings(("shards",), **given))


@group.command()
@click.option("--host", "api_host", help="Address to listen on. [env: COMANDA_HUB_API_HOST; default 127.0.0.1]")
@click.option("--port", "api_port", type=click.IntRange(0, 65535), help="Port to listen on. [env: COMANDA_HUB_API_PORT; default 8000]")
def api(**given: Any) -> None:
    """Serve the HTTP API; its OpenAPI document is at /openapi.json, to be read at /docs.

    \b
    Example:
      comanda hub api --port 8000
    """
    from hub.main import run_api

    run_api(load_settings(("control_dsn", "shards"), **given))


for command in (*cli_admin.COMMANDS, *cli_quarantine.COMMANDS, *cli_orphans.COMMANDS, *cli_holes.COMMANDS, *cli_backup.COMMANDS):
    group.add_command(command)
