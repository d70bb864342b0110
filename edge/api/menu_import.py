"""The route that takes a menu: JSON or a spreadsheet in, checked as a whole, put in force at once or scheduled, or only compared.

What lives here: decoding by content type, everything that is wrong told at once, and the commands to the writer. What a menu may hold is
in shared/domain/menu.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, put
from litestar.params import QueryParameter, RawBody

from edge.api.openapi import WRITES, MenuOperation, refusals
from edge.api.problems import RefusedRequest
from edge.api.state import Edge, Here
from edge.app.site import Device, RefusedCommand
from edge.app.site import Request as SiteRequest
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.menu import EMPTY_MENU, MENU_ERRORS, Menu, document_version, menu_document, menu_problems, schedule
from shared.domain.menu.changes import MenuChanges, menu_changes
from shared.domain.menu.csv_import import import_csv
from shared.domain.menu.reading import UnreadableMenuError, read_menu
from shared.domain.menu.schedule import ScheduleMenu
from shared.domain.site import ApplyMenu
from shared.limits import MENU_PROBLEMS_MAX
from shared.protocol.session import Submit

__all__ = ["MenuTaken", "put_menu"]


class MenuTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The version of the menu that was handed in. `applied` is false when that very menu was in force already, is scheduled (for
    `effective_at`, local time), or was only to be checked. `changes` are those against the menu that was in force."""

    version: str
    name: str
    currency: str
    items: int
    applied: bool
    effective_at: datetime | None
    changes: MenuChanges


@put(
    "/menu",
    summary="Put a menu in force, now or later",
    operation_class=MenuOperation,
    responses=refusals("permission.missing", *MENU_ERRORS, *schedule.FEATURE.errors, *WRITES, "request.too_large"),
)
async def put_menu(
    request: Request[Any, Any, Any],
    edge: Here,
    body: RawBody,
    effective_at: Annotated[str, QueryParameter(description="local time of the site, such as 2026-12-01T06:00; at once without it")] = "",
    check: Annotated[bool, QueryParameter(description="tell problems and changes, and put nothing in force")] = False,
    keep: Annotated[bool, QueryParameter(description="of a spreadsheet: items that it does not name stay on the menu")] = False,
) -> MenuTaken:
    """Takes a menu as JSON (see /v1/menu/schema), or its items as a spreadsheet (`text/csv`), which are laid over the menu in force.

    It is checked as a whole, and every problem is told at once: `facts.problems`. Lines on open checks keep the price they were added at.
    With `If-Match` (the version that yours was made from) a menu that somebody else has put in force since is not overwritten.
    """
    device = edge.identify(request)
    if "manage" not in device.permissions:
        raise Refused("permission.missing", "Putting a menu in force needs the permission 'manage'.", permission="manage")
    moment = _moment(effective_at)
    before, version_before = await edge.menu(), edge.site.menu_version
    is_csv = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/csv"
    replaces = _ensure_match(request.headers.get("if-match", ""), version_before) or (version_before if is_csv else None)
    menu = await asyncio.to_thread(_from_csv, edge, before, body, keep) if is_csv else await asyncio.to_thread(_from_json, body)
    if menu.currency != edge.site.currency:
        raise Refused("menu.currency_differs", f"The menu has prices in {menu.currency}, the site sells in {edge.site.currency}.")
    document = menu_document(menu)
    version = document_version(document)
    applied = False
    if not check:
        await edge.writer.call(lambda site, _: site.put_menu(version, document))
        command = ScheduleMenu(version=version, effective_at=moment) if moment else ApplyMenu(version=version, replaces=replaces)
        applied = await _submit(edge, device, command) and moment is None
    return MenuTaken(
        version=version, name=menu.name, currency=menu.currency, items=len(menu.items), applied=applied, effective_at=moment,
        changes=menu_changes(before, menu),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    """The naive local time of a query, None for none. Raises Refused `request.malformed`."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise Refused("request.malformed", f"{text[:40]!r} is no local time such as 2026-12-01T06:00: {error}.") from error
    if moment is not None and (moment.tzinfo is not None or "T" not in text.upper().replace(" ", "T")):
        raise Refused(
            "request.malformed", f"{text[:40]!r} is no local time of the site: write date and time without a zone, 2026-12-01T06:00."
        )
    return moment


def _ensure_match(header: str, version: str) -> str | None:
    """The version that the caller has seen, None where none is named. Raises Refused `menu.changed`."""
    seen = header.strip().removeprefix("W/").strip('"')
    if not seen or seen == "*":
        return None
    if seen != version:
        raise Refused("menu.changed", "Another menu is in force than the one that yours was made from.", version=version)
    return seen


def _from_json(body: bytes) -> Menu:
    """The menu of a JSON document. Raises Refused `menu.malformed` or `menu.inconsistent` with every problem."""
    try:
        menu = read_menu(body)
    except UnreadableMenuError as error:
        raise _refused(
            "menu.malformed", [f"{each.place}: {each.detail}" if each.place else each.detail for each in error.problems]
        ) from error
    if problems := menu_problems(menu):
        raise _refused("menu.inconsistent", problems)
    return menu


def _from_csv(edge: Edge, before: Menu, body: bytes, keep: bool) -> Menu:
    """The menu in force with the items of a spreadsheet. Raises Refused `menu.import_refused` with every problem by row and column."""
    base = Menu(name=edge.box.site_name, currency=edge.site.currency) if before is EMPTY_MENU else before
    menu, problems = import_csv(body, base, keep=keep)
    if menu is None:
        first = problems[0]
        where = f"row {first.row}, {first.column or 'the whole row'}: " if first.row else ""
        raise Refused(
            "menu.import_refused", f"{len(problems)} problems; {where}{first.detail}", total=len(problems),
            problems=[msgspec.to_builtins(each) for each in problems[:MENU_PROBLEMS_MAX]],
        )  # fmt: skip
    return menu


def _refused(code: str, problems: list[str]) -> Refused:
    return Refused(code, f"{len(problems)} problems: {problems[0]}.", problems=problems[:MENU_PROBLEMS_MAX], total=len(problems))


async def _submit(edge: Edge, device: Device, command: Command) -> bool:
    """Whether the command changed anything. The same menu put in force, or scheduled for the same time, twice is no mistake."""
    body = msgspec.json.encode(command)
    id = derived_id(edge.box.site_id, "menu", body.decode(), str(edge.feed.head))
    outcome = await edge.writer.submit(SiteRequest(device=device, commands=(Submit(id=id, command=msgspec.Raw(body)),)))
    if not isinstance(outcome, RefusedCommand):
        return True
    if outcome.error.code == "menu.already_applied":
        return False
    if outcome.error.code == "menu.already_scheduled" and isinstance(command, ScheduleMenu) and _stands(edge, command):
        return False
    raise RefusedRequest(outcome)


def _stands(edge: Edge, command: ScheduleMenu) -> bool:
    return any((each.version, each.effective_at) == (command.version, command.effective_at) for each in edge.site.scheduled)
