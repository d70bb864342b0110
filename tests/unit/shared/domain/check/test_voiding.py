"""Lines come off a check: for nothing before they are fired, and never quietly afterwards."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import ChangeLine, CloseCheck, LineStatus, LineVoided, PayCash, SendCheck, VoidLine, sums_of
from shared.domain.check.books import sales_of
from shared.domain.check.state import Check, GivenDiscount, Share
from shared.domain.errors import Refused
from shared.domain.kernel import Event
from shared.domain.kitchen.changes import TicketChanged
from shared.domain.menu.overrides import ItemOverride, SetCountdown
from tests.unit.shared.domain.check.bistro import BEER, BURGER, COFFEE, FRIES, at_the_bistro, mod, prices
from tests.unit.shared.domain.world import World, name_id

A = name_id("a")


def void(world: World, line_id: str, reason: str = "", role: str = "pos") -> list[Event]:
    return world.do(VoidLine(check_id=A, line_id=line_id, reason=reason), role=role)


def refusal(world: World, line_id: str, reason: str = "", role: str = "pos") -> Refused:
    before = (dict(world.states), len(world.journal))
    with pytest.raises(Refused) as refused:
        void(world, line_id, reason, role)
    assert (world.states, len(world.journal)) == before
    return refused.value


def send(world: World) -> None:
    world.do(SendCheck(check_id=A))


def left(world: World, item_id: str) -> int | None:
    override = world.find(ItemOverride, "override", item_id)
    return override.left if override else None


# --- after fire ---


def test_a_spilled_soup_is_waste_with_a_reason_and_an_approver_and_the_cook_is_told() -> None:
    world = at_the_bistro()
    soup, beer = world.add("soup"), world.add("beer")
    send(world)
    voided, told = void(world, soup, "spilled", "manager")
    assert isinstance(voided, LineVoided)
    assert (voided.after_fire, voided.approved_by) == (True, "tablet")
    assert isinstance(told, TicketChanged)
    assert (told.kind, told.line_ids, told.text) == ("voided", (soup,), "spilled")
    sums = sums_of(world.check())
    assert (sums.void_minor, sums.gross_minor, sums.total_minor) == (650, 500, 500)
    line = world.check().line(soup)
    assert line is not None
    assert line.void is not None
    assert (line.status, line.void.after_fire, line.void.reason, line.void.at) == (LineStatus.VOIDED, True, "spilled", world.now)
    assert world.folded_anew().states == world.states
    world.do(PayCash(check_id=A, tendered_minor=500))
    world.do(CloseCheck(check_id=A))
    assert (sales_of(world.check()).void_minor, sales_of(world.check()).gross_minor) == (650, 500)
    assert beer


def test_a_waiter_does_not_void_what_is_in_the_kitchen() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    send(world)
    assert refusal(world, soup, "spilled").code == "approval.missing"
    assert refusal(world, soup, "  ", "manager").code == "line.already_sent", "whoever says no reason has not seen that it was sent"
    error = refusal(world, soup, "no idea", "manager")
    assert (error.code, error.facts["reasons"]) == ("reason.unknown", ["spilled"])


def test_what_was_fired_is_not_given_back_to_the_countdown() -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=2))
    soup, kept = world.add("soup"), world.add("soup")
    void(world, kept)
    send(world)
    void(world, soup, "spilled", "manager")
    assert left(world, "soup") == 1


def test_a_manager_who_saw_a_held_line_does_not_throw_away_a_plate() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    send(world)
    seen = VoidLine(check_id=A, line_id=soup, reason="spilled", line_revision=0)
    with pytest.raises(Refused) as refused:
        world.do(seen, role="manager")
    assert (refused.value.code, refused.value.facts["line_revision"]) == ("line.changed", 1)


def test_a_line_is_voided_once() -> None:
    world = at_the_bistro()
    soup, beer = world.add("soup"), world.add("beer")
    void(world, soup)
    send(world)
    void(world, beer, "spilled", "manager")
    for line_id in (soup, beer):
        assert refusal(world, line_id, "spilled", "manager").code == "line.already_voided"


def test_in_training_no_kitchen_hears_of_a_void() -> None:
    world = at_the_bistro(training=True)
    soup = world.add("soup")
    send(world)
    assert [type(event) for event in void(world, soup, "spilled", "manager")] == [LineVoided]


def test_what_is_paid_is_not_voided() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    send(world)
    world.do(PayCash(check_id=A, tendered_minor=1000))
    assert refusal(world, soup, "spilled", "manager").code == "check.overpaid"


# --- combos and shares ---


def test_a_combo_goes_as_a_whole_and_gives_everything_back() -> None:
    world = at_the_bistro()
    for item_id in ("lunch", "beer", "burger"):
        world.do(SetCountdown(item_id=item_id, left=9))
    lunch = world.add("lunch", quantity=2, components=(BURGER, BEER))
    burger = world.check().lines[0].line_id
    error = refusal(world, burger)
    assert (error.code, error.facts["combo_id"]) == ("combo.not_whole", lunch)
    assert len(void(world, lunch)) == 2
    assert (prices(world), [left(world, id) for id in ("lunch", "beer", "burger")]) == ([], [9, 9, 9])


def test_of_a_combo_that_is_half_in_the_kitchen_only_that_half_is_waste() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE))
    send(world)  # the burger waits for its course
    assert refusal(world, lunch).code == "line.already_sent"
    assert refusal(world, lunch, "spilled").code == "approval.missing"
    events = void(world, lunch, "spilled", "manager")
    assert [(event.after_fire, event.approved_by) for event in events if isinstance(event, LineVoided)] == [(False, ""), (True, "tablet")]
    assert sums_of(world.check()).void_minor == 265
    assert sums_of(world.check()).total_minor == 0


def test_a_share_of_a_line_is_not_voided_while_the_others_go_on_paying() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    share = Share(source_line_id=name_id("source"), part="1/2", amount_minor=325)
    check = world.check()
    world.states["check", A] = msgspec.structs.replace(check, lines=(msgspec.structs.replace(check.lines[0], share=share),))
    error = refusal(world, soup)
    assert (error.code, error.facts["check_id"]) == ("line.is_share", A)


# --- what else stands on the check ---


def test_a_discount_on_a_line_that_is_voided_takes_nothing_off_the_others() -> None:
    world = at_the_bistro()
    soup = world.add("soup")
    world.add("beer")
    discounts = (GivenDiscount(discount_id=name_id("d"), name="Half", scope="item", rate="50%", line_ids=(soup,)),)
    world.states["check", A] = msgspec.structs.replace(world.check(), discounts=discounts)
    assert sums_of(world.check()).total_minor == 325 + 500
    void(world, soup)
    assert sums_of(world.check()).total_minor == 500
    send(world)


# --- properties ---


def figures(world: World) -> tuple[object, ...]:
    check = world.check()
    overrides = {key: state for key, state in world.states.items() if isinstance(state, ItemOverride)}
    return sums_of(check), [line for line in check.lines if line.status is not LineStatus.VOIDED], overrides


ordered = st.sampled_from([
    ("soup", {"quantity": 2}), ("beer", {}), ("steak", {"weight": "0.4"}), ("burger", {"modifiers": (FRIES,)}),
    ("lunch", {"components": (BURGER, BEER, BEER)}), ("lunch", {"components": (COFFEE, BURGER), "quantity": 2}),
    ("pizza", {"modifiers": (mod("toppings/ham", portion="left"),)}),
])  # fmt: skip


@given(st.lists(ordered, max_size=4), ordered, st.none() | st.integers(1, 4))
def test_a_void_gives_back_exactly_what_an_add_took(
    others: list[tuple[str, dict[str, object]]], one: tuple[str, dict[str, object]], quantity: int | None
) -> None:
    world = at_the_bistro()
    for item_id in ("soup", "beer", "burger", "lunch"):
        world.do(SetCountdown(item_id=item_id, left=100))
    for item_id, fields in others:
        world.add(item_id, **fields)
    before = figures(world)
    line_id = world.add(one[0], **one[1])
    if quantity is not None and one[0] != "steak" and quantity != world.check().lines[-1].quantity:
        world.do(ChangeLine(check_id=A, line_id=line_id, quantity=quantity))
    void(world, line_id)
    assert figures(world) == before
    assert world.folded_anew().states == world.states


def test_a_void_from_a_journal_that_fits_no_state_is_noticed() -> None:
    from shared.domain.registry import evolve

    world = at_the_bistro()
    soup = world.add("soup")
    meta = world.journal[-1][1]
    with pytest.raises(LookupError):
        evolve(world, LineVoided(check_id=A, line_id=soup, after_fire=True), meta)
    with pytest.raises(LookupError):
        evolve(world, LineVoided(check_id=A, line_id=name_id("ghost")), meta)
    assert isinstance(world.check(), Check)
