"""Service charges: by rule for large tables, by hand, and waived."""

import pytest

from shared.domain.check.charging import AddCharge, WaiveCharge
from shared.domain.check.rerating import ChangeDiningOption
from shared.domain.check.view import check_view
from shared.domain.errors import Refused
from shared.domain.menu.rules import Reason
from tests.unit.shared.domain.check.tavern import DELIVERY, SERVICE, TAXED, A, pay, tavern, total, void
from tests.unit.shared.domain.world import World, name_id


def code(world: World, command: AddCharge | WaiveCharge, role: str = "manager") -> str:
    before = dict(world.states)
    with pytest.raises(Refused) as refused:
        world.do(command, role=role)
    assert world.states == before
    return refused.value.code


def charged(world: World) -> dict[str, int]:
    return {each.given.rule_id: each.amount_minor for each in check_view(world.check()).charges}


def test_a_table_of_six_is_charged_for_service_and_one_of_five_is_not() -> None:
    small, large = tavern(SERVICE, covers=5), tavern(SERVICE, covers=6)
    for world in (small, large):
        world.add("pizza")
    assert (charged(small), charged(large)) == ({}, {"service": 150})
    assert total(large) == 1650


def test_nothing_is_charged_where_nothing_is_left() -> None:
    world = tavern(SERVICE, covers=8)
    assert charged(world) == {}
    pizza = world.add("pizza")
    void(world, pizza)
    assert (charged(world), world.check().charges) == ({}, ())


def test_a_taxable_charge_falls_on_the_rates_of_the_lines() -> None:
    world = tavern(TAXED, covers=6)
    world.add("pizza")
    world.add("beer")
    view = check_view(world.check())
    assert charged(world) == {"taxed": 100}
    assert view.total_minor == 2100
    assert {group.id: group.tax_minor for group in view.tax_groups} == {"food": 103, "drink": 84}


def test_a_charge_for_dining_in_goes_when_the_table_takes_away() -> None:
    world = tavern(TAXED, covers=6)
    world.add("pizza")
    world.do(ChangeDiningOption(check_id=A, dining_option="take_away"))
    assert charged(world) == {}


def test_a_charge_is_added_by_hand_and_stays() -> None:
    world = tavern(DELIVERY, dining_option="delivery")
    world.add("pizza")
    world.do(AddCharge(check_id=A, rule_id="delivery"))
    world.add("beer")
    assert charged(world) == {"delivery": 350}
    assert total(world) == 1500 + 500 + 350
    assert world.folded_anew().states == world.states


def test_a_waived_charge_does_not_come_back_by_itself_and_can_be_added_again() -> None:
    world = tavern(SERVICE, covers=6)
    world.add("pizza")
    [charge] = world.check().charges
    world.do(WaiveCharge(check_id=A, charge_id=charge.charge_id, reason="birthday"), role="manager")
    world.add("beer")
    assert (charged(world), check_view(world.check()).waived_charges) == ({}, ("service",))
    world.do(AddCharge(check_id=A, rule_id="service"))
    world.add("cola")
    assert (charged(world), world.check().waived_charges) == ({"service": 230}, ())
    assert world.folded_anew().states == world.states


def test_what_is_refused() -> None:
    world = tavern(SERVICE, DELIVERY, covers=6)
    assert code(world, AddCharge(check_id=A, rule_id="service")) == "charge.nothing_to_charge"
    world.add("pizza")
    [charge] = world.check().charges
    assert code(world, AddCharge(check_id=A, rule_id="ghost")) == "charge.unknown"
    assert code(world, AddCharge(check_id=A, rule_id="service")) == "charge.already_added"
    assert code(world, AddCharge(check_id=A, rule_id="delivery")) == "charge.not_for_option"
    assert code(world, WaiveCharge(check_id=A, charge_id=name_id("ghost"), reason="x")) == "charge.not_on_check"
    assert code(world, WaiveCharge(check_id=A, charge_id=charge.charge_id, reason="x"), role="pos") == "approval.missing"
    assert code(world, WaiveCharge(check_id=A, charge_id=charge.charge_id)) == "reason.missing"
    assert code(world, WaiveCharge(check_id=A, charge_id=charge.charge_id, reason="x", revision=0)) == "check.changed"
    assert code(world, AddCharge(check_id=A, rule_id="service", revision=0)) == "check.changed"
    pay(world, 1650)
    assert code(world, WaiveCharge(check_id=A, charge_id=charge.charge_id, reason="x")) == "check.overpaid"


def test_a_menu_may_list_why_a_charge_is_waived() -> None:
    assert Reason(id="birthday", name="Birthday", kind="waive").kind == "waive"
