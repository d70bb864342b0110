"""The Litestar application, assembled.

What lives here: the list of routers, the OpenAPI document, the handlers of errors, the web apps as static files.
"""

from pathlib import Path

from litestar import Litestar, MediaType, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.static_files import create_static_files_router

from edge.api import (
    box,
    cards,
    checks,
    commands,
    feed,
    fence,
    floor,
    hand_in,
    health,
    hub_commands,
    keepsakes,
    kitchen,
    link,
    menu,
    papers,
    reads,
    reports,
)
from edge.api.openapi import examples_of
from edge.api.problems import HANDLERS
from edge.api.schema import WireTypes
from edge.api.state import Edge
from shared.limits import REQUEST_BYTES_MAX
from shared.version import VERSION

__all__ = ["APPS", "create_app"]

APPS = ("pos", "kds")
UI_DIR = Path(__file__).parent.parent / "ui" / "dist"

_INDEX = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Comanda</title><style>body{font:18px system-ui;margin:3rem}a{display:inline-block;padding:1rem 2rem;margin-right:1rem;
border:1px solid;border-radius:.5rem;text-decoration:none}</style><h1>Comanda</h1>
<p><a href="/pos/">POS</a><a href="/kds/">Kitchen</a><a href="/schema/openapi.json">API</a></p>"""


# The page is asked for anew each time, so that an update is seen; what it names carries its hash in its name and is kept.
_FRESH = CacheControlHeader(no_cache=True)
_KEPT = CacheControlHeader(max_age=365 * 24 * 3600, public=True, immutable=True)


_PARTS = (commands, cards, menu, checks, papers, kitchen, floor, reports, reads, feed, fence, link, hand_in, hub_commands, keepsakes, box)


def _app_files(name: str, built: Path) -> list[Router]:
    return [
        create_static_files_router(path=f"/{name}", directories=[built], html_mode=True, name=name, cache_control=_FRESH),
        create_static_files_router(path=f"/{name}/assets", directories=[built / "assets"], name=f"{name}-assets", cache_control=_KEPT),
    ]


def create_app(edge: Edge) -> Litestar:
    """The API and the apps of one edge."""
    ui_dir = edge.settings.ui_dir or UI_DIR
    built = [name for name in APPS if (ui_dir / name).is_dir()]
    static = [router for name in built for router in _app_files(name, ui_dir / name)]

    @get("/", media_type=MediaType.HTML, include_in_schema=False)
    async def index() -> str:
        return _INDEX

    return Litestar(
        route_handlers=[*(each.router for each in _PARTS), *health.ROUTES, index, *static],
        dependencies={"edge": Provide(lambda: edge, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        request_max_body_size=REQUEST_BYTES_MAX,
        logging_config=None,
        plugins=[WireTypes(examples_of)],
        openapi_config=OpenAPIConfig(
            title="Comanda edge",
            version=VERSION,
            description="The API that the box of a restaurant offers to its tablets, kitchen screens and programs.",
            use_handler_docstrings=True,
            # The document alone: the usual viewers load scripts from elsewhere, which fails without the WAN, and would run
            # in the origin that this box trusts.
            render_plugins=[JsonRenderPlugin()],
        ),
    )
