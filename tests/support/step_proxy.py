"""A proxy that counts what a client sends, piece by piece, and lets something happen at a chosen piece.

What lives here: one TCP proxy on the loop of the test. What the pieces mean is not known here: between asyncpg and Postgres each is one
round trip.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from provisioning.process import free_port

__all__ = ["StepProxy", "When"]

When = Literal["before", "during", "after"]
"""The act comes and the line is cut before the piece is sent on; the act comes and the piece is sent on; the piece is answered, the act
comes, and the line is cut before the client reads the answer."""
Act = Callable[[], Awaitable[None]]


class StepProxy:
    """Forwards 127.0.0.1:`port` to `target`. `steps` counts pieces from the client since it was armed last."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.steps = 0
        self._target = target
        self._at: tuple[int, When, Act] | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        self._server.close()
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        await self._server.wait_closed()

    def arm(self, step: int, when: When, act: Act) -> None:
        """Count from 1 anew, and let `act` come at that step, once."""
        self.steps, self._at = 0, (step, when, act)

    def disarm(self) -> None:
        self.steps, self._at = 0, None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        try:
            there, server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            self._lines.discard(line)
            return
        answers = asyncio.ensure_future(there.read(1 << 16))
        pieces = asyncio.ensure_future(reader.read(1 << 16))
        try:
            while True:
                await asyncio.wait([answers, pieces], return_when=asyncio.FIRST_COMPLETED)
                if pieces.done():
                    piece = pieces.result()
                    if not piece or await self._pass(piece, server, answers):
                        return
                    pieces = asyncio.ensure_future(reader.read(1 << 16))
                if answers.done():
                    answer = answers.result()
                    if not answer:
                        return
                    writer.write(answer)
                    answers = asyncio.ensure_future(there.read(1 << 16))
        except OSError:
            return  # one end has gone, and so does the other
        finally:
            answers.cancel()
            pieces.cancel()
            await asyncio.gather(answers, pieces, return_exceptions=True)
            for end in (server, writer):
                end.transport.abort()  # a cut says nothing, and leaves nothing to be sent
            self._lines.discard(line)

    async def _pass(self, piece: bytes, server: asyncio.StreamWriter, answers: "asyncio.Future[bytes]") -> bool:
        """Send a piece on; whether the line is to be cut."""
        self.steps += 1
        if self._at is None or self._at[0] != self.steps:
            server.write(piece)
            return False
        _, when, act = self._at
        self._at = None
        if when == "before":
            await act()
            return True
        if when == "during":
            await act()
            server.write(piece)
            return False
        server.write(piece)
        await asyncio.wait([answers])
        await act()
        return True
