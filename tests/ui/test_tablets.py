"""One tablet, several tabs; a tablet that was away; and where each check is: on the tablet, on the box, in the cloud."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.programs import EdgeBox
from tests.support.proxy import ThreadedProxy
from tests.support.waiting import eventually
from tests.ui.hands import Checks, OpenPage, add, seat

SOON_MS = 20_000
# A page on plain http of a LAN has no locks; 127.0.0.1 counts as secure, so they are taken away.
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"
DAYS_LATER = "const now = Date.now.bind(Date); Date.now = () => now() + 3 * 24 * 3600 * 1000"


def names(checks: Checks) -> list[tuple[str, list[tuple[str, str]]]]:
    """(table, its lines with their status) of the open checks."""
    return sorted((check["table_id"], [(line["name"], line["status"]) for line in check["lines"]]) for check in checks("open"))


def tabs(open_page: OpenPage, url: str, locks: str) -> tuple[Page, Page]:
    """Two tabs of one tablet."""
    first = open_page("about:blank")
    if locks == "lease":
        first.context.add_init_script(NO_LOCKS)
    first.goto(url)
    second = first.context.new_page()
    second.goto(url)
    for tab in (first, second):
        expect(tab.get_by_role("button", name="Table 1", exact=True)).to_be_visible()
        assert tab.evaluate("navigator.locks === undefined") is (locks == "lease")
    return first, second


@pytest.mark.parametrize("locks", ["locks", "lease"])
def test_two_tabs_of_a_tablet_have_one_queue_and_nothing_is_sent_twice(
    box: EdgeBox, open_page: OpenPage, checks: Checks, make_proxy: Callable[[int], ThreadedProxy], locks: str
) -> None:
    line = make_proxy(box.port)
    first, second = tabs(open_page, f"http://127.0.0.1:{line.port}/pos/", locks)
    line.cut()
    seat(first, "1", "1 guest")
    add(first, "Lentil soup")
    expect(second.get_by_role("button", name="Table 1", exact=True)).to_contain_text("Tablet")
    second.get_by_role("button", name="Table 1", exact=True).click()
    add(second, "Mint tea")
    for tab in (first, second):
        expect(tab.get_by_text("Waiting for the box")).to_have_count(2)
        expect(tab.get_by_text("2 wait.")).to_be_visible(timeout=SOON_MS)
    line.heal()
    for tab in (first, second):
        expect(tab.get_by_text("On the box")).to_be_visible(timeout=SOON_MS)
        expect(tab.get_by_text("Waiting for the box")).to_have_count(0)
    assert names(checks) == [("1", [("Lentil soup", "held"), ("Mint tea", "held")])]


@pytest.mark.parametrize("locks", ["locks", "lease"])
def test_the_tab_that_sends_is_closed_and_the_other_sends_what_both_had(
    box: EdgeBox, open_page: OpenPage, checks: Checks, make_proxy: Callable[[int], ThreadedProxy], locks: str
) -> None:
    line = make_proxy(box.port)
    first, second = tabs(open_page, f"http://127.0.0.1:{line.port}/pos/", locks)
    line.cut()
    seat(first, "1", "1 guest")
    add(first, "Lentil soup")
    expect(second.get_by_role("button", name="Table 1", exact=True)).to_contain_text("Tablet")
    seat(second, "2", "1 guest")
    add(second, "Mint tea")
    expect(first.get_by_text("2 wait.")).to_be_visible(timeout=SOON_MS)
    first.close()
    line.heal()
    expect(second.get_by_text("On the box")).to_be_visible(timeout=SOON_MS)
    eventually(lambda: names(checks) == [("1", [("Lentil soup", "held")]), ("2", [("Mint tea", "held")])])


def test_a_tablet_is_found_after_days_and_asks_before_the_kitchen_cooks_what_it_kept(
    box: EdgeBox, open_page: OpenPage, checks: Checks, make_proxy: Callable[[int], ThreadedProxy]
) -> None:
    line = make_proxy(box.port)
    pos = open_page(f"http://127.0.0.1:{line.port}/pos/")
    expect(pos.get_by_role("button", name="Table 2", exact=True)).to_be_visible()
    line.cut()
    seat(pos, "2", "1 guest")
    add(pos, "Lentil soup")
    pos.get_by_role("button", name="Send 1 line").click()
    expect(pos.get_by_text("2 wait.")).to_be_visible(timeout=SOON_MS)
    context = pos.context
    pos.close()

    context.add_init_script(DAYS_LATER)
    line.heal()
    again = context.new_page()
    again.goto(f"http://127.0.0.1:{line.port}/pos/")
    asked = again.get_by_role("dialog", name="Still to be sent to the kitchen?")
    expect(asked).to_contain_text("Table 2", timeout=SOON_MS)
    assert names(checks) == [("2", [("Lentil soup", "held")])]
    asked.get_by_role("button", name="Send now").click()
    expect(asked).to_have_count(0)
    eventually(lambda: names(checks) == [("2", [("Lentil soup", "sent")])])


# What a tablet of release 0.2 had written down: Dexie's version 1 is 10 in the browser's own count.
KEPT_BY_0_2 = """async () => {
  const open = indexedDB.open("comanda-pos", 10);
  open.onupgradeneeded = () => {
    open.result.createObjectStore("kept", { keyPath: "order", autoIncrement: true }).createIndex("id", "id", { unique: true });
  };
  await new Promise((done, failed) => ([open.onsuccess, open.onerror] = [done, failed]));
  const id = "018bcfe5-6800-7001-8203-040506070809";
  const command = { type: "OpenCheck", check_id: "018bcfe5-6800-7001-8203-04050607080a", table_id: "3", covers: 1 };
  const add = open.result.transaction("kept", "readwrite").objectStore("kept").add({ id, commands: [{ id, command }], keptMs: Date.now() });
  await new Promise((done, failed) => ([add.onsuccess, add.onerror] = [done, failed]));
  open.result.close();
}"""


def test_a_tablet_is_updated_with_orders_of_the_older_release_in_it_and_sends_them(
    box: EdgeBox, open_page: OpenPage, checks: Checks
) -> None:
    pos = open_page(f"{box.url}/healthz")
    pos.evaluate(KEPT_BY_0_2)
    pos.goto(f"{box.url}/pos/")
    expect(pos.get_by_role("button", name="Table 3", exact=True)).to_contain_text("Box")
    assert names(checks) == [("3", [])]


def test_each_check_says_whether_it_is_on_the_tablet_on_the_box_or_in_the_cloud(
    box: EdgeBox, open_page: OpenPage, make_proxy: Callable[[int], ThreadedProxy]
) -> None:
    line = make_proxy(box.port)
    pos = open_page(f"http://127.0.0.1:{line.port}/pos/")
    tile = pos.get_by_role("button", name="Table 1", exact=True)
    seat(pos, "1", "1 guest")
    add(pos, "Lentil soup")
    panel = pos.get_by_role("complementary", name="Table 1")
    expect(panel.locator("header")).to_contain_text("On the box")
    say_cloud(box)
    expect(panel.locator("header")).to_contain_text("In the cloud")
    line.cut()
    add(pos, "Mint tea")
    expect(panel.locator("header")).to_contain_text("On this tablet")
    pos.get_by_role("button", name="Back to the tables").click()
    expect(tile).to_contain_text("Tablet")
    line.heal()
    expect(tile).to_contain_text("Box", timeout=SOON_MS)
    say_cloud(box)
    expect(tile).to_contain_text("Cloud")


def say_cloud(box: EdgeBox) -> None:
    """What the link would say when the hub has everything."""
    with box.box_client() as client:
        head = client.get("/v1/status").raise_for_status().json()["head"]
        report = {"position": head, "incarnation": "i", "link": "sending"}
        client.put("/v1/followers/cloud", json=report).raise_for_status()
    assert httpx.get(f"{box.url}/v1/status").json()["cloud"]["sequence"] > 0
