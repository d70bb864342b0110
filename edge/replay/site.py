"""The site's public API as a tablet meets it: asks again with the same ids until it is answered.

What lives here: HTTP, retries with back-off, and answers as values. What is asked for, and what a refusal means for a row, is not
known here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from edge.replay.plan import MadeTicket
from shared.domain.check import OpenCheck
from shared.domain.ids import derived_id
from shared.domain.kitchen.creating import TicketCreated
from shared.domain.menu import Menu
from shared.domain.views import CheckView
from shared.limits import COMMAND_TIMEOUT_S, REPLAY_CONTACT_PATIENCE_S, REPLAY_RETRY_MAX_S, REPLAY_RETRY_MIN_S
from shared.operator_error import OperatorError
from shared.protocol.session import Accepted, Batch, Problem, Submit

__all__ = ["RefusedBatchError", "SiteClient", "SiteStatus", "Submitted", "ensure_url"]

HOW_TO_PAIR = "On the box, run `comanda edge device add NAME --role import`, and give the token with --token or COMANDA_DEVICE_TOKEN."

_ASK_AGAIN = frozenset(
    {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

T = TypeVar("T")


class SiteStatus(msgspec.Struct, frozen=True):
    """What a replay has to know of a site; `sequence` is the last entry of its journal."""

    site_id: str
    currency: str
    time_zone: str
    business_date: str
    sequence: int


class _MenuAnswer(msgspec.Struct, frozen=True):
    version: str
    menu: Menu | None


class _BatchAnswer(msgspec.Struct, frozen=True):
    answers: tuple[Accepted, ...]


class _Type(msgspec.Struct, frozen=True):
    type: str


class Submitted(msgspec.Struct, frozen=True):
    """What a batch made, now or when it was first sent: the sequence of its last entry, and the tickets of the kitchen."""

    last_sequence: int
    tickets: tuple[MadeTicket, ...]


class RefusedBatchError(Exception):
    """The site refused a batch, for the sake of the command at `failed` (index), if it was one."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.code = problem.code
        self.detail = problem.detail
        self.failed = problem.failed_command


def ensure_url(text: str) -> str:
    """The URL of a site without its trailing slash. Raises OperatorError `site.url_malformed`."""
    parts = urlsplit(text)
    try:
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise OperatorError("site.url_malformed", f"{text!r} is no URL of a site.", "Write it as http://127.0.0.1:8080")
    return text.rstrip("/")


