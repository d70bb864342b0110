"""The writer thread: takes requests from a bounded queue and commits them in groups.

What lives here: the queue, the thread and the hand-over of outcomes to the event loop. What a request means is the Site's
business; no HTTP and no SQL statement is known here.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from edge.app.ports import CommitUnknownError, StorageFullError
from edge.app.site import Committed, Outcome, RefusedCommand, Request, Site
from edge.journal.store import SqliteStore
from shared.domain.errors import Refused
from shared.limits import WRITER_GROUP_MAX, WRITER_QUEUE_MAX

__all__ = ["Writer"]

log = logging.getLogger(__name__)

T = TypeVar("T")
_Job = Callable[[Site, SqliteStore], Any]
_Item = tuple[Request | _Job, "asyncio.Future[Any]"]


class Writer:
    """Owns the store and the site in one thread. Everybody else asks, and awaits the answer."""

    def __init__(
        self,
        site: Site,
        store: SqliteStore,
        on_commit: Callable[[Committed], None],
        ensure_open: Callable[[Request], None] = lambda _: None,
    ) -> None:
        """`on_commit` is called in the event loop, before the answers of its group are given. `ensure_open` raises Refused while the box
        does not take the request: it is asked when one comes, and in the thread again when its turn has come."""
        self._site = site
        self._store = store
        self._on_commit = on_commit
        self._ensure_open = ensure_open
        self._queue: queue.Queue[_Item | None] = queue.Queue(WRITER_QUEUE_MAX)
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._broken = False
        self._stopping = False
        self.groups = 0
        self.requests = 0

    def start(self) -> None:
        """Begin; call in the event loop that is to receive the outcomes."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Finish what is queued, close the file, end the thread. What is asked afterwards is answered `edge.stopping`."""
        self._stopping = True
        await asyncio.to_thread(self._queue.put, None)
        await asyncio.to_thread(self._thread.join)

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return self._queue.qsize()

    async def submit(self, request: Request) -> Outcome:
        """The outcome of a request, once it is on disk. Raises Refused `edge.busy` when the queue is full, `box.fenced` or
        `box.recovering` while the box takes none."""
        self._ensure_open(request)
        return await self._ask(request)

    async def call(self, job: Callable[[Site, SqliteStore], T]) -> T:
        """Run a job in the writer thread, between groups; its exception is raised here."""
        return await self._ask(job)

    def _ask(self, what: Request | _Job) -> "asyncio.Future[Any]":
        if self._stopping or self._loop is None:
            raise Refused("edge.stopping", "The box is restarting.")
        future: asyncio.Future[Any] = self._loop.create_future()
        try:
            self._queue.put_nowait((what, future))
        except queue.Full:
            raise Refused("edge.busy", f"{WRITER_QUEUE_MAX} requests are waiting.") from None
        return future

    # --- in the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        stopped = False
        while not stopped:
            items, stopped = self._take()
            group: list[tuple[Request, asyncio.Future[Any]]] = []
            for what, future in items:
                if isinstance(what, Request):
                    group.append((what, future))
                else:
                    self._commit(group)
                    group = []
                    self._do(what, future)
            self._commit(group)
        self._store.close()

    def _take(self) -> tuple[list[_Item], bool]:
        """The next items, at least one, and whether the stop has come."""
        items: list[_Item] = []
        item = self._queue.get()
        while item is not None:
            items.append(item)
            if len(items) >= WRITER_GROUP_MAX:
                return items, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return items, False
        return items, True

    def _commit(self, group: list[tuple[Request, "asyncio.Future[Any]"]]) -> None:
        if not group:
            return
        committed: Committed | None = None
        try:
            for request, _ in group:
                self._ensure_open(request)  # what was queued before the box was fenced is not written after it
            self._heal()
            outcomes, committed = self._site.execute([request for request, _ in group])
        except Refused as refused:
            outcomes = [RefusedCommand(error=refused)] * len(group)
        # Whatever goes wrong, those who wait must be told, and the next group be decided on state that is read anew (Law 1).
        except Exception as error:
            log.exception("the journal could not be used; it will be opened anew")
            self._broken = True
            if len(group) > 1:  # one of them may be at fault: the others shall not pay for it, again and again
                for item in group:
                    self._commit([item])
                return
            outcomes = [RefusedCommand(error=_refusal(error))]
        self.groups += 1
        self.requests += len(group)
        self._deliver([future for _, future in group], outcomes, committed)

    def _do(self, job: _Job, future: "asyncio.Future[Any]") -> None:
        try:
            self._heal()
            result = job(self._site, self._store)
        except (StorageFullError, CommitUnknownError) as error:
            self._broken = True
            code = "storage.full" if isinstance(error, StorageFullError) else "commit.unknown"
            self._fail(future, Refused(code, "The box could not write to its disk."))
        except (sqlite3.Error, OSError) as error:
            self._broken = True
            self._fail(future, _refusal(error))
        # The job belongs to a waiting caller, to whom its exception is handed.
        except Exception as error:
            self._fail(future, error)
        else:
            self._deliver([future], [result], None)

    def _heal(self) -> None:
        """Open the journal anew after trouble, and tell followers of a commit that came through unheard."""
        if self._broken:
            committed = self._site.recover()
            self._broken = False
            if committed is not None:
                self._deliver([], [], committed)

    def _deliver(self, futures: list["asyncio.Future[Any]"], results: list[Any], committed: Committed | None) -> None:
        def deliver() -> None:
            if committed is not None:
                self._on_commit(committed)
            for future, result in zip(futures, results, strict=True):
                if not future.done():
                    future.set_result(result)

        assert self._loop is not None
        self._loop.call_soon_threadsafe(deliver)

    def _fail(self, future: "asyncio.Future[Any]", error: Exception) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(lambda: None if future.done() else future.set_exception(error))


def _refusal(error: Exception) -> Refused:
    """What is told of an unforeseen error: the disk's trouble passes by itself, a defect of ours does not."""
    if isinstance(error, sqlite3.Error | OSError | CommitUnknownError):
        return Refused("storage.unavailable", f"The journal cannot be used: {error}.")
    return Refused("edge.defect", f"{type(error).__name__} while deciding; the log of the box has the rest.")
