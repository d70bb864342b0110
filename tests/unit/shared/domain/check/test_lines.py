"""Lines come onto a check: at the price of the moment, with what the guest chose, as long as there is any of it."""

from datetime import datetime
from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import (
    AddLine,
    ChangeDiningOption,
    ChangeLine,
    Line,
    LineAdded,
    LineChanged,
    LineVoided,
    OpenCheck,
    PayCash,
    PromotionsApplied,
    SendCheck,
    VoidLine,
    sums_of,
)
from shared.domain.check.state import ComboPart
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.menu import Menu
from shared.domain.menu.document import Category, ComboChoice, ComboSlot
from shared.domain.menu.overrides import EightySixItem, ItemOverride, SetCountdown, SetLocalPrice
from shared.domain.menu.rules import Promotion, SellingRules
from shared.limits import CHECK_LINES_MAX, COVERS_MAX
from tests.unit.shared.domain.check.bistro import BEER, BISTRO, BURGER, COFFEE, FRIES, at_the_bistro, mod, part, prices
from tests.unit.shared.domain.world import World, name_id

A = name_id("a")


def last(world: World) -> Line:
    return world.check().lines[-1]


def refusal(world: World, item_id: str, role: str = "pos", **fields: object) -> Refused:
    before = (dict(world.states), len(world.journal))
    with pytest.raises(Refused) as refused:
        world.do(AddLine(check_id=A, line_id=name_id("new"), item_id=item_id, **fields), role=role)
    assert (world.states, len(world.journal)) == before
    msgspec.json.encode(refused.value.facts)
    return refused.value


def left(world: World, item_id: str) -> int | None:
    override = world.find(ItemOverride, "override", item_id)
    return override.left if override else None


# --- what a line keeps ---


def test_a_line_keeps_all_that_the_menu_said_when_it_was_added() -> None:
    world = at_the_bistro(covers=4)
    world.add("burger", modifiers=(mod("side/salad"),), seat=2, quantity=2, note="medium")
    line = last(world)
    assert (line.seat, line.course, line.on_hold, line.station, line.also_stations) == (2, "mains", True, "kitchen", ("garnish",))
    assert (line.allergens, [use.name for use in line.ingredients]) == (("gluten",), ["Bun"])
    assert [use.name for use in line.modifiers[0].ingredients] == ["Salad"]
    assert line.amount_minor == 2 * (1400 + 150)
    assert line.added_at == world.now
    assert world.folded_anew().check() == world.check()


def test_a_line_names_the_allergens_of_its_modifiers_too() -> None:
    world = at_the_bistro()
    world.add("burger", modifiers=(FRIES,))
    assert last(world).allergens == ("gluten", "egg")


def test_a_modifier_may_take_off_more_than_the_dish_costs_and_nobody_is_paid_for_eating() -> None:
    world = at_the_bistro()
    world.add("pizza", modifiers=(mod("extras/bare"),))
    assert prices(world) == [0]


def test_a_course_that_waits_puts_its_lines_on_hold_unless_the_waiter_says_otherwise() -> None:
    world = at_the_bistro()
    world.add("soup")
    world.add("pizza")
    world.add("pizza", hold=False)
    world.add("soup", hold=True)
    world.add("soup", course="mains")
    assert [(line.course, line.on_hold) for line in world.check().lines] == [
        ("starters", False), ("mains", True), ("mains", False), ("starters", True), ("mains", True),
    ]  # fmt: skip


def test_the_category_says_course_and_station_where_the_item_does_not() -> None:
    soup = msgspec.structs.replace(BISTRO.items_by_id["soup"], course="", station="")
    starters = Category(id="Starters", name="Starters", course="starters", station="cold")
    world = at_the_bistro(msgspec.structs.replace(BISTRO, items=(soup,), categories=(starters,)))
    world.add("soup")
    assert (last(world).course, last(world).station) == ("starters", "cold")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"course": "dessert"}, "course.unknown"),
        ({"dining_option": "drive_in"}, "dining_option.unknown"),
        ({"components": (BEER,)}, "combo.no_combo"),
        ({"weight": "1"}, "line.weight_not_asked"),
        ({"unit_price_minor": 1}, "permission.missing"),
        ({"dining_option": "take\x00away"}, "text.control_character"),
        ({"modifiers": (mod("milk/oat"),)}, "modifier.unknown"),
    ],
)
def test_what_the_menu_does_not_offer_of_the_soup_is_refused(fields: dict[str, object], code: str) -> None:
    assert refusal(at_the_bistro(), "soup", **fields).code == code


