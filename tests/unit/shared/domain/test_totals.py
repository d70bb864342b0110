"""What a check comes to: relations that hold for every check. Worked cases are in test_golden.py."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import parse_rate
from shared.domain.totals import AppliedTax, TaxableLine, line_amount, totals

TAXES = [
    AppliedTax(id="food", name="Food", rate="7%", inclusive=True),
    AppliedTax(id="drink", name="Drink", rate="19%", inclusive=True),
    AppliedTax(id="city", name="City", rate="8.875%", inclusive=False),
    AppliedTax(id="sugar", name="Sugar", rate="1/3", inclusive=False, rounding="half_even"),
    AppliedTax(id="cup", name="Cup", rate="2.5%", inclusive=False, rounding="up"),
]
lines = st.lists(
    st.builds(
        TaxableLine,
        amount_minor=st.integers(0, 10**9),
        taxes=st.lists(st.sampled_from(TAXES), unique_by=lambda tax: tax.id, max_size=3).map(tuple),
    ),
    max_size=12,
)


@given(lines)
def test_the_guest_owes_net_and_tax_and_nothing_else(check: list[TaxableLine]) -> None:
    sums = totals(check)
    assert sums.total_minor == sums.net_minor + sums.tax_minor
    assert sums.gross_minor == sum(line.amount_minor for line in check)
    assert sums.tax_minor == sum(group.tax_minor for group in sums.tax_groups)


@given(lines)
def test_inclusive_tax_never_changes_what_the_menu_said(check: list[TaxableLine]) -> None:
    only_inclusive = [TaxableLine(amount_minor=line.amount_minor, taxes=tuple(t for t in line.taxes if t.inclusive)) for line in check]
    sums = totals(only_inclusive)
    assert sums.total_minor == sums.gross_minor


@given(lines)
def test_each_tax_is_rounded_once_for_its_group(check: list[TaxableLine]) -> None:
    for group in totals(check).tax_groups:
        if not group.inclusive:
            assert abs(group.tax_minor - group.net_minor * parse_rate(group.rate)) < 1


@given(lines)
def test_a_tax_stands_once_on_the_receipt(check: list[TaxableLine]) -> None:
    groups = [(group.id, group.rate) for group in totals(check).tax_groups]
    assert len(groups) == len(set(groups))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_lines_of_one_rate_are_taxed_as_their_sum(one: int, other: int) -> None:
    city = (TAXES[2],)
    apart = totals([TaxableLine(amount_minor=one, taxes=city), TaxableLine(amount_minor=other, taxes=city)])
    assert apart.tax_minor == totals([TaxableLine(amount_minor=one + other, taxes=city)]).tax_minor


def test_a_tax_on_top_is_raised_on_what_is_left_without_the_inclusive_one() -> None:
    line = TaxableLine(amount_minor=1190, taxes=(TAXES[1], AppliedTax(id="levy", name="Levy", rate="10%", inclusive=False)))
    sums = totals([line])
    assert (sums.gross_minor, sums.net_minor, sums.tax_minor, sums.total_minor) == (1190, 1000, 290, 1290)


def test_a_rate_that_changed_with_the_menu_is_a_group_of_its_own() -> None:
    new = AppliedTax(id="food", name="Food", rate="5%", inclusive=True)
    sums = totals([TaxableLine(amount_minor=1070, taxes=(TAXES[0],)), TaxableLine(amount_minor=1050, taxes=(new,))])
    assert [(group.rate, group.net_minor, group.tax_minor) for group in sums.tax_groups] == [("7%", 1000, 70), ("5%", 1000, 50)]


def test_two_inclusive_taxes_of_a_line_are_taken_out_together() -> None:
    sums = totals([TaxableLine(amount_minor=12_600, taxes=(TAXES[0], TAXES[1]))])
    assert [group.tax_minor for group in sums.tax_groups] == [700, 1900]
    assert sums.net_minor == 10_000


def test_an_empty_check_comes_to_nothing() -> None:
    sums = totals([])
    assert (sums.gross_minor, sums.net_minor, sums.tax_minor, sums.total_minor, sums.tax_groups) == (0, 0, 0, 0, ())


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), max_size=5), st.integers(1, 100))
def test_a_line_is_base_and_modifiers_times_quantity(base: int, modifiers: list[int], quantity: int) -> None:
    assert line_amount(base, modifiers, quantity) == Fraction(base + sum(modifiers)) * quantity
