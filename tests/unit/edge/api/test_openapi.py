"""The OpenAPI document: every command, event and answer is there, explained, with examples that are true."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from edge.api.app import create_app
from edge.api.errors import API_ERRORS
from edge.api.example_answers import EXAMPLE_MENU, answer_examples
from edge.api.examples import BATCH, COMMAND_EXAMPLES, SUBMIT
from edge.api.hub_commands import HubCommands
from edge.api.words import WORDS
from edge.settings import EdgeSettings
from shared.domain.ids import is_id
from shared.domain.menu import Menu, menu_problems
from shared.domain.registry import COMMANDS, ERRORS, EVENTS, FEATURES, decode_command
from shared.domain.views import CheckView
from shared.protocol.session import Batch, HandIn, Submit

PLAIN = {"type", "name", "units"}
"""Fields whose names say it all."""


@cache
def document() -> dict[str, Any]:
    app = create_app(SimpleNamespace(settings=EdgeSettings()))  # type: ignore[arg-type] - only its settings are asked for
    return msgspec.json.decode(msgspec.json.encode(app.openapi_schema.to_schema()))


def component(name: str) -> dict[str, Any]:
    return document()["components"]["schemas"][name]


def references(node: Any) -> set[str]:
    """Every component that is referred to anywhere below."""
    if isinstance(node, dict):
        own = {node["$ref"].rsplit("/", 1)[1]} if isinstance(node.get("$ref"), str) else set[str]()
        return own.union(*(references(each) for each in node.values()))
    return set[str]().union(*(references(each) for each in node)) if isinstance(node, list) else set()


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, item in document()["paths"].items() for method, told in item.items() if isinstance(told, dict)]


# --- commands and events -------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_a_component_of_its_own_with_words_permission_and_example(name: str) -> None:
    told = component(name)
    assert told["title"] == name
    permission = next(feature.deciders[COMMANDS[name]][0] for feature in FEATURES if COMMANDS[name] in feature.deciders)
    assert told["description"].endswith(f"Needs the permission `{permission}`.")
    assert len(told["description"]) > 40
    assert told["properties"]["type"]["enum"] == [name]
    assert told["additionalProperties"] is False
    assert told["examples"] == [COMMAND_EXAMPLES[name]]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_field_of_a_command_is_explained(name: str) -> None:
    seen, waiting = set[str](), [name]
    while waiting:
        each = waiting.pop()
        seen.add(each)
        fields = component(each).get("properties", {})
        unexplained = [field for field, told in fields.items() if field not in PLAIN and not told.get("description")]
        assert not unexplained, f"say what these of {each} mean, in their type or in edge/api/words.py: {unexplained}"
        waiting += references(component(each)) - seen


def test_the_body_of_a_command_names_all_of_them_and_shows_each() -> None:
    assert references(component("Command")) == set(COMMANDS)
    assert set(component("Command")["discriminator"]["mapping"]) == set(COMMANDS)
    body = document()["paths"]["/v1/commands"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Submit"}
    assert component("Submit")["properties"]["command"]["$ref"] == "#/components/schemas/Command"
    assert set(body["examples"]) == set(COMMANDS)


@pytest.mark.parametrize(("path", "name"), [("/v1/hand-in", "HandIn"), ("/v1/hub-commands", "HubCommands")])
def test_a_body_that_stays_raw_is_told_all_the_same(path: str, name: str) -> None:
    body = document()["paths"][path]["post"]["requestBody"]
    assert body["required"]
    content = body["content"]["application/json"]
    assert content["schema"] == {"$ref": f"#/components/schemas/{name}"}
    [example] = content["examples"].values()
    read = msgspec.json.decode(msgspec.json.encode(example["value"]), type={"HandIn": HandIn, "HubCommands": HubCommands}[name])
    assert len(read.commands) == 1
    fields = {f"{each}.{field}": told for each in component_and_items(name) for field, told in component(each)["properties"].items()}
    assert [field for field, told in fields.items() if not told.get("description") and "$ref" not in told] == []


def component_and_items(name: str) -> set[str]:
    return {name} | {each for each in references(component(name)) if component(each)["title"] in ("HeldCommand", "HubCommand")}


def test_a_type_that_holds_itself_is_told_by_reference() -> None:
    assert component("ChosenModifier")["properties"]["modifiers"]["items"] == {"$ref": "#/components/schemas/ChosenModifier"}


def test_every_event_is_a_component_of_its_own() -> None:
    assert references(component("Event")) == set(EVENTS)
    for name in EVENTS:
        assert component(name)["title"] == name
        assert component(name)["properties"]["type"]["enum"] == [name]
    assert component("AcceptedEvent")["properties"]["event"]["$ref"] == "#/components/schemas/Event"
    assert component("Entry")["properties"]["event"]["$ref"] == "#/components/schemas/Event"


def test_every_reference_leads_somewhere_and_no_word_is_left_over() -> None:
    assert references(document()) <= set(document()["components"]["schemas"])
    fields = {field for told in document()["components"]["schemas"].values() for field in told.get("properties", {})}
    left = [word for word in WORDS if word.rpartition(".")[2] not in fields]
    assert not left, f"edge/api/words.py explains what is nowhere: {left}"


# --- examples are true ---------------------------------------------------------------------------


def test_there_is_an_example_of_every_command_and_of_none_that_is_gone() -> None:
    assert set(COMMAND_EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMAND_EXAMPLES))
def test_an_example_is_a_command_that_the_box_can_read(name: str) -> None:
    command = decode_command(msgspec.json.encode(COMMAND_EXAMPLES[name]))
    assert type(command).__name__ == name
    submit = msgspec.json.decode(msgspec.json.encode(SUBMIT[name]), type=Submit)
    assert is_id(submit.id)


def test_ids_of_examples_are_canonical() -> None:
    def ids(node: Any, key: str = "") -> list[str]:
        if isinstance(node, dict):
            return [found for name, each in node.items() for found in ids(each, name)]
        if isinstance(node, list | tuple):
            return [found for each in node for found in ids(each, key)]
        return [node] if key in {"check_id", "line_id", "ticket_id", "payment_id", "into", "check_ids", "ticket_ids", "discount_id"} else []

    assert all(is_id(each) for each in ids(COMMAND_EXAMPLES))


def test_a_whole_table_is_ordered_in_one_round_trip() -> None:
    """The example is no promise on paper: the document's answers to it were made by playing it."""
    batch = msgspec.json.decode(msgspec.json.encode(BATCH), type=Batch)
    types = [decode_command(each.command).__class__.__name__ for each in batch.commands]
    assert types == ["OpenCheck", "AddLine", "AddLine", "AddLine", "SendCheck"]
    body = document()["paths"]["/v1/batches"]["post"]["requestBody"]["content"]["application/json"]
    assert [each["value"] for each in body["examples"].values()] == [BATCH]
    [check] = answer_examples("CheckView")
    assert msgspec.convert(check, CheckView).total_minor > 0
    assert {line["status"] for line in check["lines"]} == {"sent"}
    assert len(check["lines"]) == 4, "two lines and a combo of two"
    [answer] = answer_examples("BatchAccepted")
    assert len(answer["answers"]) == len(types)


