"""A new box from what hub, mirrors and tablets hold: the steps, in order.

What lives here: gathering, projecting, beginning the epoch, collecting, playing, and the report. Each step is safe to be cut short: the
file `restore.pending` stands from the first to the last, the box does not serve while it does, and the same command run again goes on
where the journal ends.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from edge.app.hand_in import HandInDesk
from edge.app.keepsakes import MENU
from edge.app.site import BOX, RefusedCommand, Request, Site
from edge.box import Box, read_box, read_signer
from edge.journal.lock import single_writer
from edge.journal.raise_checkpoint import ensure_way_of_file
from edge.journal.refill import Refill
from edge.main import JOURNAL, RESTORING
from edge.main import run as serve
from edge.mirror.file import sync_dir
from edge.restore.collect import Collection
from edge.restore.hub import HubSource
from edge.restore.keepsakes import gather, put
from edge.restore.merge import Merger
from edge.restore.missing import missing_of
from edge.restore.report import HandedInBy, RefusedHandIn, Report
from edge.restore.sources import MirrorSource, find_mirrors
from edge.settings import EdgeSettings
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.menu import decode_menu, menu_document, menu_version
from shared.domain.registry import ERRORS
from shared.domain.site import AcceptClock, ApplyMenu
from shared.limits import CLOCK_BEHIND_MAX_S
from shared.operator_error import OperatorError
from shared.protocol.entry import Position
from shared.protocol.session import Submit

__all__ = ["REPORT", "Wanted", "restore"]

REPORT = "restore.json"

Say = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for. `hub_url` empty: that of the enrolment; `tablets` None: none is waited for; `menu`: a file to sell from
    where no source holds the menu; `accept_clock`: the clock of this box is right, though it is behind the journal."""

    use_hub: bool = True
    hub_url: str = ""
    mirrors: tuple[Path, ...] = ()
    tablets: int | None = None
    wait_s: float = 0.0
    menu: Path | None = None
    accept_clock: bool = False


class _Gathered(msgspec.Struct, frozen=True, kw_only=True):
    report: Report
    highest: Position
    names: dict[str, str]


