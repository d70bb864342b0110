"""What a check comes to: what arithmetic is told of it, and what is kept from one state to the next."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arithmetic.sums import reckon
from shared.domain.check.reckoning import due_minor, figures_of, money_changed, noted, sums_of, total_minor, totals_of
from shared.domain.check.state import Check, CheckStatus, Exemption, GivenCharge, LineStatus
from shared.domain.check.view import check_view
from tests.unit.shared.domain.arithmetic import cases
from tests.unit.shared.domain.check.any_check import FIRED, a_check, a_line, checks, off

# --- lines that are gone ---


def test_what_was_voided_before_fire_stands_nowhere_and_after_it_is_waste() -> None:
    check = a_check(a_line("a"), a_line("b", 700, status=LineStatus.VOIDED), a_line("c", 500, status=LineStatus.VOIDED, void=FIRED))
    sums = sums_of(check)
    assert (sums.gross_minor, sums.void_minor, [line.line_id for line in sums.lines]) == (1000, 500, ["a"])


def test_a_discount_is_on_those_of_its_lines_that_are_left() -> None:
    """Lines are voided, and moved and merged away; what was given on them must not stop the check from being reckoned."""
    check = a_check(
        a_line("a"),
        a_line("b", status=LineStatus.VOIDED),
        a_line("c", status=LineStatus.VOIDED, void=FIRED),
        discounts=(
            off("shared out", "item", "moved", "a", "b", "c", amount_minor=300),
            off("by rule", "promotion", "b", "a", "c", amount_minor=450, parts_minor=(200, 50, 200)),
            off("rate", "item", "a", "c", rate="10%"),
            off("gone", "comp", "b", "c", "moved", rate="100%"),
            off("gone too", "promotion", "b", amount_minor=200, parts_minor=(200,)),
            off("nothing of it here", "promotion", "a", "b", amount_minor=200, parts_minor=(0, 200)),
        ),
    )
    shown = {each.given.discount_id: (each.applied_minor, each.unapplied_minor) for each in check_view(check).discounts}
    assert shown == {
        "shared out": (300, 0), "by rule": (50, 0), "rate": (95, 0), "gone": (0, 0), "gone too": (0, 200), "nothing of it here": (0, 200),
    }  # fmt: skip
    assert total_minor(check) == 1000 - 50 - 95 - 300


def test_no_charge_is_on_a_check_that_nothing_is_left_of() -> None:
    service = GivenCharge(charge_id="s", name="Service", amount_minor=500)
    voided = a_line("a", status=LineStatus.VOIDED, void=FIRED)
    assert sums_of(a_check(voided, charges=(service,))).total_minor == 0
    assert sums_of(a_check(voided, a_line("b"), charges=(service,))).total_minor == 1500


def test_a_merged_check_owes_nothing() -> None:
    check = a_check(a_line("a"), status=CheckStatus.MERGED, charges=(GivenCharge(charge_id="s", name="Service", amount_minor=500),))
    assert (due_minor(check), total_minor(check), sums_of(check).gross_minor) == (0, 0, 0)
    assert check_view(check).total_minor == check_view(check).due_minor == 0


# --- what is kept ---


def test_what_a_split_gave_stands_until_something_changes() -> None:
    given = reckon([])
    check = a_check(a_line("a"), given=given)
    assert sums_of(check) is given
    assert totals_of(check).total_minor == 0
    assert sums_of(noted(check, name="Ann")) is given
    assert sums_of(money_changed(check)).total_minor == 1000


def test_closed_checks_keep_nothing_beside_them() -> None:
    """A year of them is in memory when a journal is folded."""
    check = a_check(a_line("a"))
    check_view(check)
    assert figures_of(check).total_minor == 1000
    closed = noted(check, status=CheckStatus.CLOSED)
    check_view(closed)
    totals_of(closed)
    assert (vars(closed), bool(vars(check))) == ({}, True)


def test_an_exemption_is_seen_by_lines_that_were_reckoned_before_it() -> None:
    check = a_check(a_line("a", 1070))
    assert total_minor(check) == 1070
    freed = money_changed(check, exemption=Exemption())
    assert total_minor(freed) == 1000
    assert total_minor(money_changed(freed, exemption=None)) == 1070


# --- for every check ---


def forgetful(check: Check) -> Check:
    """The same state with nothing kept beside it, as it is after a restart."""
    return msgspec.structs.replace(check)


def changed(draw: Any, check: Check) -> Check:
    """The check after one more change of some kind."""
    kind = draw(st.sampled_from(["add", "void", "price", "exempt", "discounts", "name", "move"]))
    lines = check.lines
    at = draw(st.integers(0, len(lines) - 1)) if lines else 0
    if kind == "add":
        line = a_line(f"new {check.revision}", draw(cases.amounts), taxes=draw(cases.taxes_of()))
        return money_changed(check, lines=(*lines, line))
    if kind == "exempt":
        return money_changed(check, exemption=draw(st.sampled_from([None, Exemption(), Exemption(tax_ids=("food", "city"))])))
    if kind == "discounts":
        return money_changed(check, discounts=check.discounts[1:])
    if kind == "name" or not lines:
        return noted(check, name="Ann")
    if kind == "move":
        return money_changed(check, lines=(*lines[:at], *lines[at + 1 :]))
    fields: dict[str, Any] = {"unit_price_minor": 777} if kind == "price" else {"status": LineStatus.VOIDED, "void": None}
    return money_changed(check, lines=(*lines[:at], msgspec.structs.replace(lines[at], **fields), *lines[at + 1 :]))


@settings(max_examples=60)
@given(checks(), st.data())
def test_what_is_kept_from_state_to_state_is_what_would_be_worked_out_anew(check: Check, data: st.DataObject) -> None:
    """What a screen shows after a day of changes is what the same state shows after a restart of the box."""
    for _ in range(data.draw(st.integers(1, 5))):
        if data.draw(st.booleans()):
            totals_of(check)
        check_view(check)
        check = changed(data.draw, check)
        assert totals_of(check) == totals_of(forgetful(check))
        assert sums_of(check) == sums_of(forgetful(check))
        assert check_view(check) == check_view(forgetful(check))


@given(checks())
def test_the_figures_of_a_closing_are_those_of_the_detail(check: Check) -> None:
    figures, sums = figures_of(check), sums_of(forgetful(check))
    assert figures.net_minor == sums.net_minor + sums.service_net_minor
    assert (figures.total_minor, figures.tax_minor, figures.taxes) == (sums.total_minor, sums.tax_minor, sums.taxes)
    assert total_minor(check) >= 0
