"""The hub's API as one ASGI application.

What lives here: its parts put together, health, metrics and the OpenAPI document. Which database it stands on is decided by
the wiring.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from hub.api import problems, reports, routes
from hub.api.documented import components
from hub.api.state import ApiState

__all__ = ["make_app"]

_DESCRIPTION = """Sites of every restaurant: how far their journals have arrived, and what they sell.

Amounts are integers in minor units of the currency. Refusals are problem details (RFC 9457) with a stable `code` and a `hint`.
"""


def make_app(state: ApiState) -> FastAPI:
    """The application over `state`, which it closes at its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for store in (state.control, *state.shards.values()):
            await store.close()

    app = FastAPI(title="Comanda hub", version=version("comanda"), description=_DESCRIPTION, lifespan=lifespan, redoc_url=None)
    app.state.hub = state
    problems.install(app)
    app.include_router(routes.router)
    app.include_router(reports.router)
    _add_health(app, state)
    _add_metrics(app)
    app.openapi = lambda: _openapi(app)
    return app


def _add_health(app: FastAPI, state: ApiState) -> None:
    @app.get("/healthz", tags=["operations"], summary="Whether the process lives")
    async def healthz() -> dict[str, str]:
        """Always ok while the process can answer."""
        return {"status": "ok"}

    @app.get(
        "/readyz", tags=["operations"], summary="Whether it can serve", responses={503: {"description": "The control database is down."}}
    )
    async def readyz() -> Response:
        """Ready when the control database answers. Shards that do not are named: only their own tenants wait."""
        control = await state.control.is_reachable()
        shards = {name: await shard.is_reachable() for name, shard in state.shards.items()}
        body = {"status": "ok" if control else "unavailable", "control": control, "shards": shards}
        return Response(msgspec.json.encode(body), status_code=200 if control else 503, media_type="application/json")


def _add_metrics(app: FastAPI) -> None:
    registry = CollectorRegistry()
    answered = Counter("comanda_hub_requests", "Requests answered.", ["method", "route", "status"], registry=registry)
    took = Histogram("comanda_hub_request_seconds", "Time to an answer, in seconds.", ["method", "route"], registry=registry)

    @app.middleware("http")
    async def measure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        began_at = time.perf_counter()
        status = 500
        try:
            response = await call_next(request)
            status = response.status_code
        finally:
            route: Any = request.scope.get("route")
            path = getattr(route, "path", "unknown")  # the template, never the path asked for: labels are bounded
            answered.labels(request.method, path, str(status)).inc()
            took.labels(request.method, path).observe(time.perf_counter() - began_at)
        return response

    @app.get("/metrics", tags=["operations"], summary="Metrics for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Text in Prometheus' format."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        document.setdefault("components", {}).setdefault("schemas", {}).update(components())
        app.openapi_schema = document
    return app.openapi_schema
