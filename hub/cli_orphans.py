"""`comanda hub orphans …`: what replaced boxes still held, and what a person does about it.

What lives here: options in, use cases called, answers printed. No rule and no SQL.
"""

from typing import Any

import click
import msgspec

from hub.app.deciding import Decided, adopt, set_aside
from hub.app.errors import HubRefused
from hub.app.orphans import Branch, OrphanedCommand, read_branches
from hub.app.ports import Scope, Site
from hub.cli_common import as_json, decided_by, moment, operations_of, run_with, show, table
from hub.stores import Stores
from shared.limits import SITE_COMMAND_TTL_S

__all__ = ["COMMANDS"]

_WORDS = {
    "held": "held: adopt it or set it aside", "incomplete": "incomplete: entries of it are missing", "own": "ran the old box: set it aside",
    "waiting": "waiting for the box", "expired": "the box did not get it in time: adopt it again", "adopted": "adopted",
    "in_effect": "in effect: a tablet brought it", "set_aside": "set aside",
}  # fmt: skip
sequences_argument = click.argument("sequences", metavar="[SEQUENCE]...", type=click.IntRange(1), nargs=-1)
is_all_option = click.option("--all", "is_all", is_flag=True, help="Everything on the branch that nobody has decided on.")


@click.group(help="Orphans: what a replaced box still held. Adopt it entry by entry, or set it aside.")
def orphans() -> None: ...


@orphans.command("list")
@click.option("--site", "site_id", metavar="SITE", help="Only this site; every site that has some otherwise.")
@as_json
def list_command(site_id: str | None, is_json: bool) -> None:
    """List the branches of replaced boxes, and how much of each still has to be decided.

    \b
    Example:
      comanda hub orphans list --site SITE
    """

    async def work(stores: Stores) -> tuple[list[tuple[Site, Branch]], list[str], list[str]]:
        ids = [site_id] if site_id is not None else []
        missing: list[str] = []
        for name, shard in stores.operations.items() if site_id is None else ():
            try:
                ids += [found for _, found in await shard.branched_sites(Scope(None))]
            except HubRefused:
                missing.append(name)  # a shard that is down hides its own sites only, and the answer says so
        found: list[tuple[Site, Branch]] = []
        forgotten: list[str] = []
        for id in ids:
            try:
                site, shard = await operations_of(stores, id)
            except HubRefused as error:
                if site_id is not None or error.code != "site.unknown":
                    raise
                forgotten.append(id)  # the control database was restored to before it: the others are listed, and the answer says so
                continue
            found += [(site, branch) for branch in await read_branches(shard, site)]
        return found, missing, forgotten

    found, missing, forgotten = run_with(work)
    rows = [("SITE", "NAME", "EPOCH", "ENTRIES", "COMMANDS", "TO DECIDE", "WAITING", "LAST RECEIVED (UTC)")]
    rows += [
        (site.site_id, site.name, str(each.epoch), f"{each.parted + 1} to {each.kept}", str(len(each.commands)), str(each.undecided),
         str(sum(command.state == "waiting" for command in each.commands)), moment(each.received_at))
        for site, each in found
    ]  # fmt: skip
    value = [{"site_id": site.site_id, "org_id": site.org_id, "name": site.name, **_summary(each)} for site, each in found]
    answer = {"branches": value, "missing_shards": missing, "unknown_sites": forgotten}
    show(is_json, answer, table(rows) if found else "nothing")
    for name in missing:
        click.echo(f"shard {name} does not answer", err=True)
    for id in forgotten:
        click.echo(f"site {id} is left out: its shard keeps branches of it, and the control database does not know it (any more)", err=True)


def _summary(branch: Branch) -> dict[str, Any]:
    states = [each.state for each in branch.commands]
    return {
        "epoch": branch.epoch, "parted": branch.parted, "kept": branch.kept, "received_at": branch.received_at,
        "undecided": branch.undecided, "states": {state: states.count(state) for state in sorted(set(states))},
    }  # fmt: skip


