"""What a screen is shown of a check: enough for a bill, with nothing left to work out in a browser."""

import msgspec
from hypothesis import given

from shared.domain.check.charging import AddCharge
from shared.domain.check.state import Check
from shared.domain.check.view import CheckView, check_view
from tests.unit.shared.domain.check.any_check import checks
from tests.unit.shared.domain.check.tavern import DELIVERY, SENIOR, SERVICE, TWO_FOR_ONE, A, comp, give, pay, tavern, void


def test_a_bill_can_be_printed_from_the_view_alone() -> None:
    world = tavern(TWO_FOR_ONE, SERVICE, DELIVERY, covers=6, dining_option="delivery")
    pizza = world.add("pizza", quantity=2)
    stout = world.add("stout")
    cola = world.add("cola")
    gone = world.add("beer")
    void(world, gone)
    comp(world, cola)
    give(world, SENIOR)
    world.do(AddCharge(check_id=A, rule_id="delivery"))
    pay(world, 1000)
    view = check_view(world.check())
    shown = {
        line.line_id: (line.amount_minor, line.discount_minor, line.comp_minor, line.price_minor, line.tax_minor, line.tax_ids)
        for line in view.lines
    }
    assert shown == {
        pizza: (3000, 1500 + 150, 0, 1350, 88, ("food",)),
        stout: (617, 62, 0, 555, 89 + 12, ("drink", "levy")),
        cola: (300, 0, 300, 0, 0, ("drink",)),
        gone: (0, 0, 0, 0, 0, ("drink",)),
    }
    assert [(each.given.name, each.given.scope, each.applied_minor) for each in view.discounts] == [
        ("Two for one", "promotion", 1500), ("Comp", "comp", 300), ("Senior", "order", 212),
    ]  # fmt: skip
    assert [(each.given.name, each.amount_minor) for each in view.charges] == [("Service", 191), ("Delivery", 350)]
    assert [(group.id, group.inclusive, group.net_minor, group.tax_minor) for group in view.tax_groups] == [
        ("food", True, 1262, 88), ("drink", True, 466, 89), ("levy", False, 466, 12),
    ]  # fmt: skip
    assert (view.gross_minor, view.discount_minor, view.comp_minor, view.service_minor) == (3917, 1712, 300, 541)
    assert (view.total_minor, view.paid_minor, view.due_minor) == (1350 + 555 + 12 + 541, 1000, 1458)


@given(checks())
def test_the_lines_of_a_bill_add_up_to_its_end(check: Check) -> None:
    view = check_view(check)
    on_lines = sum(line.price_minor for line in view.lines)
    assert on_lines == view.gross_minor - view.discount_minor - view.comp_minor
    assert view.total_minor == view.net_minor + view.tax_minor
    assert sum(each.applied_minor for each in view.discounts) == view.discount_minor + view.comp_minor
    assert sum(charge.amount_minor for charge in view.charges) == view.service_minor
    assert sum(group.tax_minor for group in view.tax_groups) == view.tax_minor
    assert all(line.amount_minor - line.discount_minor - line.comp_minor == line.price_minor for line in view.lines)


@given(checks())
def test_a_view_is_read_back_as_it_was_written(check: Check) -> None:
    view = check_view(check)
    assert msgspec.json.decode(msgspec.json.encode(view), type=CheckView) == view
