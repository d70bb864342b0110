"""Checks of any kind for tests of what they come to: lines, discounts and charges put together by hand, or at random.

What lives here: makers and a strategy over those of the arithmetic's tests. No rule is known here.
"""

from typing import Any

from hypothesis import strategies as st

from shared.domain.arithmetic.types import Discount, ServiceCharge
from shared.domain.check.state import Check, CheckStatus, GivenCharge, GivenDiscount, Line, LineStatus, Voiding
from tests.unit.shared.domain.arithmetic import cases
from tests.unit.shared.domain.world import NOON

FIRED = Voiding(reason="dropped", after_fire=True)


def a_line(id: str, amount_minor: int = 1000, **fields: Any) -> Line:
    known = {"item_id": "x", "name": "X", "category": "", "quantity": 1, "station": "", "status": LineStatus.HELD, "taxes": (cases.FOOD,)}
    return Line(**{"line_id": id, "unit_price_minor": amount_minor} | known | fields)


def a_check(*lines: Line, **fields: Any) -> Check:
    known = {"check_id": "c", "number": 1, "epoch": 1, "business_date": "2026-03-02", "currency": "EUR", "opened_at": NOON}
    return Check(**{"status": CheckStatus.OPEN, "lines": lines} | known | fields)


def off(id: str, scope: str = "item", *line_ids: str, **fields: Any) -> GivenDiscount:
    return GivenDiscount(**{"discount_id": id, "name": id, "scope": scope, "line_ids": line_ids} | fields)


@st.composite
def checks(draw: st.DrawFn) -> Check:
    lines, discounts, charges = draw(cases.checks(most=6))
    return a_check(
        *map(line_of, lines), discounts=tuple(map(discount_of, discounts)), charges=tuple(map(charge_of, range(len(charges)), charges))
    )


def line_of(line: Any) -> Line:
    return a_line(
        line.id, line.amount_minor, taxes=line.taxes, seat=line.seat, discountable=line.discountable,
        status=LineStatus.VOIDED if line.voided else LineStatus.SENT, void=FIRED if line.voided else None,
    )  # fmt: skip


def discount_of(each: Discount) -> GivenDiscount:
    return off(
        each.id, each.scope, *each.line_ids, rate=each.rate, amount_minor=each.amount_minor, parts_minor=each.parts_minor,
    )  # fmt: skip


def charge_of(number: int, each: ServiceCharge) -> GivenCharge:
    return GivenCharge(charge_id=f"{each.id} {number}", name=each.id, rate=each.rate, amount_minor=each.amount_minor, taxable=each.taxable)