@pytest.mark.parametrize("seat", [-1, COVERS_MAX + 1])
def test_a_seat_is_one_of_those_a_check_can_have(seat: int) -> None:
    from shared.domain.registry import decode_command

    body = msgspec.json.encode(AddLine(check_id=A, line_id=A, item_id="soup", seat=seat))
    with pytest.raises(Refused) as refused:
        decode_command(body)
    assert refused.value.code == "command.malformed"


# --- prices of the moment ---


def test_a_beer_costs_less_in_the_happy_hour_and_keeps_that_price() -> None:
    world = at_the_bistro()
    world.add("beer")
    world.wait(hours=5)  # 17:00 on the wall
    world.add("beer")
    world.wait(hours=3)
    world.add("beer")
    assert [(line.amount_minor, line.price_level) for line in world.check().lines] == [(500, ""), (400, "happy"), (500, "")]


def test_one_coffee_of_the_table_goes_with_the_guest_at_its_own_price_and_tax() -> None:
    world = at_the_bistro()
    world.add("coffee")
    world.add("coffee", dining_option="take_away")
    here, away = world.check().lines
    assert (here.amount_minor, here.dining_option, [tax.id for tax in here.taxes]) == (300, "", ["drink"])
    assert (away.amount_minor, away.dining_option, away.price_level, [tax.id for tax in away.taxes]) == (250, "take_away", "away", ["food"])


def test_a_check_to_take_away_needs_no_line_to_say_so() -> None:
    world = at_the_bistro(dining_option="take_away")
    world.add("coffee", dining_option="take_away")
    assert (last(world).dining_option, last(world).amount_minor) == ("", 250)


def test_taxes_are_those_of_the_business_date_of_the_check() -> None:
    food = msgspec.structs.replace(BISTRO.taxes_by_id["food"], valid_to="2026-03-01")
    since = msgspec.structs.replace(food, rate="9%", valid_from="2026-03-02", valid_to="", id="new")
    soup = msgspec.structs.replace(BISTRO.items_by_id["soup"], tax_ids=("food", "new"))
    world = at_the_bistro(msgspec.structs.replace(BISTRO, items=(soup,), taxes=(food, since)))
    world.add("soup")
    assert [tax.rate for tax in last(world).taxes] == ["9%"]


def test_the_sites_own_price_counts_where_headquarters_lets_it() -> None:
    world = at_the_bistro()
    world.do(SetLocalPrice(item_id="lunch", price_minor=1000), role="manager")
    world.add("lunch", components=(BURGER, COFFEE))
    assert sum(prices(world)) == 1000


# --- open prices and weights ---


def test_the_fish_of_the_day_costs_what_the_waiter_says() -> None:
    world = at_the_bistro()
    assert refusal(world, "fish").code == "item.price_missing"
    world.add("fish", unit_price_minor=2350, quantity=2)
    assert (prices(world), last(world).own_price) == ([4700], True)


def test_a_steak_is_sold_by_weight_and_its_egg_is_not() -> None:
    world = at_the_bistro()
    world.add("steak", weight="0.347", modifiers=(mod("extras/egg"),))
    assert prices(world) == [2776 + 111]
    assert (last(world).weight, last(world).weight_unit) == ("0.347", "kg")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "line.weight_missing"),
        ({"weight": "0"}, "line.weight_invalid"),
        ({"weight": "0.000"}, "line.weight_invalid"),
        ({"weight": "1/2"}, "line.weight_invalid"),
        ({"weight": "50%"}, "line.weight_invalid"),
        ({"weight": "-1"}, "line.weight_invalid"),
        ({"weight": "1e3"}, "line.weight_invalid"),
        ({"weight": "1\n"}, "line.weight_invalid"),
        ({"weight": "\u0661"}, "line.weight_invalid"),
        ({"weight": "2.001"}, "line.weight_too_large"),
        ({"weight": "1", "quantity": 2}, "line.weighed_quantity"),
    ],
)
def test_a_steak_needs_a_weight_that_can_be_believed(fields: dict[str, object], code: str) -> None:
    assert refusal(at_the_bistro(), "steak", **fields).code == code


def test_the_largest_weight_that_is_believed_is_believed() -> None:
    world = at_the_bistro()
    world.add("steak", weight="2.0")
    assert prices(world) == [16_000]


