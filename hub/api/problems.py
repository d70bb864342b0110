"""Refusals as problem details (RFC 9457).

What lives here: every way in which a request can fail, turned into one shape with a stable code and a hint. What is refused,
and why, is decided elsewhere.
"""

import logging
from collections.abc import Mapping

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from hub.api.errors import API_ERRORS
from hub.app.errors import HubRefused
from shared.protocol.session import Problem

__all__ = ["PROBLEM_JSON", "install", "problem_of"]

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
_HTTP_CODES = {401: "token.missing", 404: "route.unknown", 405: "route.method", 413: "request.too_large"}
_RETRY_AFTER_S = {503: "2"}


def problem_of(code: str, detail: str) -> Problem:
    """The problem details of a code of API_ERRORS."""
    info = API_ERRORS[code]
    return Problem(
        type=f"urn:comanda:error:{code}", title=info.title, status=info.status, detail=detail, code=code, hint=info.hint
    )  # fmt: skip


def _respond(code: str, detail: str, given: Mapping[str, str] | None = None) -> Response:
    """The answer, with the headers that HTTP asks for beside those `given`."""
    problem = problem_of(code, detail)
    headers = dict(given or {})
    if problem.status in _RETRY_AFTER_S:
        headers["retry-after"] = _RETRY_AFTER_S[problem.status]
    if problem.status == 401:  # RFC 9110 asks for the challenge
        headers["www-authenticate"] = "Bearer"
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


async def _on_refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HubRefused)
    if API_ERRORS[error.code].status >= 500:  # the names of databases and the words of Postgres are for the log
        log.warning("%s: %s", error.code, error.detail)
        return _respond(error.code, API_ERRORS[error.code].title)
    return _respond(error.code, error.detail)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    places = "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors())
    return _respond("request.malformed", places)


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _respond(_HTTP_CODES.get(error.status_code, "request.malformed"), str(error.detail), error.headers)


async def _on_defect(request: Request, error: Exception) -> Response:
    log.error("defect while answering %s %s", request.method, request.url.path, exc_info=error)
    return _respond("hub.defect", f"{type(error).__name__} while answering; the log of the API has the rest.")


def install(app: FastAPI) -> None:
    """Let every failure of `app` be answered with problem details."""
    app.add_exception_handler(HubRefused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_defect)