def restore(settings: EdgeSettings, wanted: Wanted, say: Say = lambda _: None, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Make the data directory a box that can sell. Raises OperatorError; the same can then be run again."""
    box = read_box(settings.data_dir)
    with single_writer(settings.data_dir), _disk_trouble(settings.data_dir):
        mirrors = find_mirrors(wanted.mirrors, box.site_id)
        with _hub(box, settings.data_dir, wanted) as hub:
            gathered = _gather(settings, box, hub, mirrors, wanted, say, progress)
    desk = _collect(settings, wanted, say) if wanted.tablets is not None else None
    report = _with_hand_ins(gathered, desk)
    with _disk_trouble(settings.data_dir):
        _write(settings.data_dir / REPORT, msgspec.json.format(msgspec.json.encode(report), indent=2))
        (settings.data_dir / RESTORING).unlink()
        sync_dir(settings.data_dir)
    return report


@contextlib.contextmanager
def _disk_trouble(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        hint = "Look at the disk and its free space, then run the same again: it goes on where it was."
        raise OperatorError("restore.unwritable", f"{data_dir} cannot be written: {error}", hint) from error


@contextlib.contextmanager
def _hub(box: Box, data_dir: Path, wanted: Wanted) -> Iterator[HubSource | None]:
    if not wanted.use_hub:
        yield None
        return
    url = wanted.hub_url or box.hub_url
    if not url:
        hint = "Name it with --hub-url, or restore without it with --no-hub."
        raise OperatorError("restore.no_hub_url", "The enrolment of this box names no address of the hub.", hint)
    hub = HubSource(box, read_signer(data_dir, box.public_key), url)
    try:
        yield hub
    finally:
        hub.close()


def _mark(data_dir: Path) -> None:
    """From now on the box does not serve until the restore is at its end."""
    _write(data_dir / RESTORING, b"`comanda edge restore` is under way; run it again if it was cut short.\n")


def _write(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_dir(path.parent)


def _gather(
    settings: EdgeSettings, box: Box, hub: HubSource | None, mirrors: Sequence[MirrorSource], wanted: Wanted, say: Say,
    progress: Callable[[int], None],
) -> _Gathered:  # fmt: skip
    """The journal with its projections, documents and devices; the epoch of this box begun."""
    ensure_way_of_file(settings.data_dir / JOURNAL)
    is_first = not (settings.data_dir / RESTORING).exists()
    _mark(settings.data_dir)
    with contextlib.closing(Refill(settings.data_dir / JOURNAL)) as journal:
        merger = Merger(journal, box, settings.data_dir, progress)
        say("gathering from " + ", ".join([*(["the hub"] if hub else []), *[mirror.name for mirror in mirrors]] or ["nobody but tablets"]))
        try:
            merger.merge(hub, mirrors)
        except OperatorError:
            if is_first and journal.head == merger.own_head:
                (settings.data_dir / RESTORING).unlink()  # nothing was touched: what served before serves again
            raise
        head = journal.last_before(box.epoch)
        menus, devices = put(journal, gather(hub, mirrors, merger.problems), merger.problems)
        if not devices and head.sequence:
            merger.problems.append("no source holds the list of devices: pair the tablets anew (comanda edge device add)")
        say(f"projecting {journal.head.sequence} entries")
        try:
            journal.project(progress)
            site = _begin(journal, box, wanted)
        except (LookupError, ValueError) as error:  # what `fold` raises for an entry that does not fit
            raise OperatorError(
                "journal.unprojectable", f"An entry does not fit: {error}", "Update the box to the release of the one before."
            ) from error
        except Refused as refused:
            raise OperatorError(refused.code, refused.detail, ERRORS[refused.code].hint) from refused
        version = site.state.menu_version
        if version and journal.store.document(version) is None:
            merger.problems.append(f"no source holds the menu in force ({version[:8]}): load it with --menu, or `comanda edge import`")
        names = journal.device_names()
    report = Report(
        org_id=box.org_id, site_id=box.site_id, epoch=box.epoch, restored_at=datetime.now(UTC), head=str(head), came=tuple(merger.came),
        branches=tuple(merger.branches), menus=menus, devices=devices, problems=tuple(merger.problems),
        half_command=merger.half_command,
    )  # fmt: skip
    return _Gathered(report=report, highest=merger.highest, names=names)


def _begin(journal: Refill, box: Box, wanted: Wanted) -> Site:
    """The first entries of the epoch, at the time of the last entry before: what tablets hold is played as at its own time, and an entry
    of now before it would make that impossible.

    A clock that is behind the journal, as that of a box that comes out of its carton, would let nobody open a check, and every one that
    tablets hand in be refused."""
    head_at, now = journal.store.head().at, datetime.now(UTC)
    is_behind = head_at is not None and head_at - now > timedelta(seconds=CLOCK_BEHIND_MAX_S)
    if is_behind and not wanted.accept_clock:
        raise OperatorError(
            "restore.clock_behind",
            f"The clock of this box says {now:%Y-%m-%d %H:%M} UTC, the last entry is of {head_at:%Y-%m-%d %H:%M}.",
            "Set it (timedatectl), then run the same again. If it is right, and that of the box before was ahead, add --accept-clock.",
        )
    clock = [head_at or now]
    site = Site(box.identity, journal.store, lambda: clock[0])
    site.start()
    if is_behind:
        clock[0] = now
        _say(site, AcceptClock(reason="restored"), "clock")
    if wanted.menu is not None:
        _load_menu(site, wanted.menu)
    return site


def _load_menu(site: Site, path: Path) -> None:
    try:
        menu = decode_menu(path.read_bytes())
    except (OSError, ValueError) as error:
        raise OperatorError(
            "restore.menu_unfit", f"{path} cannot be used: {error}", "Give a menu as JSON, as docs/menu.md says."
        ) from error
    version = menu_version(menu)
    if version == site.state.menu_version:
        return
    site.put_menu(version, menu_document(menu))
    _say(site, ApplyMenu(version=version), MENU)


def _say(site: Site, command: Command, what: str) -> None:
    """A command of the box itself. Raises Refused."""
    submit = Submit(id=derived_id(site.head.hash.hex(), "restore", what), command=msgspec.Raw(msgspec.json.encode(command)))
    outcome = site.execute([Request(device=BOX, commands=(submit,))])[0][0]
    if isinstance(outcome, RefusedCommand):
        raise outcome.error


def _collect(settings: EdgeSettings, wanted: Wanted, say: Say) -> HandInDesk:
    """Serve, collect, play. Raises OperatorError when it is stopped before its end."""
    assert wanted.tablets is not None
    collection = Collection(wanted.tablets, wanted.wait_s, say)
    try:
        serve(settings, collection.run)
    except Refused as refused:
        raise OperatorError(
            refused.code, f"What tablets hold cannot be played: {refused.detail}", "Run the same again: it goes on where it was."
        ) from refused
    if not collection.is_done or collection.desk is None:
        raise OperatorError(
            "restore.interrupted", "It was stopped before all was played.", "Run the same again: tablets hand in again what is not."
        )
    return collection.desk


def _with_hand_ins(gathered: _Gathered, desk: HandInDesk | None) -> Report:
    report = gathered.report
    highest, missing = missing_of(Position.parse(report.head), gathered.highest, report.epoch, desk)
    handed_in = tuple([
        HandedInBy(
            device_id=device_id, name=gathered.names.get(device_id, ""), known=tally.known, played=tally.played, refused=tally.refused,
            is_complete=tally.is_complete,
        )
        for device_id, tally in (desk.tallies.items() if desk else ())
    ])  # fmt: skip
    refused = tuple([
        RefusedHandIn(command_id=each.command_id, device_id=each.device_id, position=each.position, code=each.code, detail=each.detail)
        for each in (desk.refused if desk else ())
    ])  # fmt: skip
    return msgspec.structs.replace(report, handed_in=handed_in, refused=refused, highest_seen=str(highest), missing=missing)
