"""`comanda edge mirror`.

What lives here: options in, settings made, the mirror run or checked, answers printed.
"""

from pathlib import Path
from typing import Any

import click
import msgspec

from edge.settings import MirrorSettings, settings_of
from shared.operator_error import OperatorError

__all__ = ["mirror"]


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Directory of the box. [env: COMANDA_EDGE_DATA_DIR; default /var/lib/comanda]"
)
@click.option("--same-disk/--own-disk", "mirror_same_disk", default=None,
              help="Allow a directory on the journal's own disk. [env: COMANDA_EDGE_MIRROR_SAME_DISK; default --own-disk]")  # fmt: skip
@click.option("--check", is_flag=True, help="Prove the chain of the mirror that is there, and end. Exit status 1 if it is damaged.")
@click.option("--json", "as_json", is_flag=True, help="With --check: print one JSON object.")
def mirror(directory: Path, check: bool, as_json: bool, **given: Any) -> None:
    """Keep a copy of the journal in DIRECTORY, on a disk of its own: at most a second behind, however the power fails.

    It waits for a disk that is pulled or full, and goes on by itself. With --check, DIRECTORY may be that of a mirror, of one site
    in it, or a mirror's file.

    \b
    Examples:
      comanda edge mirror /mnt/comanda-mirror --data-dir /var/lib/comanda
      comanda edge mirror /mnt/comanda-mirror --check
    """
    if check:
        _check(directory, as_json)
        return
    from edge.mirror.main import run

    run(directory, settings_of(MirrorSettings, **given))


def _check(directory: Path, as_json: bool) -> None:
    from edge.mirror.file import check as prove
    from edge.mirror.file import files_in
    from shared.protocol.mirror_file import MirrorFileError

    try:
        found = [prove(path) for path in files_in(directory)]
    except MirrorFileError as error:
        raise OperatorError(error.code, error.detail, "Name a directory that `comanda edge mirror` has written.") from error
    except OSError as error:
        raise OperatorError("mirror.unreadable", f"{directory} cannot be read: {error}", "Look at the disk.") from error
    if not found:
        raise OperatorError("mirror.missing", f"There is no mirror in {directory}.", "Name the directory given to `comanda edge mirror`.")
    if as_json:
        click.echo(msgspec.json.encode(found))
    for each in [] if as_json else found:
        click.echo(f"{each.path}: site {each.site_id}, from entry {each.first}, head {each.head}")
        if each.problem:
            click.echo(f"  damaged: {each.problem}; what stands before it is whole")
        if each.torn_bytes:
            click.echo(f"  {each.torn_bytes} bytes after the last whole frame: what a power cut tears")
    if any(each.problem for each in found):
        raise SystemExit(1)
