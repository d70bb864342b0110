"""`comanda hub quarantine …`: what could not be projected, and what a person does about it.

What lives here: options in, use cases called, answers printed. No rule and no SQL.
"""

from pathlib import Path
from typing import Any

import click
import msgspec

from hub.app.errors import HubRefused
from hub.app.operating import QuarantineCount, QuarantinedEntry
from hub.app.ports import Quarantined, Scope, Site
from hub.app.sites import find_site
from hub.app.tenants import shard_of
from hub.cli_common import as_json, decided_by, moment, on_shard, operations_of, run_with, show, table
from hub.db.connect import Database, Role
from hub.db.project_store import ProjectShard
from hub.project.repairing import Correction, Repaired, resolve, retry
from hub.stores import Stores
from shared.domain.ids import is_id
from shared.domain.kernel import Key
from shared.limits import ENTRY_BYTES_MAX, QUARANTINE_PAGE_MAX, SITES_PAGE_MAX
from shared.operator_error import OperatorError
from shared.protocol.subjects import Address

__all__ = ["COMMANDS"]


@click.group(help="Entries that could not be projected: list them, correct them, project them again.")
def quarantine() -> None: ...


@quarantine.command("list")
@click.argument("site_id", metavar="[SITE]", required=False)
@as_json
def list_command(site_id: str | None, is_json: bool) -> None:
    """List what is in quarantine: of a site, or how much of every site.

    \b
    Example:
      comanda hub quarantine list
      comanda hub quarantine list SITE
    """
    if site_id is None:
        _list_sites(is_json)
    else:
        _list_site(site_id, is_json)


def _list_sites(is_json: bool) -> None:
    async def work(stores: Stores) -> tuple[list[QuarantineCount], list[str]]:
        found: list[QuarantineCount] = []
        missing: list[str] = []
        for name, shard in stores.operations.items():
            try:
                found += await shard.quarantine_counts(Scope(None), SITES_PAGE_MAX)
            except HubRefused:
                missing.append(name)  # a shard that is down hides its own sites only, and the answer says so
        return found, missing

    found, missing = run_with(work)
    rows = [("SITE", "ORGANISATION", "ENTRIES", "SINCE (UTC)")]
    rows += [(each.site_id, each.org_id, str(each.entries), moment(each.since)) for each in found]
    show(is_json, {"sites": found, "missing_shards": missing}, table(rows) if found else "nothing")
    for name in missing:
        click.echo(f"shard {name} does not answer", err=True)


def _list_site(site_id: str, is_json: bool) -> None:
    async def work(stores: Stores) -> list[Quarantined]:
        found = await find_site(stores.control, Scope(None), site_id)
        return list(await shard_of(stores.shards, found.shard).quarantined(found.org_id, site_id, QUARANTINE_PAGE_MAX))

    held = run_with(work)
    rows = [("SEQUENCE", "OF", "CODE", "WHAT"), *((str(each.sequence), f"{each.kind} {each.id}", each.code, each.detail) for each in held)]
    show(is_json, {"quarantine": held}, table(rows) if held else "nothing")
    if len(held) == QUARANTINE_PAGE_MAX:
        click.echo(f"these are the first {QUARANTINE_PAGE_MAX}; there are more", err=True)


@quarantine.command("show")
@click.argument("site_id", metavar="SITE")
@click.argument("sequence", type=click.IntRange(1))
@as_json
def show_command(site_id: str, sequence: int, is_json: bool) -> None:
    """Show an entry as it was written, why it is held, what is held back with it, and what was decided.

    \b
    Example:
      comanda hub quarantine show SITE 4711
    """

    async def work(stores: Stores) -> tuple[QuarantinedEntry, list[Quarantined]]:
        site, shard = await operations_of(stores, site_id)
        entry = await shard.quarantined_entry(site.org_id, site.site_id, sequence)
        if entry is None or not (entry.held or entry.decided_by):
            raise HubRefused("quarantine.unknown", f"The entry at {sequence} is not in quarantine.")
        return entry, list(await shard.quarantine_following(site.org_id, site.site_id, sequence, QUARANTINE_PAGE_MAX))

    entry, following = run_with(work)
    lines = [f"entry {entry.sequence} of epoch {entry.epoch}, received {moment(entry.received_at)} UTC", "", _pretty(entry.entry), ""]
    lines += [f"held back: {each.kind} {each.id}: {each.code}: {each.detail}" for each in entry.held] or ["not in quarantine any more"]
    if following:
        more = "more than " if len(following) == QUARANTINE_PAGE_MAX else ""
        lines.append(f"{more}{len(following)} later entries wait for it, {following[0].sequence} to {following[-1].sequence}")
    if entry.decided_by:
        what = "left out" if entry.correction is None else "corrected"
        lines += ["", f"{what} by {entry.decided_by} on {moment(entry.decided_at)} UTC: {entry.reason}"]
        lines += [_pretty(entry.correction)] if entry.correction is not None else []
    value = {
        "sequence": entry.sequence, "epoch": entry.epoch, "received_at": entry.received_at, "entry": _readable(entry.entry),
        "held": entry.held, "following": following, "correction": _readable(entry.correction), "reason": entry.reason,
        "decided_by": entry.decided_by, "decided_at": entry.decided_at,
    }  # fmt: skip
    show(is_json, value, "\n".join(lines))


