"""Cards over the API of a running box, which reaches no card network yet."""

from typing import Any

import httpx

from shared.domain.check import AddLine, OpenCheck, PayCash, SendCheck
from shared.limits import CARD_REFUSAL_S
from tests.integration.edge.till import body_of
from tests.support.boxes import new_id


def a_table(client: httpx.Client) -> str:
    """A check of two soups (13.00) in the kitchen."""
    check_id = new_id()
    commands = [
        OpenCheck(check_id=check_id, table_id="1"),
        AddLine(check_id=check_id, line_id=new_id(), item_id="soup", quantity=2),
        SendCheck(check_id=check_id),
    ]
    answer = client.post("/v1/batches", json={"commands": [body_of(command) for command in commands]})
    assert answer.status_code == 200, answer.text
    return check_id


def card(check_id: str, amount: int = 1300, **fields: Any) -> dict[str, Any]:
    return {"id": new_id(), "check_id": check_id, "amount_minor": amount} | fields


def test_a_card_is_refused_in_time_and_the_waiter_is_told_what_else_there_is(client: httpx.Client) -> None:
    """Law 7: what cannot says so within two seconds, and offers what can."""
    check_id = a_table(client)
    for path in ("/v1/card-payments", "/v1/card-authorizations"):
        answer = client.post(path, json=card(check_id), timeout=CARD_REFUSAL_S)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "card.offline")
        assert problem["facts"]["check_id"] == check_id
        assert [(each["act"], each.get("tender")) for each in problem["facts"]["instead"]] == [
            ("PayCash", "cash"), ("Pay", "external"), ("keep_open", None),
        ]  # fmt: skip
    view = client.get(f"/v1/checks/{check_id}").json()
    assert (view["payments"], view["authorization"], view["due_minor"]) == ([], None, 1300)


def test_what_the_check_does_not_take_is_refused_with_the_state_it_is_in(client: httpx.Client) -> None:
    check_id = a_table(client)
    client.post("/v1/commands", json=body_of(PayCash(check_id=check_id, tendered_minor=1000, amount_minor=1000))).raise_for_status()
    answer = client.post("/v1/card-payments", json=card(check_id))
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["facts"]["due_minor"]) == (409, "payment.exceeds_due", 300)
    assert problem["facts"]["current"]["paid_minor"] == 1000


def test_nothing_is_let_go_or_given_back_that_is_not_there(client: httpx.Client, box: httpx.Client) -> None:
    check_id = a_table(client)
    answer = client.post("/v1/card-releases", json={"id": new_id(), "check_id": check_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "tab.not_authorized")
    refund = {"type": "RefundAmount", "check_id": check_id, "reason": "cold"}
    for asks, code in ((client, "check.still_open"), (box, "check.still_open")):
        answer = asks.post("/v1/card-refunds", json={"id": new_id(), "refund": refund})
        assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_what_is_no_request_is_refused_as_such(client: httpx.Client) -> None:
    check_id = a_table(client)
    for wrong in ({"amount_minor": 0}, {"id": "x"}, {"tip_minor": -1}, {"tips": 1}):
        answer = client.post("/v1/card-payments", json=card(check_id) | wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed"), wrong
    answer = client.post("/v1/card-payments", json=card(check_id) | {"id": new_id().upper()})
    assert (answer.status_code, answer.json()["code"]) == (422, "id.malformed")


def test_the_routes_are_described_with_examples(client: httpx.Client) -> None:
    document = client.get("/schema/openapi.json").json()
    for path in ("/v1/card-payments", "/v1/card-authorizations", "/v1/card-releases", "/v1/card-refunds"):
        said = document["paths"][path]["post"]
        assert said["description"]
        assert said["requestBody"]["content"]["application/json"]["examples"]["card"]["value"]["id"]
        assert "503" in said["responses"]
