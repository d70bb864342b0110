"""Moving lines: a guest changes tables, a round was rung up on the wrong check, and what was given off lines goes where they go."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.check import (
    ChangeDiningOption,
    Check,
    CompLines,
    ExemptTax,
    GiveDiscount,
    LinesMoved,
    MergeChecks,
    MoveLines,
    PayCash,
    SendCheck,
    SplitEvenly,
    sums_of,
)  # fmt: skip
from shared.domain.check.state import ComboPart, GivenDiscount
from shared.domain.check.voiding import VoidLine
from shared.domain.kernel import Event
from shared.domain.menu.rules import Promotion, SellingRules, ServiceChargeRule
from shared.limits import CHECK_LINES_MAX
from tests.unit.shared.domain.check.parties import (
    at,
    at_table,
    bears,
    copy_of,
    ensure_followed,
    prices,
    split,
    standing,
    taxed,
    totals,
    weights,
)  # fmt: skip
from tests.unit.shared.domain.check.till import close, refused
from tests.unit.shared.domain.world import World, begun, name_id

A, B, C = name_id("a"), name_id("b"), name_id("c")


def two_tables(**fields: Any) -> World:
    """The table of three guests, and check b at table 2, on which nothing stands."""
    world = at_table(**fields)
    world.open("b", table_id="2", covers=1)
    return world


def move(world: World, *lines: str, name: str = "a", to: str = "b", **fields: Any) -> list[Event]:
    ids = tuple([name_id(line) for line in lines])
    return world.do(MoveLines(check_id=name_id(name), to_check_id=name_id(to), line_ids=ids, **fields))


def give(world: World, rate: str, *lines: str, comp: bool = False, name: str = "a", **fields: Any) -> None:
    ids = tuple([name_id(line) for line in lines])
    given: dict[str, Any] = {"check_id": name_id(name), "discount_id": name_id(f"off {len(world.journal)}"), "rate": rate, "line_ids": ids}
    kind = CompLines if comp else GiveDiscount
    world.do(kind(**given, **({} if comp else {"name": "Off"}), reason="late", **fields), role="manager")


def test_a_guest_takes_the_wine_to_another_table_and_the_bar_knows_where() -> None:
    world = two_tables()
    [moved, *_] = move(world, "wine")
    assert moved == LinesMoved(check_id=A, to_check_id=B, line_ids=(name_id("wine"),))
    assert [totals(world.check(name))["total"] for name in "ab"] == [1950, 800]
    [bar] = [ticket for ticket in world.tickets() if ticket.station == "bar"]
    assert (bar.check_id, bar.table_id, bar.moved_from) == (B, "2", "1")
    world.do(VoidLine(check_id=B, line_id=name_id("wine"), reason="spilled"), role="manager")
    [bar] = [ticket for ticket in world.tickets() if ticket.station == "bar"]
    assert [change.kind for change in bar.changes] == ["voided"]
    ensure_followed(begun(menu=world.menu), world)


def test_what_was_not_sent_is_fired_from_the_check_that_it_moved_to() -> None:
    world = two_tables()
    world.add("wine", line="later")
    move(world, "later")
    world.do(SendCheck(check_id=B))
    assert [ticket.table_id for ticket in world.tickets() if ticket.station == "bar"] == ["1", "2"]


def test_discounts_and_comps_of_the_lines_alone_go_along() -> None:
    world = two_tables()
    give(world, "10%", "wine")
    give(world, "50%", "wine", comp=True)
    before = totals(world.check())
    move(world, "wine")
    assert totals(world.check(), world.check("b")) == before
    assert world.check().discounts == ()


def test_a_discount_of_the_whole_check_stays_with_the_check() -> None:
    world = two_tables()
    world.do(GiveDiscount(check_id=A, discount_id=C, name="Off", rate="10%", reason="late"), role="manager")
    move(world, "wine")
    assert [totals(world.check(name))["discount"] for name in "ab"] == [195, 0]


def test_ten_percent_off_each_of_two_lines_goes_apart_with_them() -> None:
    world = two_tables()
    give(world, "10%", "wine", "soup")
    move(world, "wine")
    assert [totals(world.check(name))["discount"] for name in "ab"] == [65, 80]
    move(world, "wine", name="b", to="a")
    assert [(each.line_ids, totals(world.check())["discount"]) for each in world.check().discounts] == [
        ((name_id("soup"), name_id("wine")), 145),
    ]  # fmt: skip


def test_what_was_wholly_given_away_goes_apart_and_half_of_two_lines_together_does_not() -> None:
    world = two_tables()
    give(world, "100%", "wine", "soup", comp=True)
    move(world, "wine")
    assert [totals(world.check(name))["comp"] for name in "ab"] == [650, 800]
    give(world, "50%", "middle", "soup", comp=True)
    found = refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("soup"),)))
    assert found.code == "discount.spans_lines"
    assert set(found.facts["line_ids"]) == {name_id("middle"), name_id("soup")}  # type: ignore[call-overload]
    move(world, "middle", "soup")
    assert totals(world.check("b"))["total"] == 650


def test_what_a_split_granted_each_line_goes_along_line_by_line() -> None:
    world = two_tables()
    world.do(GiveDiscount(check_id=A, discount_id=C, name="Off", rate="10%", reason="late"), role="manager")
    split(world, "c", bears("wine", 0, 1))
    move(world, "soup")
    assert [totals(world.check(name))["discount"] for name in "abc"] == [130, 65, 80]


def test_the_promotion_goes_when_its_lines_part() -> None:
    rules = SellingRules(promotions=(Promotion(id="two", name="2 for 1", kind="buy_get", item_ids=("soup",)),))
    world = two_tables(rules=rules)
    world.add("soup", line="fourth")
    assert totals(world.check())["discount"] == 1300
    move(world, "soup")
    assert [totals(world.check(name))["discount"] for name in "ab"] == [650, 0]
    move(world, "fourth")
    assert [totals(world.check(name))["discount"] for name in "ab"] == [650, 650]


def test_an_automatic_charge_is_reckoned_on_both_checks_anew() -> None:
    world = two_tables(rules=SellingRules(service_charges=(ServiceChargeRule(id="service", name="Service", rate="10%", from_covers=3),)))
    move(world, "soup", "middle", "wine")
    assert [totals(world.check(name))["service"] for name in "ab"] == [0, 0]
    assert world.check().charges == ()


def test_a_line_ordered_to_take_away_is_so_on_the_check_of_guests_who_eat_in() -> None:
    world = two_tables()
    world.do(ChangeDiningOption(check_id=A, dining_option="take_away"))
    move(world, "wine")
    assert [line.dining_option for line in world.check("b").lines] == ["take_away"]


def test_a_move_that_leaves_less_than_was_paid_is_refused() -> None:
    world = two_tables()
    world.do(PayCash(check_id=A, amount_minor=2_000, tendered_minor=2_000))
    found = refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("wine"),)))
    assert (found.code, found.facts["paid_minor"]) == ("check.overpaid", 2_000)
    move(world, "soup")


def test_an_even_split_of_either_check_is_undone() -> None:
    world = two_tables()
    world.add("wine", "b", line="theirs")
    for check_id in (A, B):
        world.do(SplitEvenly(check_id=check_id, ways=2))
    move(world, "wine")
    assert [world.check(name).even_shares for name in "ab"] == [(), ()]


def test_shares_of_one_line_that_meet_are_that_line_again() -> None:
    world = two_tables()
    split(world, "c", bears("wine", 1, 1))
    [share] = world.check("c").lines
    world.do(MoveLines(check_id=C, to_check_id=A, line_ids=(share.line_id,)))
    assert [(line.line_id, line.share, line.amount_minor) for line in world.check().lines][1] == (name_id("wine"), None, 800)


@settings(max_examples=60)
@given(standing().filter(lambda check: len(check.kept_lines) > 1), st.data())
def test_lines_that_are_moved_from_part_to_part_cost_what_they_cost(parent: Check, data: st.DataObject) -> None:
    world = at(parent)
    split(world, "b", *weights(data.draw, parent, 2))
    before = copy_of(world)
    for name, to in (("a", "b"), ("b", "a")):
        if ids := tuple([line.line_id for line in world.check(name).kept_lines if data.draw(st.booleans())]):
            world.do(MoveLines(check_id=name_id(name), to_check_id=name_id(to), line_ids=ids))
    together = totals(world.check(), world.check("b"))
    for name in ("gross", "discount", "comp", "void"):
        assert together[name] == totals(parent)[name]
    if rest := tuple([line.line_id for line in world.check("b").lines]):
        world.do(MoveLines(check_id=B, to_check_id=A, line_ids=rest))
    assert prices(sums_of(world.check())) == prices(sums_of(parent))
    if not parent.charges:
        assert (totals(world.check()), taxed(world.check())) == (totals(parent), taxed(parent))
    ensure_followed(before, world)


# --- several waiters at once ---


def test_two_waiters_move_one_line_to_two_tables_and_the_second_is_told() -> None:
    world = two_tables()
    world.open("c")
    seen = world.check().revision
    move(world, "wine", revision=seen)
    late = MoveLines(check_id=A, to_check_id=C, line_ids=(name_id("wine"),), revision=seen)
    assert refused(world, late).code == "check.changed"
    assert refused(world, msgspec.structs.replace(late, revision=None)).code == "line.unknown"


# --- what is refused ---


def test_lines_move_to_another_check_that_is_open_and_alike() -> None:
    world = two_tables()
    world.open("c", training=True)
    for to in (A, C):
        assert refused(world, MoveLines(check_id=A, to_check_id=to, line_ids=(name_id("wine"),))).code == "move.refused"
    close(world, "b")
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("wine"),))).code == "check.closed"


@pytest.mark.parametrize(("line", "code"), [("ghost", "line.unknown"), ("spilled", "line.already_voided")])
def test_only_lines_that_stand_on_the_check_move(line: str, code: str) -> None:
    world = two_tables()
    world.add("wine", line="spilled")
    world.do(VoidLine(check_id=A, line_id=name_id("spilled")))
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("wine"), name_id(line)))).code == code


def test_the_components_of_a_combo_move_together() -> None:
    world = two_tables()
    part = ComboPart(combo_id=name_id("combo"), item_id="lunch", name="Lunch", slot_id="any", price_minor=2_100)
    lines = tuple([msgspec.structs.replace(line, combo=part) if line.seat in {0, 2} else line for line in world.check().lines])
    world.states["check", A] = msgspec.structs.replace(world.check(), lines=lines)
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("wine"),))).code == "combo.not_whole"
    move(world, "combo")
    assert len(world.check("b").lines) == 2


def test_a_line_does_not_come_under_the_id_of_a_combo_that_stands_there_nor_a_combo_under_that_of_a_line() -> None:
    """Whoever then voided the soup would have voided the lunch with it."""
    world = two_tables()
    world.add("soup", "b", line="combo")
    part = ComboPart(combo_id=name_id("combo"), item_id="lunch", name="Lunch", slot_id="any", price_minor=2_100)
    lines = tuple([msgspec.structs.replace(line, combo=part) if line.line_id == name_id("wine") else line for line in world.check().lines])
    world.states["check", A] = msgspec.structs.replace(world.check(), lines=lines)
    assert refused(world, MoveLines(check_id=B, to_check_id=A, line_ids=(name_id("combo"),))).code == "line.already_added"
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("combo"),))).code == "line.already_added"


def test_the_other_check_must_have_room_and_no_line_of_that_id() -> None:
    world = two_tables()
    world.add("soup", "b", line="wine")
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("wine"),))).code == "line.already_added"
    soup = world.check().lines[0]
    many = tuple([msgspec.structs.replace(soup, line_id=name_id(f"soup {n}")) for n in range(CHECK_LINES_MAX)])
    world.states["check", B] = msgspec.structs.replace(world.check("b"), lines=many)
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("soup"),))).code == "check.too_many_lines"


def test_discounts_are_bounded_where_lines_move_as_well() -> None:
    world = two_tables()
    off = GivenDiscount(discount_id=C, name="Off", scope="item", amount_minor=1, line_ids=(name_id("wine"),))
    own = tuple([msgspec.structs.replace(off, discount_id=name_id(f"own {n}")) for n in range(101)])
    world.add("soup", "b", line="theirs")
    theirs = tuple([msgspec.structs.replace(off, discount_id=name_id(f"their {n}"), line_ids=(name_id("theirs"),)) for n in range(100)])
    world.states["check", A] = msgspec.structs.replace(world.check(), discounts=own)
    world.states["check", B] = msgspec.structs.replace(world.check("b"), discounts=theirs)
    assert refused(world, MoveLines(check_id=A, to_check_id=B, line_ids=(name_id("wine"),))).code == "check.too_many_discounts"


def test_nothing_becomes_exempt_from_tax_by_moving_without_a_manager() -> None:
    world = two_tables()
    world.add("soup", "b")
    world.do(ExemptTax(check_id=B, reason="diplomat", certificate="D-1"), role="manager")
    line = world.check("a").lines[0].line_id
    move = MoveLines(check_id=A, to_check_id=B, line_ids=(line,))
    assert refused(world, move).code == "approval.missing"
    assert refused(world, MergeChecks(into_check_id=B, check_ids=(A,))).code == "approval.missing"
    world.do(move, role="manager")