def _pretty(data: bytes) -> str:
    try:
        return msgspec.json.format(data, indent=2).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return repr(data)


def _readable(data: bytes | None) -> Any:
    """JSON where it is, else text that shows every byte."""
    if data is None:
        return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return data.decode("utf-8", "backslashreplace")


@quarantine.command("retry")
@click.argument("site_id", metavar="SITE")
@click.argument("of", metavar="[CHECK]", required=False)
@as_json
def retry_command(site_id: str, of: str | None, is_json: bool) -> None:
    """Project again what is held back, by the rules of this release: of one check or ticket, or everything of the site.

    What folds leaves quarantine; the rest stays, with the reason. Other checks are not touched.

    \b
    Example:
      comanda hub quarantine retry SITE
      comanda hub quarantine retry SITE CHECK
    """
    if of is not None and not (is_id(of) or of.isdecimal()):
        raise OperatorError("id.malformed", f"{of[:64]!r} is no UUID, and no sequence.", "Use what comanda hub quarantine list printed.")

    async def work(database: Database, site: Site) -> list[Repaired]:
        shard, address = ProjectShard(database), Address(site.org_id, site.site_id)
        keys: list[Key | None] = [None] if of is None else [("check", of), ("ticket", of), ("entry", of)]
        done: list[Repaired] = []
        for key in keys:
            try:
                done.append(await retry(shard, address, key))
            except HubRefused as error:
                if error.code != "quarantine.unknown":
                    raise
        if not done:
            raise HubRefused("quarantine.unknown", f"Nothing of site {site.name!r} is held back with that.")
        return done

    _tell(is_json, _repair(site_id, work))


@quarantine.command("resolve")
@click.argument("site_id", metavar="SITE")
@click.argument("sequence", type=click.IntRange(1))
@click.option("--event", "event_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="JSON of the event as it should have been, or of the whole entry.")  # fmt: skip
@click.option("--leave-out", is_flag=True, help="Pass the entry over, for ever.")
@click.option("--reason", required=True, help="Why; it is kept with the decision.")
@decided_by
@as_json
def resolve_command(
    site_id: str, sequence: int, event_file: Path | None, leave_out: bool, reason: str, decided_by: str, is_json: bool
) -> None:
    """Decide about an entry: read something else in its place, or leave it out. The raw entry stays as it is.

    What was held back with it is projected again at once. The decision also holds when the site is projected anew.

    \b
    Example:
      comanda hub quarantine resolve SITE 4711 --event corrected.json --by anna --reason "quantity was a text"
      comanda hub quarantine resolve SITE 4711 --leave-out --by anna --reason "a test of the installer"
    """
    if (event_file is None) == (not leave_out):
        raise click.UsageError("Give either --event or --leave-out.")
    if not (decided_by.strip() and reason.strip()):
        raise OperatorError("decision.unsigned", "A decision needs a name and a reason.", "Give --by and --reason.")
    event = None
    if event_file is not None:
        if event_file.stat().st_size > ENTRY_BYTES_MAX:
            raise OperatorError("correction.malformed", f"{event_file} is larger than an entry may be.", "Correct the event alone.")
        event = event_file.read_bytes()
    correction = Correction(sequence=sequence, event=event, reason=reason, decided_by=decided_by)

    async def work(database: Database, site: Site) -> list[Repaired]:
        return [await resolve(ProjectShard(database), Address(site.org_id, site.site_id), correction)]

    _tell(is_json, _repair(site_id, work))


def _repair(site_id: str, work: Any) -> list[Repaired]:
    async def within(stores: Stores) -> list[Repaired]:
        site = await find_site(stores.control, Scope(None), site_id)
        return await on_shard(site.shard, Role.PROJECT, lambda database: work(database, site))

    return run_with(within)


def _tell(is_json: bool, done: list[Repaired]) -> None:
    folded, held = sum(each.folded for each in done), [held for each in done for held in each.held]
    is_anew = any(each.is_anew for each in done)
    lines = [f"{folded} entries projected"]
    if is_anew:
        lines = [
            "the entry changes more than what was held back with it: the site is projected anew, its reports are incomplete until then"
        ]
    lines += [f"still held: {each.sequence} {each.kind} {each.id}: {each.code}: {each.detail}" for each in held]
    show(is_json, {"folded": folded, "held": held, "is_projected_anew": is_anew}, "\n".join(lines))


COMMANDS: tuple[click.Command, ...] = (quarantine,)
