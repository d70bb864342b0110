"""What can be had, and at which price: as the box says it at that moment, on every tablet."""

import re

import httpx
from playwright.sync_api import expect

from shared.limits import KITCHEN_ALARM_INTERVAL_S, KITCHEN_UNSHOWN_ALARM_S
from tests.support.boxes import new_id
from tests.support.programs import EdgeBox
from tests.ui.hands import Checks, OpenPage, add, dialog, line, seat

UNSHOWN_MS = (KITCHEN_UNSHOWN_ALARM_S + 2 * KITCHEN_ALARM_INTERVAL_S) * 1_000 + 10_000  # until the box is alarmed, or is no more


def say(house: EdgeBox, **command: object) -> None:
    httpx.post(f"{house.url}/v1/commands", json={"id": new_id(), "command": command}).raise_for_status()


def test_a_tile_has_the_price_of_the_hour_and_of_how_guests_take_their_order(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    seat(pos, "1", "1 guest")
    expect(pos.locator(".item", has_text="Pale ale")).to_contain_text("$4.50")  # happy hour; the list says 6.00
    expect(pos.locator(".item", has_text="Pizza")).to_contain_text("$12.00")
    expect(pos.locator(".item", has_text="Trout")).to_contain_text("$39.90 / kg")
    expect(pos.locator(".item", has_text="Something else")).to_contain_text("Open price")
    add(pos, "Pale ale")
    expect(line(pos, "Pale ale")).to_contain_text("$4.50")

    check_id = new_id()
    say(house, type="OpenCheck", check_id=check_id, service="quick", dining_option="take_away")
    pos.goto(f"{house.url}/pos/#/check/{check_id}")
    expect(pos.locator(".item", has_text="Pizza")).to_contain_text("$10.00")
    add(pos, "Pizza")
    dialog(pos).get_by_role("button", name="Add to check").click()
    expect(line(pos, "Pizza")).to_contain_text("$10.00")


def test_tables_stand_in_their_rooms_and_items_under_the_names_of_their_categories(house: EdgeBox, open_page: OpenPage) -> None:
    pos = open_page(f"{house.url}/pos/")
    garden = pos.get_by_role("region", name="Garden")
    expect(garden.get_by_role("button")).to_have_count(2)
    expect(pos.get_by_role("region", name="Dining room").get_by_role("button")).to_have_count(6)
    garden.get_by_role("button", name="Garden 2").click()
    pos.get_by_role("button", name="2 guests", exact=True).click()
    pos.get_by_role("tab", name="Anything else").click()
    expect(pos.locator(".item")).to_have_count(1)


def test_an_item_runs_out_and_no_tablet_can_order_it_any_more(house: EdgeBox, open_page: OpenPage) -> None:
    say(house, type="SetCountdown", item_id="soup", left=2)
    pos, other = open_page(f"{house.url}/pos/"), open_page(f"{house.url}/pos/")
    seat(pos, "1", "1 guest")
    seat(other, "2", "1 guest")
    expect(pos.locator(".item", has_text="Lentil soup")).to_contain_text("2 left")
    add(pos, "Lentil soup")
    add(pos, "Lentil soup")
    for tablet in (pos, other):
        soup = tablet.locator(".item", has_text="Lentil soup")
        expect(soup).to_contain_text("Sold out")
        expect(soup).to_be_disabled()

    say(house, type="EightySixItem", item_id="tea")
    expect(other.locator(".item", has_text="Mint tea")).to_contain_text("86")
    expect(other.locator(".item", has_text="Mint tea")).to_be_disabled()
    add(other, "Lunch for one")
    expect(dialog(other).get_by_role("radio", name="Mint tea")).to_be_disabled()
    expect(dialog(other).get_by_role("radio", name="Pale ale")).to_be_enabled()
    dialog(other).get_by_role("button", name="Close").click()

    say(house, type="RestoreItem", item_id="tea")
    expect(other.locator(".item", has_text="Mint tea")).to_be_enabled()


def test_a_tablet_that_has_not_heard_of_it_orders_and_is_told_what_to_do(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    # What the tablet knows is from before: its questions are answered with what stood then.
    before = httpx.get(f"{house.url}/v1/menu/effective").text
    pos.route(re.compile("/v1/menu/effective"), lambda route: route.fulfill(body=before, content_type="application/json"))
    seat(pos, "3", "1 guest")
    add(pos, "Mint tea")
    expect(line(pos, "Mint tea")).to_be_visible()
    say(house, type="EightySixItem", item_id="tea")
    add(pos, "Mint tea")
    expect(pos.get_by_text("Not accepted")).to_be_visible()
    pos.get_by_role("button", name="Understood").click()
    expect(line(pos, "Mint tea")).to_have_count(1)
    assert [each["name"] for each in checks("open")[0]["lines"]] == ["Mint tea"]


def test_nobody_shows_the_bar_its_tickets_and_every_tablet_and_screen_says_so(house: EdgeBox, open_page: OpenPage) -> None:
    pos, kds = open_page(f"{house.url}/pos/"), open_page(f"{house.url}/kds/?station=kitchen")
    seat(pos, "4", "1 guest")
    add(pos, "Mint tea")
    pos.get_by_role("button", name="Send 1 line").click()
    alarm = "Tickets that no kitchen screen shows."
    expect(pos.get_by_text(alarm)).to_be_visible(timeout=UNSHOWN_MS)
    expect(kds.get_by_text(alarm)).to_be_visible()
    kds.get_by_role("button", name="Bar 1").click()
    expect(kds.get_by_text(alarm)).to_be_hidden(timeout=UNSHOWN_MS)
    expect(pos.get_by_text(alarm)).to_be_hidden()