def test_the_menu_of_the_examples_is_one() -> None:
    assert menu_problems(msgspec.convert(EXAMPLE_MENU, Menu)) == []


# --- answers and refusals ------------------------------------------------------------------------


def test_every_operation_has_a_summary_a_description_and_refusals_as_problem_details() -> None:
    for path, method, told in operations():
        assert told["summary"], path
        if not path.startswith("/v1/"):
            continue
        assert len(told.get("description", "")) > 20, f"{method} {path} does not say what it does"
        refused = {status: answer for status, answer in told["responses"].items() if not status.startswith("2")}
        assert {"400", "401", "403", "500"} <= set(refused), path
        for answer in refused.values():
            content = answer["content"]
            assert set(content) == {"application/problem+json"}, path
            assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["application/problem+json"]["examples"], path


def test_every_parameter_is_explained() -> None:
    for path, _, told in operations():
        for parameter in told.get("parameters", []):
            if parameter["in"] == "query":
                assert parameter.get("description"), f"{path}: {parameter['name']}"


def test_the_commands_name_every_code_by_which_they_may_be_refused() -> None:
    told = str(document()["paths"]["/v1/commands"]["post"]["responses"])
    assert [code for code in ERRORS if f"`{code}`" not in told] == []


def test_every_code_of_the_api_is_told_somewhere_in_the_document() -> None:
    told = str(document()["paths"])
    anywhere = {"route.unknown", "route.method"}
    websocket_only = {"feed.unknown_view"}
    assert [code for code in API_ERRORS if f"`{code}`" not in told and code not in anywhere | websocket_only] == []


@pytest.mark.parametrize("name", ["Accepted", "BatchAccepted", "CheckView", "Ticket", "ChangesFrame"])
def test_the_chief_answers_have_examples(name: str) -> None:
    assert component(name)["examples"]


def test_answers_are_components_with_words() -> None:
    answers = {
        name
        for path, _, told in operations()
        if path.startswith("/v1/")
        for name in references([answer for status, answer in told["responses"].items() if status.startswith("2")])
    }
    assert {"Accepted", "CheckView", "Checks", "Tickets", "SalesAnswer", "Status"} <= answers
    assert [name for name in sorted(answers) if not component(name).get("description")] == []
