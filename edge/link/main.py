"""The link process: wiring, in one place.

What lives here: reading the box's papers and running the shell until a signal comes.
"""

import asyncio
import contextlib
import signal
import time

import uvloop

from edge.box import read_box, read_signer
from edge.link.shell import Link
from edge.settings import LinkSettings
from shared.operator_error import OperatorError
from shared.protocol.sender import Identity, Sender

__all__ = ["run"]


async def link(settings: LinkSettings) -> None:
    """Link until SIGTERM or SIGINT. Raises OperatorError when the box is not enrolled."""
    box = read_box(settings.data_dir)
    urls = [url.strip() for url in settings.nats_urls.split(",") if url.strip()] or list(box.nats_urls)
    if not urls:
        raise OperatorError("link.no_broker", "No NATS URL is known.", "Set COMANDA_EDGE_NATS_URLS or enroll the box anew.")
    sign = read_signer(settings.data_dir, box.public_key)
    identity = Identity(org_id=box.org_id, site_id=box.site_id, epoch=box.epoch, key=box.public_key, claim=box.claim)
    sender = Sender(identity, sign, first_attempt=time.time_ns() // 1_000_000, read_claim=box.read_claim)
    shell = Link(box, settings.data_dir / "edge.sock", sender, urls, settings.data_dir / "box.creds")
    running = asyncio.ensure_future(shell.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def run(settings: LinkSettings) -> None:
    """`link` on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(link(settings))
