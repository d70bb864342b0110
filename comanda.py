"""The one program, `comanda`: finds the group that was asked for, prints errors alike, sets up logging.

What lives here: the table of groups and the entry point. Groups are imported when they are asked for, so that help is
quick and a box never loads the hub. No command lives here, and no knowledge of what the groups do.
"""

import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import click

from shared.operator_error import OperatorError

__all__ = ["GROUPS", "Program", "main", "program"]

EXIT_ERROR = 1  # foreseen: an OperatorError
EXIT_USAGE = 2  # the command line cannot be read
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class GroupInfo(NamedTuple):
    """Where a group is found and what the list of groups says about it."""

    module: str
    attribute: str
    summary: str


GROUPS: dict[str, GroupInfo] = {
    "edge": GroupInfo("edge.cli", "group", "The box in a restaurant: serve it, link it, verify its journal, replay orders."),
    "hub": GroupInfo("hub.cli", "group", "The hub in the cloud: migrate, ingest, project, serve its API, report sales."),
    "provision": GroupInfo("provisioning.cli", "group", "Turn an unopened box into a selling restaurant."),
    "demo": GroupInfo("provisioning.demo.cli", "group", "Three sites, a hub and a broker on this machine."),
}

EPILOG = """\b
Example:
  comanda edge serve --data-dir /var/lib/comanda --port 8080
  comanda hub sales --site SITE --from 2026-03-01 --to 2026-03-31 --json
  comanda demo status
"""


class Program(click.Group):
    """Groups by name, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        info = GROUPS.get(cmd_name)
        if info is None:
            return None
        group = getattr(import_module(info.module), info.attribute)
        assert isinstance(group, click.Command)
        return group

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The groups with their summaries, from the table: no group is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, info.summary) for name, info in GROUPS.items()])


def _print_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version  # noqa: PLC0415 - takes 20 ms, which help need not wait for

    click.echo(f"comanda {version('comanda')}")
    ctx.exit()


@click.command(cls=Program, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version and leave.")
@click.option("-v", "--verbose", is_flag=True, envvar="COMANDA_VERBOSE", show_envvar=True, help="Log every step to stderr.")
def program(verbose: bool) -> None:
    """Comanda, the offline-first restaurant platform.

    Settings come from the environment or a file; docs/settings.md lists them. Logs go to stderr, one line each.
    """
    _set_up_logging(verbose)


class _OneLine(logging.Formatter):
    """A record, traceback included, on one line: what reads logs by line never sees half of one."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\n", " | ")


def _set_up_logging(verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    # These two tell every request and every retry at INFO; --verbose shows them.
    for chatty in ("httpx", "nats"):
        logging.getLogger(chatty).setLevel(logging.NOTSET if verbose else logging.WARNING)


def _report(code: str, detail: str, hint: str) -> None:
    """An error as everybody meets it: two lines on stderr."""
    click.echo(f"error: {code}: {' '.join(detail.split())}", err=True)
    click.echo(f"hint: {' '.join(hint.split())}", err=True)


def _report_usage(error: click.UsageError) -> None:
    path = error.ctx.command_path if error.ctx else "comanda"
    _report("usage", error.format_message(), f"Run '{path} --help' for what it takes.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program with `arguments` (default: those of the process) and leave with its exit status.

    0 when done, 1 for a foreseen error, 2 for a command line that cannot be read, 130 when interrupted. What nobody
    foresaw is a defect and keeps its traceback.
    """
    try:
        status = program.main(args=arguments, prog_name="comanda", standalone_mode=False)
    except OperatorError as error:
        _report(error.code, error.detail, error.hint)
        status = EXIT_ERROR
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = EXIT_USAGE
    except click.UsageError as error:
        _report_usage(error)
        status = EXIT_USAGE
    except click.ClickException as error:
        _report("file", error.format_message(), "Check the path and its permissions.")
        status = EXIT_ERROR
    except (click.Abort, KeyboardInterrupt):
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left, as in `comanda … | head`. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = EXIT_ERROR
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
