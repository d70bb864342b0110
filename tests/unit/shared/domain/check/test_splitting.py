"""Splitting a check: whose is what, what the guests pay, and what the kitchen hears of it."""

import msgspec
import pytest

from shared.domain.check import (
    AddLine,
    CheckSplit,
    CheckStatus,
    GiveDiscount,
    LineStatus,
    PayCash,
    SendCheck,
    SplitCheck,
    SplitEvenly,
    sums_of,
)  # fmt: skip
from shared.domain.check.books import DayBook
from shared.domain.check.changing import ChangeLine
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.seating import ChangeCheck, MoveChecks
from shared.domain.check.state import Authorization, ComboPart, Share
from shared.domain.check.tabs import ReleaseTab
from shared.domain.check.voiding import VoidLine
from shared.domain.ids import derived_id
from shared.domain.kernel import Meta
from shared.domain.menu.rules import Promotion, SellingRules, ServiceChargeRule
from shared.domain.registry import evolve
from tests.unit.shared.domain.check.parties import at_table, bears, by_seats, copy_of, ensure_followed, shares, split, totals
from tests.unit.shared.domain.check.till import close, refused
from tests.unit.shared.domain.world import NOON, World, begun, name_id

A, B, C = name_id("a"), name_id("b"), name_id("c")


# --- by seats, lines and shares ---


def test_each_guest_pays_what_was_ordered_at_the_seat_and_a_part_of_what_stood_in_the_middle() -> None:
    world = at_table()
    event = by_seats(world, "b", (1,), (2,))
    assert [(child.check_id, child.number, child.total_minor) for child in event.children] == [(A, 1, 1300), (B, 2, 1450)]
    assert [line.name for line in world.check("b").lines] == ["Wine", "Soup"]
    one, other = world.check(), world.check("b")
    assert [line.share for line in one.lines] == [None, Share(source_line_id=name_id("middle"), part="1/2", amount_minor=650)]
    assert other.lines[1].line_id == derived_id(name_id("middle"), B)
    ensure_followed(begun(menu=world.menu), world)


def test_guests_who_pay_together_are_one_check_and_bear_two_parts_of_the_middle() -> None:
    world = at_table()
    world.add("soup", line="third", seat=3)
    by_seats(world, "b", (1,), (3, 2))
    assert [(line.name, line.share.part if line.share else "") for line in world.check("b").lines] == [
        ("Wine", ""),
        ("Soup", "2/3"),
        ("Soup", ""),
    ]
    assert [world.check(name).covers for name in "ab"] == [1, 2]


def test_seats_that_nobody_names_stay() -> None:
    world = at_table()
    world.add("soup", line="third", seat=3)
    by_seats(world, "b", (), (2,))
    assert sorted(line.seat for line in world.check().lines) == [0, 1, 3]
    assert [line.share.part for name in "ab" for line in world.check(name).lines if line.share] == ["2/3", "1/3"]


def test_a_guest_who_had_nothing_of_his_own_bears_his_part_of_the_middle() -> None:
    world = at_table()
    by_seats(world, "bc", (1,), (2,), (3,))
    assert shares(world, "c") == {"Soup": "1/3"}
    assert [totals(world.check(name))["total"] for name in "abc"] == [1084, 1233, 433]


def test_one_line_is_said_apart_from_the_seats() -> None:
    world = at_table()
    by_seats(world, "b", (1,), (2,), assignments=(bears("middle", 0, 1),))
    assert [totals(world.check(name))["total"] for name in "ab"] == [650, 2100]


def test_a_third_of_a_line_for_one_and_two_thirds_for_another() -> None:
    world = at_table()
    split(world, "bc", bears("wine", 1, 0, 2), bears("soup", 0, 1, 0))
    assert (shares(world, "a"), shares(world, "b"), shares(world, "c")) == ({"Wine": "1/3", "Soup": ""}, {"Soup": ""}, {"Wine": "2/3"})
    assert [line.amount_minor for name in "ac" for line in world.check(name).lines if line.name == "Wine"] == [267, 533]


