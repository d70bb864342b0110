"""What a tablet does with a command: give it an id once, and send it until it is answered.

What lives here: HTTP to one box. What the commands are for is in player.py.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Sequence
from typing import TypeVar

import httpx
import msgspec

from shared.domain.ids import uuid7
from shared.domain.kernel import Command
from shared.domain.kitchen.ticket import Ticket
from shared.domain.views import CheckView
from shared.limits import DEMO_COMMAND_TIMEOUT_S, DEMO_RETRY_WAIT_S
from shared.protocol.session import Batch, Submit

__all__ = ["Tablet"]

T = TypeVar("T")


class _Checks(msgspec.Struct):
    checks: list[CheckView]


class _Tickets(msgspec.Struct):
    tickets: list[Ticket]


class Tablet:
    """A device on the site's LAN: give it a `client` before it is used. `accepted` and `refused` count commands. Without a `token`
    the box takes it for an unpaired point of sale."""

    client: httpx.AsyncClient

    def __init__(self, token: str = "") -> None:
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.accepted = 0
        self.refused = 0

    def new_id(self) -> str:
        """An id that a device makes: a UUIDv7."""
        return uuid7(time.time_ns() // 1_000_000, os.urandom(10))

    async def send(self, *commands: Command) -> bool:
        """Send commands, several as one atomic batch; whether they were accepted.

        Silence and "ask again" lead to the same ids being sent again. Raises TimeoutError when that goes on for
        DEMO_COMMAND_TIMEOUT_S: what became of the commands is then unknown.
        """
        submits = tuple(Submit(id=self.new_id(), command=msgspec.Raw(msgspec.json.encode(command))) for command in commands)
        path, body = ("/v1/commands", submits[0]) if len(submits) == 1 else ("/v1/batches", Batch(commands=submits))
        content = msgspec.json.encode(body)
        async with asyncio.timeout(DEMO_COMMAND_TIMEOUT_S):
            while True:
                status = await self._post(path, content)
                if status is not None and status < 500:
                    break
                await asyncio.sleep(DEMO_RETRY_WAIT_S)
        done = status < 400
        self.accepted += len(submits) * done
        self.refused += not done
        return done

    async def _post(self, path: str, content: bytes) -> int | None:
        """The status of the answer; None when there was none."""
        try:
            answer = await self.client.post(path, content=content, headers=self._headers)
        except httpx.TransportError:
            return None
        return answer.status_code

    async def open_checks(self) -> Sequence[CheckView]:
        return (await self._get("/v1/checks?status=open", _Checks)).checks

    async def open_tickets(self) -> Sequence[Ticket]:
        return (await self._get("/v1/tickets", _Tickets)).tickets

    async def check(self, check_id: str) -> CheckView | None:
        """The check while it is open; None once it is closed."""
        found = await self._get(f"/v1/checks/{check_id}", CheckView)
        return found if found.status == "open" else None

    async def _get(self, path: str, cls: type[T]) -> T:
        async with asyncio.timeout(DEMO_COMMAND_TIMEOUT_S):
            while True:
                with contextlib.suppress(httpx.TransportError):  # the box restarts: ask again
                    answer = await self.client.get(path)
                    if answer.status_code < 500:
                        return msgspec.json.decode(answer.raise_for_status().content, type=cls)
                await asyncio.sleep(DEMO_RETRY_WAIT_S)
