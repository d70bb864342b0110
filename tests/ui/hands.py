"""What hands do on a tablet: choosing a table, tapping an item. What should come of it stands in the tests."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

__all__ = ["Checks", "OpenPage", "add", "dialog", "line", "seat"]

OpenPage = Callable[..., Page]
Checks = Callable[[str], list[dict[str, Any]]]


def seat(pos: Page, table: str, guests: str) -> None:
    """Begin a check at a free table."""
    pos.get_by_role("button", name=f"Table {table}", exact=True).click()
    pos.get_by_role("button", name=guests, exact=True).click()


def add(pos: Page, item: str) -> None:
    """Tap an item of the menu."""
    pos.get_by_role("button", name=re.compile(f"^{item}")).click()


def line(pos: Page, item: str) -> Locator:
    """A line of the check that has not been sent: tapped, it is changed."""
    return pos.get_by_role("button", name=f"Change {item}")


def dialog(pos: Page) -> Locator:
    """The dialog that stands open."""
    found = pos.get_by_role("dialog")
    expect(found).to_be_visible()
    return found
