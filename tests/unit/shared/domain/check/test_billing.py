"""The bill that a guest is shown: which one it was, and whether it still holds."""

import pytest

from shared.domain.check import SendCheck
from shared.domain.check.billing import BillShown, ShowBill
from shared.domain.check.state import BillMark
from shared.domain.registry import evolve
from tests.unit.shared.domain.check.till import A, at_the_till, cash, closed_for, priced, refused
from tests.unit.shared.domain.world import NOON, World


def show(world: World) -> BillShown:
    [shown] = world.do(ShowBill(check_id=A))
    assert isinstance(shown, BillShown)
    return shown


def bill(world: World) -> BillMark:
    found = world.check().bill
    assert found is not None
    return found


def test_a_bill_says_what_the_check_comes_to_and_which_one_it_is() -> None:
    world = priced(1000)
    assert show(world).total_minor == 1000
    assert show(world).count == 2
    assert bill(world) == BillMark(count=2, total_minor=1000, at=NOON)


def test_a_last_coffee_makes_the_bill_outdated_until_another_is_shown() -> None:
    world = priced(1000)
    show(world)
    world.add("soup")
    world.do(SendCheck(check_id=A))
    assert (bill(world).outdated, bill(world).total_minor) == (True, 1000)
    assert show(world).count == 2
    assert not bill(world).outdated


def test_a_payment_does_not_make_the_bill_outdated() -> None:
    world = priced(1000)
    show(world)
    cash(world, 500, amount_minor=500)
    assert not bill(world).outdated


def test_there_is_no_bill_of_nothing_nor_of_a_closed_check() -> None:
    world = at_the_till()
    world.open()
    assert refused(world, ShowBill(check_id=A)).code == "bill.empty"
    assert refused(closed_for(1000), ShowBill(check_id=A)).code == "check.closed"
    assert refused(priced(1000), ShowBill(check_id=A, revision=0)).code == "check.changed"


def test_a_bill_out_of_turn_is_noticed() -> None:
    world = priced(1000)
    shown = show(world)
    with pytest.raises(ValueError, match="out of turn"):
        evolve(world, shown, world.journal[-1][1])
