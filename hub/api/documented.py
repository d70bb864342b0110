"""How OpenAPI is told of what the routes answer and take.

What lives here: schemas, descriptions and examples, made of the types themselves. What is answered is said in the routes.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.api.examples import EXAMPLES
from hub.api.wire import ClaimRequest, Organisations, SalesAnswer
from hub.app.checks import CheckPage, CheckReport
from hub.app.claims import ClaimAnswer
from hub.app.kitchen import TicketTimes
from hub.app.overview import Sites, SiteView
from hub.app.sales import TaxesReport, TendersReport
from shared.protocol.session import Problem

__all__ = ["MSGPACK", "binary", "components", "described"]

MSGPACK = "application/msgpack"

_TYPES: Sequence[Any] = (
    CheckPage, CheckReport, ClaimAnswer, ClaimRequest, Organisations, Problem, SalesAnswer, Sites, SiteView, TaxesReport, TendersReport,
    TicketTimes,
)  # fmt: skip
_REF = "#/components/schemas/{name}"


def components() -> dict[str, Any]:
    """The schemas of every wire type, for the OpenAPI document."""
    _, schemas = msgspec.json.schema_components(_TYPES, schema_hook=_anything, ref_template=_REF)
    return dict(schemas)


def _anything(type_: type) -> dict[str, Any]:
    """The schema of `object`, of which msgspec knows none: the facts of a problem may be anything."""
    if type_ is object:
        return {"description": "anything"}
    raise TypeError(f"{type_} has no schema")


def _content(type_: type, media_type: str = "application/json") -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": _REF.format(name=type_.__name__)}}
    if type_ in EXAMPLES:
        content["example"] = msgspec.to_builtins(EXAMPLES[type_])
    return {"content": {media_type: content}}


def described(type_: type, *refusals: int, body: type | None = None) -> dict[str, Any]:
    """Keyword arguments of a route that tell OpenAPI what it answers, and what it takes."""
    responses: dict[int, Any] = {200: {"description": (type_.__doc__ or "").strip() or "Answered.", **_content(type_)}}
    for status in refusals:
        responses[status] = {"description": "Refused; `code` says why.", **_content(Problem, "application/problem+json")}
    extra = {"requestBody": {"required": True, **_content(body)}} if body else None
    return {"responses": responses, "openapi_extra": extra}


def binary(type_: type, *refusals: int) -> dict[str, Any]:
    """The same for a route that takes and answers MessagePack, whose fields docs/protocol.md tells."""
    blob = {"content": {MSGPACK: {"schema": {"type": "string", "format": "binary"}}}}
    told = described(type_, *refusals)
    told["responses"][200] = {"description": (type_.__doc__ or "").strip(), **blob}
    return told | {"openapi_extra": {"requestBody": {"required": True, **blob}}}