@orphans.command("show")
@click.argument("site_id", metavar="SITE")
@click.argument("epoch", type=click.IntRange(1))
@click.argument("sequence", type=click.IntRange(1), required=False)
@as_json
def show_command(site_id: str, epoch: int, sequence: int | None, is_json: bool) -> None:
    """Show a branch command by command, or the entries of the command that holds one sequence.

    \b
    Example:
      comanda hub orphans show SITE 1
      comanda hub orphans show SITE 1 4711
    """

    async def work(stores: Stores) -> Branch:
        site, shard = await operations_of(stores, site_id)
        [branch] = await read_branches(shard, site, epoch)
        if sequence is not None and not any(sequence in each.sequences for each in branch.commands):
            raise HubRefused("orphan.unknown", f"The branch of epoch {epoch} holds no entry {sequence}.")
        return branch

    branch = run_with(work)
    commands = [each for each in branch.commands if sequence is None or sequence in each.sequences]
    value = {**_summary(branch), "commands": [_told(each, with_entries=sequence is not None) for each in commands]}
    if sequence is None:
        rows = [("SEQUENCE", "AT (UTC)", "WHAT", "ABOUT", "STATE")]
        rows += [(str(each.first), each.at[:19], _what(each), _about(each), _state(each)) for each in commands]
        show(is_json, value, table(rows) if commands else "nothing")
        return
    [found] = commands
    lines = [f"command {found.command_id or '?'} at {found.at}, business date {found.date}: {_state(found)}"]
    for row in found.rows:
        lines += ["", f"entry {row.sequence} of epoch {row.entry_epoch}", _pretty(row.entry)]
    show(is_json, value, "\n".join(lines))


def _told(command: OrphanedCommand, *, with_entries: bool) -> dict[str, Any]:
    told = {name: getattr(command, name) for name in command.__struct_fields__ if name != "rows"}
    if with_entries:
        told["entries"] = [{"sequence": row.sequence, "hash": row.hash.hex(), "entry": _pretty(row.entry)} for row in command.rows]
    return told


def _what(command: OrphanedCommand) -> str:
    return command.events[0] + (f" and {len(command.events) - 1} more" if len(command.events) > 1 else "")


def _about(command: OrphanedCommand) -> str:
    return command.about[0] if command.about else ""


def _state(command: OrphanedCommand) -> str:
    text = f"refused by the box: {command.code}" if command.state == "refused" else _WORDS[command.state]
    by = f" ({command.decided_by})" if command.decided_by else ""
    return f"{text}{by}{f': {command.reason}' if command.reason else ''}"


def _pretty(data: bytes) -> str:
    try:
        return msgspec.json.format(data, indent=2).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return repr(data)


@orphans.command("adopt")
@click.argument("site_id", metavar="SITE")
@click.argument("epoch", type=click.IntRange(1))
@sequences_argument
@is_all_option
@click.option("--hours", type=click.FloatRange(0, min_open=True), default=SITE_COMMAND_TTL_S / 3600, show_default=True,
              help="How long it waits for the box.")  # fmt: skip
@decided_by
@as_json
def adopt_command(site_id: str, epoch: int, sequences: tuple[int, ...], is_all: bool, hours: float, decided_by: str, is_json: bool) -> None:
    """Hand what a replaced box still held to the present box of the site, which takes it into its journal as it was, or refuses it.

    Entries of one command go together. What a tablet has brought already is passed over, and has one effect.

    \b
    Example:
      comanda hub orphans adopt SITE 1 4711 4712 --by anna
      comanda hub orphans adopt SITE 1 --all --by anna
    """
    wanted = _wanted(sequences, is_all)

    async def work(stores: Stores) -> Decided:
        site, shard = await operations_of(stores, site_id)
        return await adopt(shard, site, epoch, wanted, decided_by, hours * 3600)

    _tell(is_json, run_with(work))


@orphans.command("set-aside")
@click.argument("site_id", metavar="SITE")
@click.argument("epoch", type=click.IntRange(1))
@sequences_argument
@is_all_option
@click.option("--reason", required=True, help="Why; it is kept with the decision.")
@decided_by
@as_json
def set_aside_command(
    site_id: str, epoch: int, sequences: tuple[int, ...], is_all: bool, reason: str, decided_by: str, is_json: bool
) -> None:
    """Decide that what a replaced box still held does not hold. It is kept, with the reason.

    \b
    Example:
      comanda hub orphans set-aside SITE 1 4711 --by anna --reason "entered by hand on the new box"
    """
    wanted = _wanted(sequences, is_all)

    async def work(stores: Stores) -> Decided:
        site, shard = await operations_of(stores, site_id)
        return await set_aside(shard, site, epoch, wanted, reason, decided_by)

    _tell(is_json, run_with(work))


def _wanted(sequences: tuple[int, ...], is_all: bool) -> tuple[int, ...] | None:
    if bool(sequences) == is_all:
        raise click.UsageError("Name sequences, or give --all.")
    return None if is_all else sequences


def _tell(is_json: bool, done: Decided) -> None:
    lines = [
        f"{len(done.adopted)} commands handed to the box",
        f"{len(done.set_aside)} set aside",
        f"{len(done.passed_over)} needed nothing",
    ]
    numbers = (done.adopted, done.set_aside, done.passed_over)
    show(is_json, done, "\n".join(line for line, found in zip(lines, numbers, strict=True) if found) or "nothing to do")


COMMANDS: tuple[click.Command, ...] = (orphans,)
