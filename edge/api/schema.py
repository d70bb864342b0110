"""Schemas of the wire types for the OpenAPI document, made from the types that decode and encode them.

What lives here: a plugin of Litestar's that turns every msgspec Struct into a component of its own, by its name, with its docstring and
the words of its fields. References make recursive types safe. What routes there are is not known here.
"""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
from litestar.openapi.spec import Discriminator, OpenAPIFormat, OpenAPIType, Reference, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import inspect

from edge.api.hub_commands import HubCommand, HubCommands
from edge.api.words import word_for
from shared.domain.adopting import OrphanedEntry
from shared.domain.kernel import Command, Event
from shared.domain.registry import COMMANDS, EVENTS, FEATURES
from shared.domain.text import Id, ShortId
from shared.protocol.entry import Entry
from shared.protocol.session import Batch, ChangesFrame, FeedEntry, HandIn, SnapshotFrame, Submit

__all__ = ["WireTypes"]

# What stays raw in Python, and what it holds. Elsewhere a raw value is an event.
_RAW: dict[tuple[type, str], type] = {
    (Submit, "command"): Command, (HubCommand, "command"): Command, (FeedEntry, "entry"): Entry,
}  # fmt: skip
_OPAQUE = {(OrphanedEntry, "entry")}  # carried on as it is: who takes it looks for himself what it says
_UNIONS: dict[type, tuple[dict[str, type], str]] = {
    Command: ({**COMMANDS}, "One of the commands; `type` names it."),
    Event: ({**EVENTS}, "One of the events; `type` names it. A newer box may tell of others: pass them over."),
}
# What no route's signature names, since it is read raw or sent over the WebSocket.
_ROOTS = (Submit, Batch, HandIn, HubCommands, SnapshotFrame, ChangesFrame)


_ID_WORDS = tuple(meta.description for each in (Id, ShortId) for meta in get_args(each)[1:])
_LOCAL = "without a zone"  # JSON Schema has no format for the time of a place; its date-time carries a zone
_PERMISSIONS = {cls: permission for feature in FEATURES for cls, (permission, _) in feature.deciders.items()}


