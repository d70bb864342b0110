"""The edge API process: wiring, in one place.

What lives here: opening the journal, starting the writer, serving TCP and the Unix socket, and stopping in order. Rules,
routes and SQL are elsewhere.
"""

import asyncio
import contextlib
import gc
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn
import uvloop

from edge.api.alarms import look
from edge.api.app import create_app
from edge.api.link import cloud_of
from edge.api.metrics import Metrics
from edge.api.shortcut import Shortcut
from edge.api.state import Edge
from edge.api.websocket import ClosableProtocol
from edge.app.cards import CardDesk
from edge.app.devices import Devices
from edge.app.feed import Feed
from edge.app.fence import Fence
from edge.app.followers import CLOUD, FENCE, FollowerRow, Followers
from edge.app.hand_in import HandInDesk
from edge.app.retention import Retention, aged_before, first_younger, trimmable
from edge.app.site import BOX, BoxIdentity, Committed, Request, Site
from edge.app.timer import MenuTimer
from edge.app.watch import AlarmWatch
from edge.box import Box, read_box
from edge.journal.handed_in import HandedInFile
from edge.journal.lock import single_writer
from edge.journal.raise_checkpoint import ensure_way_of_file
from edge.journal.reader import Reader
from edge.journal.store import SqliteStore
from edge.journal.upgrade import upgrade
from edge.journal.writer import Writer
from edge.listening import Server, listen, listen_unix
from edge.offline_cards import OfflineCards
from edge.settings import EdgeSettings
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS
from shared.domain.site import SiteState
from shared.limits import GC_MIDDLE_EVERY, GC_OLD_EVERY, GC_YOUNG_OBJECTS, GRACEFUL_STOP_S, HTTP_CONNECTIONS_MAX
from shared.operator_error import OperatorError
from shared.protocol.entry import START, Position, decode_entry

__all__ = ["JOURNAL", "RESTORING", "run", "serve"]

log = logging.getLogger(__name__)

JOURNAL, SOCKET = "journal.db", "edge.sock"
RESTORING = "restore.pending"  # a file that is there while a restore is not at its end: edge/restore writes it

Recover = Callable[[Edge], Awaitable[None]]


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running(settings: EdgeSettings, *, is_recovering: bool = False) -> AsyncIterator[Edge]:
    """The parts of one edge, started; stopped in order at the end. `is_recovering`: it collects what tablets hold, and takes no more."""
    box = read_box(settings.data_dir)
    store, site = _open(settings.data_dir, box.identity)
    reader = Reader(settings.data_dir / JOURNAL)
    await reader.open()
    feed = Feed(site.head)
    metrics = Metrics()

    def on_commit(committed: Committed) -> None:
        feed.publish(committed)
        for aggregate in committed.changes.values():
            if isinstance(aggregate, SiteState):
                edge.site = aggregate

    async def keep(name: str, row: FollowerRow) -> None:
        await writer.call(lambda _, store: store.put_follower(name, row.position, row.info, row.at))

    async def wake() -> None:
        if fence.is_open:  # a box that was replaced says nothing by itself either
            await writer.submit(Request(device=BOX, commands=()))

    told = Followers(await reader.followers(), keep)
    fence = _fence(box, told)
    fence.is_recovering = is_recovering
    cloud, kept, backed_up = cloud_of(told.find(CLOUD))
    writer = Writer(site, store, on_commit, lambda request: fence.ensure_open(plays=request.at is not None))
    refused = HandedInFile(settings.data_dir)
    hand_ins = HandInDesk(writer.submit, lambda ids: writer.call(lambda _, store: store.find_commands(ids)), refused, utc_now)
    hand_ins.is_collecting = is_recovering
    edge = Edge(
        box=box, settings=settings, writer=writer, reader=reader, feed=feed, devices=await _devices(reader), metrics=metrics,
        site=site.state, cloud=cloud, cards=CardDesk(OfflineCards(), writer, ensure_open=fence.ensure_open), fence=fence, told=told,
        hand_ins=hand_ins, refused_hand_ins=refused,
        kept_sequence=kept, backed_up=backed_up, begins=store.begins(),
    )  # fmt: skip
    writer.start()
    timer = MenuTimer(lambda: edge.site, ZoneInfo(box.identity.time_zone), utc_now, wake)
    watch = AlarmWatch(lambda: look(edge), feed.say_alarms)
    tasks = [asyncio.create_task(each.run()) for each in (timer, watch, told, retention(edge))]
    try:
        yield edge
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await told.flush()
        except Refused as refused:
            log.warning("what followers told last is not kept (%s): they say it again", refused.code)
        await reader.close()
        await writer.stop()


