"""In whatever portions it is given back, of what was paid nothing is left in the end, and never less than nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.arithmetic.refunds import refund_part, refund_units
from shared.domain.arithmetic.types import Tax
from shared.domain.check import Check, sums_of
from shared.domain.check.bearing import LineWeights
from shared.domain.check.books import NO_SALES, booked
from shared.domain.check.giving_back import Left, left_of, units_of
from shared.domain.check.refund_tenders import RefundApproval
from shared.domain.check.refunding import RefundAmount, Refunded, RefundLines, RefundUnits
from shared.domain.check.splitting import SplitCheck
from tests.unit.shared.domain.check.sold import sold
from tests.unit.shared.domain.check.till import A, cash, close, closed_for, priced
from tests.unit.shared.domain.world import World, name_id

portions = st.lists(st.tuples(st.sampled_from(["units", "amount"]), st.integers(0, 9), st.integers(1, 99)), max_size=6)


def give(world: World, command: RefundLines | RefundAmount) -> Refunded:
    """Give back as a manager does who stands at the terminal, if there is one."""
    paid = [payment.payment_id for payment in world.check().payments if payment.kind == "external"]
    codes = tuple(RefundApproval(payment_id=payment_id, approval_code="T-1") for payment_id in paid)
    [refunded] = world.do(msgspec.structs.replace(command, approval_codes=codes), role="manager")
    assert isinstance(refunded, Refunded)
    return refunded


def units(line_id: str, count: int = 1) -> RefundLines:
    return RefundLines(check_id=A, lines=(RefundUnits(line_id=line_id, units=count),), reason="cold")


def an_amount(amount: int | None = None) -> RefundAmount:
    return RefundAmount(check_id=A, amount_minor=amount, reason="goodwill")


def refundable(world: World) -> list[tuple[str, int]]:
    """(line, units that are left) of every line of which something is left."""
    left = left_of(world.check())
    lines = [(line.line_id, units_of(line) - left.refunded.get(line.line_id, 0)) for line in world.check().kept_lines]
    return [(id, count) for id, count in lines if count and left.of_line(id)]


def try_portions(world: World, tried: list[tuple[str, int, int]]) -> None:
    for kind, pick, percent in tried:
        lines = refundable(world)
        most = left_of(world.check()).total_minor
        if kind == "units" and lines:
            line_id, count = lines[pick % len(lines)]
            give(world, units(line_id, 1 + pick % count))
        elif most:
            give(world, an_amount(max(1, most * percent // 100)))
        ensure_within(world.check())


def taxes_left(check: Check) -> dict[Tax, list[int]]:
    """[base, tax, relieved] of each group, less what the refunds say."""
    left = {group.tax: [group.base_minor, group.tax_minor, group.relieved_minor] for group in sums_of(check).taxes}
    for refund in check.refunds:
        for tax in refund.taxes:
            for place, amount in enumerate((tax.base_minor, tax.tax_minor, tax.relieved_minor)):
                left[tax.tax][place] -= amount
    return left


def net_left(check: Check) -> int:
    sums = sums_of(check)
    return sums.net_minor + sums.service_net_minor - sum(refund.net_minor for refund in check.refunds)


def unreturned(check: Check) -> list[int]:
    """What of each payment was not given back."""
    parts = [part for refund in check.refunds for part in refund.tenders]
    return [
        payment.amount_minor - sum(part.amount_minor for part in parts if part.payment_id == payment.payment_id)
        for payment in check.payments
    ]


def ensure_within(check: Check) -> None:
    last = check.refunds[-1]
    assert min(last.net_minor, *(min(tax.base_minor, tax.tax_minor, tax.relieved_minor) for tax in last.taxes), 0) == 0
    assert net_left(check) >= 0
    assert all(min(amounts) >= 0 for amounts in taxes_left(check).values())
    assert min(unreturned(check)) >= 0
    for refund in check.refunds:
        assert refund.total_minor == refund.net_minor + sum(tax.tax_minor for tax in refund.taxes)
        assert refund.total_minor == sum(part.amount_minor for part in refund.tenders)
        assert refund.total_minor == sum(line.total_minor for line in refund.lines) or not refund.lines


def ensure_nothing_left(world: World) -> None:
    check = world.check()
    assert net_left(check) == 0
    assert all(amounts == [0, 0, 0] for amounts in taxes_left(check).values())
    assert set(unreturned(check)) == {0}
    total = NO_SALES
    for book in booked(check).values():
        assert book.taxes == {}
        total += book.sales
    assert (total.net_minor, total.tax_minor, total.refund_minor) == (0, 0, sums_of(check).total_minor)


@given(sold())
def test_unit_by_unit_everything_returns_to_nothing(world: World) -> None:
    paid = {line.line_id: line for line in sums_of(world.check()).lines}
    charged = bool(world.check().charges)
    for line in world.check().kept_lines:
        for before in range(units_of(line)):
            if (line.line_id, units_of(line) - before) not in refundable(world):
                continue
            refunded = give(world, units(line.line_id))
            ensure_within(world.check())
            sums = paid[line.line_id]
            if not charged and not any(share.tax.inclusive for share in sums.taxes):
                rule = refund_units(sums, units_of(line), before)
                assert (refunded.net_minor, refunded.total_minor) == (rule.net_minor, rule.total_minor)
            elif not charged and not any(not share.tax.inclusive or share.tax.exempt for share in sums.taxes):
                assert refunded.total_minor == refund_part(sums.price_minor, units_of(line), before)
    ensure_nothing_left(world)


@given(sold(), portions)
def test_in_whatever_portions_of_units_and_amounts_everything_returns_to_nothing(world: World, tried: list[tuple[str, int, int]]) -> None:
    try_portions(world, tried)
    if left_of(world.check()).total_minor:
        give(world, an_amount())
    ensure_within(world.check())
    ensure_nothing_left(world)


@given(sold(), portions)
def test_after_amounts_the_rest_of_all_units_gives_back_what_is_left(world: World, tried: list[tuple[str, int, int]]) -> None:
    try_portions(world, tried)
    for line_id, count in refundable(world):
        give(world, units(line_id, count))
    check = world.check()
    ensure_within(check)
    # A line whose units all came back has nothing left that an amount could not have taken before.
    assert all(left_of(check).of_line(line.line_id) == 0 for line in check.kept_lines if line.line_id in left_of(check).rows)
    ensure_nothing_left(world)


@given(sold(), st.integers(1, 99))
def test_an_amount_takes_of_net_and_taxes_in_proportion(world: World, percent: int) -> None:
    check = world.check()
    total = sums_of(check).total_minor
    amount = max(1, total * percent // 100)
    refunded = give(world, an_amount(amount))
    assert refunded.total_minor == amount
    for tax in refunded.taxes:
        [group] = [group for group in sums_of(check).taxes if group.tax == tax.tax]
        assert abs(tax.tax_minor * total - group.tax_minor * amount) <= total
        assert abs(tax.base_minor * total - group.base_minor * amount) * 2 <= total


def test_a_cent_is_given_back_of_what_weighs_most() -> None:
    """The written rule, by hand: 10.00 with 7 % in it is 9.35 and 0.65. 5.01 is 4.684 and 0.326, so 4.68 and 0.33."""
    world = closed_for(1000)
    refunded = give(world, an_amount(501))
    assert (refunded.net_minor, [tax.tax_minor for tax in refunded.taxes]) == (468, [33])
    refunded = give(world, an_amount())
    assert (refunded.net_minor, [tax.tax_minor for tax in refunded.taxes]) == (467, [32])


def test_children_of_a_split_give_back_what_each_of_them_paid() -> None:
    """10.03 and a cake of 5.01 for two, which no two children can pay alike; each has the sums that the split gave it."""
    world = priced(1003, 501)
    both = tuple(LineWeights(line_id=line.line_id, weights=(1, 1)) for line in world.check().lines)
    world.do(SplitCheck(check_id=A, into=(name_id("b"),), assignments=both))
    whole = 0
    for name in "ab":
        check = world.check(name)
        assert check.given is not None
        cash(world, 1000, name)
        close(world, name)
        for line in world.check(name).kept_lines:
            command = RefundLines(check_id=name_id(name), lines=(RefundUnits(line_id=line.line_id),), reason="cold")
            [refunded] = world.do(command, role="manager")
            assert isinstance(refunded, Refunded)
            whole += refunded.total_minor
        check = world.check(name)
        assert net_left(check) == 0
        assert all(amounts == [0, 0, 0] for amounts in taxes_left(check).values())
    assert whole == 1504


def test_more_than_there_is_is_an_error() -> None:
    left: Left = left_of(closed_for(1000).check())
    [line_id] = left.rows
    with pytest.raises(ValueError, match="cannot be refunded"):
        left.give_units({line_id: (1, 2)})
    for amount in (0, 1001):
        with pytest.raises(ValueError, match="cannot be refunded"):
            left.give_amount(amount)
