"""What the shortcut answers, and what it leaves to the routes."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec

from edge.api.shortcut import Shortcut
from edge.app.site import RefusedCommand
from shared.domain.errors import Refused
from shared.limits import REQUEST_BYTES_MAX
from shared.protocol.session import Accepted

_ACCEPTED = (
    Accepted(
        command_id="0197f3a2-0000-7000-8000-000000000001", position=f"1.7.{'0' * 64}", at=datetime(2026, 3, 4, 10, tzinfo=UTC),
        business_date="2026-03-04", events=(),
    ),
)  # fmt: skip
_SUBMIT = b'{"id":"0197f3a2-0000-7000-8000-000000000001","command":{"type":"OpenCheck"}}'


class _Box:
    """The edge, and the application behind: both note what they are given."""

    def __init__(self, outcome: Any = _ACCEPTED) -> None:
        self.outcome = outcome
        self.submitted: list[Any] = []
        self.left: list[tuple[str, bytes]] = []
        self.edge: Any = SimpleNamespace(
            identify=self._identify, writer=SimpleNamespace(submit=self._submit), reader=None,
            metrics=SimpleNamespace(accepted=lambda _: None, refused=lambda _: None),
        )  # fmt: skip

    def _identify(self, request: Any) -> object:
        if request.headers.get("authorization"):
            raise Refused("device.unknown", "The token of this request belongs to no device of this box.")
        return SimpleNamespace(device_id="till", permissions=frozenset[str]())

    async def _submit(self, request: Any) -> Any:
        self.submitted.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"] if scope["type"] == "http" else b""
        self.left.append((scope["path"], body))

    def ask(
        self, path: str, body: bytes, *, method: str = "POST", server: tuple[str, int | None] = ("127.0.0.1", 80), **headers: str
    ) -> tuple[int, dict[bytes, bytes], Any]:  # fmt: skip
        """(status, headers, body) of what the shortcut sends; status 0 when it sends nothing."""
        given = {"content-length": str(len(body))} | headers
        halves = [body[: len(body) // 2], body[len(body) // 2 :]]
        messages = [{"type": "http.request", "body": half, "more_body": at == 0} for at, half in enumerate(halves)]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope: Any = {
            "type": "http", "method": method, "path": path, "server": server, "client": ("127.0.0.1", 1), "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in given.items() if value], "state": {},
        }  # fmt: skip
        asyncio.run(Shortcut(self._app, self.edge)(scope, receive, send))
        if not sent:
            return 0, {}, None
        text = sent[1]["body"]
        return sent[0]["status"], dict(sent[0]["headers"]), msgspec.json.decode(text) if text else None


def test_an_accepted_command_is_answered_as_json() -> None:
    box = _Box()
    status, headers, body = box.ask("/v1/commands", _SUBMIT)
    assert (status, body["position"], headers[b"content-type"]) == (200, _ACCEPTED[0].position, b"application/json")
    assert int(headers[b"content-length"]) > 0
    assert len(box.submitted) == 1
    assert not box.left


def test_a_refused_command_is_a_problem_as_the_route_would_tell_it() -> None:
    box = _Box(RefusedCommand(error=Refused("check.unknown", "No such check.")))
    status, headers, body = box.ask("/v1/commands", _SUBMIT)
    assert (status, body["code"], headers[b"content-type"]) == (404, "check.unknown", b"application/problem+json")
    assert len(box.submitted) == 1
    assert not box.left


def test_a_busy_box_says_when_to_come_again() -> None:
    status, headers, body = _Box(Refused("edge.busy", "1024 requests are waiting.")).ask("/v1/commands", _SUBMIT)
    assert (status, body["code"], headers[b"retry-after"]) == (503, "edge.busy", b"1")


def test_a_stranger_is_turned_away_and_nothing_is_submitted() -> None:
    box = _Box()
    status, _, body = box.ask("/v1/commands", _SUBMIT, authorization="Bearer stolen")
    assert (status, body["code"], box.submitted) == (401, "device.unknown", [])


def test_a_body_that_is_no_command_is_refused() -> None:
    status, _, body = _Box().ask("/v1/commands", b'{"id":')
    assert (status, body["code"]) == (400, "request.malformed")


def test_a_defect_is_told_and_kept_to_its_request() -> None:
    status, _, body = _Box(ZeroDivisionError("oops")).ask("/v1/commands", _SUBMIT)
    assert (status, body["code"]) == (500, "edge.defect")


def test_what_does_not_say_its_length_or_is_too_long_or_is_another_is_left_to_the_routes() -> None:
    box = _Box()
    for path, headers in (
        ("/v1/commands", {"content-length": ""}),
        ("/v1/commands", {"content-length": str(REQUEST_BYTES_MAX + 1)}),
        ("/v1/commands/", {}),
        ("/v1/batches", {}),
    ):
        assert box.ask(path, _SUBMIT, **headers)[0] == 0
    assert [path for path, _ in box.left] == ["/v1/commands", "/v1/commands", "/v1/commands/", "/v1/batches"]
    assert not box.submitted


def test_a_report_of_the_link_that_cannot_be_read_reaches_its_route_whole() -> None:
    box = _Box()
    assert box.ask("/v1/followers/cloud", b'{"position":7}', method="PUT", server=("edge.sock", None))[0] == 0
    assert box.left == [("/v1/followers/cloud", b'{"position":7}')]


def test_a_tablet_cannot_speak_for_the_link() -> None:
    report = b'{"position":"","incarnation":"","link":"sending"}'
    status, _, body = _Box().ask("/v1/followers/cloud", report, method="PUT")
    assert (status, body["code"]) == (403, "device.box_only")
