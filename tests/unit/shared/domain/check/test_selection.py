"""What a device chose, against the menu: bounds at every depth, halves, what is included, and combos."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check.selection import ChosenComponent, ChosenModifier, repriced, same_choice, select_components, select_modifiers
from shared.domain.errors import Refused
from shared.limits import MODIFIERS_PER_LINE_MAX
from tests.unit.shared.domain.check.bistro import BEER, BISTRO, BURGER, COFFEE, FRIES, mod, part

PIZZA, BURGER_ITEM, LUNCH = BISTRO.items_by_id["pizza"], BISTRO.items_by_id["burger"], BISTRO.items_by_id["lunch"]


def surcharges(*chosen: ChosenModifier, item_id: str = "pizza", levels: tuple[str, ...] = ()) -> list[int]:
    return [each.price_minor for each in select_modifiers(BISTRO, BISTRO.items_by_id[item_id], chosen, levels).modifiers]


def refused(*chosen: ChosenModifier, item_id: str = "pizza") -> Refused:
    with pytest.raises(Refused) as error:
        select_modifiers(BISTRO, BISTRO.items_by_id[item_id], chosen, ())
    msgspec.json.encode(error.value.facts)
    return error.value


# --- bounds ---


def test_a_burger_without_a_side_is_asked_for_one_by_the_name_of_the_question() -> None:
    error = refused(item_id="burger")
    assert error.code == "modifier.too_few"
    assert error.facts == {"group_id": "side", "group": "Side", "minimum": 1, "maximum": 1}


def test_fries_ask_for_a_sauce_in_turn() -> None:
    assert refused(mod("side/fries"), item_id="burger").facts["group"] == "Sauce"
    selected = select_modifiers(BISTRO, BURGER_ITEM, (mod("side/fries", mod("sauce/bbq", mod("heat/mild")), mod("sauce/mayo")),), ())
    assert [(each.name, each.depth, each.price_minor) for each in selected.modifiers] == [
        ("Fries", 0, 0), ("Bbq", 1, 0), ("Mild", 2, 0), ("Mayo", 1, 60),
    ]  # fmt: skip
    assert selected.allergens == ("egg", "gluten")


def test_a_sauce_belongs_to_the_fries_and_not_to_the_salad_or_the_burger() -> None:
    for chosen in (
        (mod("side/salad", mod("sauce/mayo")),),
        (mod("side/salad"), mod("sauce/mayo")),
        (mod("side/chips"),),
        (mod("cheese/blue"),),
    ):
        assert refused(*chosen, item_id="burger").code == "modifier.unknown"


def test_a_half_counts_half_towards_the_bounds() -> None:
    four = [mod("toppings/ham", portion="left"), mod("toppings/ham", portion="right"), *[mod("toppings/olives")] * 3]
    assert len(surcharges(*four)) == 5
    assert refused(*four, mod("toppings/truffle", portion="left")).code == "modifier.too_many"


def test_a_half_satisfies_no_question_that_asks_for_one() -> None:
    half = msgspec.structs.replace(BISTRO.groups_by_id["side"], halves=True)
    menu = msgspec.structs.replace(BISTRO, modifier_groups=(half, *[group for group in BISTRO.modifier_groups if group.id != "side"]))
    with pytest.raises(Refused) as error:
        select_modifiers(menu, BURGER_ITEM, (mod("side/salad", portion="left"),), ())
    assert error.value.code == "modifier.too_few"
    assert (
        len(select_modifiers(menu, BURGER_ITEM, (mod("side/salad", portion="left"), mod("side/nothing", portion="right")), ()).modifiers)
        == 2
    )


def test_only_what_the_menu_says_comes_in_halves() -> None:
    assert refused(mod("side/salad", portion="left"), item_id="burger").code == "modifier.no_halves"


def test_modifiers_do_not_stand_in_one_another_without_end() -> None:
    deep = mod("side/fries", mod("sauce/bbq", mod("heat/hot", mod("more/hotter"))))
    assert len(select_modifiers(BISTRO, BURGER_ITEM, (deep,), ()).modifiers) == 4
    deeper = mod("side/fries", mod("sauce/bbq", mod("heat/hot", mod("more/hotter", mod("more/hotter")))))
    assert refused(deeper, item_id="burger").code == "modifier.too_deep"


def test_a_line_has_a_bounded_number_of_modifiers_over_all_levels() -> None:
    heat = [mod("heat/mild")] * (MODIFIERS_PER_LINE_MAX - 2)
    assert len(select_modifiers(BISTRO, BURGER_ITEM, (mod("side/fries", mod("sauce/bbq", *heat)),), ()).modifiers) == MODIFIERS_PER_LINE_MAX
    error = refused(mod("side/fries", mod("sauce/bbq", *heat, mod("heat/mild"))), item_id="burger")
    assert (error.code, error.facts["maximum"]) == ("modifier.too_many", MODIFIERS_PER_LINE_MAX)


# --- prices ---


def test_the_two_dearest_toppings_are_free() -> None:
    assert surcharges(mod("toppings/olives"), mod("toppings/truffle"), mod("toppings/ham")) == [80, 0, 0]


def test_a_half_costs_half_rounded_up_or_all_of_it_as_the_menu_says() -> None:
    two = [mod("toppings/truffle"), mod("toppings/truffle")]
    assert surcharges(*two, mod("toppings/ham", portion="left"), mod("extras/egg", portion="left")) == [0, 0, 76, 111]


def test_a_whole_of_which_half_is_included_costs_half() -> None:
    assert surcharges(mod("toppings/truffle"), mod("toppings/truffle", portion="left"), mod("toppings/ham")) == [0, 0, 76]


def test_what_takes_something_off_the_price_is_not_made_dearer_by_being_included() -> None:
    assert surcharges(mod("toppings/none"), mod("toppings/olives")) == [-50, 0]


def test_a_surcharge_follows_the_price_level() -> None:
    assert surcharges(mod("extras/rocket"), levels=("away",)) == [120]
    assert surcharges(mod("extras/rocket"), levels=("happy",)) == [90]


toppings = st.builds(mod, st.sampled_from(["toppings/olives", "toppings/ham", "toppings/truffle", "toppings/none", "extras/egg", "extras/rocket"]),
                     portion=st.sampled_from(["whole", "left", "right"]))  # fmt: skip


@given(st.lists(toppings, max_size=5).flatmap(lambda chosen: st.tuples(st.just(chosen), st.permutations(chosen))), st.integers(0, 4))
def test_the_order_of_tapping_costs_nobody_anything(both: tuple[list[ChosenModifier], list[ChosenModifier]], included: int) -> None:
    menu = msgspec.structs.replace(
        BISTRO, modifier_groups=tuple(msgspec.structs.replace(group, included=included, maximum=50) for group in BISTRO.modifier_groups)
    )
    prices = [sum(each.price_minor for each in select_modifiers(menu, PIZZA, chosen, ()).modifiers) for chosen in both]
    assert prices[0] == prices[1]


@given(st.lists(toppings, max_size=5))
def test_what_is_included_never_makes_a_line_dearer(chosen: list[ChosenModifier]) -> None:
    totals: list[int] = []
    for included in range(6):
        groups = tuple(msgspec.structs.replace(group, included=included, maximum=50) for group in BISTRO.modifier_groups)
        selected = select_modifiers(msgspec.structs.replace(BISTRO, modifier_groups=groups), PIZZA, chosen, ())
        totals.append(sum(each.price_minor for each in selected.modifiers))
    assert totals == sorted(totals, reverse=True)


@given(st.lists(toppings, max_size=4), st.sampled_from([(), ("away",)]))
def test_pricing_a_choice_again_gives_what_choosing_it_gave(chosen: list[ChosenModifier], levels: tuple[str, ...]) -> None:
    groups = tuple(msgspec.structs.replace(group, maximum=50) for group in BISTRO.modifier_groups)
    menu = msgspec.structs.replace(BISTRO, modifier_groups=groups)
    at_base = select_modifiers(menu, PIZZA, chosen, ()).modifiers
    assert repriced(menu, at_base, levels) == select_modifiers(menu, PIZZA, chosen, levels).modifiers
    assert same_choice(at_base, chosen)


def test_what_has_left_the_menu_keeps_its_price_when_a_line_is_priced_again() -> None:
    chosen = (mod("extras/rocket"), mod("extras/egg"))
    before = select_modifiers(BISTRO, PIZZA, chosen, ()).modifiers
    extras = msgspec.structs.replace(BISTRO.groups_by_id["extras"], modifiers=BISTRO.groups_by_id["extras"].modifiers[:1])
    menu = msgspec.structs.replace(BISTRO, modifier_groups=(extras,))
    assert [each.price_minor for each in repriced(menu, before, ("away",))] == [120, 111]


def test_a_choice_differs_by_depth_and_half_as_well() -> None:
    fries = select_modifiers(BISTRO, BURGER_ITEM, (FRIES,), ()).modifiers
    assert same_choice(fries, (FRIES,))
    assert not same_choice(fries, (mod("side/fries"), mod("sauce/mayo")))
    assert not same_choice(fries, ())


def test_a_command_of_an_older_tablet_is_written_as_it_was() -> None:
    """The digest by which a repeat is known is of what the command is encoded as."""
    assert msgspec.json.encode(mod("side/salad")) == b'{"group_id":"side","modifier_id":"salad"}'


# --- combos ---


def components(*chosen: ChosenComponent) -> list[str]:
    return [each.item.id for each in select_components(BISTRO, LUNCH, chosen, ())]


def test_components_stand_in_the_order_of_the_menu_however_they_were_tapped() -> None:
    for chosen in permutations((BURGER, BEER, COFFEE)):
        assert components(*chosen) == ["burger", "beer", "coffee"]


@pytest.mark.parametrize(
    ("chosen", "code", "fact"),
    [
        ((), "combo.too_few", ("slot", "Main")),
        ((BURGER, BURGER), "combo.too_many", ("maximum", 1)),
        ((BURGER, BEER, BEER, BEER), "combo.too_many", ("slot_id", "drink")),
        ((BURGER, part("dessert/cake")), "combo.slot_unknown", ("slot_id", "dessert")),
        ((part("main/pizza"),), "combo.choice_unknown", ("item_id", "pizza")),
        ((part("main/ghost"),), "item.unknown", ("item_id", "ghost")),
        ((part("main/burger"),), "modifier.too_few", ("group_id", "side")),
    ],
)
def test_a_combo_that_cannot_be_is_refused_by_what_is_wrong(
    chosen: tuple[ChosenComponent, ...], code: str, fact: tuple[str, object]
) -> None:
    with pytest.raises(Refused) as error:
        components(*chosen)
    assert error.value.code == code
    assert error.value.facts[fact[0]] == fact[1]
