"""A real Chromium and a real box for the browser tests. What the pages should do stands in the tests."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.boxes import make_box
from tests.support.programs import ROOT, EdgeBox
from tests.ui import house as houses

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
TABLET = {"width": 1280, "height": 800}
MENU = Path(__file__).parent / "menu.json"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it; ends with the module, for its event loop is not to meet another test's."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("the browser tests need Chromium and find none on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(CHROMIUM_FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, stack: ExitStack) -> Callable[..., Page]:
    """Opens an address on a tablet of its own (own storage, own cookies), paired where a token is given; an error in the page fails
    the test."""
    errors: list[str] = []
    stack.callback(lambda: pytest.fail(f"errors in a page: {errors}") if errors else None)

    def open_it(url: str, token: str = "") -> Page:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        context = browser.new_context(viewport=TABLET, locale="en-US", timezone_id="America/New_York", extra_http_headers=headers)
        stack.callback(context.close)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    return open_it


def _serve(short_dir: Path, make_edge: Callable[..., EdgeBox], menu: bytes) -> EdgeBox:
    """A box without a cloud, serving the built apps, with a menu in force."""
    if not (ROOT / "edge" / "ui" / "dist" / "pos" / "index.html").is_file():
        pytest.fail("the web apps are not built: make ui")
    data_dir = short_dir / "box"
    make_box(data_dir)
    made = make_edge(data_dir)
    made.start_serve()
    with made.box_client() as client:
        client.put("/v1/menu", content=menu).raise_for_status()
    return made


@pytest.fixture
def box(short_dir: Path, make_edge: Callable[..., EdgeBox]) -> EdgeBox:
    """A box with a small menu."""
    return _serve(short_dir, make_edge, MENU.read_bytes())


@pytest.fixture
def house(short_dir: Path, make_edge: Callable[..., EdgeBox]) -> EdgeBox:
    """A box with everything that a menu may hold (house.py)."""
    return _serve(short_dir, make_edge, msgspec.json.encode(houses.MENU))


@pytest.fixture
def manager(house: EdgeBox) -> str:
    """The token of a manager's device in the house."""
    with house.box_client() as client:
        return client.post("/v1/devices", json={"name": "Office", "role": "manager"}).raise_for_status().json()["token"]


@pytest.fixture
def checks(request: pytest.FixtureRequest) -> Callable[[str], list[dict[str, Any]]]:
    """The checks of a status, as the API of the test's box has them."""
    served: EdgeBox = request.getfixturevalue("house" if "house" in request.fixturenames else "box")

    def read(status: str) -> list[dict[str, Any]]:
        return httpx.get(f"{served.url}/v1/checks", params={"status": status}).raise_for_status().json()["checks"]

    return read