class SiteClient:
    """One site. `patience_s` is how long one request is repeated before the site is given up."""

    def __init__(
        self, http: httpx.AsyncClient, patience_s: float,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._http = http
        self._patience_s = patience_s
        self._sleep = sleep
        self._clock = clock

    async def status(self) -> SiteStatus:
        """How the site is. The first word with it, so silence is not borne as long as later."""
        answer = await self._ask("GET", "/v1/status", patience_s=min(self._patience_s, REPLAY_CONTACT_PATIENCE_S))
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise _not_comanda(answer, "there is no such resource")
        return self._decode(answer, SiteStatus)

    async def menu(self) -> tuple[str, Menu | None]:
        """(version, menu) in force."""
        answer = self._decode(await self._ask("GET", "/v1/menu"), _MenuAnswer)
        return answer.version, answer.menu

    async def put_menu(self, menu: Menu) -> None:
        """Put a menu in force. Raises OperatorError with the site's code when it is refused."""
        answer = await self._ask("PUT", "/v1/menu", msgspec.json.encode(menu))
        if not answer.is_success:
            raise _operator_error(_problem(answer))

    async def check(self, check_id: str) -> CheckView | None:
        """The check as it stands, or None if there is none."""
        answer = await self._ask("GET", f"/v1/checks/{check_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return self._decode(answer, CheckView)

    async def submit(self, batch: Batch) -> Submitted:
        """Submit a batch. Raises RefusedBatchError, and OperatorError where no batch can succeed."""
        answer = await self._ask("POST", "/v1/batches", msgspec.json.encode(batch))
        if answer.is_success:
            return _submitted(self._decode(answer, _BatchAnswer).answers)
        problem = _problem(answer)
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.INSUFFICIENT_STORAGE}:
            raise _operator_error(problem)
        raise RefusedBatchError(problem)

    async def ensure_may_import(self) -> None:
        """Raises OperatorError `device.unknown` or `permission.missing` unless the token's device may import.

        Asks for a check that is refused in any case: a site looks at the permission before it looks at the time, which carries a
        zone here. A refusal writes nothing.
        """
        check_id = derived_id("replay", "may this device import?")
        command = msgspec.Raw(msgspec.json.encode(OpenCheck(check_id=check_id, opened_at=datetime(2000, 1, 1, tzinfo=UTC))))
        answer = await self._ask("POST", "/v1/commands", msgspec.json.encode(Submit(id=check_id, command=command)))
        problem = _problem(answer)
        if problem.code != "check.opened_at_zone":
            raise _operator_error(problem)

    def _decode(self, answer: httpx.Response, cls: type[T]) -> T:
        if not answer.is_success:
            raise _operator_error(_problem(answer))
        try:
            return msgspec.json.decode(answer.content, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _not_comanda(answer, str(error)) from error

    async def _ask(self, method: str, path: str, content: bytes | None = None, patience_s: float | None = None) -> httpx.Response:
        """The answer, whatever it says, once it is one. Silence and "ask again" lead to the same request again, with back-off."""
        patience = self._patience_s if patience_s is None else patience_s
        end, wait = self._clock() + patience, REPLAY_RETRY_MIN_S
        headers = {"content-type": "application/json"} if content is not None else {}
        while True:
            try:
                answer = await self._http.request(method, path, content=content, headers=headers, timeout=COMMAND_TIMEOUT_S)
            except httpx.TransportError as error:
                last = f"{type(error).__name__}{f' ({error})' if str(error) else ''}"
            else:
                if answer.status_code not in _ASK_AGAIN:
                    return answer
                last = f"{answer.status_code} {_code_of(answer)}".strip()
            if self._clock() + wait > end:
                raise OperatorError(
                    "site.unreachable",
                    f"{self._http.base_url} did not take the request for {patience:g} s; last: {last}.",
                    "See that `comanda edge serve` runs there, then run the same command again: nothing is doubled.",
                )
            await self._sleep(wait)
            wait = min(wait * 2, REPLAY_RETRY_MAX_S)


def _submitted(answers: tuple[Accepted, ...]) -> Submitted:
    tickets: list[MadeTicket] = []
    for said in (said for answer in answers for said in answer.events):
        if msgspec.json.decode(said.event, type=_Type).type == TicketCreated.__name__:
            made = msgspec.json.decode(said.event, type=TicketCreated)
            tickets.append(MadeTicket(made.ticket_id, made.awaits_expo))
    return Submitted(last_sequence=answers[-1].events[-1].sequence, tickets=tuple(tickets))


def _code_of(answer: httpx.Response) -> str:
    try:
        return msgspec.json.decode(answer.content, type=Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _problem(answer: httpx.Response) -> Problem:
    """The problem details of a refusal. Raises OperatorError `site.not_comanda` when the answer is none."""
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_comanda(answer, str(error)) from error


def _not_comanda(answer: httpx.Response, why: str) -> OperatorError:
    detail = f"{answer.request.url} answered {answer.status_code} what no site would: {why}."
    return OperatorError("site.not_comanda", detail, "Give --site the URL of a box's API, such as http://127.0.0.1:8080")


def _operator_error(problem: Problem) -> OperatorError:
    needs_token = problem.code in {"device.unknown", "permission.missing"}
    hint = f"Replaying needs a token of a device with the role import. {HOW_TO_PAIR}" if needs_token else problem.hint
    return OperatorError(problem.code, problem.detail, hint)
