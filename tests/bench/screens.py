"""Kitchen screens: a program of its own that holds WebSockets and notes when which frame came.

What lives here: the opening handshake, and reading unmasked text frames from raw sockets, so that twenty screens cost little beside
the server. What is in a frame is looked at only as far as its position.
"""

import base64
import os
import re
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from tests.bench.load import ROOT

__all__ = ["Seen", "Watch", "WatchPlan"]

_SILENCE_S = 0.5  # seconds without a frame after which, at the end, there is none to come
_POSITION = re.compile(rb'"position":"\d+\.(\d+)\.')


class WatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Which feed to watch, with how many screens. Bodies of the frames of the first screen go to the file `keep`, if named."""

    port: int
    path: str
    screens: int
    keep: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """For each screen its frames as (moment, sequence): the journal up to that sequence was on the screen. Share of a CPU."""

    frames: list[list[tuple[float, int]]]
    cpu_share: float


class _Screen:
    """One WebSocket."""

    def __init__(self, plan: WatchPlan) -> None:
        self.socket = socket.create_connection(("127.0.0.1", plan.port))
        self._buffer = bytearray()
        self.frames: list[tuple[float, int]] = []
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {plan.path} HTTP/1.1\r\nhost: 127.0.0.1:{plan.port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0] + b" ":
            raise ConnectionError(f"no WebSocket: {head[:200]!r}")
        self._buffer = bytearray(rest)

    def _receive(self) -> None:
        received = self.socket.recv(1 << 20)
        if not received:
            raise ConnectionError("the server has closed a screen's connection")
        self._buffer += received

    def take(self, kept: list[bytes] | None) -> None:
        """Read what is there and note every whole text frame."""
        self._receive()
        now = time.monotonic()
        while (frame := self._next()) is not None:
            opcode, payload = frame
            if opcode == 0x9:
                self._pong(payload)
            elif opcode == 0x1 and (found := _POSITION.search(payload)):
                self.frames.append((now, int(found[1])))
                if kept is not None:
                    kept.append(payload)

    def _next(self) -> tuple[int, bytes] | None:
        """(opcode, payload) of the next frame in the buffer, once it is whole; servers neither mask nor, here, fragment."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size >= 126:
            start += 2 if size == 126 else 8
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return None
        opcode, payload = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return opcode, payload

    def _pong(self, payload: bytes) -> None:
        self.socket.sendall(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)  # masked with zeros


def _run(plan: WatchPlan) -> None:
    screens = {screen.socket.fileno(): screen for screen in (_Screen(plan) for _ in range(plan.screens))}
    first = next(iter(screens))
    poll = select.epoll()
    for number in screens:
        poll.register(number, select.EPOLLIN)
    kept: list[bytes] = []
    poll.register(sys.stdin.fileno(), select.EPOLLHUP)  # closed when enough has been sent
    print("ready", flush=True)
    began, cpu = time.monotonic(), time.process_time()
    wait_s = 60.0
    while events := poll.poll(wait_s):
        for number, _ in events:
            if number in screens:
                screens[number].take(kept if number == first and plan.keep else None)
            else:
                poll.unregister(number)
                wait_s = _SILENCE_S
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    if plan.keep:
        Path(plan.keep).write_bytes(b"\n".join(kept))
    seen = Seen(frames=[screen.frames for screen in screens.values()], cpu_share=round(share, 3))
    sys.stdout.buffer.write(msgspec.json.encode(seen))


class Watch:
    """Screens under way in a process of their own; they watch once this is made."""

    def __init__(self, plan: WatchPlan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.screens"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(plan) + b"\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != b"ready\n":
            self.stop()
            raise RuntimeError("the screens did not connect")

    def seen(self) -> Seen:
        """What they saw up to now, once they see nothing more."""
        try:
            out, _ = self._process.communicate(timeout=30)  # closes their standard input
        finally:
            self.stop()
        return msgspec.json.decode(out, type=Seen)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    _run(msgspec.json.decode(sys.stdin.buffer.raw.readline(), type=WatchPlan))
