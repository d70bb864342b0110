"""From an order to commands: accepted as they are, and under ids that stay."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from edge.replay.catalogue import Catalogue
from edge.replay.plan import PlannedCheck, batches, check_id_of, late_check, plan
from edge.replay.rows import Row
from edge.replay.settle import settle
from shared.domain.check import Check, CheckStatus, sums_of
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.kitchen.ticket import Ticket
from shared.domain.menu.floor import DiningOption
from shared.domain.registry import decode_command
from shared.domain.views import check_view
from shared.limits import AMOUNT_MINOR_MAX
from tests.corpus.house import HOUSE
from tests.unit.edge.replay.kit import row
from tests.unit.shared.domain.world import BERLIN, MENU, SITE, World, begun

LUNCH = Catalogue("v", MENU)
CHECK = check_id_of(SITE, "", "1")


def planned(rows: Iterable[Row], check_id: str = CHECK, catalogue: Catalogue = LUNCH) -> list[tuple[str, Command]]:
    made = plan(PlannedCheck(check_id=check_id, rows=tuple(rows)), catalogue)
    return [(step.submit.id, decode_command(step.submit.command)) for step in (*made.ordering, *made.settling)]


def accept(world: World, commands: Iterable[tuple[str, Command]]) -> None:
    for command_id, command in commands:
        world.do(command, command_id=command_id, role="import")


def test_an_order_is_opened_sent_paid_closed_and_bumped_on_the_date_of_its_time() -> None:
    world = begun()
    accept(world, planned([row(1, "Soup"), row(2, "Wine", quantity=3, unit_price_minor=799), row(3, "Soup")]))
    checks = [each for each in world.states.values() if isinstance(each, Check)]
    tickets = [each for each in world.states.values() if isinstance(each, Ticket)]
    assert [(check.status, check.business_date, sums_of(check).total_minor) for check in checks] == [
        (CheckStatus.CLOSED, "2026-03-02", 650 + 3 * 799 + 650)
    ]
    assert sorted((ticket.station, ticket.is_live) for ticket in tickets) == [("bar", False), ("kitchen", False)]


def test_where_courses_wait_several_stations_cook_and_a_pass_hands_over_an_order_is_done_with_all_the_same() -> None:
    """The house of the frozen scene: stations by category, halves, an included topping, an expo, and cash that is rounded."""
    world = begun()
    world.menu = HOUSE
    house = Catalogue("v", HOUSE)
    assert house.has_expo
    rows = [
        row(1, "Soup", unit_price_minor=698), row(2, "Pizza", unit_price_minor=1_003, modifiers=(("Olives", 50), ("Ham", 100), ("Thin", 0))),
        row(3, "Fish of the day", unit_price_minor=2_900), row(4, "Ribs", unit_price_minor=2_000),
    ]  # fmt: skip
    accept(world, planned(rows, catalogue=house))
    check = next(each for each in world.states.values() if isinstance(each, Check))
    assert (check.status, sums_of(check).total_minor) == (CheckStatus.CLOSED, 698 + 1_153 + 2_900 + 2_000)
    assert [(each.modifier_id, each.depth, each.price_minor) for each in check.lines[1].modifiers] == [
        ("olives", 0, 95), ("ham", 0, 0), ("thin", 1, 0),
    ]  # fmt: skip
    tickets = [each for each in world.states.values() if isinstance(each, Ticket)]
    assert sorted((ticket.station, ticket.status) for ticket in tickets) == [("cold", "served"), ("hot", "served"), ("oven", "served")]


def test_a_menu_that_knows_no_eating_in_is_ordered_from_as_it_can_be() -> None:
    shop = msgspec.structs.replace(MENU, dining_options=(DiningOption(id="to_go", name="To go"),))
    world = begun()
    world.menu = shop
    accept(world, planned([row(1, "Soup")], catalogue=Catalogue("v", shop)))
    assert [each.dining_option for each in world.states.values() if isinstance(each, Check)] == ["to_go"]


def test_an_order_that_cost_nothing_is_closed_without_a_payment() -> None:
    world = begun()
    accept(world, planned([row(unit_price_minor=0)]))
    assert [check.status for check in world.states.values() if isinstance(check, Check)] == [CheckStatus.CLOSED]


def test_an_order_larger_than_one_payment_is_paid_in_several() -> None:
    world = begun()
    accept(world, planned([row(ordinal, "Gold leaf", unit_price_minor=AMOUNT_MINOR_MAX) for ordinal in (1, 2, 3)]))
    checks = [check for check in world.states.values() if isinstance(check, Check)]
    assert [(check.status, len(check.payments)) for check in checks] == [(CheckStatus.CLOSED, 3)]


def test_ids_depend_on_site_series_order_and_ordinal_and_on_nothing_else() -> None:
    ids = {id for id, _ in planned([row(1), row(2)])}
    assert {id for id, _ in planned([row(1, number=90, quantity=5), row(2, "Wine", number=99)])} >= ids
    assert ids.isdisjoint(id for id, _ in planned([row(1)], check_id_of(SITE, "", "2")))
    assert ids.isdisjoint(id for id, _ in planned([row(1)], check_id_of(SITE, "2025", "1")))
    assert ids.isdisjoint(id for id, _ in planned([row(1)], check_id_of(derived_id("elsewhere"), "", "1")))


def test_a_large_order_is_cut_into_batches_that_a_site_takes() -> None:
    made = plan(PlannedCheck(check_id=CHECK, rows=tuple(row(ordinal) for ordinal in range(1, 451))), LUNCH)
    made = batches((*made.ordering, *made.settling))
    assert [len(batch.commands) for batch in made] == [200, 200, 55]


def test_rows_are_found_again_on_the_check_though_rows_came_or_went_before_them() -> None:
    world = begun()
    first = (row(1, "Soup"), row(2, "Wine"), row(3, "Pizza", modifiers=(("Small", 0),)))
    accept(world, planned(first))
    view = check_view(next(check for check in world.states.values() if isinstance(check, Check)))

    gone = settle(view, (row(1, "Soup"), row(2, "Pizza")), LUNCH, BERLIN)
    assert (len(gone.played), gone.differing, gone.late) == (2, (), ())
    came = settle(view, (row(1, "Soup"), row(2, "Soup"), row(3, "Wine"), row(4, "Pizza")), LUNCH, BERLIN)
    assert (len(came.played), came.differing, came.late) == (3, (), (row(2, "Soup"),))
    changed = settle(view, (row(1, "Soup", unit_price_minor=651), *first[1:]), LUNCH, BERLIN)
    assert [(each.number, line.name) for each, line in changed.differing] == [(2, "Soup")]
    assert (changed.played, changed.late) == (first[1:], ())
    other = settle(
        view,
        (row(1, "Soup", ordered_at=datetime(2025, 3, 2, 12, 0)), row(4, "Soup", ordered_at=datetime(2025, 3, 2, 12, 0))),
        LUNCH,
        BERLIN,
    )
    assert (len(other.played), len(other.strangers), other.differing, other.late) == (0, 2, (), ()), "another order under the same id"


def test_a_late_row_has_a_check_of_its_own() -> None:
    late = late_check(CHECK, row(2))
    assert late.check_id not in {CHECK, late_check(CHECK, row(3)).check_id}
    assert late.check_id == late_check(CHECK, row(2, number=77)).check_id


def test_commands_are_encoded_as_a_tablet_encodes_them() -> None:
    step = plan(PlannedCheck(check_id=CHECK, rows=(row(),)), LUNCH).ordering[0]
    assert msgspec.json.decode(step.submit.command)["opened_at"] == "2026-03-02T12:00:00"
