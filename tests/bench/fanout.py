"""The raw limit of the feed: uvicorn and nothing else, handing each body that is posted to every WebSocket that is open.

What lives here: a bare ASGI application with the server settings of the product. `python -m tests.bench.fanout PORT` serves it.
"""

import asyncio
import sys
from typing import Any

import uvicorn

__all__ = ["app"]

_open: set["asyncio.Queue[str]"] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """POST sends its body to every WebSocket and answers; the body's own position is the answer's, as the product's is."""
    if scope["type"] == "http":
        body = (await receive())["body"]
        text = body.decode()
        for queue in _open:
            queue.put_nowait(text)
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        queue: asyncio.Queue[str] = asyncio.Queue()
        _open.add(queue)
        while True:
            await send({"type": "websocket.send", "text": await queue.get()})


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", ws="websockets-sansio", ws_per_message_deflate=False, loop="uvloop",
        log_level="critical", access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
