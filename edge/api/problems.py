"""Refusals as problem details (RFC 9457).

What lives here: every way in which a request can fail, turned into one shape with a stable code and a hint. Which command was
refused and why is decided elsewhere.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from edge.api.errors import API_ERRORS
from edge.app.site import RefusedCommand
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS
from shared.protocol.session import Problem

__all__ = ["HANDLERS", "PROBLEM_JSON", "RefusedRequest", "problem_of", "problem_response"]

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
_INFOS = ERRORS | API_ERRORS
_GENERAL = {400: "request.malformed", 401: "device.unknown", 404: "route.unknown", 405: "route.method", 413: "request.too_large"}


class RefusedRequest(Exception):
    """A refused request, with the index of the command at fault where a batch has one."""

    def __init__(self, refused: RefusedCommand) -> None:
        super().__init__(str(refused.error))
        self.refused = refused


def problem_of(error: Refused, index: int | None = None) -> Problem:
    """The problem details of a refusal."""
    info = _INFOS[error.code]
    return Problem(
        type=f"urn:comanda:error:{error.code}", title=info.title, status=info.status, detail=error.detail, code=error.code,
        hint=info.hint, facts=dict(error.facts), failed_command=index,
    )  # fmt: skip


def _respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    headers = dict(headers or {}) | ({"retry-after": "1"} if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else {})
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def _on_refused_request(_: Request[Any, Any, Any], error: RefusedRequest) -> Response[bytes]:
    return _respond(problem_of(error.refused.error, error.refused.index))


def _on_refused(_: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    return _respond(problem_of(error))


def _on_too_deep(_: Request[Any, Any, Any], __: RecursionError) -> Response[bytes]:
    return _respond(problem_of(Refused("request.malformed", "The body is nested too deeply.")))


def _on_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What Litestar refuses by itself: routing, decoding, sizes."""
    code = _GENERAL.get(error.status_code, "request.malformed" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "edge.defect")
    extra = error.extra if isinstance(error.extra, list) else []
    detail = "; ".join([error.detail, *(str(each) for each in extra)])
    problem = problem_of(Refused(code, detail))
    return _respond(msgspec.structs.replace(problem, status=error.status_code), error.headers)  # a 405 says what is allowed


def _on_defect(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("defect while answering %s %s", request.method, request.url.path, exc_info=error)
    return _respond(problem_of(Refused("edge.defect", f"{type(error).__name__} while answering; the log of the box has the rest.")))


HANDLERS = {
    RefusedRequest: _on_refused_request,
    Refused: _on_refused,
    HTTPException: _on_http,
    RecursionError: _on_too_deep,
    Exception: _on_defect,
}


def problem_response(request: Request[Any, Any, Any], error: Exception) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """(status, body, headers) of an error, for whoever answers without the framework."""
    handler = next(HANDLERS[cls] for cls in type(error).__mro__ if cls in HANDLERS)
    response = handler(request, error)
    headers = {"content-type": PROBLEM_JSON} | dict(response.headers)
    return response.status_code, response.content, [(name.encode(), value.encode()) for name, value in headers.items()]
