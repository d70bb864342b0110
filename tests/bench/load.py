"""The load generator: a program of its own that sends commands over keep-alive connections and takes the time.

What lives here: raw sockets in one epoll loop, so that little is spent beside what is measured (its own share of a CPU
is part of its answer). Plan in as JSON on standard input, `Measured` out as JSON on standard output.

A closed loop sends a device's next command when the one before is answered. An open loop sends at random (Poisson) moments
of a given rate through whichever device is free, and counts from the moment that was intended: a server that stalls
does not slow down its own measurement.
"""

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from tests.bench.figures import quantile
from tests.bench.workload import commands_of, tables_of

__all__ = ["Measured", "Plan", "measure", "start"]

WORKLOADS = {"commands": commands_of, "tables": tables_of}
_DRAIN_S = 15.0  # seconds that the last answers may take
ROOT = Path(__file__).resolve().parents[2]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. `rate` is commands a second for an open loop, None for a closed one; `frames` is a file of bodies to send
    instead of commands, one on each line, over and over; commands whose answer contains `note` are listed in `Measured.sent`; `workload`
    tables are batches."""

    port: int
    devices: int
    seconds: float
    warm_s: float = 0.5
    rate: float | None = None
    path: str = "/v1/commands"
    seed: int = 1
    frames: str = ""
    note: str = ""
    workload: Literal["commands", "tables"] = "commands"


class Measured(msgspec.Struct, kw_only=True):
    """What came of it. `sent` holds (moment intended, sequence) of the commands to be noted; moments are of the machine's
    monotonic clock, which is the same for all its processes."""

    accepted: int
    seconds: float
    latencies_ms: list[float]
    cpu_share: float
    refused: dict[str, int]
    answer_bytes: int = 0
    sent: list[tuple[float, int]] = []

    @property
    def rate(self) -> float:
        return self.accepted / self.seconds

    def latency_ms(self, share: float) -> float:
        return quantile(self.latencies_ms, share)


class _Device:
    """One keep-alive connection with one command under way at most."""

    __slots__ = ("_bodies", "_buffer", "_head", "intended", "socket")

    def __init__(self, plan: Plan, bodies: Iterator[tuple[str, bytes]]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", plan.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST {plan.path} HTTP/1.1\r\nhost: 127.0.0.1:{plan.port}\r\ncontent-type: application/json\r\ncontent-length: ".encode()
        )
        self._bodies = bodies
        self._buffer = b""
        self.intended = 0.0

    def send(self, intended: float) -> None:
        self.intended = intended
        body = next(self._bodies)[1]
        self.socket.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def receive(self) -> tuple[bytes, bytes] | None:
        """(status, body) once the whole answer is here."""
        received = self.socket.recv(262_144)
        if not received:
            raise ConnectionError("the server has closed the connection")
        self._buffer = buffer = self._buffer + received if self._buffer else received
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        at = buffer.lower().find(b"content-length:", 0, end) + 15
        size = int(buffer[at : buffer.find(b"\r", at)])
        if len(buffer) < end + 4 + size:
            return None
        self._buffer = b""
        return buffer[9:12], buffer[end + 4 :]


class _Run:
    """One plan under way."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._noted = plan.note.encode()
        self._devices: dict[int, _Device] = {}
        self._poll = select.epoll()
        for number in range(plan.devices):
            made = WORKLOADS[plan.workload](plan.seed * 1_000 + number)
            bodies = _frames(plan.frames) if plan.frames else made
            device = _Device(plan, bodies)
            self._devices[device.socket.fileno()] = device
            self._poll.register(device.socket.fileno(), select.EPOLLIN)
        self._latencies: list[float] = []
        self._sent: list[tuple[float, int]] = []
        self._refused: dict[str, int] = {}
        self._answer_bytes = 0
        self._from = self._until = 0.0

    def run(self) -> Measured:
        began = time.monotonic()
        self._from = began + self._plan.warm_s
        self._until = self._from + self._plan.seconds
        cpu = time.process_time()
        self._closed() if self._plan.rate is None else self._open(self._plan.rate, began)
        share = (time.process_time() - cpu) / (time.monotonic() - began)
        for device in self._devices.values():
            device.socket.close()
        accepted = len(self._latencies)
        return Measured(
            accepted=accepted, seconds=self._plan.seconds, latencies_ms=sorted(self._latencies), cpu_share=round(share, 3), refused=self._refused,
            answer_bytes=self._answer_bytes // max(1, accepted), sent=self._sent,
        )  # fmt: skip

    def _closed(self) -> None:
        for device in self._devices.values():
            device.send(time.monotonic())
        waiting = len(self._devices)
        while waiting and time.monotonic() < self._until + _DRAIN_S:
            for device, now in self._answered(1.0):
                if now < self._until:
                    device.send(time.monotonic())
                else:
                    waiting -= 1

    def _open(self, rate: float, began: float) -> None:
        random = Random(self._plan.seed)
        free = deque(self._devices.values())
        due: deque[float] = deque()
        following = began
        now = began
        while now < self._until or (len(free) < len(self._devices) and now < self._until + _DRAIN_S):
            while following <= now:
                if following < self._until:
                    due.append(following)
                following += random.expovariate(rate)
            while due and free:
                free.popleft().send(due.popleft())
            timeout = max(0.0, following - time.monotonic()) if now < self._until else 0.1
            free.extend(device for device, _ in self._answered(timeout))
            now = time.monotonic()

    def _answered(self, timeout: float) -> Iterator[tuple[_Device, float]]:
        """Devices whose answer has come, and when. `select` waits to the microsecond, where epoll would to the millisecond."""
        if not select.select([self._poll], [], [], timeout)[0]:
            return
        for number, _ in self._poll.poll(0):
            device = self._devices[number]
            answer = device.receive()
            if answer is not None:
                now = time.monotonic()
                self._note(device, now, *answer)
                yield device, now

    def _note(self, device: _Device, now: float, status: bytes, body: bytes) -> None:
        if status != b"200":
            code = str(json.loads(body).get("code", status))
            self._refused[code] = self._refused.get(code, 0) + 1
            return
        # A closed loop counts answers by when they came, an open one by when their command was due.
        if not self._from <= (now if self._plan.rate is None else device.intended) < self._until:
            return
        self._latencies.append((now - device.intended) * 1_000)
        self._answer_bytes += len(body)
        if self._noted and self._noted in body:
            self._sent.append((device.intended, int(json.loads(body)["position"].split(".")[1])))


def _frames(file: str) -> Iterator[tuple[str, bytes]]:
    """The bodies of a file, over and over."""
    bodies = Path(file).read_bytes().splitlines()
    while True:
        yield from (("", body) for body in bodies)


def start(plan: Plan) -> "subprocess.Popen[bytes]":
    """Begin a plan in a process of its own; its answer is read with `measure` or from its standard output."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(plan))
    process.stdin.close()
    process.stdin = None
    return process


def measure(plan: Plan) -> Measured:
    """Carry out a plan in a process of its own. Raises RuntimeError when commands are refused: then the figure means nothing."""
    process = start(plan)
    try:
        out, _ = process.communicate(timeout=plan.warm_s + plan.seconds + 2 * _DRAIN_S)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise RuntimeError(f"the load generator ended with {process.returncode}")
    measured = msgspec.json.decode(out, type=Measured)
    if measured.refused:
        raise RuntimeError(f"commands were refused: {measured.refused}")
    return measured


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_Run(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)).run()))
