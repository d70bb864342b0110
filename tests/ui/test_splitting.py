"""Guests who pay apart: by seat, by line, in equal parts. Every part is worked out by the box, and together they are the whole."""

import re

from playwright.sync_api import Page, expect

from tests.support.programs import EdgeBox
from tests.ui.hands import Checks, OpenPage, add, dialog, seat


def two_guests(pos: Page, table: str) -> None:
    """Soup for the first seat, a beer for the second, all of it sent."""
    seat(pos, table, "2 guests")
    pos.get_by_role("radio", name="Seat 1").click()
    add(pos, "Lentil soup")
    pos.get_by_role("radio", name="Seat 2").click()
    add(pos, "Pale ale")
    pos.get_by_role("button", name="Send 2 lines").click()
    expect(pos.get_by_text("In the kitchen")).to_have_count(2)


def pay_exactly(pos: Page) -> None:
    pos.get_by_role("button", name="Pay", exact=True).click()
    pos.get_by_role("button", name=re.compile("^Exact")).click()
    pos.get_by_role("button", name="Close check").click()


def test_a_table_is_split_by_seat_and_both_pay(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    two_guests(pos, "1")
    [whole] = checks("open")
    pos.get_by_role("button", name="Split the check").click()
    expect(dialog(pos).get_by_text("2 checks, one for each seat")).to_be_visible()
    dialog(pos).get_by_role("button", name="Split", exact=True).click()
    expect(pos.get_by_role("button", name="About Pale ale")).to_have_count(0)
    pay_exactly(pos)
    pos.get_by_role("button", name="Table 1", exact=True).click()
    expect(pos.get_by_role("button", name="About Pale ale")).to_be_visible()
    pay_exactly(pos)
    expect(pos.get_by_text("No open checks")).to_be_visible()
    parts = checks("closed")
    assert len(parts) == 2
    assert sum(each["paid_minor"] for each in parts) == whole["total_minor"]


def test_one_line_goes_to_a_check_of_its_own_and_another_is_shared(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    two_guests(pos, "2")
    [whole] = checks("open")
    pos.get_by_role("button", name="Split the check").click()
    dialog(pos).get_by_role("radio", name="By line").click()
    expect(dialog(pos).get_by_role("button", name="Split", exact=True)).to_be_disabled()
    ale = dialog(pos).get_by_role("button", name=re.compile("Pale ale"))
    ale.click()
    expect(ale).to_contain_text("New check")
    soup = dialog(pos).get_by_role("button", name=re.compile("Lentil soup"))
    soup.click()
    soup.click()
    expect(soup).to_contain_text("Shared")
    dialog(pos).get_by_role("button", name="Split", exact=True).click()
    expect(pos.get_by_text("Share 1/2")).to_be_visible()
    stays, goes = sorted(checks("open"), key=lambda check: check["number"])
    assert [line["name"] for line in stays["lines"]] == ["Lentil soup"]
    assert sorted(line["name"] for line in goes["lines"]) == ["Lentil soup", "Pale ale"]
    assert stays["total_minor"] + goes["total_minor"] == whole["total_minor"]


def test_a_check_is_shared_in_three_and_paid_part_by_part(house: EdgeBox, open_page: OpenPage, checks: Checks) -> None:
    pos = open_page(f"{house.url}/pos/")
    two_guests(pos, "3")
    pos.get_by_role("button", name="Split the check").click()
    dialog(pos).get_by_role("radio", name="Evenly").click()
    dialog(pos).get_by_role("button", name="One more").click()
    expect(dialog(pos).get_by_text("in 3 parts")).to_be_visible()
    dialog(pos).get_by_role("button", name="Split", exact=True).click()
    pos.get_by_role("button", name="Pay", exact=True).click()
    parts = pos.get_by_role("radio", name=re.compile("^Part"))
    expect(parts).to_have_count(3)
    pos.get_by_role("button", name="$5.00").click()
    expect(pos.get_by_text("Hand back $1.00 of the last payment")).to_be_visible()
    for left in (2, 1):
        expect(parts).to_have_count(left)
        pos.get_by_role("button", name=re.compile("^Exact")).click()
    pos.get_by_role("button", name="Close check").click()
    [check] = checks("closed")
    assert [payment["share"] for payment in check["payments"]] == [1, 2, 3]
    assert sum(payment["amount_minor"] for payment in check["payments"]) == check["total_minor"]
