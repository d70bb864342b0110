"""The hub's processes: settings in, a process that runs until it is told to stop.

What lives here: which adapter stands behind which port of ingest, project and api, and how a process begins and ends. No rule,
no SQL, no route. The stores that single commands need are in stores.py, which loads quickly.
"""

import asyncio
import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn

from hub.api.app import make_app
from hub.api.state import ApiState
from hub.credentials import box_credentials, claim_reader
from hub.db.apply_store import PostgresShard
from hub.db.claim_notices import PostgresClaimNotices
from hub.db.connect import Database, Role
from hub.db.ingest_control import CachedRegistry, LaneTable
from hub.db.project_store import ProjectShard
from hub.ingest.apply import Applier
from hub.ingest.counts import Counts
from hub.ingest.greet import Greeter
from hub.ingest.service import BrokerAt, IngestService
from hub.metrics import Counted, serve_metrics
from hub.project.projector import ProjectCounts, Projector
from hub.settings import HubSettings
from hub.standing import Standings
from hub.stores import make_stores, run
from shared.limits import PROCESS_STOP_TIMEOUT_S, SHARD_APPLY_TIMEOUT_S
from shared.operator_error import OperatorError

__all__ = ["api_state", "ingest_service", "projectors", "run_api", "run_ingest", "run_project"]

log = logging.getLogger(__name__)

# --- processes -----------------------------------------------------------------------------------


async def until_signalled(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `serve(stop)`; SIGTERM and SIGINT set `stop`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(stop)


@asynccontextmanager
async def ingest_service(settings: HubSettings) -> AsyncIterator[tuple[IngestService, Counts]]:
    """An ingest process, its databases closed at the end. Nothing is connected before it runs."""
    control = Database("control", settings.control_dsn, Role.INGEST)
    databases = {name: Database(name, dsn, Role.INGEST, query_timeout_s=SHARD_APPLY_TIMEOUT_S) for name, dsn in settings.shards.items()}
    shards = {name: PostgresShard(database, time.monotonic) for name, database in databases.items()}
    counts = Counts()
    registry = CachedRegistry(control, time.monotonic)
    leases = LaneTable(control, f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}")
    applier = Applier(registry, shards, time.monotonic, counts)
    read_claim = claim_reader(settings.signing_key, settings.claim_issuers)
    if read_claim is None:
        log.warning("no claim of a box is believed: set COMANDA_HUB_CLAIM_ISSUERS to the public key of the hub's signing key")
    greeter = Greeter(registry, shards, time.monotonic, counts, read_claim)
    claims = PostgresClaimNotices(control)
    broker = BrokerAt(settings.nats_urls, settings.nats_creds, settings.stream_replicas)
    try:
        yield IngestService(broker, applier, greeter, leases, registry, claims, counts), counts
    finally:
        for database in (control, *databases.values()):
            await database.close()


def run_ingest(settings: HubSettings) -> None:
    """`comanda hub ingest`: until it is told to stop."""

    async def work() -> None:
        async with ingest_service(settings) as (service, counts):
            counted: list[Counted] = [
                ("counter", "comanda_hub_entries", "Entries appended.", lambda: counts.entries),
                (
                    "counter",
                    "comanda_hub_short_ways",
                    "Statements that append what follows the last commit: taken, or refused by the shard.",
                    lambda: dict(counts.short_ways),
                ),
                (
                    "counter",
                    "comanda_hub_frames",
                    "Envelopes, by the status of their answer or the code of their refusal.",
                    lambda: dict(counts.frames),
                ),
                (
                    "counter",
                    "comanda_hub_hellos",
                    "Hellos, by the status of their answer or the code of their refusal.",
                    lambda: dict(counts.hellos),
                ),
                (
                    "counter",
                    "comanda_hub_document_parts",
                    "Parts of documents of boxes, by what became of them.",
                    lambda: dict(counts.documents),
                ),
                ("counter", "comanda_hub_unanswered", "Answers that could not be published.", lambda: counts.unanswered),
                ("gauge", "comanda_hub_lanes", "Lanes that this process owns.", lambda: len(service.keeper.lanes)),
            ]
            with serve_metrics(settings.metrics_host, settings.metrics_port, counted):
                await until_signalled(service.run)

    run(work())


@asynccontextmanager
async def projectors(settings: HubSettings) -> AsyncIterator[tuple[dict[str, Projector], ProjectCounts]]:
    """The projector of every shard, by name, their databases closed at the end."""
    databases = {name: Database(name, dsn, Role.PROJECT) for name, dsn in settings.shards.items()}
    counts = ProjectCounts()
    try:
        yield {name: Projector(ProjectShard(database), counts) for name, database in databases.items()}, counts
    finally:
        for database in databases.values():
            await database.close()


@asynccontextmanager
async def standings(settings: HubSettings) -> AsyncIterator[Standings]:
    """How the sites of every shard stand, on databases of their own that are closed at the end."""
    databases = [Database(name, dsn, Role.PLATFORM) for name, dsn in settings.shards.items()]
    try:
        yield Standings(databases)
    finally:
        for database in databases:
            await database.close()


def run_project(settings: HubSettings) -> None:
    """`comanda hub project`: until it is told to stop."""

    async def work() -> None:
        async with projectors(settings) as (made, counts), standings(settings) as standing:
            counted: list[Counted] = [
                ("counter", "comanda_hub_projected", "Entries projected.", lambda: counts.entries),
                (
                    "counter",
                    "comanda_hub_unknown_events",
                    "Entries of types that this release does not know.",
                    lambda: counts.unknown_events,
                ),
                ("counter", "comanda_hub_quarantined", "Entries put into quarantine, by code.", lambda: dict(counts.held)),
                *standing.counted(),
            ]

            async def serve(stop: asyncio.Event) -> None:
                log.info("projecting %s", ", ".join(made))
                async with asyncio.TaskGroup() as group:
                    for projector in made.values():
                        group.create_task(projector.run(stop))
                    if settings.metrics_port:
                        group.create_task(standing.run(stop))

            with serve_metrics(settings.metrics_host, settings.metrics_port, counted):
                await until_signalled(serve)

    run(work())


def api_state(settings: HubSettings) -> ApiState:
    """What the API stands on. Raises OperatorError for a signing key that is none."""
    stores = make_stores(settings)
    credentials = box_credentials(settings.signing_key, settings.account_key, settings.claim_issuers)
    return ApiState(stores.control, stores.shards, credentials, settings.urls_for_boxes)


def run_api(settings: HubSettings) -> None:
    """`comanda hub api`: until it is told to stop."""
    app = make_app(api_state(settings))
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.api_host, settings.api_port))
        except OSError as error:
            raise OperatorError(
                "port.in_use", f"{settings.api_host}:{settings.api_port} cannot be opened: {error}", "Choose another COMANDA_HUB_API_PORT."
            ) from error
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=int(PROCESS_STOP_TIMEOUT_S) // 2)
        run(uvicorn.Server(config).serve(sockets=[listener]))
