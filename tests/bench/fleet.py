"""Many boxes at once: the shipped `serve` and `link` of each, several in one process where a machine has no room for two each.

What lives here: `python -m tests.bench.fleet serve|link PORT:DIRECTORY…`, which runs the very coroutines of the two programs side by side on
one loop, and `Fleet`, which starts such processes or, one site to a process, the programs themselves. What is measured is not known here.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from edge.link.main import link
from edge.main import serve
from edge.settings import EdgeSettings, LinkSettings
from provisioning.process import Child
from shared.limits import GC_MIDDLE_EVERY, GC_OLD_EVERY, GC_YOUNG_OBJECTS
from tests.bench.site import PROGRAM_ENV
from tests.support.programs import COMANDA, ROOT
from tests.support.waiting import eventually, eventually_async

__all__ = ["Fleet"]

_PARTS: dict[str, Callable[[Path, int], Coroutine[Any, Any, None]]] = {
    "serve": lambda directory, port: serve(EdgeSettings(data_dir=directory, port=port)),
    "link": lambda directory, _port: link(LinkSettings(data_dir=directory)),
}


class Fleet:
    """The processes of some enrolled boxes. With `together` more than 1 so many sites share a process of each kind."""

    def __init__(self, directory: Path, boxes: Sequence[Path], *, together: int = 1, ports: Sequence[int] = ()) -> None:
        """`ports` are those of the boxes' APIs on TCP; any that are free where none are given."""
        self._boxes = list(boxes)
        self._ports = dict(zip(self._boxes, ports, strict=True)) if ports else dict.fromkeys(self._boxes, 0)
        groups = [self._boxes[start : start + together] for start in range(0, len(boxes), together)]
        self.serves = [self._child(directory, "serve", number, group) for number, group in enumerate(groups)]
        self.links = [self._child(directory, "link", number, group) for number, group in enumerate(groups)]
        self.setting: dict[str, str | int] = {
            "boxes": "the shipped programs" if together == 1 else f"the shipped coroutines, {together} sites to a process",
            "processes_of_boxes": 2 * len(groups),
        }

    def _child(self, directory: Path, part: str, number: int, group: list[Path]) -> Child:
        argv: list[str | Path] = [sys.executable, "-m", "tests.bench.fleet", part, *(f"{self._ports[box]}:{box}" for box in group)]
        if len(group) == 1:
            port = ["--port", str(self._ports[group[0]])] if part == "serve" else []
            argv = [*COMANDA, "edge", part, "--data-dir", group[0], *port]
        return Child(part, argv, directory / f"{part}{number}.log", env=PROGRAM_ENV, cwd=ROOT)

    def start_serves(self) -> None:
        """Start the APIs and wait until every one listens."""
        for child in self.serves:
            child.start()
        for box in self._boxes:
            eventually(lambda box=box: _is_ready(box), f"{box.name} is ready", deadline_s=60.0)

    def start_links(self, sign_of_life: str) -> None:
        """Start the links and wait until each process has said something, e.g. that the broker is out of reach."""
        for child in self.links:
            child.start()
        for child in self.links:
            eventually(
                lambda log=child.log: sign_of_life in log.read_text(errors="replace"), f"a link says {sign_of_life!r}", deadline_s=60.0
            )

    def stop(self) -> None:
        """Links first."""
        for child in (*self.links, *self.serves):
            child.stop()


def _is_ready(box: Path) -> bool:
    """Whether the API of the box answers on its socket. Raises OSError while it does not listen."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5.0)
        line.connect(str(box / "edge.sock"))
        line.sendall(b"GET /readyz HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\r\n")
        return line.recv(1024).startswith(b"HTTP/1.1 200")


async def _run(part: str, boxes: Sequence[tuple[int, Path]]) -> None:
    """All of them until a signal. The programs' own signal handlers, which know one site, are put aside once all of them run."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    tasks = [asyncio.ensure_future(_PARTS[part](directory, port)) for port, directory in boxes]
    await asyncio.sleep(0)  # a link listens for signals from its first step on, an API once it is ready
    if part == "serve":
        for _, directory in boxes:
            await eventually_async(lambda box=directory: asyncio.to_thread(_is_ready, box), f"{directory.name} is ready", deadline_s=60.0)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks)


def main(part: str, boxes: Sequence[str]) -> None:
    """As `comanda edge serve` and `link` begin: the same loop and collector."""
    gc.freeze()
    gc.set_threshold(GC_YOUNG_OBJECTS, GC_MIDDLE_EVERY, GC_OLD_EVERY)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(part, [(int(port), Path(path)) for port, _, path in (each.partition(":") for each in boxes)]))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("edge.link.shell").setLevel(logging.INFO)  # says that it is connected
    main(sys.argv[1], sys.argv[2:])
