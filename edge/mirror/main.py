"""The mirror process: wiring, in one place.

What lives here: reading the box's papers and running the shell until a signal comes.
"""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import uvloop

from edge.box import read_box
from edge.mirror.disk import Disk
from edge.mirror.shell import Mirror
from edge.settings import MirrorSettings

__all__ = ["run"]


async def mirror(root: Path, settings: MirrorSettings) -> None:
    """Mirror until SIGTERM or SIGINT. Raises OperatorError when the box is not enrolled."""
    box = read_box(settings.data_dir)
    disk = Disk(root, settings.data_dir, box.org_id, box.site_id, may_share=settings.mirror_same_disk)
    running = asyncio.ensure_future(Mirror(box, settings.data_dir / "edge.sock", disk).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def run(root: Path, settings: MirrorSettings) -> None:
    """`mirror` on uvloop."""
    os.umask(0o077)  # a mirror is the restaurant's books, too
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(mirror(root, settings))