def test_a_share_that_is_shared_again_is_a_smaller_share_under_the_same_id() -> None:
    world = at_table()
    split(world, "b", bears("wine", 1, 1))
    mine = derived_id(name_id("wine"), A)
    split(world, "c", msgspec.structs.replace(bears("any", 2, 1), line_id=mine))
    [left] = [line for line in world.check().lines if line.name == "Wine"]
    assert (left.line_id, left.share) == (mine, Share(source_line_id=name_id("wine"), part="1/3", amount_minor=267))
    assert world.check("c").lines[0].share == Share(source_line_id=name_id("wine"), part="1/6", amount_minor=133)


def test_a_new_check_is_of_the_same_guests() -> None:
    world = at_table(name="Ann", service="quick")
    world.wait(minutes=50)
    by_seats(world, "b", (1,), (2,))
    one, new = world.check(), world.check("b")
    for name in ("table_id", "owner_id", "device_id", "dining_option", "name", "order_number", "business_date", "opened_at", "epoch"):
        assert getattr(new, name) == getattr(one, name), name
    assert (new.number, new.split_from, new.status, new.opened_at) == (2, A, CheckStatus.OPEN, NOON)
    world.open("c", service="quick")
    assert (world.check("c").number, world.check("c").order_number) == (
        3,
        2,
    )  # the number called at the counter is the guest's, not the check's


def test_training_checks_are_split_into_training_checks_with_numbers_of_their_own() -> None:
    world = at_table(training=True)
    by_seats(world, "b", (1,), (2,))
    assert (world.check("b").training, world.check("b").number) == (True, 2)
    world.open("c")
    assert world.check("c").number == 1


def test_parts_are_paid_and_closed_and_the_books_have_what_was_ordered() -> None:
    world = at_table()
    by_seats(world, "b", (1,), (2,))
    for name in "ab":
        world.do(PayCash(check_id=name_id(name), tendered_minor=2_000))
        close(world, name)
    book = world.states["day", "2026-03-02/EUR"]
    assert isinstance(book, DayBook)
    assert (book.sales.gross_minor, book.sales.covers, book.sales.orders) == (2750, 3, 2)
    ensure_followed(begun(menu=world.menu), world)


# --- discounts, promotions and charges ---


def test_ten_percent_off_the_whole_check_is_what_each_line_was_granted() -> None:
    world = at_table()
    world.do(GiveDiscount(check_id=A, discount_id=C, name="Late", rate="10%", reason="late"), role="manager")
    by_seats(world, "b", (1,), (2,))
    assert [totals(world.check(name))["total"] for name in "ab"] == [1170, 1305]
    world.add("soup", "b", line="afterwards")
    assert totals(world.check("b"))["discount"] == 145  # what comes afterwards is not of the check that it was given on


def test_two_for_one_that_two_guests_had_together_stands_on_both_checks() -> None:
    rules = SellingRules(promotions=(Promotion(id="two", name="2 for 1", kind="buy_get", item_ids=("soup",)),))
    world = at_table(rules=rules)
    assert totals(world.check())["discount"] == 650
    by_seats(world, "b", (1,), (2,))
    assert sum(totals(world.check(name))["discount"] for name in "ab") == 650
    world.add("wine", "b", line="afterwards")
    assert sum(totals(world.check(name))["discount"] for name in "ab") == 650


def test_an_automatic_gratuity_is_shared_and_does_not_come_a_second_time() -> None:
    service = ServiceChargeRule(id="service", name="Service", rate="10%", from_covers=3)
    world = at_table(rules=SellingRules(service_charges=(service,)))
    before = totals(world.check())["service"]
    by_seats(world, "b", (1,), (2,))
    assert sum(totals(world.check(name))["service"] for name in "ab") == before
    world.add("soup", "b", line="afterwards")
    world.do(ChangeCheck(check_id=B, covers=8))
    assert [charge.rule_id for charge in world.check("b").charges] == ["service"]
    assert totals(world.check("b"))["service"] == 210


# --- what was paid before ---


