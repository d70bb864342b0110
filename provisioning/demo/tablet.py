"""What a tablet does with a command: keep it, send it until it is answered, and hold it for the cloud.

What lives here: HTTP to the box that stands at one address, as the device session asks for it (shared/protocol/device.py). Instead of the
feed it looks at the status of the box. What the commands are for is in player.py.
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
from shared.limits import DEMO_COMMAND_TIMEOUT_S, DEMO_RETRY_WAIT_S, DEMO_STATUS_INTERVAL_S
from shared.protocol.device import DeviceSession
from shared.protocol.device_held import epoch_of
from shared.protocol.device_words import Action, Ask, Kept, News, Open, Send
from shared.protocol.session import Accepted, Batch, BatchAccepted, BoxState, CloudState, HandedIn, HandIn, Problem, ShowClaim, Submit

__all__ = ["Tablet"]

T = TypeVar("T")


class _Checks(msgspec.Struct):
    checks: list[CheckView]


class _Tickets(msgspec.Struct):
    tickets: list[Ticket]


class _Status(msgspec.Struct):
    """What of a box's status matters here; an older box says nothing of itself."""

    head: str
    cloud: CloudState
    box: BoxState | None = None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Tablet:
    """A device on the site's LAN: give it a `client` before it is used. `accepted` and `refused` count commands. Without a `token`
    the box takes it for an unpaired point of sale."""

    client: httpx.AsyncClient

    def __init__(self, token: str = "") -> None:
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._session = DeviceSession()
        self._looked_at = 0.0  # when the status was last read, on a clock that never goes back
        self._answers: dict[str, bool] = {}  # whether a request was accepted
        self.accepted = 0
        self.refused = 0

    def new_id(self) -> str:
        """An id that a device makes: a UUIDv7."""
        return uuid7(_now_ms(), os.urandom(10))

    async def send(self, *commands: Command) -> bool:
        """Send commands, several as one atomic batch; whether they were accepted.

        Silence and "ask again" lead to the same ids being sent again. Raises TimeoutError when that goes on for
        DEMO_COMMAND_TIMEOUT_S: what became of the commands is then unknown; they are kept, and sent before the next.
        """
        submits = tuple(Submit(id=self.new_id(), command=msgspec.Raw(msgspec.json.encode(command))) for command in commands)
        kept = Kept(submits[0].id, submits, _now_ms())
        self._answers.clear()  # of one that was given up
        async with asyncio.timeout(DEMO_COMMAND_TIMEOUT_S):
            await self._do(self._session.submit(kept, _now_ms()))
            while kept.id not in self._answers:
                if not await self._do(self._session.tick(_now_ms())):
                    await asyncio.sleep(DEMO_RETRY_WAIT_S)
        done = self._answers.pop(kept.id)
        self.accepted += len(submits) * done
        self.refused += not done
        return done

    async def _do(self, actions: Sequence[Action]) -> bool:
        """Carry out what the session says, and what comes of it; whether there was anything to do."""
        todo = list(actions)
        if time.monotonic() - self._looked_at > DEMO_STATUS_INTERVAL_S:
            todo += await self._look()
        had_any = bool(todo)
        while todo:
            match todo.pop(0):
                case Open():
                    todo += await self._look()
                case Send(kept):
                    todo += await self._post_request(kept)
                case HandIn() as hand_in:
                    todo += await self._hand_in(hand_in)
                case ShowClaim() as claim:
                    if await self._post("/v1/fence", msgspec.json.encode(claim)) is None:
                        todo += self._session.claim_silent(_now_ms())
                case Ask(kept):
                    todo += self._session.decide(kept.id, True, _now_ms())
                case _:
                    continue  # what is to be written down: the demo's tablets live in memory
        return had_any

    async def _look(self) -> list[Action]:
        """The status of the box, as if it were a frame of the feed: all that was accepted up to its head has been seen."""
        self._looked_at = time.monotonic()
        with contextlib.suppress(httpx.TransportError, msgspec.MsgspecError):  # the box restarts: nothing was heard
            answer = await self.client.get("/v1/status")
            if answer.is_success:
                status = msgspec.json.decode(answer.content, type=_Status)
                return self._session.frame(News(status.head, True, status.box, status.cloud.sequence), _now_ms())
        return self._session.disconnected(0, _now_ms())

    async def _post_request(self, kept: Kept) -> list[Action]:
        single = len(kept.commands) == 1
        path, body = ("/v1/commands", kept.commands[0]) if single else ("/v1/batches", Batch(commands=kept.commands))
        answer = await self._post(path, msgspec.json.encode(body))
        if answer is None:
            return [*self._session.silent(kept.id, _now_ms()), *self._session.disconnected(0, _now_ms())]
        if answer.is_success:
            accepted = msgspec.json.decode(answer.content, type=Accepted if single else BatchAccepted)
            answers = accepted.answers if isinstance(accepted, BatchAccepted) else (accepted,)
            actions = self._session.accepted(kept.id, answers, _now_ms())
            self._answers[kept.id] = True
            if any(epoch_of(each.position) > self._session.box.epoch for each in answers):
                actions += self._session.disconnected(0, _now_ms())  # another box stands there: find out what it lacks
            return actions
        actions = self._session.refused(kept.id, _code_of(answer), answer.status_code, _now_ms())
        if all(each.id != kept.id for each in self._session.kept):
            self._answers[kept.id] = False
        return actions

    async def _hand_in(self, hand_in: HandIn) -> list[Action]:
        answer = await self._post("/v1/hand-in", msgspec.json.encode(hand_in))
        if answer is None:
            return self._session.hand_in_silent(_now_ms())
        if answer.is_success:
            return self._session.handed_in(msgspec.json.decode(answer.content, type=HandedIn).results, _now_ms())
        return self._session.hand_in_refused(_code_of(answer), answer.status_code, _now_ms())

    async def _post(self, path: str, content: bytes) -> httpx.Response | None:
        """The answer; None when there was none."""
        try:
            return await self.client.post(path, content=content, headers=self._headers)
        except httpx.TransportError:
            return None

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


def _code_of(answer: httpx.Response) -> str:
    """The code of a refusal; empty where something else than the box answered."""
    try:
        return msgspec.json.decode(answer.content, type=Problem).code
    except msgspec.MsgspecError:
        return ""