# --- what has run out ---


def test_what_is_eighty_sixed_is_refused_by_name() -> None:
    world = at_the_bistro()
    world.do(EightySixItem(item_id="soup"))
    error = refusal(world, "soup")
    assert (error.code, error.facts["item"], error.facts["check_id"]) == ("item.eighty_sixed", "Soup", A)


def test_four_are_left_and_the_fifth_is_refused() -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=4))
    world.add("soup", quantity=3)
    assert left(world, "soup") == 1
    error = refusal(world, "soup", quantity=2)
    assert (error.code, error.facts["left"]) == ("item.sold_out", 1)
    world.add("soup")
    assert left(world, "soup") == 0
    assert refusal(world, "soup").code == "item.sold_out"


def test_two_waiters_order_the_last_soup_and_one_of_them_is_told() -> None:
    world = at_the_bistro()
    world.open("b")
    world.do(SetCountdown(item_id="soup", left=1))
    world.add("soup", "b")
    assert refusal(world, "soup").code == "item.sold_out"


def test_pancakes_are_served_in_the_morning() -> None:
    world = at_the_bistro()
    error = refusal(world, "pancakes")
    assert (error.code, error.facts["item"]) == ("item.not_served_now", "Pancakes")
    world.wait(hours=-2)  # 10:00
    world.add("pancakes")


def test_training_counts_nothing_down() -> None:
    world = at_the_bistro(training=True)
    world.do(SetCountdown(item_id="soup", left=2))
    world.add("soup", quantity=2)
    assert (left(world, "soup"), last(world).counted) == (2, 0)


def test_an_import_asks_nobody_what_is_left_and_takes_nothing() -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=1))
    world.do(EightySixItem(item_id="pancakes"))
    for item_id in ("soup", "pancakes", "steak"):
        command = AddLine(check_id=A, line_id=name_id(item_id), item_id=item_id, quantity=5, unit_price_minor=100)
        world.do(command, role="import")
    assert (prices(world), left(world, "soup")) == ([500, 500, 500], 1)


def test_an_import_in_the_happy_hour_has_the_surcharges_of_the_menu_as_it_always_had() -> None:
    world = at_the_bistro(dining_option="take_away")
    world.do(
        AddLine(check_id=A, line_id=name_id("l"), item_id="pizza", modifiers=(mod("extras/rocket"),), unit_price_minor=1000), role="import"
    )
    assert prices(world) == [1090]


# --- combos ---


def test_a_combo_is_shared_out_over_its_components_and_each_bears_its_own_tax() -> None:
    world = at_the_bistro()
    line_id = world.add("lunch", components=(COFFEE, BURGER), quantity=2, seat=1)
    burger, coffee = world.check().lines
    assert [burger.unit_price_minor, coffee.unit_price_minor] == [1235, 265]  # of 1500, over 1400 and 300
    assert (burger.line_id, coffee.line_id) == (derived_id(line_id, 0), derived_id(line_id, 1))
    assert burger.combo == ComboPart(combo_id=line_id, item_id="lunch", name="Lunch", slot_id="main", price_minor=1500)
    assert [tax.id for line in (burger, coffee) for tax in line.taxes] == ["food", "drink"]
    assert (burger.course, burger.on_hold, coffee.course, coffee.on_hold) == ("mains", True, "", False)
    assert (burger.station, coffee.station, burger.seat, coffee.seat) == ("kitchen", "bar", 1, 1)
    assert sum(prices(world)) == 3000
    assert world.folded_anew().states == world.states


def test_what_a_component_costs_extra_stays_with_it() -> None:
    world = at_the_bistro()
    world.add("lunch", components=(part("main/burger", mod("side/salad")), BEER))
    burger, beer = world.check().lines
    assert (burger.amount_minor, beer.amount_minor) == (1105 + 150, 395 + 100)
    assert beer.combo is not None
    assert beer.combo.extra_minor == 100


@pytest.mark.parametrize(("item_id", "name"), [("beer", "Beer"), ("lunch", "Lunch")])
def test_a_combo_of_which_something_has_run_out_is_refused_by_the_name_of_that(item_id: str, name: str) -> None:
    world = at_the_bistro()
    world.do(EightySixItem(item_id=item_id))
    error = refusal(world, "lunch", components=(BURGER, BEER))
    assert (error.code, error.facts["item"]) == ("item.eighty_sixed", name)


