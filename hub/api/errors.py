"""The codes of the hub's refusals over HTTP: those of its use cases, and those of HTTP itself.

What lives here: a table.
"""

from hub.app.errors import HUB_ERRORS
from shared.domain.errors import ErrorInfo

__all__ = ["API_ERRORS"]

API_ERRORS: dict[str, ErrorInfo] = HUB_ERRORS | {
    "token.missing": ErrorInfo(401, "The request carries no bearer token.", "Send Authorization: Bearer TOKEN; make one: comanda hub token add"),
    "token.unknown": ErrorInfo(401, "The bearer token is not known.", "Make one: comanda hub token add"),
    "request.malformed": ErrorInfo(400, "The request cannot be read.", "Compare it with the OpenAPI document of the hub."),
    "request.too_large": ErrorInfo(413, "The request is larger than the hub takes.", "Send only what the OpenAPI document names."),
    "route.unknown": ErrorInfo(404, "There is no such resource.", "See /docs for what there is."),
    "route.method": ErrorInfo(405, "The resource does not take that method.", "See /docs for what it takes."),
    "hub.defect": ErrorInfo(500, "The hub made a mistake.", "Ask again; report it with the log of the API."),
}  # fmt: skip
