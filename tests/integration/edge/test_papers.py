"""Bills and receipts over the API of a running box."""

import httpx

from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.check.billing import ShowBill
from tests.integration.edge.till import body_of
from tests.support.boxes import new_id


def test_a_guest_is_shown_a_bill_and_handed_a_receipt(client: httpx.Client) -> None:
    check_id = new_id()
    ordered = [
        OpenCheck(check_id=check_id, table_id="1"),
        AddLine(check_id=check_id, line_id=new_id(), item_id="soup"),
        AddLine(check_id=check_id, line_id=new_id(), item_id="soup"),
        SendCheck(check_id=check_id),
        ShowBill(check_id=check_id),
    ]
    client.post("/v1/batches", json={"commands": [body_of(command) for command in ordered]}).raise_for_status()
    bill = client.get(f"/v1/checks/{check_id}/bill").json()
    assert [(line["name"], line["quantity"], line["amount_minor"]) for line in bill["lines"]] == [("Soup", 2, 1300)]
    assert (bill["due_minor"], bill["due_cash_minor"], bill["count"], bill["outdated"]) == (1300, 1300, 1, False)
    answer = client.get(f"/v1/checks/{check_id}/receipt")
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt.not_closed")
    paid = [PayCash(check_id=check_id, tendered_minor=1500), CloseCheck(check_id=check_id)]
    client.post("/v1/batches", json={"commands": [body_of(command) for command in paid]}).raise_for_status()
    receipt = client.get(f"/v1/checks/{check_id}/receipt").json()
    assert receipt["receipt_number"].startswith("1-")
    assert [(each["amount_minor"], each["change_minor"]) for each in receipt["payments"]] == [(1300, 200)]


def test_there_is_no_paper_of_a_check_that_nobody_opened(client: httpx.Client) -> None:
    for paper in ("bill", "receipt"):
        answer = client.get(f"/v1/checks/{new_id()}/{paper}")
        assert (answer.status_code, answer.json()["code"]) == (404, "check.unknown")
