"""The worked cases of golden/cases.json, computed by others with exact fractions.

Every case goes through the arithmetic package; those that the totals of today's checks can express go through these as well.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.domain.arithmetic.cash import cash_payable, settle_cash
from shared.domain.arithmetic.combos import combo_amounts
from shared.domain.arithmetic.lines import line_amount, weighed_amount
from shared.domain.arithmetic.refunds import refund_units
from shared.domain.arithmetic.splits import split, split_evenly
from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Discount, Line, ServiceCharge, Sums, Tax

Given = dict[str, Any]
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in json.loads((Path(__file__).parent / "golden" / "cases.json").read_text())}


def _lines(amounts: list[int], rate: str = "", **tax: Any) -> list[Line]:
    taxes = (Tax(id=rate, rate=rate, **tax),) if rate else ()
    return [Line(id=str(place), amount_minor=amount, taxes=taxes) for place, amount in enumerate(amounts)]


def _taxes(sums: Sums) -> list[int]:
    return [line.taxes[0].tax_minor for line in sums.lines]


def line_with_modifiers(given: Given) -> Given:
    return {"line": line_amount(given["base"], given["modifiers"], given["quantity"])}


def weighed_line(given: Given) -> Given:
    return {"line": weighed_amount(given["price_per_kg"], given["kg"])}


def item_percent_then_fixed(given: Given) -> Given:
    fixed = Discount(id="fixed", scope="item", amount_minor=given["fixed"], line_ids=("0",))
    percent = Discount(id="percent", scope="item", rate=given["percent"], line_ids=("0",))
    return {"net": reckon(_lines([given["line"]]), [fixed, percent]).net_minor}


def order_fixed(given: Given) -> Given:
    sums = reckon(_lines(given["lines"]), [Discount(id="d", scope="order", amount_minor=given["order_fixed"])])
    return {"allocated": [line.discount_minor for line in sums.lines]}


def order_percent(given: Given) -> Given:
    sums = reckon(_lines(given["lines"]), [Discount(id="d", scope="order", rate=given["order_percent"])])
    return {"discount": sums.discount_minor, "allocated": [line.discount_minor for line in sums.lines]}


def exclusive_group(given: Given) -> Given:
    sums = reckon(_lines(given["lines"], given["rate"]))
    per_line = reckon(_lines(given["lines"], given["rate"], per_line=True))
    return {"tax": sums.tax_minor, "allocated": _taxes(sums), "per_line_option_tax": per_line.tax_minor}


def two_inclusive_rates(given: Given) -> Given:
    lines = [
        Line(id=group["rate"], amount_minor=group["gross"], taxes=(Tax(id=group["rate"], rate=group["rate"], inclusive=True),))
        for group in given["groups"]
    ]
    return {"tax": [group.tax_minor for group in reckon(lines).taxes]}


def inclusive_rounds_the_tax(given: Given) -> Given:
    sums = reckon(_lines([given["gross"]], given["rate"], inclusive=True))
    return {"tax": sums.tax_minor, "net": sums.net_minor}


def combo(given: Given) -> Given:
    parts = combo_amounts(given["price"], given["standalone"])
    lines = [
        Line(id=str(place), amount_minor=part, taxes=(Tax(id=rate, rate=rate, inclusive=given["inclusive"]),))
        for place, (part, rate) in enumerate(zip(parts, given["rates"], strict=True))
    ]
    return {"allocated": parts, "tax": {group.tax.rate: group.tax_minor for group in reckon(lines).taxes}}


def discount_charge_tax(given: Given) -> Given:
    def sums(taxable: bool) -> Sums:
        return reckon(
            _lines(given["lines"], given["rate"]),
            [Discount(id="d", scope="order", rate=given["order_percent"])],
            [ServiceCharge(id="s", rate=given["service_charge"], taxable=taxable)],
        )

    taxed, untaxed = sums(True), sums(False)
    assert (taxed.net_minor, taxed.service_minor) == (untaxed.net_minor, untaxed.service_minor)
    return {
        "net": taxed.net_minor,
        "service_charge": taxed.service_minor,
        "taxed": {"tax": taxed.tax_minor, "total": taxed.total_minor},
        "untaxed": {"tax": untaxed.tax_minor, "total": untaxed.total_minor},
    }


def even_split(given: Given) -> Given:
    return {"parts": split_evenly(given["total"], given["ways"])}


def shared_line(given: Given) -> Given:
    ways = len(given["own"])
    parent = reckon(_lines([given["shared"], *given["own"]], given["rate"]))
    own = {str(child + 1): tuple(int(child == other) for other in range(ways)) for child in range(ways)}
    children = split(parent, {"0": (1,) * ways, **own})
    return {
        "nets": [child.net_minor for child in children],
        "tax": [child.tax_minor for child in children],
        "totals": [child.total_minor for child in children],
        "parent_tax": parent.tax_minor,
    }


def cash_rounding(given: Given) -> Given:
    left = given["then"]["total"] - given["then"]["card"]
    return {"cash": [cash_payable(total, given["step"]) for total in given["totals"]], "cash_part": cash_payable(left, given["step"])}


def gift_then_cash(given: Given) -> Given:
    return {"change": settle_cash(given["due"] - given["gift"], given["cash"]).change_minor}


def unit_by_unit(given: Given) -> Given:
    off = Discount(id="d", scope="item", amount_minor=given["line_discount"], line_ids=("0",))
    paid = reckon(_lines([line_amount(given["unit_price"], (), given["units"])], given["rate"]), [off]).lines[0]
    refunds = [refund_units(paid, given["units"], before) for before in range(given["units"])]
    return {"net": [refund.net_minor for refund in refunds], "tax": [refund.taxes[0].tax_minor for refund in refunds]}


def void_after_fire(given: Given) -> Given:
    taxes = (Tax(id="t", rate=given["rate"]),)
    sums = reckon([
        Line(id=str(place), amount_minor=line["price"], taxes=taxes, voided=line.get("voided_after_fire", False))
        for place, line in enumerate(given["lines"])
    ])  # fmt: skip
    return {"tax": sums.tax_minor, "gross": sums.gross_minor, "voids": sums.void_minor}


def comp(given: Given) -> Given:
    comps = [
        Discount(id=f"comp {place}", scope="comp", rate="100%", line_ids=(str(place),))
        for place, line in enumerate(given["lines"])
        if line.get("comped")
    ]
    sums = reckon(_lines([line["price"] for line in given["lines"]], given["rate"]), comps)
    return {"gross": sums.gross_minor, "comps": sums.comp_minor, "net": sums.net_minor, "tax": sums.tax_minor}


COVERED: dict[str, Callable[[Given], Given]] = {
    "line-with-modifiers": line_with_modifiers,
    "weighed-line": weighed_line,
    "item-percent-then-fixed": item_percent_then_fixed,
    "order-fixed-over-equal-lines": order_fixed,
    "order-percent-over-lines": order_percent,
    "exclusive-tax-group-rounding": exclusive_group,
    "two-inclusive-rates": two_inclusive_rates,
    "inclusive-rounds-the-tax": inclusive_rounds_the_tax,
    "combo": combo,
    "discount-service-charge-tax": discount_charge_tax,
    "split-evenly": even_split,
    "split-with-a-shared-line": shared_line,
    "cash-rounding": cash_rounding,
    "refund-unit-by-unit": unit_by_unit,
    "void-after-fire": void_after_fire,
    "comp": comp,
    "gift-then-cash": gift_then_cash,
}


@pytest.mark.parametrize("case_id", COVERED)
def test_the_case_comes_to_what_is_written(case_id: str) -> None:
    case = CASES[case_id]
    assert COVERED[case_id](case["given"]) == case["expect"]


def test_no_case_is_left_out() -> None:
    assert set(COVERED) == set(CASES)