def test_a_breakfast_dish_is_no_part_of_a_lunch_at_noon() -> None:
    assert refusal(at_the_bistro(), "lunch", components=(part("main/pancakes"),)).code == "item.not_served_now"


def test_a_combo_takes_off_the_countdowns_of_itself_and_of_its_components() -> None:
    world = at_the_bistro()
    for item_id in ("lunch", "beer"):
        world.do(SetCountdown(item_id=item_id, left=5))
    assert refusal(world, "lunch", quantity=3, components=(BURGER, BEER, BEER)).facts["item"] == "Beer"
    world.add("lunch", quantity=2, components=(BURGER, BEER, BEER))
    assert (left(world, "lunch"), left(world, "beer")) == (3, 1)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "combo.too_few"),
        ({"components": (BURGER,), "modifiers": (mod("milk/oat"),)}, "combo.modifiers_misplaced"),
        ({"components": (BURGER,), "weight": "1"}, "combo.modifiers_misplaced"),
    ],
)
def test_a_combo_is_ordered_by_its_components(fields: dict[str, object], code: str) -> None:
    assert refusal(at_the_bistro(), "lunch", **fields).code == code


def test_a_combo_of_which_everything_may_be_left_out_has_at_least_something() -> None:
    slot = ComboSlot(id="any", name="Anything", choices=(ComboChoice(item_id="soup"),), minimum=0)
    lunch = msgspec.structs.replace(BISTRO.items_by_id["lunch"], slots=(slot,))
    world = at_the_bistro(msgspec.structs.replace(BISTRO, items=(lunch, BISTRO.items_by_id["soup"])))
    assert refusal(world, "lunch").code == "combo.too_few"


def test_a_combo_that_was_added_is_not_added_again_under_its_id() -> None:
    world = at_the_bistro()
    line_id = world.add("lunch", components=(BURGER,))
    with pytest.raises(Refused) as refused:
        world.do(AddLine(check_id=A, line_id=line_id, item_id="soup"), command_id=name_id("other"))
    assert (refused.value.code, refused.value.facts["check_id"]) == ("line.already_added", A)


def test_a_full_check_counts_the_components_of_a_combo() -> None:
    world = at_the_bistro()
    for _ in range(CHECK_LINES_MAX - 1):
        world.add("soup")
    assert refusal(world, "lunch", components=(BURGER, COFFEE)).code == "check.too_many_lines"
    world.add("lunch", components=(BURGER,))


def test_a_line_of_more_than_a_check_can_hold_is_refused() -> None:
    assert refusal(at_the_bistro(), "gold", quantity=2).code == "amount.too_large"


# --- what follows by rule ---


def test_a_promotion_comes_with_its_second_beer_and_goes_with_it() -> None:
    free = Promotion(id="two", name="Two for one", kind="buy_get", item_ids=("beer",))
    world = at_the_bistro(msgspec.structs.replace(BISTRO, rules=SellingRules(promotions=(free,))))
    beer = world.add("beer")
    added, applied = world.do(AddLine(check_id=A, line_id=name_id("second"), item_id="beer"))
    assert (type(added), type(applied)) == (LineAdded, PromotionsApplied)
    assert sums_of(world.check()).total_minor == 500
    assert [type(event) for event in world.do(ChangeLine(check_id=A, line_id=beer, quantity=2))] == [LineChanged]
    assert sums_of(world.check()).total_minor == 1000
    world.do(ChangeLine(check_id=A, line_id=beer, quantity=1))
    voided, taken_away = world.do(VoidLine(check_id=A, line_id=name_id("second")))
    assert (type(voided), type(taken_away)) == (LineVoided, PromotionsApplied)
    assert sums_of(world.check()).total_minor == 500


# --- properties ---


orders = st.sampled_from([
    ("soup", {}), ("soup", {"quantity": 3}), ("beer", {"seat": 2}), ("coffee", {"dining_option": "take_away"}), ("steak", {"weight": "0.333"}),
    ("pizza", {"modifiers": (mod("toppings/ham", portion="left"), mod("extras/egg"))}), ("burger", {"modifiers": (FRIES,)}),
    ("fish", {"unit_price_minor": 1999}), ("lunch", {"components": (BURGER, BEER), "quantity": 2}), ("lunch", {"components": (COFFEE, BURGER)}),
])  # fmt: skip


