"""Where one edge listens, and the server that answers there.

What lives here: sockets and uvicorn, told of no route. What is served, and when it ends, is main.py's business.
"""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from edge.api.identity import LOOPBACK
from edge.settings import EdgeSettings
from shared.limits import HTTP_CONNECTIONS_MAX
from shared.operator_error import OperatorError

__all__ = ["Server", "listen", "listen_unix"]

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Uvicorn, saying where it listens once it does, and leaving the process to us when it has stopped."""

    def __init__(self, config: uvicorn.Config, said: str) -> None:
        super().__init__(config)
        self._said = said

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        log.info("%s", self._said)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would raise the signal again once it has stopped, and so end the process before the writer is at its end."""
        loop, signals = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


def listen(settings: EdgeSettings) -> tuple[socket.socket, str]:
    """(the socket of the devices, where it is in words). Raises OperatorError `fd.unusable`, `port.in_use` or `address.unusable`."""
    if settings.fd is not None:
        try:
            return socket.socket(fileno=settings.fd), f"file descriptor {settings.fd}"
        except OSError as error:
            raise OperatorError(
                "fd.unusable",
                f"File descriptor {settings.fd} is no socket: {error}",
                "Leave --fd to systemd's socket unit, and name a port with --port.",
            ) from error
    if settings.host not in LOOPBACK and settings.trust_loopback:
        log.warning("listening on %s: only devices with a token are served there", settings.host)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            hint = "Stop what uses it, or choose another with --port."
            raise OperatorError("port.in_use", f"{settings.host}:{settings.port} cannot be listened on: {error}", hint) from error
        raise OperatorError(
            "address.unusable",
            f"{settings.host}:{settings.port} cannot be listened on: {error}",
            "Give an address of this machine with --host, and a port that this user may take with --port.",
        ) from error
    listener.listen(HTTP_CONNECTIONS_MAX)
    return listener, f"http://{settings.host}:{listener.getsockname()[1]}"


def listen_unix(path: Path) -> socket.socket:
    """The socket of the box's own programs: the lock is held, so a leftover file belongs to nobody. Raises OperatorError
    `socket.unusable`."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    previous = os.umask(0o117)
    try:
        listener.bind(str(path))
    except OSError as error:
        raise OperatorError("socket.unusable", f"{path} cannot be listened on: {error}", "Use a shorter path for --data-dir.") from error
    finally:
        os.umask(previous)
    listener.listen(128)
    return listener
