"""A TCP proxy that can be cut: packets stop, connections stay open, as when a line is dug up.

What lives here: bytes between sockets. While cut it reads nothing, sends nothing and reports no closing; connections are
accepted, as a modem at the near end would. Healed, everything goes on where it stood, as TCP does. Protocols are not known.
"""

import asyncio

from shared.limits import PROXY_CHUNK_BYTES, PROXY_CONNECTIONS_MAX

__all__ = ["CuttableProxy"]


class CuttableProxy:
    """Forwards 127.0.0.1:`port` to 127.0.0.1:`target`. All methods belong to the event loop that started it."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def is_cut(self) -> bool:
        return not self._whole.is_set()

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=PROXY_CHUNK_BYTES)

    def cut(self) -> None:
        self._whole.clear()

    def heal(self) -> None:
        self._whole.set()

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= PROXY_CONNECTIONS_MAX:
            writer.transport.abort()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        """One connection, until both ends have closed it or one has reset it; an end and a reset wait for the line as well."""
        far_out: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Task[None]] = []
        try:
            await self._whole.wait()
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self.target, limit=PROXY_CHUNK_BYTES)
            pumps = [asyncio.ensure_future(self._pump(near_in, far_out)), asyncio.ensure_future(self._pump(far_in, near_out))]
            await asyncio.gather(*pumps)
            await asyncio.gather(self._close(near_out), self._close(far_out))
        except OSError:
            await self._whole.wait()  # nobody listens at the far end, or a side was reset: the other learns of it below
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for writer in (near_out, far_out):
                if writer is not None:
                    writer.transport.abort()  # does nothing to one that is closed

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """One direction, to its end. What was read when the line was cut is delivered after it is healed. Raises OSError."""
        while chunk := await source.read(PROXY_CHUNK_BYTES):
            await self._whole.wait()
            sink.write(chunk)
            await sink.drain()
        await self._whole.wait()
        sink.write_eof()

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()
