"""The two apps in a real browser against a real box: a table is served, and a tablet loses the box."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, Route, expect

from tests.support.programs import EdgeBox
from tests.support.proxy import ThreadedProxy
from tests.ui.hands import Checks, OpenPage, add, seat

FOUND_OUT_MS = 20_000  # until a screen has noticed that packets no longer pass, and until it is back


def sent(check: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(line["name"], line["quantity"], line["status"]) for line in check["lines"]]


def test_a_table_orders_the_kitchen_cooks_and_the_guests_pay_cash(box: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos, kds = open_page(f"{box.url}/pos/"), open_page(f"{box.url}/kds/")
    expect(kds.get_by_text("All done")).to_be_visible()
    seat(pos, "3", "2 guests")
    add(pos, "Lentil soup")
    choose_salad(pos)
    add(pos, "Mint tea")
    expect(pos.get_by_role("button", name="Change Mint tea")).to_be_visible()
    pos.get_by_role("button", name="Change Mint tea").click()
    pos.get_by_role("button", name="Void line").click()
    expect(pos.get_by_text("1 line voided")).to_be_visible()

    pos.get_by_role("button", name="Send 2 lines").click()
    expect(pos.get_by_text("In the kitchen")).to_have_count(2)
    ticket = kds.get_by_role("button", name="Bump ticket 1, Table 3")
    expect(ticket).to_contain_text(re.compile("Lentil soup.*2.*Garden salad.*Large.*Feta.*no onions", re.DOTALL))
    expect(kds.get_by_label("All day")).to_contain_text("2 Garden salad")
    ticket.dblclick()
    expect(kds.get_by_text("All done")).to_be_visible()

    # (650 + 2 x (900 + 300 + 150)) x 1.08875, worked out by the box alone
    expect(pos.get_by_text("$36.47")).to_be_visible()
    pos.get_by_role("button", name="Pay").click()
    pos.get_by_role("button", name="$40.00").click()
    expect(pos.get_by_text("Change due")).to_be_visible()
    expect(pos.get_by_text("$3.53")).to_be_visible()
    pos.get_by_role("button", name="Close check").click()
    expect(pos.get_by_text("No open checks")).to_be_visible()

    assert checks("open") == []
    [check] = checks("closed")
    assert (check["total_minor"], check["paid_minor"], check["covers"], check["table_id"]) == (3647, 3647, 2, "3")
    assert sent(check) == [("Lentil soup", 1, "sent"), ("Garden salad", 2, "sent"), ("Mint tea", 1, "voided")]
    assert [payment["change_minor"] for payment in check["payments"]] == [353]


def choose_salad(pos: Page) -> None:
    """The dialog holds to the bounds of its groups: one size, at most two extras."""
    add(pos, "Garden salad")
    expect(pos.get_by_role("button", name="Choose: Size")).to_be_disabled()
    pos.get_by_role("radio", name="Large").click()
    pos.get_by_role("checkbox", name="Feta").click()
    pos.get_by_role("checkbox", name="Egg").click()
    expect(pos.get_by_role("checkbox", name="Olives")).to_be_disabled()
    pos.get_by_role("checkbox", name="Egg").click()
    pos.get_by_label("Note to the kitchen").fill("no onions")
    pos.get_by_role("button", name="One more").click()
    pos.get_by_role("button", name="Add to check").click()
    expect(pos.get_by_role("button", name="Change Garden salad")).to_be_visible()


def test_a_tablet_is_cut_from_the_box_and_nothing_is_lost_and_nothing_twice(
    box: EdgeBox, open_page: OpenPage, checks: Checks, make_proxy: Callable[[int], ThreadedProxy]
) -> None:
    line = make_proxy(box.port)
    pos, kds = open_page(f"http://127.0.0.1:{line.port}/pos/"), open_page(f"{box.url}/kds/")
    seat(pos, "1", "4 guests")
    add(pos, "Lentil soup")
    expect(pos.get_by_role("button", name="Change Lentil soup")).to_be_visible()

    line.cut()
    add(pos, "Mint tea")
    add(pos, "Mint tea")
    pos.get_by_role("button", name="Send 3 lines").click()
    expect(pos.get_by_text("No connection to the box.")).to_be_visible(timeout=FOUND_OUT_MS)
    expect(pos.get_by_text("3 wait.")).to_be_visible()
    expect(pos.get_by_text("Waiting for the box")).to_have_count(2)
    assert [sent(check) for check in checks("open")] == [[("Lentil soup", 1, "held")]]

    line.heal()
    expect(pos.get_by_text("No connection to the box.")).to_be_hidden(timeout=FOUND_OUT_MS)
    expect(pos.get_by_text("In the kitchen")).to_have_count(3, timeout=FOUND_OUT_MS)
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 1")).to_have_count(2)
    assert [sent(check) for check in checks("open")] == [[("Lentil soup", 1, "sent"), ("Mint tea", 1, "sent"), ("Mint tea", 1, "sent")]]


def test_a_tablet_is_switched_off_with_orders_in_it_and_sends_them_when_it_is_back(
    box: EdgeBox, open_page: OpenPage, checks: Checks, make_proxy: Callable[[int], ThreadedProxy]
) -> None:
    line = make_proxy(box.port)
    pos = open_page(f"http://127.0.0.1:{line.port}/pos/")
    expect(pos.get_by_role("button", name="Table 2", exact=True)).to_be_visible()
    line.cut()
    seat(pos, "2", "Without a number")
    add(pos, "Lentil soup")
    add(pos, "Mint tea")
    expect(pos.get_by_text("No connection to the box.")).to_be_visible(timeout=FOUND_OUT_MS)
    expect(pos.get_by_text("2 wait.")).to_be_visible()
    pos.close()
    assert checks("open") == []

    line.heal()
    again = pos.context.new_page()
    again.goto(f"http://127.0.0.1:{line.port}/pos/")
    expect(again.get_by_role("button", name="Table 2", exact=True)).to_contain_text("Not sent", timeout=FOUND_OUT_MS)
    again.get_by_role("button", name="Table 2", exact=True).click()
    expect(again.get_by_role("button", name=re.compile("^Change"))).to_have_count(2, timeout=FOUND_OUT_MS)
    assert [sent(check) for check in checks("open")] == [[("Lentil soup", 1, "held"), ("Mint tea", 1, "held")]]


def test_an_answer_is_lost_on_its_way_and_the_line_is_not_added_twice(box: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{box.url}/pos/")
    asked: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "")["commands"][0]["id"])
        if len(asked) == 1:
            route.fetch()  # it reaches the box; the tablet hears nothing
            route.abort()
        else:
            route.continue_()

    pos.route("**/v1/batches", lose_the_first_answer)
    seat(pos, "4", "1 guest")
    add(pos, "Lentil soup")
    expect(pos.get_by_role("button", name="Change Lentil soup")).to_be_visible()
    expect(pos.get_by_text("On the box")).to_be_visible()
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert [sent(check) for check in checks("open")] == [[("Lentil soup", 1, "held")]]


def test_a_bump_is_refused_and_the_ticket_comes_back_with_the_reason(box: EdgeBox, open_page: OpenPage) -> None:
    pos, kds = open_page(f"{box.url}/pos/"), open_page(f"{box.url}/kds/?station=bar")
    pos.get_by_role("button", name="Quick check").click()
    add(pos, "Mint tea")
    pos.get_by_role("button", name="Send 1 line").click()
    ticket = kds.get_by_role("button", name="Bump ticket 1, Check 1")
    expect(ticket).to_be_visible()
    problem = {
        "type": "urn:comanda:error:permission.missing", "title": "This device may not do that.", "status": 403,
        "detail": "BumpTicket needs the permission 'kitchen'.", "code": "permission.missing", "hint": "Ask a manager.",
    }  # fmt: skip

    def refuse_the_bump(route: Route) -> None:
        if "BumpTicket" in (route.request.post_data or ""):
            route.fulfill(status=403, content_type="application/problem+json", body=json.dumps(problem))
        else:
            route.continue_()  # what the screen says it shows

    kds.route("**/v1/commands", refuse_the_bump)
    ticket.click()
    expect(kds.get_by_text("Not accepted")).to_be_visible()
    expect(kds.get_by_text("Ask a manager.")).to_be_visible()
    expect(ticket).to_be_visible()
    kds.unroute("**/v1/commands")
    kds.get_by_role("button", name="Understood").click()
    kds.keyboard.press("1")
    expect(kds.get_by_text("All done")).to_be_visible()
    assert httpx.get(f"{box.url}/v1/tickets").json() == {"tickets": []}
