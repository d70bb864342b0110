"""The cuttable proxy in a thread of its own, for tests that have no event loop or block theirs."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from provisioning.demo.proxy import CuttableProxy
from provisioning.process import free_port

__all__ = ["ThreadedProxy"]

T = TypeVar("T")


class ThreadedProxy:
    """Forwards 127.0.0.1:`port` to `target` until stopped; `cut` and `heal` have taken effect when they return."""

    def __init__(self, target: int, port: int | None = None) -> None:
        self.port = port or free_port()
        self._loop = asyncio.new_event_loop()
        self._proxy = CuttableProxy(self.port, target)
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._proxy.start(), self._loop).result(5.0)

    def cut(self) -> None:
        """Packets stop, connections stay open."""
        self._do(self._proxy.cut)

    def heal(self) -> None:
        self._do(self._proxy.heal)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._proxy.stop(), self._loop).result(5.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        self._loop.close()

    def _do(self, act: Callable[[], None]) -> None:
        async def call() -> None:
            act()

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(5.0)
