"""A meal in courses: what waits, what the kitchen sees, and what becomes of a dish that it already has."""

import re

from playwright.sync_api import Page, expect

from tests.support.programs import EdgeBox
from tests.ui.hands import Checks, OpenPage, add, dialog, line, seat


def order_soup_and_pizza(pos: Page, table: str) -> None:
    seat(pos, table, "2 guests")
    pos.get_by_role("radio", name="Seat 1").click()
    add(pos, "Lentil soup")
    pos.get_by_role("radio", name="Seat 2").click()
    add(pos, "Pizza")
    dialog(pos).get_by_role("button", name="Add to check").click()
    expect(line(pos, "Pizza")).to_contain_text(re.compile("Seat 2 · Main.*On hold", re.DOTALL))


def test_the_starter_goes_and_the_main_waits_until_it_is_fired(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos, kds = open_page(f"{house.url}/pos/"), open_page(f"{house.url}/kds/?station=kitchen")
    order_soup_and_pizza(pos, "1")
    pos.get_by_role("button", name="Send 1 line").click()
    first = kds.get_by_role("button", name="Bump ticket 1, Table 1")
    expect(first).to_contain_text(re.compile("Starter.*Lentil soup.*Seat 1", re.DOTALL))
    expect(kds.get_by_text("Pizza")).to_have_count(0)
    pos.get_by_role("button", name="Fire Main: 1 line").click()
    expect(kds.get_by_role("button", name="Bump ticket 2, Table 1")).to_contain_text(re.compile("Main.*Pizza.*Seat 2", re.DOTALL))
    expect(pos.get_by_role("button", name=re.compile("^Fire"))).to_have_count(0)
    assert [(each["seat"], each["course"], each["status"]) for each in checks("open")[0]["lines"]] == [
        (1, "starter", "sent"), (2, "main", "sent"),
    ]  # fmt: skip


def test_a_fired_dish_is_voided_by_a_manager_and_the_kitchen_must_see_it_before_it_bumps(
    house: EdgeBox, open_page: OpenPage, manager: str, checks: Checks
) -> None:
    pos, kds = open_page(f"{house.url}/pos/"), open_page(f"{house.url}/kds/?station=kitchen")
    seat(pos, "2", "2 guests")
    add(pos, "Lentil soup")
    add(pos, "Lentil soup")
    pos.get_by_role("button", name="Send 2 lines").click()
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 2")).to_be_visible()

    # A waiter's device may not; it is told so, and nothing has happened.
    pos.get_by_role("button", name="About Lentil soup").first.click()
    expect(dialog(pos).get_by_role("button", name="Void line")).to_be_disabled()
    dialog(pos).get_by_role("radio", name="Our mistake").click()
    dialog(pos).get_by_role("button", name="Void line").click()
    expect(pos.get_by_text("Not accepted")).to_be_visible()
    pos.get_by_role("button", name="Understood").click()
    assert [each["status"] for each in checks("open")[0]["lines"]] == ["sent", "sent"]

    office = open_page(f"{house.url}/pos/", manager)
    office.get_by_role("button", name="Table 2", exact=True).click()
    office.get_by_role("button", name="About Lentil soup").first.click()
    dialog(office).get_by_role("radio", name="Our mistake").click()
    dialog(office).get_by_role("button", name="Void line").click()
    expect(office.get_by_text("1 line voided")).to_be_visible()

    news = kds.get_by_role("button", name="Changes of ticket 1, Table 2: seen")
    expect(news).to_contain_text("Voided: Lentil soup")
    news.click()
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 2")).to_be_visible()
    kds.keyboard.press("1")
    expect(kds.get_by_text("All done")).to_be_visible()


def test_the_pass_hands_over_what_the_kitchen_has_made_and_a_ticket_is_called_back(house: EdgeBox, open_page: OpenPage) -> None:
    pos = open_page(f"{house.url}/pos/")
    kitchen, expo = open_page(f"{house.url}/kds/?station=kitchen"), open_page(f"{house.url}/kds/?station=pass")
    seat(pos, "3", "1 guest")
    add(pos, "Lentil soup")
    pos.get_by_role("button", name="Send 1 line").click()
    kitchen.get_by_role("button", name="Bump ticket 1, Table 3").click()
    expect(kitchen.get_by_text("All done")).to_be_visible()
    made = expo.get_by_role("button", name="Hand over ticket 1, Table 3")
    expect(made).to_contain_text("Ready")

    kitchen.get_by_role("button", name="Recall").click()
    again = kitchen.get_by_role("button", name="Bump ticket 1, Table 3")
    expect(again).to_contain_text("Recalled")
    kitchen.keyboard.press("1")
    expect(made).to_contain_text("Ready")
    made.click()
    expect(expo.get_by_text("All done")).to_be_visible()
