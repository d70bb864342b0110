"""`comanda edge import` and `comanda edge export`: a file into a running box, and out of it.

What lives here: arguments, help and output. What stands in a file is the box's business, which answers with every problem.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shared.limits import REQUEST_BYTES_MAX
from shared.operator_error import OperatorError

if TYPE_CHECKING:
    import httpx

__all__ = ["export_menu", "import_menu"]


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which box is meant."""
    options = [
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            envvar="COMANDA_EDGE_DATA_DIR",
            show_envvar=True,
            help="Directory of the box, on the box itself; default /var/lib/comanda.",
        ),
        click.option("--site", "url", envvar="COMANDA_MENU_SITE", show_envvar=True, help="URL of a box elsewhere, instead of --data-dir."),
        click.option(
            "--token",
            envvar="COMANDA_DEVICE_TOKEN",
            show_envvar=True,
            help="With --site: token of a device with the role manager; better given by the variable, where no list of processes shows it.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--effective-at", metavar="TIME", default="", help="Local time of the site at which it takes effect, such as 2026-12-01T06:00."
)
@click.option("--check", is_flag=True, help="Tell problems and changes; put nothing in force. Exit status 1 if there is a problem.")
@click.option("--keep", is_flag=True, help="Of a spreadsheet: items that it does not name stay on the menu.")
@_where
@click.option("--json", "as_json", is_flag=True, envvar="COMANDA_JSON", show_envvar=True, help="Print one JSON object.")
def import_menu(
    file: Path, effective_at: str, check: bool, keep: bool, data_dir: Path | None, url: str | None, token: str | None, as_json: bool
) -> None:  # fmt: skip
    """Put the menu in FILE in force on a running box, at once or at a local time, and tell what changes.

    FILE is a menu as JSON, or a spreadsheet of items (CSV) that is laid over the menu in force; docs/menu.md tells both. Everything
    that is wrong is listed by its place, and nothing is taken from a file that is not right as a whole.

    \b
    Example:
      comanda edge import menu.json
      comanda edge import menu.csv --check
      comanda edge import prices.csv --keep --effective-at 2026-12-01T06:00
      comanda edge import menu.json --site http://192.168.1.10:8080
    """
    from edge.menus.summary import problem_lines, summary

    body = _read(file)
    csv = not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    query = {"effective_at": effective_at, "check": str(check).lower(), "keep": str(keep).lower()}
    headers = {"content-type": "text/csv" if csv else "application/json"}
    answer = _ask(data_dir, url, token, lambda box: box.put("/v1/menu", content=body, headers=headers, params=query))
    if not answer.is_success:
        problem = _decoded(answer)
        for line in problem_lines(problem):
            click.echo(line, err=True)
        raise OperatorError(problem["code"], problem["detail"], problem["hint"])
    click.echo(answer.content if as_json else summary(_decoded(answer), checked=check))


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--separator",
    type=click.Choice(["comma", "semicolon", "tab"]),
    default="comma",
    show_default=True,
    help="Of a spreadsheet: semicolon, with decimal commas, is what most of Europe opens by a double click.",
)
@_where
def export_menu(file: Path, separator: str, data_dir: Path | None, url: str | None, token: str | None) -> None:
    """Write the menu in force to FILE: the whole document where its name ends in .json, its items as a spreadsheet in .csv.

    \b
    Example:
      comanda edge export menu.json
      comanda edge export menu.csv --separator semicolon
    """
    kind = file.suffix.lower()
    if kind not in (".json", ".csv"):
        raise OperatorError(
            "menu.file_kind", f"{file} ends neither in .json nor in .csv.", "Name the file so that its ending says what it is."
        )
    query = {"separator": separator} if kind == ".csv" else {}
    answer = _ask(data_dir, url, token, lambda box: box.get(f"/v1/menu{kind}", params=query))
    if not answer.is_success:
        problem = _decoded(answer)
        raise OperatorError(problem["code"], problem["detail"], problem["hint"])
    try:
        file.write_bytes(answer.content)
    except OSError as error:
        raise OperatorError("menu.file_unwritable", f"{file} cannot be written: {error.strerror}.", "Name a file that can be.") from error
    click.echo(f"{len(answer.content)} bytes written to {file}")


def _read(file: Path) -> bytes:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise OperatorError("menu.file_unreadable", f"{file} cannot be read: {error.strerror}.", "Name a file that can be.") from error
    if len(body) > REQUEST_BYTES_MAX:
        what = f"{file} has {len(body)} bytes; a box takes {REQUEST_BYTES_MAX}."
        raise OperatorError("menu.file_too_large", what, "Leave out what is no menu: images are named, not held.")
    return body


def _ask(data_dir: Path | None, url: str | None, token: str | None, ask: "Callable[[httpx.Client], httpx.Response]") -> "httpx.Response":
    """The answer of the box: the one of the directory over its Unix socket, or one elsewhere over HTTP."""
    import httpx

    from edge.replay.site import ensure_url
    from edge.settings import EdgeSettings, settings_of
    from shared.limits import COMMAND_TIMEOUT_S

    socket = settings_of(EdgeSettings, data_dir=data_dir).data_dir / "edge.sock" if not url else None
    transport = httpx.HTTPTransport(uds=str(socket)) if socket else None
    base = ensure_url(url) if url else "http://box"
    headers = {"authorization": f"Bearer {token}"} if url and token else {}
    try:
        # A site is on the LAN: no proxy of the environment stands between.
        with httpx.Client(transport=transport, base_url=base, headers=headers, timeout=COMMAND_TIMEOUT_S, trust_env=False) as box:
            return ask(box)
    except httpx.TransportError as error:
        hint = "Start `comanda edge serve` there, or name the right box with --data-dir or --site."
        raise OperatorError("box.unreachable", f"Nothing answers on {socket or url}: {error}.", hint) from error


def _decoded(answer: "httpx.Response") -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        detail = f"{answer.request.url} answered {answer.status_code} what no box would."
        raise OperatorError("site.not_comanda", detail, "Give --site the URL of a box's API, such as http://127.0.0.1:8080") from error