def totals(menu: Menu, ordered: list[tuple[str, dict[str, object]]]) -> tuple[object, ...]:
    world = at_the_bistro(menu)
    for item_id, fields in ordered:
        world.add(item_id, **fields)
    sums = sums_of(world.check())
    return sums.gross_minor, sums.net_minor, sums.tax_minor, sums.total_minor, sorted((each.tax.id, each.base_minor) for each in sums.taxes)


@given(st.lists(orders, max_size=6).flatmap(lambda ordered: st.tuples(st.just(ordered), st.permutations(ordered))), st.booleans())
def test_lines_added_in_any_order_come_to_the_same(
    both: tuple[list[tuple[str, dict[str, object]]], list[tuple[str, dict[str, object]]]], on_top: bool
) -> None:
    menu = msgspec.structs.replace(BISTRO, taxes=tuple(msgspec.structs.replace(tax, inclusive=not on_top) for tax in BISTRO.taxes))
    assert totals(menu, both[0]) == totals(menu, both[1])


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=8), st.integers(0, 12))
def test_never_more_is_sold_than_was_left(wanted: list[tuple[int, bool]], start: int) -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="burger", left=start))
    names = count()
    for quantity, as_combo in wanted:
        fields = {"components": (BURGER,)} if as_combo else {"modifiers": (FRIES,)}
        try:
            world.add("lunch" if as_combo else "burger", line=f"line/{next(names)}", quantity=quantity, **fields)
        except Refused as refused:
            assert refused.code == "item.sold_out"
            assert int(str(refused.facts["left"])) < quantity
    sold = sum(line.quantity for line in world.check().lines)
    assert left(world, "burger") == start - sold >= 0


acts = st.tuples(st.sampled_from(["add", "add", "change", "void", "waste", "send", "option", "pay"]), st.integers(0, 9), st.integers(1, 5))


@given(st.lists(acts, max_size=20))
def test_whatever_is_done_to_lines_no_sum_falls_below_zero_and_a_follower_sees_the_same(tried: list[tuple[str, int, int]]) -> None:
    world = at_the_bistro()
    world.do(SetCountdown(item_id="soup", left=9))
    menu: list[tuple[str, dict[str, object]]] = [
        ("soup", {}), ("coffee", {}), ("pizza", {"modifiers": (mod("extras/bare"),)}), ("lunch", {"components": (BURGER, BEER)}),
    ]  # fmt: skip
    for act, pick, size in tried:
        lines = world.check().lines
        line = lines[pick % len(lines)] if lines else None
        line_id = (line.combo.combo_id if line.combo else line.line_id) if line else name_id("none")
        item_id, fields = menu[pick % len(menu)]
        commands = {
            "add": AddLine(check_id=A, line_id=name_id(f"line/{len(world.journal)}"), item_id=item_id, quantity=size, **fields),
            "change": ChangeLine(check_id=A, line_id=line_id, quantity=size, seat=pick),
            "void": VoidLine(check_id=A, line_id=line_id),
            "waste": VoidLine(check_id=A, line_id=line_id, reason="spilled"),
            "send": SendCheck(check_id=A),
            "option": ChangeDiningOption(check_id=A, dining_option=("dine_in", "take_away")[pick % 2]),
            "pay": PayCash(check_id=A, amount_minor=100 * size, tendered_minor=100 * size),
        }
        before = (dict(world.states), len(world.journal))
        try:
            world.do(commands[act], role="manager")
        except Refused:
            assert (world.states, len(world.journal)) == before
    check = world.check()
    sums = sums_of(check)
    assert min(sums.gross_minor, sums.net_minor, sums.tax_minor, sums.total_minor, sums.void_minor) >= 0
    assert check.paid_minor <= sums.total_minor
    kept = [line for line in check.lines if line.item_id == "soup" and not (line.void and not line.void.after_fire)]
    assert left(world, "soup") == 9 - sum(line.counted for line in kept)
    assert world.folded_anew().states == world.states


def test_an_evening_of_imports_is_priced_by_its_file_and_dated_by_it() -> None:
    world = at_the_bistro()
    opened = OpenCheck(check_id=name_id("old"), opened_at=datetime(2020, 5, 4, 18, 0))
    world.do(opened, role="import")
    world.do(AddLine(check_id=name_id("old"), line_id=name_id("l"), item_id="beer", unit_price_minor=380), role="import")
    assert prices(world, "old") == [380]
    assert world.check("old").business_date == "2020-05-04"
