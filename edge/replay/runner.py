"""A replay from end to end: the file read twice, the menu put in force, the orders played a few at once.

What lives here: the order of things, files and concurrency. What rows, orders and refusals mean is in the modules beside.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from edge.replay.catalogue import Catalogue, extended
from edge.replay.orders import Order, Seen, orders, survey
from edge.replay.player import Played, Player
from edge.replay.report import Progress, Report
from edge.replay.rows import Header, Record, Terms, read_header, records
from edge.replay.site import SiteClient
from shared.domain.menu import EMPTY_MENU, Menu, decode_menu, menu_version
from shared.limits import REPLAY_CONCURRENCY, REPLAY_LINE_CHARS_MAX, REPLAY_QUEUE_MAX
from shared.operator_error import OperatorError

__all__ = ["Replay", "read_menu", "replay"]


class Replay(NamedTuple):
    """What is asked for: the file, a menu to put in force or None, and the series that its order ids belong to."""

    path: Path
    menu: Menu | None = None
    series: str = ""


async def replay(asked: Replay, site: SiteClient, progress: Progress) -> Report:
    """Play the file into the site. Raises OperatorError; what was played until then stays, and is not played again."""
    with _opened(asked.path) as rows:
        header = read_header(next(rows, None))
        status = await site.status()
        await site.ensure_may_import()
        # A check belongs to a business date up to the site's; until the cut-over the calendar is a day ahead of it.
        latest = date.fromisoformat(status.business_date) + timedelta(days=1) if status.business_date else date.max
        terms = Terms(status.currency, ZoneInfo(status.time_zone), latest)
        seen = survey(rows, header, terms, lambda read: progress.tell("read", read, 0, "rows"))
    catalogue = await _catalogue(asked.menu, seen, status.currency, site)
    player = Player(site, status, catalogue, asked.series)
    report = Report(currency=status.currency, notes=_notes(header))
    await _play_all(asked.path, header, terms, seen, player, report, progress)
    report.rejected.sort(key=lambda each: each.row)
    return report


def read_menu(path: Path) -> Menu:
    """A menu document from a JSON file. Raises OperatorError `replay.file_unreadable` or `menu.malformed`."""
    try:
        return decode_menu(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OperatorError("menu.malformed", f"{path} is no menu: {error}.", "Compare it with GET /v1/menu of a site.") from error


async def _catalogue(menu: Menu | None, seen: Seen, currency: str, site: SiteClient) -> Catalogue:
    """The menu in force for the replay: the one that was given, or the site's with what it lacks."""
    version, present = await site.menu()
    wanted = menu or (extended(present, currency, seen.items, seen.modifiers) if seen.items else present)
    if wanted is None:
        return Catalogue("", EMPTY_MENU)
    if menu_version(wanted) != version:
        await site.put_menu(wanted)
    return Catalogue(menu_version(wanted), wanted)


def _notes(header: Header) -> list[str]:
    return [f"the column {name[:60]!r} is not used" for name in header.unused]


async def _play_all(path: Path, header: Header, terms: Terms, seen: Seen, player: Player, report: Report, progress: Progress) -> None:
    queue: asyncio.Queue[Order | None] = asyncio.Queue(REPLAY_QUEUE_MAX)
    done = 0

    async def produce() -> None:
        with _opened(path) as rows:
            next(rows, None)  # the header
            for order in orders(rows, header, terms, seen.orders, report.rejected.append):
                await queue.put(order)
        for _ in range(REPLAY_CONCURRENCY):
            await queue.put(None)

    async def work() -> None:
        nonlocal done
        while (order := await queue.get()) is not None:
            played = await player.play(order)
            _count(report, played)
            done += 1
            progress.tell("played", done, len(seen.orders), "orders")

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(produce())
            for _ in range(REPLAY_CONCURRENCY):
                tasks.create_task(work())
    except BaseExceptionGroup as group:
        error = _first_foreseen(group)
        if error is None:
            raise
        raise OperatorError(error.code, f"{error.detail} {done} of {len(seen.orders)} orders are in.", error.hint) from error


def _first_foreseen(group: BaseExceptionGroup[BaseException]) -> OperatorError | None:
    """The first OperatorError of the group, however deep."""
    for error in group.exceptions:
        found = _first_foreseen(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, OperatorError):
            return found
    return None


def _count(report: Report, played: Played) -> None:
    report.orders += bool(played.rows)
    report.lines += len(played.rows)
    report.total_minor += sum(row.amount_minor for row in played.rows)
    report.repeated_orders += bool(played.rows) and played.is_repeated
    report.late_rows += played.late_rows
    report.rejected += played.rejected


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[Record]]:
    """The records of the file. Raises OperatorError `replay.file_unreadable` or `replay.file_not_utf8`.

    Bytes that are no UTF-8 are kept apart as lone surrogates, so that they cost one row and not the file.
    """
    try:
        if not path.is_file() and path.exists():
            hint = "Write it to a file first: it is read twice."
            raise OperatorError("replay.file_unreadable", f"{path} is not a regular file.", hint)
        with path.open("rb") as file:
            if file.read(2) in _UTF16_MARKS:
                raise OperatorError("replay.file_not_utf8", f"{path} is UTF-16.", "Save it as CSV in UTF-8.")
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield records(iter(lambda: text.readline(REPLAY_LINE_CHARS_MAX), ""))
    except OSError as error:
        raise _unreadable(path, error) from error


_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def _unreadable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        "replay.file_unreadable", f"{path} cannot be read: {error.strerror or error}.", "Check the path and its permissions."
    )
