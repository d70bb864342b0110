"""A till for tests of paying: a house that takes cash to five cents, cards, a terminal and vouchers, and checks to be paid there.

What lives here: the menu's rules, checks of a given price, and the moves of whoever stands at the till.
"""

from typing import Any

import msgspec
import pytest

from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.check.paying import Pay, PaymentTaken
from shared.domain.errors import Refused
from shared.domain.kernel import Command, Event
from shared.domain.menu.rules import Reason, SellingRules, TenderRule
from shared.domain.registry import ROLES
from tests.unit.shared.domain.world import MENU, World, begun, name_id

__all__ = ["A", "DESK", "TENDERS", "at_the_till", "cash", "close", "closed_for", "external", "priced", "refused"]

A = name_id("a")
DESK = "desk"  # what the box records under for a manager who asked the card network
TENDERS = (
    TenderRule(id="cash", name="Cash", kind="cash", takes_tips=True),
    TenderRule(id="bar", name="Bar cash", kind="cash"),
    TenderRule(id="card", name="Card", kind="card", takes_tips=True),
    TenderRule(id="external", name="Terminal", kind="external", takes_tips=True),
    TenderRule(id="voucher", name="Voucher", kind="other"),
)


@pytest.fixture(autouse=True)
def desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import it into a module of tests to record as the box does."""
    monkeypatch.setitem(ROLES, DESK, ROLES["manager"] | {"box"})


def at_the_till(step: int = 5, reasons: tuple[Reason, ...] = (), **rules: Any) -> World:
    """A world whose smallest coin is `step`."""
    return begun(menu=msgspec.structs.replace(MENU, rules=SellingRules(tenders=TENDERS, cash_step_minor=step, reasons=reasons, **rules)))


def priced(
    *prices: int, step: int = 5, name: str = "a", world: World | None = None, sent: bool = True, guest: str = "", **fields: Any
) -> World:
    """A check with a line of soup (7 % in the price) for each of these prices, sent to the kitchen."""
    world = world or at_the_till(step)
    world.do(OpenCheck(**{"check_id": name_id(name), "name": guest} | fields))
    for index, price in enumerate(prices):
        line = AddLine(check_id=name_id(name), line_id=name_id(f"{name}/{index}"), item_id="soup", unit_price_minor=price)
        world.do(line, role="import")
    if sent:
        world.do(SendCheck(check_id=name_id(name)))
    return world


def cash(world: World, tendered: int, name: str = "a", **fields: Any) -> PaymentTaken:
    [paid] = world.do(PayCash(check_id=name_id(name), tendered_minor=tendered, **fields))
    assert isinstance(paid, PaymentTaken)
    return paid


def external(world: World, amount: int | None = None, name: str = "a", tender: str = "external", **fields: Any) -> PaymentTaken:
    fields = {"approval_code": "A1"} | fields if tender == "external" else fields
    [paid] = world.do(Pay(check_id=name_id(name), tender=tender, amount_minor=amount, **fields))
    assert isinstance(paid, PaymentTaken)
    return paid


def close(world: World, name: str = "a") -> list[Event]:
    return world.do(CloseCheck(check_id=name_id(name)))


def closed_for(*prices: int, step: int = 5) -> World:
    """A check of these prices, paid in cash and closed."""
    world = priced(*prices, step=step)
    cash(world, sum(prices) + step)
    close(world)
    return world


def refused(world: World, command: Command, role: str = "pos") -> Refused:
    """The refusal of a command, which left nothing."""
    before = dict(world.states), len(world.journal)
    with pytest.raises(Refused) as caught:
        world.do(command, role=role)
    assert (world.states, len(world.journal)) == before
    msgspec.json.encode(caught.value.facts)
    if caught.value.code not in ("permission.missing", "text.control_character", "approval.missing", "reason.missing", "reason.unknown"):
        assert caught.value.facts.get("check_id"), caught.value
    return caught.value
