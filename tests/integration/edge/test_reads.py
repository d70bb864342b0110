"""What readers of a running box are told: the house, the kitchen, one check from every side, and the books of a day."""

from typing import Any

import httpx
import pytest

from shared.domain.check import AddLine, OpenCheck, PayCash
from shared.domain.kernel import Command
from shared.domain.kitchen.making import BumpTicket
from tests.integration.edge.till import body_of, order
from tests.support.boxes import new_id


def do(client: httpx.Client, *commands: Command) -> list[dict[str, Any]]:
    """Have them accepted; every event, in order."""
    answer = client.post("/v1/batches", json={"commands": [body_of(each) for each in commands]})
    assert answer.status_code == 200, answer.text
    return [event["event"] for each in answer.json()["answers"] for event in each["events"]]


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_floor_shows_who_sits_where_and_what_they_owe(client: httpx.Client) -> None:
    check_id = new_id()
    do(client, OpenCheck(check_id=check_id, table_id="2", covers=3), AddLine(check_id=check_id, line_id=new_id(), item_id="soup"))
    tab = new_id()
    do(client, OpenCheck(check_id=tab, service="tab", name="Ben"))
    told = get(client, "/v1/tables")
    tables = {each["table"]["id"]: each["checks"] for floor in told["floors"] for each in floor["tables"]}
    mine = next(each for each in tables["2"] if each["check_id"] == check_id)
    assert (mine["covers"], mine["total_minor"], mine["due_minor"], mine["unsent"]) == (3, 650, 650, 1)
    assert tab in {each["check_id"] for each in told["elsewhere"]}


def test_checks_are_found_by_table_service_date_and_status(client: httpx.Client) -> None:
    opened = {name: new_id() for name in ("table", "quick")}
    do(client, OpenCheck(check_id=opened["table"], table_id="1"), OpenCheck(check_id=opened["quick"], service="quick"))

    def found(**params: Any) -> set[str]:
        return {each["check_id"] for each in get(client, "/v1/checks", **params)["checks"]}

    assert opened["table"] in found(table="1")
    assert opened["quick"] not in found(table="1")
    assert opened["quick"] in found(service="quick")
    assert opened["table"] not in found(service="quick")
    assert found(table="nowhere") == found(owner="nobody") == found(status="merged") == set()
    assert found(status="open", business_date="2001-01-01") == set()
    assert len(get(client, "/v1/checks", limit=1)["checks"]) == 1


def test_one_check_from_every_side(client: httpx.Client) -> None:
    commands = order()
    events = do(client, *commands[:4])
    check_id = commands[0].check_id
    kitchen = get(client, f"/v1/checks/{check_id}/kitchen")
    assert [line["state"] for line in kitchen["lines"]] == ["sent", "sent"]
    assert {each["station"] for each in kitchen["tickets"]} == {"kitchen", "bar"}
    ticket = next(event["ticket_id"] for event in events if event["type"] == "TicketCreated" and event["station"] == "kitchen")
    do(client, AddLine(check_id=check_id, line_id=new_id(), item_id="soup"), BumpTicket(ticket_id=ticket))
    assert [line["state"] for line in get(client, f"/v1/checks/{check_id}/kitchen")["lines"]] == ["ready", "sent", "held"]
    assert ticket in {each["ticket_id"] for each in get(client, "/v1/tickets/recent", station="kitchen")["tickets"]}
    assert ticket not in {each["ticket_id"] for each in get(client, "/v1/tickets/recent", station="bar")["tickets"]}
    fire = next(each for each in get(client, "/v1/kitchen/fires")["fires"] if each["check_id"] == check_id)
    assert ([each["station"] for each in fire["tickets"]], fire["is_ready"]) == (["bar"], False)
    wine = next(each for each in get(client, "/v1/kitchen/counts", station="bar")["items"] if each["item_id"] == "wine")
    assert wine["quantity"] >= 1
    assert get(client, f"/v1/checks/{check_id}/bill")["total_minor"] == 2100


def test_the_history_of_a_check_is_told_from_its_end_to_its_beginning_in_pages(client: httpx.Client) -> None:
    commands = order()
    do(client, *commands)
    path = f"/v1/checks/{commands[0].check_id}/history"
    whole = get(client, path)
    types = [entry["event"]["type"] for entry in whole["entries"]]
    assert (types[0], types[-1], whole["before"]) == ("CheckClosed", "CheckOpened", 0)
    assert {"TicketCreated", "PaymentTaken", "LinesSent"} <= set(types), "what the kitchen got of it is part of its history"
    pages, before = list[dict[str, Any]](), 0
    while True:
        page = get(client, path, before=before, limit=3)
        pages += page["entries"]
        before = page["before"]
        if not before:
            break
    assert pages == whole["entries"]
    assert all(entry["device_id"] and entry["at"] and entry["position"] for entry in pages)


def test_a_day_is_told_with_its_tenders_and_taxes(client: httpx.Client) -> None:
    before = get(client, "/v1/sales")
    do(client, *order())
    after = get(client, "/v1/sales")
    assert after["total"]["gross_minor"] - before["total"]["gross_minor"] == 1450

    def cash(told: dict[str, Any]) -> int:
        return next((each["expected_minor"] for each in told["tenders"] if each["tender"] == "cash"), 0)

    assert cash(after) - cash(before) == 1450
    assert sum(each["tax_minor"] for each in after["taxes"]) == after["total"]["tax_minor"]
    assert [day["business_date"] for day in after["days"]] == [get(client, "/v1/status")["business_date"]]


def test_money_on_an_open_check_is_in_the_books_of_the_day_before_the_sale_is(client: httpx.Client) -> None:
    before = get(client, "/v1/sales")["total"]["orders"]
    opening, soup, *_ = order(("soup",))
    do(client, opening, soup, PayCash(check_id=opening.check_id, tendered_minor=100, amount_minor=100))
    told = get(client, "/v1/sales")
    assert told["total"]["orders"] == before
    assert next(each for each in told["tenders"] if each["tender"] == "cash")["count"] >= 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/sales?from_date=2026-03-02&to_date=2026-03-01", (422, "report.reversed")),
        ("/v1/checks/none/kitchen", (404, "check.unknown")),
        ("/v1/checks/none/history", (404, "check.unknown")),
        ("/v1/checks?service=banquet", (400, "request.malformed")),
        ("/v1/checks?table=" + "x" * 65, (400, "request.malformed")),
        ("/v1/tickets?station=" + "x" * 65, (400, "request.malformed")),
    ],
)
def test_what_cannot_be_told_is_refused(client: httpx.Client, path: str, expected: tuple[int, str]) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == expected


def test_a_method_that_a_route_does_not_take_is_told_with_those_that_it_takes(client: httpx.Client) -> None:
    answer = client.delete("/v1/sales")
    assert (answer.status_code, answer.json()["code"]) == (405, "route.method")
    assert "GET" in answer.headers["allow"]
