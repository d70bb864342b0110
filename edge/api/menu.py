"""Routes that read the menu: the document, what of it is in force, what is scheduled, and exports.

What lives here: queries in, views out. Nothing is decided or written here; menus are handed in at menu_import.py.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get
from litestar.params import FromPath, QueryParameter

from edge.api.menu_import import put_menu
from edge.api.openapi import kept, refusals
from edge.api.state import Edge, Here
from shared.domain.check.offering import ensure_dining_option
from shared.domain.errors import Refused
from shared.domain.menu import EMPTY_MENU, Menu, decode_menu
from shared.domain.menu.csv_export import export_csv
from shared.domain.menu.floor import DINE_IN
from shared.domain.menu.listing import EffectiveMenu, effective_menu
from shared.domain.menu.schedule import menu_in_force
from shared.domain.menu.schema import menu_schema
from shared.domain.site import today
from shared.limits import ID_LENGTH_MAX, MENU_ITEMS_MAX

__all__ = ["menu_overdue", "router"]

Anybody = Request[Any, Any, Any]

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_OVERDUE = timedelta(minutes=1)


class MenuAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The menu in force and the content hash that names it; an empty version when there is none yet."""

    version: str
    menu: Menu | None


class EffectiveMenuAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force now of the menu of that version, with the taxes of that business date."""

    version: str
    business_date: str
    menu: EffectiveMenu


class ScheduledVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A menu that takes effect at a naive local time of the site. `held` is false while the box has not received its document."""

    version: str
    effective_at: datetime
    name: str
    items: int
    held: bool


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The version in force at `local` (naive local time of the site), and those to come, in order of their times."""

    version: str
    local: datetime
    scheduled: tuple[ScheduledVersion, ...]


def _local(edge: Edge) -> datetime:
    return edge.now().astimezone(ZoneInfo(edge.site.time_zone)).replace(tzinfo=None)


def menu_overdue(edge: Edge) -> bool:
    """Whether a scheduled menu should long be in force and is not: the box lacks its document, or it has prices in another currency."""
    return any(each.effective_at < _local(edge) - _OVERDUE for each in edge.site.scheduled)


async def _menu_at(edge: Edge, local: datetime) -> tuple[str, Menu]:
    """(version, menu) in force at a local time; where the box does not hold that one, the one that it sells from."""
    version = menu_in_force(edge.site, local)
    if version != edge.site.menu_version:
        document = await edge.reader.document(version)
        if document:
            return version, await asyncio.to_thread(decode_menu, document)
    menu = await edge.menu()
    return ("" if menu is EMPTY_MENU else edge.site.menu_version), menu


@get("/menu", summary="The menu in force", responses=refusals())
async def get_menu(request: Anybody, edge: Here) -> MenuAnswer:
    """The whole document. What of it can be had now, and at which price, is at /v1/menu/effective."""
    edge.identify(request)
    version, menu = edge.site.menu_version, await edge.menu()
    return MenuAnswer(version="", menu=None) if menu is EMPTY_MENU else MenuAnswer(version=version, menu=menu)


@get("/menu/effective", summary="What of the menu is in force now", responses=refusals("dining_option.unknown", "price_level.unknown"))
async def get_effective(
    request: Anybody,
    edge: Here,
    dining_option: Annotated[str, QueryParameter(max_length=ID_LENGTH_MAX, description="dine_in, or the menu's first, by default")] = "",
    price_level: Annotated[str, QueryParameter(max_length=ID_LENGTH_MAX, description="one that a waiter chose")] = "",
    language: Annotated[
        str, QueryParameter(max_length=ID_LENGTH_MAX, description="BCP 47, such as pt-BR; the menu's first by default")
    ] = "",
) -> EffectiveMenuAnswer:
    """Every item with its price, level, taxes, station and course as of now, and whether it can be had or why not. Ask again at
    `menu.valid_until` (local time), and when the menu or an override changes on the feed."""
    edge.identify(request)
    local = _local(edge)
    version, menu = await _menu_at(edge, local)
    option = dining_option or _usual_option(menu)
    ensure_dining_option(menu, option)
    if price_level and all(level.id != price_level for level in menu.price_levels):
        raise Refused(
            "price_level.unknown", f"The menu has no price level {price_level!r}.", price_levels=[each.id for each in menu.price_levels]
        )
    overrides = {each.item_id: each for each in await edge.reader.overrides(MENU_ITEMS_MAX)}
    date = today(edge.site, edge.now(), ZoneInfo(edge.site.time_zone))
    found = await asyncio.to_thread(effective_menu, menu, overrides, local, option, price_level, business_date=date, language=language)
    coming = [each.effective_at for each in edge.site.scheduled if each.effective_at > local]
    changes = [*([found.valid_until] if found.valid_until else []), *coming]
    found = msgspec.structs.replace(found, valid_until=min(changes, default=None))
    return EffectiveMenuAnswer(version=version, business_date=date, menu=found)


def _usual_option(menu: Menu) -> str:
    ids = [option.id for option in menu.dining_options]
    return DINE_IN if DINE_IN in ids or not ids else ids[0]


@get("/menu/scheduled", summary="Menus that take effect later", responses=refusals())
async def get_scheduled(request: Anybody, edge: Here) -> Schedule:
    """What is scheduled. Schedule a menu with PUT /v1/menu?effective_at=, take one back with the command UnscheduleMenu."""
    edge.identify(request)
    found: list[ScheduledVersion] = []
    for each in edge.site.scheduled:
        document = await edge.reader.document(each.version)
        menu = await asyncio.to_thread(decode_menu, document) if document else EMPTY_MENU
        found.append(
            ScheduledVersion(
                version=each.version, effective_at=each.effective_at, name=menu.name if document else "", items=len(menu.items),
                held=document is not None,
            )
        )  # fmt: skip
    return Schedule(version=edge.site.menu_version, local=_local(edge), scheduled=tuple(found))


@get(
    "/menu/versions/{version:str}",
    summary="A version of the menu",
    responses=refusals("menu.version_unknown") | kept(Menu, "The document, as it is kept."),
)
async def get_version(
    request: Anybody, edge: Here, version: Annotated[FromPath[str], msgspec.Meta(description="the content hash that names it")]
) -> Response[bytes]:
    """The document of a version that the box holds, as it is kept: its SHA-256 is the version. It never changes."""
    edge.identify(request)
    document = await edge.reader.document(version[:ID_LENGTH_MAX])
    if document is None:
        raise Refused("menu.version_unknown", f"This box holds no menu of version {version[:ID_LENGTH_MAX]!r}.")
    headers = {"etag": f'"{version}"', "cache-control": "private, max-age=31536000, immutable"}
    return Response(document, media_type="application/json", headers=headers)


@get("/menu/schema", summary="The JSON Schema of a menu", responses=refusals())
async def get_schema(request: Anybody, edge: Here) -> dict[str, Any]:
    """What a menu document may hold (JSON Schema, draft 2020-12). That names refer to what is there is checked when it is handed in."""
    edge.identify(request)
    return menu_schema()


@get("/menu.json", summary="The menu in force as a file", responses=refusals("menu.none") | kept(Menu, "The document, as it is kept."))
async def export_json(request: Anybody, edge: Here) -> Response[bytes]:
    """The document alone, as it is kept: what `comanda edge import` and PUT /v1/menu take."""
    edge.identify(request)
    version = edge.site.menu_version
    document = await edge.reader.document(version) if version else None
    if document is None:
        raise Refused("menu.none", "There is no menu in force.")
    return Response(document, media_type="application/json", headers=_file_headers("menu.json", version))


@get(
    "/menu.csv",
    summary="The items of the menu in force as a spreadsheet",
    responses=refusals("menu.none") | kept(str, "The items, a row each.", "text/csv"),
)
async def export_as_csv(
    request: Anybody,
    edge: Here,
    separator: Annotated[
        str,
        QueryParameter(pattern="^(comma|semicolon|tab)$", description="semicolon, with decimal commas, for spreadsheets of most of Europe"),
    ] = "comma",
) -> Response[bytes]:
    """One row for each item, UTF-8 with a byte order mark: change it and hand it in again with PUT /v1/menu."""
    edge.identify(request)
    menu = await edge.menu()
    if menu is EMPTY_MENU:
        raise Refused("menu.none", "There is no menu in force.")
    text = await asyncio.to_thread(export_csv, menu, _SEPARATORS[separator])
    headers = _file_headers("menu.csv", edge.site.menu_version)
    return Response(text.encode("utf-8-sig"), media_type="text/csv", headers=headers)


def _file_headers(name: str, version: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "etag": f'"{version}"', "cache-control": "no-cache"}


router = Router(
    path="/v1",
    route_handlers=[get_menu, put_menu, get_effective, get_scheduled, get_version, get_schema, export_json, export_as_csv],
    tags=["menu"],
)