def test_payments_stay_where_they_were_taken_and_no_split_takes_what_they_paid_for() -> None:
    world = at_table()
    world.do(PayCash(check_id=A, amount_minor=1_300, tendered_minor=1_300))
    found = refused(world, SplitCheck(check_id=A, into=(B,), assignments=(bears("middle", 0, 1), bears("soup", 0, 1))))
    assert (found.code, found.facts["paid_minor"]) == ("check.overpaid", 1_300)
    split(world, "b", bears("wine", 0, 1))
    assert (totals(world.check())["total"], world.check().paid_minor, world.check("b").paid_minor) == (1_950, 1_300, 0)


def test_a_check_that_was_closed_is_reopened_and_split_on_the_day_it_happens() -> None:
    world = at_table()
    world.do(PayCash(check_id=A, tendered_minor=5_000))
    close(world)
    world.wait(days=1)
    world.do(ReopenCheck(check_id=A, reason="separately, please"), role="manager")
    split(world, "b", bears("wine", 0, 1))
    assert (world.check().business_date, world.check("b").business_date) == ("2026-03-02", "2026-03-03")
    assert world.check().paid_minor == 2_750


def test_the_card_held_for_a_tab_stays_with_the_tab() -> None:
    world = at_table(service="tab", name="Ann")
    held = Authorization(authorization_id=C, amount_minor=5_000, source="external", approval_code="1")
    world.states["check", A] = msgspec.structs.replace(world.check(), authorization=held)
    split(world, "b", bears("wine", 0, 1))
    assert (world.check().authorization, world.check("b").authorization) == (held, None)
    world.do(ReleaseTab(check_id=A))


# --- the kitchen ---


def test_a_dish_that_went_to_another_check_is_found_by_the_kitchen_when_it_is_voided_or_moved() -> None:
    world = at_table()
    split(world, "b", bears("wine", 0, 1))
    world.do(MoveChecks(check_ids=(B,), table_id="2"))
    [bar] = [ticket for ticket in world.tickets() if ticket.station == "bar"]
    assert (bar.check_id, bar.check_number, bar.table_id) == (B, 2, "2")
    world.do(VoidLine(check_id=B, line_id=name_id("wine"), reason="spilled"), role="manager")
    [bar] = [ticket for ticket in world.tickets() if ticket.station == "bar"]
    assert [change.kind for change in bar.changes] == ["voided"]


def test_a_dish_that_is_shared_is_asked_for_at_the_first_check_that_bears_it() -> None:
    world = at_table()
    split(world, "bc", bears("wine", 0, 1, 1), bears("soup", 0, 1, 1))
    assert {ticket.station: {line.check_id or ticket.check_id for line in ticket.lines} for ticket in world.tickets()} == {
        "kitchen": {A, B}, "bar": {B},
    }  # fmt: skip


def test_what_has_not_been_sent_goes_to_one_check_and_is_fired_from_there() -> None:
    world = at_table()
    world.add("wine", line="later", seat=2)
    by_seats(world, "b", (1,), (2,))
    later = world.check("b").line(name_id("later"))
    assert later is not None
    assert later.status is LineStatus.HELD
    world.do(SendCheck(check_id=B))
    assert [(ticket.check_id, ticket.number) for ticket in world.tickets() if ticket.station == "bar"] == [(B, 1), (B, 2)]


def test_a_voided_line_stays_where_it_is_waste() -> None:
    world = at_table()
    world.do(VoidLine(check_id=A, line_id=name_id("wine"), reason="spilled"), role="manager")
    by_seats(world, "b", (1,), (2,))
    assert [sums_of(world.check(name)).void_minor for name in "ab"] == [800, 0]
    assert "Wine" not in shares(world, "b")


# --- several waiters at once ---


def test_two_waiters_add_to_a_check_while_a_third_splits_it_as_he_saw_it() -> None:
    world = at_table()
    seen = world.check().revision
    world.add("soup", line="by Ann")
    stale = SplitCheck(check_id=A, into=(B,), assignments=(bears("wine", 0, 1),), revision=seen)
    found = refused(world, stale)
    assert (found.code, found.facts["revision"]) == ("check.changed", seen + 1)
    world.do(msgspec.structs.replace(stale, revision=seen + 1))
    world.add("soup", line="by Bob")
    assert {line.line_id for line in world.check().lines} == {name_id(name) for name in ("soup", "middle", "by Ann", "by Bob")}
    assert [line.line_id for line in world.check("b").lines] == [name_id("wine")]


