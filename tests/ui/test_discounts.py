"""Taking something off: by the menu's rules, on the house with a manager's device, and back again."""

import re

from playwright.sync_api import expect

from tests.support.programs import EdgeBox
from tests.ui.hands import Checks, OpenPage, add, dialog, line, seat


def test_friends_get_their_tenth_and_what_came_late_its_half_and_a_guest_gets_a_soup(
    house: EdgeBox, open_page: OpenPage, manager: str, checks: Checks
) -> None:
    pos = open_page(f"{house.url}/pos/", manager)
    seat(pos, "1", "1 guest")
    add(pos, "Lentil soup")
    add(pos, "Pale ale")
    expect(line(pos, "Pale ale")).to_be_visible()

    pos.get_by_role("button", name="Discounts").click()
    dialog(pos).get_by_role("checkbox", name="Pale ale").click()
    dialog(pos).get_by_role("radio", name="Came late −50%").click()
    dialog(pos).get_by_role("button", name="Give").click()
    expect(pos.get_by_text("−$2.25")).to_be_visible()

    pos.get_by_role("button", name="Discounts").click()
    expect(dialog(pos).get_by_role("checkbox", name="Whole check")).to_be_checked()
    dialog(pos).get_by_role("radio", name="Friends of the house −10%").click()
    dialog(pos).get_by_role("button", name="Give").click()
    expect(pos.get_by_text("Friends of the house 10%")).to_be_visible()
    [check] = checks("open")
    assert (check["gross_minor"], check["discount_minor"]) == (1_100, 225 + 88)  # a tenth of 8.75, half up

    pos.get_by_role("button", name="Discounts").click()
    dialog(pos).get_by_role("checkbox", name="Lentil soup").click()
    dialog(pos).get_by_role("radio", name=re.compile("On the house")).click()
    expect(dialog(pos).get_by_role("button", name="Give")).to_be_disabled()
    dialog(pos).get_by_role("radio", name="With apologies").click()
    dialog(pos).get_by_role("button", name="Give").click()
    expect(line(pos, "Lentil soup")).to_contain_text("$0.00")
    assert checks("open")[0]["comp_minor"] > 0

    pos.get_by_role("button", name="Discounts").click()
    for given in ("Came late", "Comp", "Friends of the house"):
        dialog(pos).get_by_role("button", name=f"Take back {given}").click()
    expect(dialog(pos).get_by_role("button", name=re.compile("^Take back"))).to_have_count(0)
    [check] = checks("open")
    assert (check["discount_minor"], check["comp_minor"], check["discounts"]) == (0, 0, [])


def test_a_waiter_gives_nothing_away_without_a_manager(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    seat(pos, "2", "1 guest")
    add(pos, "Lentil soup")
    expect(line(pos, "Lentil soup")).to_be_visible()
    pos.get_by_role("button", name="Discounts").click()
    dialog(pos).get_by_role("radio", name="Staff meal −100% needs a manager's device").click()
    dialog(pos).get_by_role("button", name="Give").click()
    expect(pos.get_by_text("Not accepted")).to_be_visible()
    assert checks("open")[0]["discounts"] == []


def test_the_third_tea_is_free_by_itself_and_six_guests_pay_for_service(house: EdgeBox, open_page: OpenPage) -> None:
    pos = open_page(f"{house.url}/pos/")
    seat(pos, "3", "6 guests")
    for _ in range(3):
        add(pos, "Mint tea")
    expect(pos.get_by_text("Third tea free")).to_be_visible()
    expect(pos.get_by_text("−$3.50")).to_be_visible()
    expect(pos.get_by_text("Large party 18%")).to_be_visible()
    expect(pos.get_by_text("$1.26")).to_be_visible()
