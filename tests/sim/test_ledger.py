"""What the auditor's ledger must not hold against a site: evenings with many corrections have shown it to be wrong."""

from typing import Any

import pytest

from tests.sim.ledger import Ledger
from tests.sim.ledger_checks import CheckBook, Line
from tests.sim.ledger_kitchen import Violation
from tests.sim.sums import Sum

_LINE: dict[str, Any] = {
    "type": "LineAdded", "check_id": "A", "line_id": "soup", "quantity": 2, "unit_price_minor": 500, "modifiers": [], "taxes": [],
}  # fmt: skip
_GIVEN = Sum(gross=1_000, net=1_001, tax=0)
"""A cent more than the line comes to by itself: the odd one that a split dealt out here."""


def _after_a_split() -> tuple[Ledger, CheckBook]:
    ledger = Ledger()
    check = CheckBook({"check_id": "A", "business_date": "2026-03-02"})
    check.lines["soup"] = Line(_LINE)
    check.stated = _GIVEN
    ledger.checks["A"] = check
    return ledger, check


@pytest.mark.parametrize(("change", "is_given"), [({"note": "no salt"}, True), ({"seat": 3}, True), ({"quantity": 1}, False)])
def test_the_odd_cent_of_a_split_stays_until_what_is_ordered_changes(change: dict[str, Any], is_given: bool) -> None:
    ledger, check = _after_a_split()
    ledger._on_line_changed({**_LINE, "type": "LineChanged", **change}, {})
    assert (check.sums() == _GIVEN) is is_given


def _refund(total: int, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"total_minor": total, "net_minor": total, "taxes": [], "tenders": [], "lines": lines}


def test_a_unit_may_give_back_nothing_and_an_amount_may_not() -> None:
    _, check = _after_a_split()
    check.closings.append(("2026-03-02", 1, _GIVEN))
    check.refund("2026-03-02", _refund(0, [{"line_id": "soup", "units": 1}]))
    with pytest.raises(Violation, match="a refund of nothing"):
        check.refund("2026-03-02", _refund(0, []))
