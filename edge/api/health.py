"""Health and metrics.

What lives here: `/healthz` (the process answers), `/readyz` (it can take orders), `/metrics` (Prometheus).
"""

import asyncio
import shutil
from typing import Any

from litestar import Request, Response, get

from edge.api.alarms import alarms, oldest_pending_at
from edge.api.state import Here
from shared.limits import READY_TIMEOUT_S

__all__ = ["ROUTES"]


@get("/healthz", summary="Whether the process answers", tags=["health"])
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@get("/readyz", summary="Whether the box serves, and takes orders", tags=["health"])
async def readyz(edge: Here) -> Response[dict[str, str]]:
    """Asks the writer and the reader; 503 when either does not answer in time. A box that was replaced (`fenced`), or that still collects
    what tablets hold (`recovering`), serves whoever reads, and says so: to start it again would change nothing."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await edge.writer.call(lambda site, _: site.head)
            await edge.reader.live_counts()
    # Whatever is wrong, the answer is the same: not ready, and why.
    except Exception as error:
        return Response({"status": "unready", "why": f"{type(error).__name__}: {error}"}, status_code=503)
    return Response({"status": "fenced" if edge.fence.is_fenced else "recovering" if edge.is_recovering else "ready"})


@get("/metrics", summary="Prometheus metrics", media_type="text/plain; version=0.0.4", tags=["health"])
async def metrics(request: Request[Any, Any, Any], edge: Here) -> bytes:
    found = edge.metrics
    found.sequence.set(edge.feed.head.sequence)
    found.waiting.set(edge.writer.waiting)
    found.groups.set(edge.writer.groups)
    found.disk_free_bytes.set(shutil.disk_usage(edge.settings.data_dir).free)
    oldest = await oldest_pending_at(edge)
    found.oldest_pending_s.set((edge.now() - oldest).total_seconds() if oldest else 0)
    found.pending_entries.set(max(0, edge.feed.head.sequence - edge.safe_sequence))
    found.is_fenced.set(edge.fence.is_fenced)
    found.tell_alarms(alarms(edge))
    return found.text()


ROUTES = [healthz, readyz, metrics]
