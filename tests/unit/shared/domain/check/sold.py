"""Checks of every kind that were sold, for tests of what happens to them afterwards.

What lives here: strategies. Lines bear taxes of every kind, with discounts, comps, service charges and exemption; some are weighed,
shares of a split line, components of a combo, or voided; some checks are children of a split, with the sums that it gave them.
"""

from typing import Any

import msgspec
from hypothesis import strategies as st

from shared.domain.arithmetic.splits import split
from shared.domain.check.reckoning import due_minor, sums_of, total_minor
from shared.domain.check.state import (
    CHECK,
    Check,
    CheckStatus,
    ComboPart,
    Exemption,
    GivenCharge,
    GivenDiscount,
    Line,
    LineStatus,
    Share,
    Voiding,
)
from tests.unit.shared.domain.arithmetic.cases import taxes_of
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, external
from tests.unit.shared.domain.world import NOON, World, name_id

__all__ = ["open_checks", "settle", "sold"]

prices = st.one_of(st.integers(0, 30), st.integers(0, 2_000), st.integers(0, 10**6))
kinds = st.sampled_from(["plain", "plain", "plain", "weighed", "share", "combo", "void", "fired void"])


@st.composite
def _lines(draw: st.DrawFn) -> tuple[Line, ...]:
    return tuple(_line(draw, place) for place in range(draw(st.integers(1, 5))))


def _line(draw: st.DrawFn, place: int) -> Line:
    kind = draw(kinds)
    price, quantity = draw(prices), draw(st.integers(1, 4))
    fields: dict[str, Any] = {}
    if kind == "weighed":
        quantity, fields = 1, {"weight": draw(st.sampled_from(["0.347", "1.5"])), "weight_unit": "kg"}
    elif kind == "share":
        fields = {"share": Share(source_line_id=name_id("whole"), part="1/3", amount_minor=draw(prices))}
    elif kind == "combo":
        quantity, fields = 2, {"combo": ComboPart(combo_id=name_id("combo"), item_id="c", name="Combo", slot_id="s", price_minor=price)}
    elif "void" in kind:
        fields = {"status": LineStatus.VOIDED, "void": Voiding(reason="cold", after_fire=kind == "fired void")}
    base = {"status": LineStatus.SENT, "taxes": draw(taxes_of())}
    return Line(
        line_id=name_id(f"line {place}"), item_id="i", name="Dish", category="c", quantity=quantity, unit_price_minor=price, station="k",
        **(base | fields),
    )  # fmt: skip


@st.composite
def _discounts(draw: st.DrawFn, lines: tuple[Line, ...]) -> tuple[GivenDiscount, ...]:
    found: list[GivenDiscount] = []
    for place in range(draw(st.integers(0, 2))):
        scope = draw(st.sampled_from(["promotion", "item", "comp", "order"]))
        value = draw(st.sampled_from([{"rate": "10%"}, {"rate": "1/3"}, {"amount_minor": 333}]))
        ids = () if scope == "order" else (draw(st.sampled_from(lines)).line_id,)
        found.append(GivenDiscount(discount_id=f"d{place}", name="Off", scope=scope, line_ids=ids, **value))
    return tuple(found)


@st.composite
def _charges(draw: st.DrawFn) -> tuple[GivenCharge, ...]:
    values = st.sampled_from([{"rate": "12.5%"}, {"amount_minor": 250}])
    given = draw(st.lists(st.tuples(values, st.booleans()), max_size=2))
    return tuple(
        GivenCharge(charge_id=f"c{place}", name="Service", taxable=taxable, **value) for place, (value, taxable) in enumerate(given)
    )


@st.composite
def open_checks(draw: st.DrawFn) -> Check:
    """An open check on which everything is sent and something is to be paid."""
    lines = draw(_lines())
    check = Check(
        check_id=A, number=1, epoch=1, business_date="2026-03-02", currency="EUR", status=CheckStatus.OPEN, opened_at=NOON, covers=2,
        lines=lines, discounts=draw(_discounts(lines)), charges=draw(_charges()),
        exemption=draw(st.sampled_from([None, None, Exemption(), Exemption(tax_ids=("city",))])),
    )  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        check = _child(draw, check)
    return check


def _child(draw: st.DrawFn, check: Check) -> Check:
    """One part of an uneven split of the check, with the sums that the split gave it."""
    parent = sums_of(check)
    weights = {line.line_id: draw(st.sampled_from([(1, 0), (1, 1), (2, 1)])) for line in parent.lines}
    if not weights:
        return check
    child = split(parent, weights)[0]
    ids = {line.line_id for line in child.lines}
    return msgspec.structs.replace(check, given=child, lines=tuple(line for line in check.lines if line.line_id in ids))


def settle(world: World, check: Check, parts: list[tuple[str, int]]) -> None:
    """Pay the check by these tenders and parts, and close it."""
    world.states[CHECK, A] = check
    for tender, percent in parts:
        amount = due_minor(world.check()) * percent // 100
        if 0 < amount < due_minor(world.check()):
            if tender == "cash":
                cash(world, amount, amount_minor=amount)
            else:
                external(world, amount, tender=tender)
    if due_minor(world.check()):
        cash(world, due_minor(world.check()) + 5)
    close(world)


@st.composite
def sold(draw: st.DrawFn) -> World:
    """A world with a closed check, "a", that came to something."""
    check = draw(open_checks().filter(lambda check: total_minor(check) > 0))
    world = at_the_till()
    tenders = st.sampled_from(["cash", "external", "voucher"])
    settle(world, check, draw(st.lists(st.tuples(tenders, st.integers(1, 99)), max_size=3)))
    return world
