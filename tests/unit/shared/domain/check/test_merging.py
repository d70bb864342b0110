"""Merging: two parties sit together, a split is taken back, and what belongs to a whole check stays where it was."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.check import AddLine, Check, ChecksMerged, CheckStatus, CompLines, GiveDiscount, MergeChecks, PayCash, SendCheck, sums_of
from shared.domain.check.changing import ChangeLine
from shared.domain.check.charging import AddCharge
from shared.domain.check.exempting import ExemptTax
from shared.domain.check.state import Authorization
from shared.domain.check.voiding import VoidLine
from shared.domain.kernel import Command, Event
from shared.domain.kitchen.labels import TicketLinesMoved
from shared.domain.menu.rules import Promotion, SellingRules, ServiceChargeRule
from shared.limits import CHECK_LINES_MAX
from tests.unit.shared.domain.check.parties import at, bears, copy_of, ensure_followed, prices, split, standing, taxed, totals, weights
from tests.unit.shared.domain.check.till import close, refused
from tests.unit.shared.domain.world import MENU, World, begun, name_id

A, B, C = name_id("a"), name_id("b"), name_id("c")


def merge(world: World, *names: str, into: str = "a", **fields: Any) -> list[Event]:
    return world.do(MergeChecks(into_check_id=name_id(into), check_ids=tuple([name_id(name) for name in names]), **fields))


def two_parties(**rules: Any) -> World:
    """Table 1 has soup and wine, table 2 a pizza; all of it is in the kitchen."""
    world = begun(menu=msgspec.structs.replace(MENU, rules=SellingRules(**rules)))
    world.open(table_id="1", covers=2)
    world.open("b", table_id="2", covers=3)
    world.add("soup", line="soup")
    world.add("wine", line="wine")
    world.add("soup", "b", line="their soup")
    world.do(SendCheck(check_id=A))
    world.do(SendCheck(check_id=B))
    return world


def test_two_parties_sit_together_and_one_of_them_pays_it_all() -> None:
    world = two_parties()
    [merged, *_] = merge(world, "b")
    assert merged == ChecksMerged(check_id=A, from_check_ids=(B,))
    one, gone = world.check(), world.check("b")
    assert (one.covers, [line.name for line in one.lines]) == (5, ["Soup", "Wine", "Soup"])
    assert (gone.status, gone.merged_into, gone.lines, gone.covers) == (CheckStatus.MERGED, A, (), 0)
    assert not gone.is_live
    assert totals(gone)["total"] == 0
    world.do(PayCash(check_id=A, tendered_minor=5_000))
    close(world)
    ensure_followed(begun(menu=world.menu), world)


def test_the_kitchen_brings_the_dishes_to_the_table_they_sit_at_now() -> None:
    world = two_parties()
    events = merge(world, "b")
    assert [event.to_table_id for event in events if isinstance(event, TicketLinesMoved)] == ["1"]
    assert {(ticket.check_id, ticket.table_id) for ticket in world.tickets()} == {(A, "1")}
    assert {ticket.covers for ticket in world.tickets() if not ticket.moved_from} == {5}
    [ticket] = [ticket for ticket in world.tickets() if ticket.moved_from]
    world.do(VoidLine(check_id=A, line_id=name_id("their soup"), reason="cold"), role="manager")
    voided = [ticket for ticket in world.tickets() if ticket.ticket_id == ticket.ticket_id and ticket.changes]
    assert [change.kind for ticket in voided for change in ticket.changes] == ["voided"]
    assert ticket.moved_from == "2"


def test_discounts_and_comps_of_lines_come_along() -> None:
    world = two_parties()
    their = name_id("their soup")
    off = GiveDiscount(check_id=B, discount_id=name_id("off"), name="Late", rate="10%", line_ids=(their,), reason="late")
    world.do(off, role="manager")
    world.do(CompLines(check_id=A, discount_id=name_id("comp"), line_ids=(name_id("wine"),), reason="birthday"), role="manager")
    before = totals(world.check(), world.check("b"))
    merge(world, "b")
    assert totals(world.check()) == before
    assert [discount.name for discount in world.check().discounts] == ["Comp", "Late"]


def test_waste_comes_along_so_that_the_books_know_it() -> None:
    world = two_parties()
    world.do(VoidLine(check_id=B, line_id=name_id("their soup"), reason="dropped"), role="manager")
    merge(world, "b")
    assert sums_of(world.check()).void_minor == 650


def test_the_promotion_of_two_parties_is_worked_out_for_both() -> None:
    world = two_parties(promotions=(Promotion(id="two", name="2 for 1", kind="buy_get", item_ids=("soup",)),))
    assert sums_of(world.check()).discount_minor == 0
    merge(world, "b")
    assert sums_of(world.check()).discount_minor == 650


def test_six_guests_are_charged_for_service_when_they_sit_together_and_not_twice() -> None:
    service = ServiceChargeRule(id="service", name="Service", rate="10%", from_covers=3)
    world = two_parties(service_charges=(service,))
    assert [sums_of(world.check(name)).service_minor for name in "ab"] == [0, 65]
    merge(world, "b")
    assert [charge.rule_id for charge in world.check().charges] == ["service"]
    assert sums_of(world.check()).service_minor == 210


def test_a_line_added_to_the_other_check_in_between_is_not_lost_and_one_on_this_check_is_seen() -> None:
    world = two_parties()
    seen = world.check().revision
    world.add("wine", "b", line="their wine")
    world.add("wine", line="more wine")
    assert refused(world, MergeChecks(into_check_id=A, check_ids=(B,), revision=seen)).code == "check.changed"
    merge(world, "b", revision=world.check().revision)
    assert len(world.check().lines) == 5


def test_whoever_adds_to_a_check_that_was_merged_is_told_where_it_went() -> None:
    world = two_parties()
    merge(world, "b")
    late = refused(world, AddLine(check_id=B, line_id=name_id("late"), item_id="soup"))
    assert (late.code, late.facts["check_id"]) == ("check.merged", B)


def test_checks_of_two_business_dates_count_where_they_are_paid() -> None:
    world = two_parties()
    world.wait(days=1)
    world.open("c", table_id="3")
    world.add("wine", "c", line="today's")
    merge(world, "c")
    assert world.check().business_date == "2026-03-02"
    assert world.check("c").business_date == "2026-03-03"
    assert len(world.check().lines) == 3


# --- taking a split back ---


@settings(max_examples=120)
@given(standing().filter(lambda check: bool(check.kept_lines)), st.data())
def test_a_split_that_is_merged_again_is_the_check_that_it_was(parent: Check, data: st.DataObject) -> None:
    ways = data.draw(st.integers(2, 4))
    world = at(parent)
    split(world, "bcd"[: ways - 1], *weights(data.draw, parent, ways))
    if data.draw(st.booleans()):
        split(world, "e", *weights(data.draw, world.check("b"), 2), name="b")
        merge(world, *data.draw(st.sampled_from(["e", "be"])), into=data.draw(st.sampled_from("a")))
    before = copy_of(world)
    merge(world, *[name for name in data.draw(st.permutations("bcd"[: ways - 1])) if world.check(name).is_live])
    one = world.check()
    assert totals(one) == totals(parent)
    assert taxed(one) == taxed(parent)
    assert prices(sums_of(one)) == prices(sums_of(parent))
    assert {line.line_id: bare(line) for line in one.lines} == {line.line_id: bare(line) for line in parent.lines}
    assert one.covers == parent.covers
    ensure_followed(before, world)


def bare(line: object) -> object:
    return msgspec.structs.replace(line, revision=0)  # type: ignore[type-var]


def test_shares_that_meet_in_part_are_a_larger_share_until_the_last_one_comes() -> None:
    world = two_parties()
    split(world, "cd", bears("soup", 1, 0, 0), bears("wine", 1, 1, 2))
    assert [world.check(name).lines[-1].share.part for name in "acd"] == ["1/4", "1/4", "1/2"]  # type: ignore[union-attr]
    merge(world, "d", into="c")
    [line] = world.check("c").lines
    assert line.share is not None
    assert (line.share.part, line.amount_minor) == ("3/4", 600)
    merge(world, "c")
    assert [(line.line_id, line.share, line.amount_minor) for line in world.check().lines][1] == (name_id("wine"), None, 800)


def test_a_comp_of_one_share_is_still_worth_that_share_when_the_line_is_whole_again() -> None:
    world = two_parties()
    split(world, "c", bears("soup", 1, 0), bears("wine", 1, 1))
    [share] = world.check("c").lines
    world.do(CompLines(check_id=C, discount_id=name_id("comp"), line_ids=(share.line_id,), reason="birthday"), role="manager")
    off = GiveDiscount(
        check_id=A, discount_id=name_id("off"), name="Off", rate="50%", line_ids=(world.check().lines[1].line_id,), reason="x"
    )
    world.do(off, role="manager")
    merge(world, "c")
    assert (sums_of(world.check()).comp_minor, sums_of(world.check()).discount_minor) == (400, 200)
    assert totals(world.check())["total"] == 650 + 200


def test_a_share_that_was_moved_to_a_seat_is_part_of_what_stands_in_the_middle_again() -> None:
    world = two_parties()
    split(world, "c", bears("soup", 1, 0), bears("wine", 1, 1))
    world.do(ChangeLine(check_id=C, line_id=world.check("c").lines[0].line_id, seat=4))
    merge(world, "c")
    assert [(line.line_id, line.share, line.seat) for line in world.check().lines][1] == (name_id("wine"), None, 0)


def test_shares_that_are_not_alike_any_more_stay_apart() -> None:
    world = two_parties()
    split(world, "c", bears("soup", 1, 0), bears("wine", 1, 1))
    share = world.check("c").lines[0]
    world.states["check", C] = msgspec.structs.replace(
        world.check("c"), lines=(msgspec.structs.replace(share, dining_option="take_away"),), given=None
    )
    merge(world, "c")
    assert [line.share is not None for line in world.check().lines] == [False, True, True]
    split(world, "d", *[bears_id(line.line_id, 1, 1) for line in world.check().lines])
    assert len({line.line_id for line in world.check("d").lines}) == 3
    assert totals(world.check(), world.check("d"))["total"] == 1450


def bears_id(line_id: str, *own: int) -> Any:
    return msgspec.structs.replace(bears("any", *own), line_id=line_id)


# --- what is refused ---


@dataclass
class Objection:
    """Why check b is not merged into a: what happened before."""

    reason: str
    commands: tuple[Command, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


OBJECTIONS = [
    Objection("payments", (PayCash(check_id=B, amount_minor=100, tendered_minor=100),)),
    Objection("discounts", (GiveDiscount(check_id=B, discount_id=name_id("off"), name="Off", rate="10%", reason="x"),)),
    Objection("charges", (AddCharge(check_id=B, rule_id="cake"),)),
    Objection("exemption", (ExemptTax(check_id=B, reason="diplomat", certificate="D 1"),)),
    Objection(
        "authorization", fields={"authorization": Authorization(authorization_id=C, amount_minor=1, source="card", approval_code="1")}
    ),
    Objection("currency", fields={"currency": "CHF"}),
    Objection("training", fields={"training": True}),
]


@pytest.mark.parametrize("case", OBJECTIONS, ids=lambda case: case.reason)
def test_what_hangs_on_a_whole_check_keeps_it_from_being_merged_away(case: Objection) -> None:
    world = two_parties(service_charges=(ServiceChargeRule(id="cake", name="Cake", amount_minor=500),))
    for command in case.commands:
        world.do(command, role="manager")
    if case.fields:
        world.states["check", B] = msgspec.structs.replace(world.check("b"), **case.fields)
    found = refused(world, MergeChecks(into_check_id=A, check_ids=(B,)))
    assert (found.code, found.facts) == ("merge.refused", {"check_id": B, "reason": case.reason})


def test_one_check_that_cannot_be_merged_holds_all_of_them() -> None:
    world = two_parties()
    world.open("c")
    world.do(PayCash(check_id=B, amount_minor=100, tendered_minor=100))
    assert refused(world, MergeChecks(into_check_id=A, check_ids=(C, B))).facts["reason"] == "payments"
    assert world.check("c").is_live


def test_a_check_is_not_merged_into_itself_nor_one_that_was_closed() -> None:
    world = two_parties()
    assert refused(world, MergeChecks(into_check_id=A, check_ids=(A,))).facts["reason"] == "same_check"
    world.open("c")
    close(world, "c")
    assert refused(world, MergeChecks(into_check_id=A, check_ids=(C,))).code == "check.closed"
    assert refused(world, MergeChecks(into_check_id=C, check_ids=(A,))).code == "check.closed"


def test_the_same_charge_of_an_amount_on_both_checks_is_owed_by_both_parties() -> None:
    world = two_parties(service_charges=(ServiceChargeRule(id="cake", name="Cake", amount_minor=500),))
    world.do(AddCharge(check_id=A, rule_id="cake"))
    world.do(AddCharge(check_id=B, rule_id="cake"))
    merge(world, "b")
    assert sums_of(world.check()).service_minor == 1_000


def test_a_check_holds_no_more_lines_and_discounts_than_it_can() -> None:
    world = two_parties()
    world.open("c")
    soup = world.check().lines[0]
    many = tuple([msgspec.structs.replace(soup, line_id=name_id(f"soup {n}")) for n in range(CHECK_LINES_MAX - 1)])
    world.states["check", C] = msgspec.structs.replace(world.check("c"), lines=many)
    assert refused(world, MergeChecks(into_check_id=A, check_ids=(C,))).code == "check.too_many_lines"
    discount = GiveDiscount(check_id=B, discount_id=C, name="Off", rate="1%", line_ids=(name_id("their soup"),), reason="x")
    world.do(discount, role="manager")
    [given_off] = world.check("b").discounts
    for name in "ab":
        own = tuple([
            msgspec.structs.replace(given_off, discount_id=name_id(f"{name} {n}"), line_ids=(world.check(name).lines[0].line_id,))
            for n in range(150)
        ])  # fmt: skip
        world.states["check", name_id(name)] = msgspec.structs.replace(world.check(name), discounts=own)
    assert refused(world, MergeChecks(into_check_id=A, check_ids=(B,))).code == "check.too_many_discounts"


def test_two_tablets_that_used_one_id_for_two_lines_are_told_and_nothing_is_mixed_up() -> None:
    world = two_parties()
    world.add("wine", "b", line="soup")
    found = refused(world, MergeChecks(into_check_id=A, check_ids=(B,)))
    assert (found.code, found.facts["line_id"]) == ("line.already_added", name_id("soup"))


def test_two_discounts_that_merely_have_one_id_both_stand() -> None:
    world = two_parties()
    for name, line_ids, rate in (("a", (), "10%"), ("b", (name_id("their soup"),), "50%")):
        off = GiveDiscount(check_id=name_id(name), discount_id=C, name="Off", rate=rate, line_ids=line_ids, reason="x")
        world.do(off, role="manager")
    merge(world, "b")
    assert sums_of(world.check()).discount_minor == 325 + 178  # half of the soup, and a tenth of all that is left
