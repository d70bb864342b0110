"""A site under measurement: a real `comanda edge serve`, with the bench's menu, on a disk of a given speed.

What lives here: starting it, asking its metrics, stopping it. What is sent to it is not known here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from tests.bench.workload import MENU
from tests.support.boxes import make_box
from tests.support.programs import EdgeBox

__all__ = ["PROGRAM_ENV", "metric", "serving"]

PROGRAM_ENV = {"PYTHONDONTWRITEBYTECODE": ""}
"""Programs keep their bytecode, as installed ones do."""


@contextmanager
def serving(data_dir: Path, env: Mapping[str, str] | None = None) -> Iterator[EdgeBox]:
    """A box with the bench's menu in force. Its journal is what it was before, if there was one."""
    if not (data_dir / "box.toml").exists():
        make_box(data_dir)
    box = EdgeBox(data_dir, env=PROGRAM_ENV | dict(env or {}))
    try:
        box.start_serve()
        with box.box_client() as client:
            client.put("/v1/menu", content=msgspec.json.encode(MENU), headers={"content-type": "application/json"}).raise_for_status()
        yield box
    finally:
        box.stop()


def metric(box: EdgeBox, name: str) -> float:
    """One value of `/metrics`."""
    for line in httpx.get(f"{box.url}/metrics", timeout=10.0).text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    raise LookupError(f"{name} is no metric of the edge")
