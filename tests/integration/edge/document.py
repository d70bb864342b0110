"""The OpenAPI document of the edge, as schemathesis holds a running box against it."""

from types import SimpleNamespace
from typing import Any

import msgspec
import schemathesis

from edge.api.app import create_app
from edge.settings import EdgeSettings

__all__ = ["API", "DOCUMENT"]

_APP = create_app(SimpleNamespace(settings=EdgeSettings()))  # type: ignore[arg-type] - only its settings are asked for

DOCUMENT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(_APP.openapi_schema.to_schema()))
API = schemathesis.openapi.from_dict(DOCUMENT)
