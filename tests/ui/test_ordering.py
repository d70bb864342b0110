"""Ordering what asks questions: within their bounds on the screen, and on the ticket as it was chosen."""

import re

from playwright.sync_api import expect

from tests.support.programs import EdgeBox
from tests.ui.hands import Checks, OpenPage, add, dialog, line, seat


def test_a_burger_asks_how_and_with_what_and_the_fries_ask_for_a_dip(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos, kds = open_page(f"{house.url}/pos/"), open_page(f"{house.url}/kds/?station=kitchen")
    seat(pos, "1", "1 guest")
    add(pos, "Burger")
    asked = dialog(pos)
    expect(asked.get_by_role("button", name="Choose: How")).to_be_disabled()
    asked.get_by_role("radio", name="Medium").click()
    expect(asked.get_by_role("button", name="Choose: Side")).to_be_disabled()
    asked.get_by_role("radio", name="Fries").click()
    expect(asked.get_by_role("button", name="Choose: Dips")).to_be_disabled()
    asked.get_by_role("checkbox", name="Aioli").click()
    asked.get_by_role("checkbox", name="Mayonnaise").click()
    expect(asked.get_by_role("checkbox", name="Curry")).to_be_disabled()
    asked.get_by_role("radio", name="Coleslaw").click()
    expect(asked.get_by_role("checkbox", name="Aioli")).to_have_count(0)
    asked.get_by_role("radio", name="Fries").click()
    asked.get_by_role("checkbox", name="Aioli").click()
    asked.get_by_role("checkbox", name="Mayonnaise").click()
    asked.get_by_role("button", name="Add to check").click()

    # The dearest dip is included: 14.00 and 0.50 for the other.
    expect(line(pos, "Burger")).to_contain_text(re.compile(r"Medium, Fries, Aioli, Mayonnaise.*\$14\.50", re.DOTALL))
    [check] = checks("open")
    assert [(m["name"], m["depth"], m["price_minor"]) for m in check["lines"][0]["modifiers"]] == [
        ("Medium", 0, 0), ("Fries", 0, 0), ("Aioli", 1, 0), ("Mayonnaise", 1, 50),
    ]  # fmt: skip
    pos.get_by_role("button", name="Fire Main: 1 line").click()
    ticket = kds.get_by_role("button", name="Bump ticket 1, Table 1")
    expect(ticket).to_contain_text(re.compile("Burger.*Medium.*Fries.*Aioli.*Mayonnaise", re.DOTALL))


def test_a_line_is_changed_and_comes_back_with_what_was_chosen(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    seat(pos, "2", "1 guest")
    add(pos, "Burger")
    for choice in ("Rare", "Fries"):
        dialog(pos).get_by_role("radio", name=choice).click()
    dialog(pos).get_by_role("checkbox", name="Curry").click()
    dialog(pos).get_by_role("button", name="Add to check").click()
    line(pos, "Burger").click()
    expect(dialog(pos).get_by_role("radio", name="Rare")).to_be_checked()
    expect(dialog(pos).get_by_role("checkbox", name="Curry")).to_be_checked()
    dialog(pos).get_by_role("radio", name="Well done").click()
    dialog(pos).get_by_role("button", name="One more").click()
    dialog(pos).get_by_role("button", name="Save changes").click()
    expect(line(pos, "Burger")).to_contain_text("Well done, Fries, Curry")
    expect(line(pos, "Burger")).to_contain_text("$28.00")
    [check] = checks("open")
    assert [(each["quantity"], each["revision"]) for each in check["lines"]] == [(2, 1)]


def test_a_pizza_in_halves_is_made_in_halves(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos, kds = open_page(f"{house.url}/pos/"), open_page(f"{house.url}/kds/?station=kitchen")
    seat(pos, "3", "1 guest")
    add(pos, "Pizza")
    asked = dialog(pos)
    asked.get_by_role("checkbox", name="Ham: Left half").click()
    asked.get_by_role("checkbox", name="Olives: Right half").click()
    asked.get_by_role("checkbox", name="Basil: Whole").click()
    expect(asked.get_by_role("checkbox", name="Basil: Whole")).to_be_checked()
    asked.get_by_role("button", name="Add to check").click()
    # 12.00, half of 2.00 and of 1.00, and the whole of 0.50
    expect(line(pos, "Pizza")).to_contain_text(re.compile(r"Ham \(Left half\), Olives \(Right half\), Basil.*\$14\.00", re.DOTALL))
    pos.get_by_role("button", name="Fire Main: 1 line").click()
    expect(kds.get_by_role("button", name="Bump ticket 1, Table 3")).to_contain_text(
        re.compile(r"Ham \(left half\).*Olives \(right half\).*Basil", re.DOTALL)
    )
    assert [each["portion"] for each in checks("open")[0]["lines"][0]["modifiers"]] == ["left", "right", "whole"]


def test_a_lunch_is_put_together_and_goes_to_two_stations_at_one_price(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    seat(pos, "4", "1 guest")
    add(pos, "Lunch for one")
    asked = dialog(pos)
    expect(asked.get_by_role("button", name="Choose: Dish")).to_be_disabled()
    asked.get_by_role("radio", name="Burger").click()
    expect(asked.get_by_role("button", name="Choose: How")).to_be_disabled()
    for choice in ("Medium", "Coleslaw", "Pale ale"):
        asked.get_by_role("radio", name=choice).click()
    asked.get_by_role("button", name="Add to check").click()
    expect(line(pos, "Burger")).to_contain_text("Lunch for one")
    expect(line(pos, "Pale ale")).to_contain_text("Lunch for one")
    [check] = checks("open")
    # 16.50, 2.00 for the burger, 1.50 for the ale, 0.50 for the coleslaw
    assert (check["gross_minor"], len(check["lines"])) == (2_050, 2)

    line(pos, "Pale ale").click()
    dialog(pos).get_by_role("button", name="Void line").click()
    expect(pos.get_by_text("2 lines voided")).to_be_visible()


def test_what_is_weighed_and_what_has_an_open_price_are_asked_for(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    pos.get_by_role("button", name="Quick check").click()
    add(pos, "Trout by weight")
    expect(dialog(pos).get_by_role("button", name="Choose: Weight")).to_be_disabled()
    dialog(pos).get_by_label("Weight (kg)").fill("0.350")
    dialog(pos).get_by_role("button", name="Add to check").click()
    expect(line(pos, "Trout by weight")).to_contain_text(re.compile(r"0\.350 kg.*\$13\.97", re.DOTALL))
    add(pos, "Something else")
    expect(dialog(pos).get_by_role("button", name="Choose: Price")).to_be_disabled()
    dialog(pos).get_by_label("Price").fill("4.20")
    dialog(pos).get_by_role("button", name="Add to check").click()
    expect(line(pos, "Something else")).to_contain_text("$4.20")
    assert [each["price_minor"] for each in checks("open")[0]["lines"]] == [1_397, 420]