def retention(edge: Edge) -> Retention:
    """What lets go of old entries of this edge (Law 4). A box that was replaced lets go of nothing."""

    async def written_at(sequence: int) -> datetime | None:
        entry = await edge.reader.entry(sequence)
        return decode_entry(entry.entry).at if entry else None

    async def limit() -> int:
        if edge.fence.is_fenced:
            return 0
        than = aged_before(edge.now(), edge.settings.retention_days)
        aged = await first_younger(written_at, edge.begins.sequence, edge.feed.head.sequence, than) - 1
        return trimmable(in_cloud=edge.cloud.sequence, backed_up=edge.backed_up, aged=aged)

    async def trim(through: int) -> Position:
        edge.begins = await edge.writer.call(lambda _, store: store.trim(through))
        return edge.begins

    return Retention(limit, trim)


def _open(data_dir: Path, identity: BoxIdentity) -> tuple[SqliteStore, Site]:
    path = data_dir / JOURNAL
    try:
        ensure_way_of_file(path)
        store = SqliteStore(path)
        upgrade(store)
        if identity.epoch > 1 and store.head().position == START:
            store.close()
            raise OperatorError(
                "restore.needed",
                f"This box replaces another (epoch {identity.epoch}), and its journal is empty.",
                "Run `comanda edge restore` first: docs/runbooks/swap.md. If nothing was ever sold, add --no-tablets.",
            )
        site = Site(identity, store, utc_now)
        site.start()
    except sqlite3.Error as error:
        raise OperatorError(
            "journal.unusable", f"{path} cannot be opened: {error}", "Look at the disk, then `comanda edge verify`."
        ) from error
    except Refused as refused:
        raise OperatorError(refused.code, refused.detail, ERRORS[refused.code].hint) from refused
    except (LookupError, ValueError) as error:  # what `fold` raises for an entry that does not fit; msgspec's errors are ValueErrors
        raise OperatorError(
            "journal.unprojectable", f"An entry does not fit: {error}", "Run `comanda edge verify`; keep the file."
        ) from error
    return store, site


async def _devices(reader: Reader) -> Devices:
    devices = Devices()
    for device_id, role, hashed in await reader.devices():
        devices.add(device_id, role, hashed)
    return devices


def _fence(box: Box, told: Followers) -> Fence:
    """The fence as it was before the restart."""
    fence = Fence(box.identity, box.claim, box.read_claim)
    kept = told.find(FENCE)
    if kept is not None:
        fence.restore(kept.info)
        if fence.is_fenced:
            log.error("this box (epoch %s) is fenced: another one holds epoch %s of the site", box.epoch, fence.state.fenced_epoch)
    return fence


async def serve(settings: EdgeSettings, recover: Recover | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises OperatorError when it cannot start.

    With `recover` the box collects what tablets hold (`is_recovering`), and serves only until `recover` has ended, whose error it raises.
    """
    if recover is None and (settings.data_dir / RESTORING).exists():
        hint = "Run `comanda edge restore` again: it goes on where it was; then start this."
        raise OperatorError("restore.unfinished", f"{settings.data_dir} is being restored, and lacks what is still to come.", hint)
    with single_writer(settings.data_dir), contextlib.ExitStack() as stack:
        tcp, where = listen(settings)
        stack.callback(tcp.close)
        unix = listen_unix(settings.data_dir / SOCKET)
        stack.callback(unix.close)
        async with running(settings, is_recovering=recover is not None) as edge:
            log.info("journal of %s: epoch %s, sequence %s", edge.box.site_name, edge.site.epoch, edge.feed.head.sequence)
            if settings.trust_loopback:
                log.info("until pairing exists, clients on loopback may act as a POS without a token (trust_loopback)")
            config = uvicorn.Config(
                Shortcut(create_app(edge), edge), http="httptools", ws=ClosableProtocol, ws_per_message_deflate=False, loop="none",
                log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=int(GRACEFUL_STOP_S),
                limit_concurrency=HTTP_CONNECTIONS_MAX, server_header=False, proxy_headers=False,
            )  # fmt: skip
            server = Server(config, f"listening on {where} and {settings.data_dir / SOCKET}")
            recovery = asyncio.ensure_future(_recover(edge, recover, server)) if recover is not None else None
            await server.serve(sockets=[tcp, unix])
            if recovery is not None:
                recovery.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await recovery


async def _recover(edge: Edge, recover: Recover, server: uvicorn.Server) -> None:
    try:
        await recover(edge)
    finally:
        server.should_exit = True


def run(settings: EdgeSettings, recover: Recover | None = None) -> None:
    """`serve` on uvloop. What was imported is never garbage, and collecting seldom keeps the pauses of the collector rare."""
    gc.freeze()
    gc.set_threshold(GC_YOUNG_OBJECTS, GC_MIDDLE_EVERY, GC_OLD_EVERY)
    os.umask(0o077)  # the journal is the restaurant's books: nobody else on the machine reads them, whatever the directory's mode
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, recover))
