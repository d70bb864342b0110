"""What the OpenAPI document says of bodies that stay raw in Python: commands and events.

What lives here: documentation made from the wire types. Nothing here decides or decodes anything.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.plugins import OpenAPISchemaPlugin

from shared.domain.menu import Menu
from shared.domain.registry import COMMANDS
from shared.limits import BATCH_COMMANDS_MAX

__all__ = ["BatchOperation", "MenuOperation", "RawSchema", "SubmitOperation"]

_ID = "0197f2c4-8a00-7000-8000-00000000000"
_EXAMPLE = {"id": f"{_ID}1", "command": {"type": "OpenCheck", "check_id": f"{_ID}2", "table_id": "12", "covers": 2}}
_MENU = {
    "name": "Lunch",
    "currency": "EUR",
    "taxes": [{"id": "food", "name": "VAT 7 %", "rate": "7%", "inclusive": True}],
    "items": [{"id": "soup", "name": "Soup of the day", "category": "Starters", "price_minor": 650, "tax_ids": ["food"]}],
}
# msgspec's JSON Schema words, and what Litestar's Schema class calls them.
_WORDS = {
    "minLength": "min_length", "maxLength": "max_length", "minItems": "min_items", "maxItems": "max_items", "enum": "enum", "format": "format",
    "minimum": "minimum", "maximum": "maximum", "exclusiveMinimum": "exclusive_minimum", "exclusiveMaximum": "exclusive_maximum",
    "description": "description", "title": "title", "default": "default", "pattern": "pattern", "required": "required",
    "additionalProperties": "additional_properties",
}  # fmt: skip


def _schema(spec: dict[str, Any], parts: dict[str, Any]) -> Schema:
    """A JSON schema as msgspec makes it, as Litestar's object; references are put in place, since no command is recursive."""
    if "$ref" in spec:
        return _schema(parts[spec["$ref"].rsplit("/", 1)[1]], parts)
    known: dict[str, Any] = {ours: spec[word] for word, ours in _WORDS.items() if word in spec}
    if "type" in spec:
        known["type"] = OpenAPIType(spec["type"])
    if "items" in spec and isinstance(spec["items"], dict):
        known["items"] = _schema(spec["items"], parts)
    if "anyOf" in spec:
        known["one_of"] = [_schema(each, parts) for each in spec["anyOf"]]
    if "properties" in spec:
        known["properties"] = {name: _schema(each, parts) for name, each in spec["properties"].items()}
    return Schema(**known)


def _command_schema() -> Schema:
    (specs, parts) = msgspec.json.schema_components(list(COMMANDS.values()))
    return Schema(one_of=[_schema(spec, parts) for spec in specs], description="One of the commands; `type` names it.")


def _submit_schema() -> Schema:
    identity = Schema(
        type=OpenAPIType.STRING, format=OpenAPIFormat.UUID, description="Made by the device, once, and kept until it is answered."
    )
    return Schema(
        type=OpenAPIType.OBJECT,
        required=["id", "command"],
        properties={"id": identity, "command": _command_schema(), "actor_id": Schema(type=OpenAPIType.STRING)},
        additional_properties=False,
    )


def _body(schema: Schema, example: dict[str, Any]) -> RequestBody:
    return RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema=schema, example=example)})


@dataclass
class SubmitOperation(Operation):
    """`POST /v1/commands`."""

    def __post_init__(self) -> None:
        self.request_body = _body(_submit_schema(), _EXAMPLE)


@dataclass
class BatchOperation(Operation):
    """`POST /v1/batches`."""

    def __post_init__(self) -> None:
        commands = Schema(type=OpenAPIType.ARRAY, items=_submit_schema(), min_items=1, max_items=BATCH_COMMANDS_MAX)
        schema = Schema(type=OpenAPIType.OBJECT, required=["commands"], properties={"commands": commands}, additional_properties=False)
        self.request_body = _body(schema, {"commands": [_EXAMPLE]})


@dataclass
class MenuOperation(Operation):
    """`PUT /v1/menu`."""

    def __post_init__(self) -> None:
        (spec,), parts = msgspec.json.schema_components([Menu])
        example = "id,name,category,price,station,taxes\nsoup,Soup of the day,Starters,6.50,kitchen,food=7% incl\n"
        self.request_body = RequestBody(
            required=True,
            content={
                "application/json": OpenAPIMediaType(schema=_schema(spec, parts), example=_MENU),
                "text/csv": OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, description="See docs/menu.md."), example=example),
            },
        )


class RawSchema(OpenAPISchemaPlugin):
    """`msgspec.Raw` in an answer is an event: an object with its type's name."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return value is msgspec.Raw

    def to_openapi_schema(self, field_definition: Any, schema_creator: Any) -> Schema:
        name = Schema(type=OpenAPIType.STRING, description="The name of the event.")
        return Schema(type=OpenAPIType.OBJECT, required=["type"], properties={"type": name})
