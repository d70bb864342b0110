"""The auditor's arithmetic and the product's were written apart from the same rules: they must agree on whatever a check holds."""

from typing import Any

import msgspec
from hypothesis import assume, given

from shared.domain.arithmetic.sums import reckon as product
from shared.domain.arithmetic.types import Discount, Line, ServiceCharge
from tests.sim.sums import SumLine, reckon, share_out
from tests.unit.shared.domain.arithmetic.cases import checks


@given(checks())
def test_two_tellings_of_the_rules_come_to_the_same(check: tuple[list[Line], list[Discount], list[ServiceCharge]]) -> None:
    lines, discounts, charges = check
    assume(not any(tax.per_line for line in lines for tax in line.taxes))
    theirs = product(lines, discounts, charges)
    ours = reckon(
        [SumLine(line.id, line.amount_minor, _said(list(line.taxes)), line.voided, line.discountable) for line in lines],
        _said(discounts),
        _said(charges),
    )
    assert (ours.gross, ours.discount, ours.comp, ours.void, ours.service, ours.net, ours.tax, ours.total) == (
        theirs.gross_minor, theirs.discount_minor, theirs.comp_minor, theirs.void_minor, theirs.service_minor,
        theirs.net_minor + theirs.service_net_minor, theirs.tax_minor, theirs.total_minor,
    )  # fmt: skip
    assert ours.prices == {line.line_id: line.price_minor for line in theirs.lines}


def _said(what: Any) -> Any:
    """As JSON tells it."""
    return msgspec.json.decode(msgspec.json.encode(what))


def test_a_remainder_goes_to_the_largest_and_among_equals_to_the_first() -> None:
    assert share_out(100, [1, 1, 1]) == [34, 33, 33]
    assert share_out(-100, [1, 1, 1]) == [-34, -33, -33]
    assert share_out(5, [0, 0]) == [3, 2]
