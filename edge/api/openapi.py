"""What the OpenAPI document says that no signature tells: bodies that stay raw in Python, and refusals.

What lives here: documentation made from the wire types and the tables of errors. Nothing here decides or decodes anything.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIType, Operation, Reference, RequestBody, Schema

from edge.api.errors import API_ERRORS
from edge.api.example_answers import EXAMPLE_MENU, answer_examples
from edge.api.examples import BATCH, COMMAND_EXAMPLES, SUBMIT
from edge.api.problems import PROBLEM_JSON, problem_of
from shared.domain.errors import Refused
from shared.domain.registry import ERRORS
from shared.protocol.session import Problem

__all__ = [
    "BatchOperation", "HandInOperation", "HubCommandsOperation", "MenuOperation", "SubmitOperation", "WRITES", "examples_of", "kept",
    "refusals",
]  # fmt: skip

_OK = 200
_EXAMPLES_MAX = 6  # refusals of one status that are shown in full; all are named


def examples_of(name: str) -> list[Any]:
    """The examples of a component by its name."""
    return [COMMAND_EXAMPLES[name]] if name in COMMAND_EXAMPLES else answer_examples(name)


def _component(name: str) -> Reference:
    return Reference(f"#/components/schemas/{name}")


def _body(schema: str, examples: dict[str, Example]) -> RequestBody:
    return RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema=_component(schema), examples={**examples})})


@dataclass
class SubmitOperation(Operation):
    """`POST /v1/commands`."""

    def __post_init__(self) -> None:
        self.request_body = _body("Submit", {name: Example(summary=name, value=body) for name, body in SUBMIT.items()})


@dataclass
class BatchOperation(Operation):
    """`POST /v1/batches`."""

    def __post_init__(self) -> None:
        summary = "A whole table's order in one round trip: open, three lines with modifiers and a combo, send"
        self.request_body = _body("Batch", {"table": Example(summary=summary, value=BATCH)})


@dataclass
class HandInOperation(Operation):
    """`POST /v1/hand-in`."""

    def __post_init__(self) -> None:
        held = {"submit": SUBMIT["OpenCheck"], "position": f"1.12.{'5f' * 32}", "at": "2026-03-02T12:00:00Z", "business_date": "2026-03-02"}
        example = Example(summary="What one tablet still holds", value={"commands": [held], "is_last": True})
        self.request_body = _body("HandIn", {"held": example})


@dataclass
class HubCommandsOperation(Operation):
    """`POST /v1/hub-commands`."""

    def __post_init__(self) -> None:
        carried = {"id": SUBMIT["AdoptOrphan"]["id"], "command": COMMAND_EXAMPLES["AdoptOrphan"], "expires_at_ms": 1_772_449_200_000}
        self.request_body = _body("HubCommands", {"adopt": Example(summary="An orphan is adopted", value={"commands": [carried]})})


@dataclass
class MenuOperation(Operation):
    """`PUT /v1/menu`."""

    def __post_init__(self) -> None:
        rows = "id,name,category,price,station,taxes\nsoup,Soup of the day,Starters,6.50,kitchen,food=7% incl\n"
        sheet = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, description="See docs/menu.md."), example=rows)
        self.request_body = _body("Menu", {"menu": Example(summary="A small menu", value=EXAMPLE_MENU)})
        self.request_body.content["text/csv"] = sheet


# What every route may answer, whatever it does.
_ANYWHERE = ("request.malformed", "device.unknown", "request.foreign_origin", "edge.defect")


WRITES = ("storage.full", "storage.unavailable", "commit.unknown", "edge.busy", "edge.stopping")
"""What a route that asks the writer may answer beside."""


def refusals(*codes: str) -> dict[int, ResponseSpec]:
    """The `responses` of a route that refuses with these codes, beside those that any route has: problem documents (RFC 9457)."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    infos = ERRORS | API_ERRORS
    for code in dict.fromkeys((*_ANYWHERE, *codes)):
        by_status[infos[code].status].append(code)
    return {status: _refusal(found) for status, found in sorted(by_status.items())}


def _refusal(codes: list[str]) -> ResponseSpec:
    infos = ERRORS | API_ERRORS
    shown = [
        Example(id=code, summary=infos[code].title, value=msgspec.to_builtins(problem_of(Refused(code, "What it was in this case."))))
        for code in codes[:_EXAMPLES_MAX]
    ]
    named = ", ".join(f"`{code}`" for code in codes)
    return ResponseSpec(
        data_container=Problem, generate_examples=False, media_type=PROBLEM_JSON, description=f"Refused: {named}.", examples=shown
    )  # fmt: skip


def kept(cls: type, text: str, media_type: str = "application/json") -> dict[int, ResponseSpec]:
    """The `responses` of a route that answers with the bytes of a document, as they are kept."""
    return {_OK: ResponseSpec(data_container=cls, generate_examples=False, media_type=media_type, description=text)}
