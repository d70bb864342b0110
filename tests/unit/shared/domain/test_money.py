"""Money: rounding, rates, sharing out, and amounts as people write them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.money import EXPONENTS, ROUNDING, allocate, apply_rate, exponent, format_amount, parse_amount, parse_rate
from shared.limits import AMOUNT_MINOR_MAX

amounts = st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)
currencies = st.sampled_from(["USD", "JPY", "OMR", "CLF", "EUR"])


@given(amounts, weights)
def test_what_is_shared_out_adds_up_whatever_the_weights(amount: int, shares: list[int]) -> None:
    assert sum(allocate(amount, shares)) == amount


@given(amounts, weights)
def test_a_refund_is_shared_out_exactly_as_the_sale_was(amount: int, shares: list[int]) -> None:
    assert allocate(-amount, shares) == [-part for part in allocate(amount, shares)]


@given(amounts, weights)
def test_no_part_is_a_whole_cent_away_from_its_exact_share(amount: int, shares: list[int]) -> None:
    total = sum(shares)
    exact = [Fraction(amount * share, total) if total else Fraction(amount, len(shares)) for share in shares]
    assert all(abs(part - share) < 1 for part, share in zip(allocate(amount, shares), exact, strict=True))


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(2, 12))
def test_the_odd_cents_go_to_the_earliest_of_equal_parts(amount: int, weight: int, ways: int) -> None:
    parts = allocate(amount, [weight] * ways)
    assert parts == sorted(parts, reverse=True)
    assert max(parts) - min(parts) <= 1


def test_a_line_that_costs_nothing_gets_nothing_of_the_discount() -> None:
    assert allocate(100, [0, 300, 0, 100]) == [0, 75, 0, 25]


def test_weights_that_are_all_zero_share_evenly() -> None:
    assert allocate(5, [0, 0, 0]) == [2, 2, 1]


def test_an_amount_cannot_be_shared_out_over_nobody() -> None:
    assert allocate(0, []) == []
    with pytest.raises(ValueError, match="no parts"):
        allocate(1, [])


def test_a_negative_weight_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="negative"):
        allocate(1, [1, -1])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("half_up", [-3, -2, -1, 1, 2, 3]),
        ("half_even", [-2, -2, 0, 0, 2, 2]),
        ("up", [-3, -2, -1, 1, 2, 3]),
        ("down", [-2, -1, 0, 0, 1, 2]),
    ],
)
def test_halves_go_where_the_rule_says(rule: str, expected: list[int]) -> None:
    halves = [Fraction(n, 2) for n in (-5, -3, -1, 1, 3, 5)]
    assert [ROUNDING[rule](half) for half in halves] == expected


@given(st.fractions(min_value=-(10**9), max_value=10**9), st.sampled_from(sorted(ROUNDING)))
def test_every_rounding_is_symmetric_and_within_one(value: Fraction, rule: str) -> None:
    rounded = ROUNDING[rule](value)
    assert ROUNDING[rule](-value) == -rounded
    assert abs(value - rounded) < 1
    if rule == "half_up":
        assert abs(value - rounded) <= Fraction(1, 2)


@pytest.mark.parametrize("text", ["8.875%", "8.875 %", " 71/800 ", "0.08875", "17.75/200"])
def test_a_rate_is_exact_however_it_is_written(text: str) -> None:
    assert parse_rate(text) == Fraction(71, 800)
    assert apply_rate(10_000_000, parse_rate(text)) == 887_500


@pytest.mark.parametrize(
    "text", ["", "%", "eight", "1/0", "1e999999999%", "1e5", "nan", "inf", "0x10", "1_0%", "9" * 100_000, "1/2/3", "٣%"]
)
def test_a_rate_that_is_none_is_refused_at_once(text: str) -> None:
    """A menu with the rate 1e999999999% once took all the memory of the box while it was parsed."""
    with pytest.raises(ValueError, match="is no rate"):
        parse_rate(text)


@given(amounts, currencies)
def test_what_is_written_is_read_back_the_same(amount: int, currency: str) -> None:
    assert parse_amount(format_amount(amount, currency), currency) == amount


@given(st.integers(0, AMOUNT_MINOR_MAX), currencies)
def test_thousands_and_signs_do_not_change_an_amount(amount: int, currency: str) -> None:
    whole, point, decimals = format_amount(amount, currency).partition(".")
    assert parse_amount(f"{int(whole):,}{point}{decimals} {currency}", currency) == amount
    assert parse_amount(f"-$ {whole}{point}{decimals}", currency) == -amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.95", "USD", 1295), ("$12.9", "USD", 1290), (".5", "USD", 50), ("7.", "USD", 700), ("£3", "GBP", 300), ("12.950", "USD", 1295),
     ("1,234,567.80 USD", "USD", 123456780), ("500", "JPY", 500), ("500.00", "JPY", 500), ("1.234", "OMR", 1234), ("-0.05", "EUR", -5)],
)  # fmt: skip
def test_amounts_as_files_write_them(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["", " ", "free", "12.955", "1.2.3", "12,95", "1,23", ",5", "--5", "5-", "1e3", "NaN", "Infinity", "$", ".", "٣", "1 000", "0x1F",
     "1.000000000000000000000000000000000001", "9" * 40],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_a_sentence(text: str) -> None:
    """Forty digits, or a one in the thirty-sixth decimal, were once rounded away without a word."""
    with pytest.raises(ValueError, match=r"is no amount|has more decimals"):
        parse_amount(text, "USD")


def test_currencies_have_the_decimals_of_iso_4217() -> None:
    assert [exponent(code) for code in ("USD", "JPY", "OMR", "CLF", "XYZ")] == [2, 0, 3, 4, 2]
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
