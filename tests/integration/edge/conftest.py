"""Boxes for tests of the running edge."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.integration.edge.till import load_menu
from tests.support.boxes import make_box
from tests.support.programs import EdgeBox


@pytest.fixture(scope="module")
def shared_edge() -> Iterator[EdgeBox]:
    """One box with a menu, running, for all tests of a module. None of them may stop it."""
    with tempfile.TemporaryDirectory(prefix="comanda-", ignore_cleanup_errors=True) as directory:
        data_dir = Path(directory) / "box"
        make_box(data_dir, currency="EUR", time_zone="Europe/Berlin")
        box = EdgeBox(data_dir)
        try:
            box.start_serve()
            load_menu(box)
            yield box
        finally:
            box.stop()


@pytest.fixture
def client(shared_edge: EdgeBox) -> Iterator[httpx.Client]:
    """A device on the loopback, without a token."""
    with httpx.Client(base_url=shared_edge.url, timeout=10.0) as made:
        yield made


@pytest.fixture
def box(shared_edge: EdgeBox) -> Iterator[httpx.Client]:
    """The box itself, on its Unix socket."""
    with shared_edge.box_client() as made:
        yield made


@pytest.fixture
def new_edge(short_dir: Path, make_edge: Callable[..., EdgeBox], stack: ExitStack) -> Callable[..., EdgeBox]:
    """Makes a box of the test's own, enrolled, not yet started."""

    def make(name: str = "box", **fields: object) -> EdgeBox:
        make_box(short_dir / name, currency="EUR", time_zone="Europe/Berlin", **fields)  # type: ignore[arg-type] - handed on
        return make_edge(short_dir / name)

    return make
