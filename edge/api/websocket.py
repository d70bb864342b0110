"""The WebSocket protocol of the server, with one thing added: it can close on a client that does not read.

What lives here: a subclass of uvicorn's protocol, and nothing of what is sent over it.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from shared.limits import FEED_CLOSE_TIMEOUT_S

__all__ = ["ClosableProtocol"]


class ClosableProtocol(WebSocketsSansIOProtocol):
    """Uvicorn waits until the client has made room before it sends anything, a close included: one who has stopped reading
    could never be dropped. Here the close frame goes behind what is buffered, so that a client who wakes up learns why,
    and a client who has not taken it in FEED_CLOSE_TIMEOUT_S is cut off."""

    async def send(self, message: Any) -> None:
        """One message of the application."""
        if message["type"] == "websocket.close" and not self.writable.is_set():
            self.loop.call_later(FEED_CLOSE_TIMEOUT_S, self.transport.abort)
            self.writable.set()
        await super().send(message)