def test_two_waiters_split_one_check_and_the_second_is_shown_what_the_first_made_of_it() -> None:
    world = at_table()
    seen = world.check().revision
    split(world, "b", bears("wine", 0, 1), revision=seen)
    again = SplitCheck(check_id=A, into=(C,), assignments=(bears("wine", 0, 1),), revision=seen)
    assert refused(world, again).code == "check.changed"
    assert refused(world, msgspec.structs.replace(again, revision=None)).code == "line.unknown"


def test_a_line_of_the_parent_that_is_changed_after_the_split_is_reckoned_anew_there_alone() -> None:
    world = at_table()
    world.add("wine", line="later")
    split(world, "b", bears("wine", 0, 1))
    before = totals(world.check("b"))
    world.do(ChangeLine(check_id=A, line_id=name_id("later"), quantity=2))
    assert totals(world.check())["total"] == 650 + 1300 + 1600
    assert totals(world.check("b")) == before
    assert world.check("b").given is not None


def test_a_split_undoes_an_even_split_of_what_was_due_before() -> None:
    world = at_table()
    world.do(SplitEvenly(check_id=A, ways=3))
    split(world, "b", bears("wine", 0, 1))
    assert world.check().even_shares == ()


# --- combos ---


def with_a_combo() -> World:
    """The wine and the middle are one combo."""
    world = at_table()
    part = ComboPart(combo_id=name_id("combo"), item_id="lunch", name="Lunch", slot_id="any", price_minor=2_100)
    lines = tuple([
        msgspec.structs.replace(line, combo=part, seat=0) if line.line_id != name_id("soup") else line for line in world.check().lines
    ])  # fmt: skip
    world.states["check", A] = msgspec.structs.replace(world.check(), lines=lines)
    return world


def test_the_components_of_a_combo_go_together() -> None:
    world = with_a_combo()
    apart = SplitCheck(check_id=A, into=(B,), assignments=(bears("wine", 0, 1),))
    found = refused(world, apart)
    assert (found.code, found.facts["combo_id"]) == ("combo.not_whole", name_id("combo"))
    split(world, "b", bears("combo", 1, 2))
    assert [line.share.part for name in "ab" for line in world.check(name).lines if line.share] == ["1/3", "1/3", "2/3", "2/3"]


# --- what no decision allows ---


def split_event(world: World) -> CheckSplit:
    [event, *_] = split(copy_of(world), "b", bears("wine", 0, 1))
    assert isinstance(event, CheckSplit)
    return event


def test_a_follower_does_not_take_a_split_that_comes_to_something_else() -> None:
    world = at_table()
    event = split_event(world)
    meta = Meta(at=NOON, date="2026-03-02", command_id=A, ordinal=0, epoch=1, sequence=1, device_id="", actor_id="")
    wrong = tuple([msgspec.structs.replace(child, total_minor=child.total_minor + 1) for child in event.children])
    for other in (
        msgspec.structs.replace(event, children=wrong),
        msgspec.structs.replace(event, children=event.children[::-1]),
        msgspec.structs.replace(event, lines=(msgspec.structs.replace(event.lines[0], weights=(1,)),)),
    ):
        with pytest.raises(ValueError, match=r"split|weight|zip"):
            evolve(world, other, meta)
    with pytest.raises(LookupError):
        evolve(world, msgspec.structs.replace(event, lines=(msgspec.structs.replace(event.lines[0], line_id=C),)), meta)


def test_a_line_that_comes_later_stands_on_the_check_it_was_added_to() -> None:
    world = at_table()
    split(world, "b", bears("wine", 0, 1))
    world.do(AddLine(check_id=B, line_id=name_id("more"), item_id="wine"))
    assert totals(world.check("b"))["total"] == 1_600
    assert world.check("b").given is None