class WireTypes(OpenAPISchemaPlugin):
    """Describes Structs as msgspec reads and writes them, the raw ones by what they hold; `examples` are by the name of a component."""

    def __init__(self, examples: Callable[[str], list[Any]] = lambda _: []) -> None:
        self._examples = examples

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(msgspec.Struct)

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return isinstance(value, type) and issubclass(value, msgspec.Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """The component of a Struct. It is registered before its fields are looked at, so that a type may refer to itself."""
        schema: Schema = schema_creator.schema_registry.get_schema_for_field_definition(field_definition)
        cls: type[msgspec.Struct] = field_definition.annotation
        schema.title, schema.type = cls.__name__, OpenAPIType.OBJECT
        if cls in _UNIONS:
            _fill_union(schema, schema_creator, *_UNIONS[cls])
        else:
            self._fill(schema, cls, schema_creator)
        for root in _ROOTS:
            _reference(root, schema_creator)
        return schema

    def _fill(self, schema: Schema, cls: type[msgspec.Struct], creator: Any) -> None:
        info = inspect.type_info(cls)
        assert isinstance(info, inspect.StructType)
        text = (cls.__doc__ or "").strip()
        schema.description = " ".join(text.split()) if text and not text.startswith(f"{cls.__name__}(") else None
        if issubclass(cls, Command):
            schema.description = f"{schema.description} Needs the permission `{_PERMISSIONS[cls]}`."
        schema.properties, schema.required = {}, []
        if info.tag_field is not None:
            schema.properties[info.tag_field] = Schema(type=OpenAPIType.STRING, enum=[info.tag], description="What kind of object this is.")
            schema.required.append(info.tag_field)
        for field in info.fields:
            schema.properties[field.encode_name] = _field(cls, field, creator)
            if field.required:
                schema.required.append(field.encode_name)
        if info.forbid_unknown_fields:
            schema.additional_properties = False
        schema.examples = self._examples(cls.__name__) or None


def _reference(cls: type, creator: Any) -> Reference | Schema:
    return creator.for_field_definition(FieldDefinition.from_annotation(cls))


def _fill_union(schema: Schema, creator: Any, members: dict[str, type], text: str) -> None:
    schema.description = text
    schema.one_of = [_reference(cls, creator) for cls in members.values()]
    mapping = {name: f"#/components/schemas/{name}" for name in members}
    schema.discriminator = Discriminator(property_name="type", mapping=mapping)


def _field(cls: type[msgspec.Struct], field: inspect.Field, creator: Any) -> Schema | Reference:
    """A field with what it means: the words of this document, then those of its type."""
    kind, said = field.type, ""
    while isinstance(kind, inspect.Metadata):
        said = said or (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    if (cls, field.name) in _OPAQUE:
        schema = Schema(type=OpenAPIType.OBJECT)
    elif isinstance(kind, inspect.RawType):
        schema = _reference(_RAW.get((cls, field.name), Event), creator)
    else:
        schema = _schema(kind, creator)
    word = word_for(cls, field.name)
    schema.description = (f"{word}; {said}" if word and said in _ID_WORDS else said or word) or None
    if isinstance(schema, Schema) and said == _ID_WORDS[0]:
        schema.format = OpenAPIFormat.UUID
    if isinstance(schema, Schema) and _LOCAL in (schema.description or ""):
        for each in (schema, *(schema.any_of or ())):
            if isinstance(each, Schema):
                each.format = None
    if isinstance(schema, Schema) and isinstance(field.default, str | int | float | bool):
        schema.default = field.default
    return schema


def _schema(kind: inspect.Type, creator: Any) -> Schema | Reference:
    """The schema of a type as msgspec inspects it. Raises KeyError for one that has none yet: teach _FORMS."""
    return _FORMS[type(kind)](kind, creator)


def _custom(kind: Any, creator: Any) -> Schema:
    if kind.cls is not object:
        raise TypeError(f"{kind.cls} has no schema")
    return Schema()


# By the type's type; what each is given is (type, schema creator).
_FORMS: dict[type[inspect.Type], Callable[[Any, Any], Schema | Reference]] = {
    inspect.Metadata: lambda kind, creator: _schema(kind.type, creator),
    inspect.StructType: lambda kind, creator: _reference(kind.cls, creator),
    inspect.EnumType: lambda kind, creator: _reference(kind.cls, creator),
    inspect.RawType: lambda kind, creator: _reference(Event, creator),
    inspect.UnionType: lambda kind, creator: Schema(any_of=[_schema(each, creator) for each in kind.types]),
    inspect.LiteralType: lambda kind, creator: Schema(type=OpenAPIType.STRING, enum=list(kind.values)),
    inspect.StrType: lambda kind, creator: Schema(
        type=OpenAPIType.STRING, min_length=kind.min_length, max_length=kind.max_length, pattern=kind.pattern
    ),
    inspect.IntType: lambda kind, creator: Schema(
        type=OpenAPIType.INTEGER, minimum=kind.ge, maximum=kind.le, exclusive_minimum=kind.gt, exclusive_maximum=kind.lt
    ),
    inspect.VarTupleType: lambda kind, creator: Schema(
        type=OpenAPIType.ARRAY, items=_schema(kind.item_type, creator), min_items=kind.min_length, max_items=kind.max_length
    ),
    inspect.DictType: lambda kind, creator: Schema(
        type=OpenAPIType.OBJECT, additional_properties=_schema(kind.value_type, creator), max_properties=kind.max_length
    ),
    inspect.BoolType: lambda kind, creator: Schema(type=OpenAPIType.BOOLEAN),
    inspect.FloatType: lambda kind, creator: Schema(type=OpenAPIType.NUMBER),
    inspect.NoneType: lambda kind, creator: Schema(type=OpenAPIType.NULL),
    inspect.DateTimeType: lambda kind, creator: Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
    inspect.AnyType: lambda kind, creator: Schema(),
    inspect.CustomType: _custom,
}
