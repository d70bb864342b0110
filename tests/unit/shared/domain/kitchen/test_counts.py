"""All day: how many steaks, how many of them rare, and how many buns that takes."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.kitchen.changes import line_voided
from shared.domain.kitchen.counts import ItemCount, VariantCount, ingredient_counts, item_counts, needs_of
from shared.domain.kitchen.making import BumpItem, BumpTicket
from shared.domain.menu.document import IngredientUse
from tests.unit.shared.domain.kitchen.scene import WITH_EXPO, held, modifier, scene
from tests.unit.shared.domain.world import name_id


def uses(**counts: int) -> tuple[IngredientUse, ...]:
    return tuple(IngredientUse(name=name, count=count) for name, count in counts.items())


def test_the_same_item_with_other_modifiers_is_counted_apart_and_altogether() -> None:
    world = scene()
    rare = (modifier("rare"),)
    world.fired("a", held("steak#1", quantity=2, modifiers=rare), held("steak#2"), held("soup", note="hot"))
    world.fired("b", held("steak#3", modifiers=rare), held("steak#4", note="for the chef"))
    assert item_counts(world.tickets()) == (
        ItemCount(item_id="steak", name="Steak", quantity=5, variants=(
            VariantCount(modifiers=("rare",), quantity=3), VariantCount(modifiers=(), quantity=2),
        )),
        ItemCount(item_id="soup", name="Soup", quantity=1, variants=(VariantCount(modifiers=(), quantity=1),)),
    )  # fmt: skip


def test_olives_on_the_left_are_not_olives_on_the_right() -> None:
    world = scene()
    world.fired("a", held("pizza#1", modifiers=(modifier("olives", "left"),)), held("pizza#2", modifiers=(modifier("olives", "right"),)))
    [pizza] = item_counts(world.tickets())
    assert (pizza.quantity, [variant.portions for variant in pizza.variants]) == (2, [("left",), ("right",)])


def test_what_is_made_or_voided_counts_no_more() -> None:
    world = scene(WITH_EXPO)
    [ticket] = world.fired("a", held("steak"), held("chips"), held("salad"))
    world.cook(BumpItem(ticket_id=ticket.ticket_id, line_id=name_id("steak")))
    world.told(*line_voided(world, name_id("a"), name_id("chips"), ""))
    assert [(count.name, count.quantity) for count in item_counts(world.tickets())] == [("Salad", 1)]
    [other] = world.fired("b", held("steak#b"))
    world.cook(BumpTicket(ticket_id=other.ticket_id))
    assert [count.name for count in item_counts(world.tickets())] == ["Salad"], "what waits at the pass is made"


def test_a_station_counts_its_own_and_an_item_of_two_stations_once_altogether() -> None:
    world = scene()
    world.fired("a", held("burger", quantity=3, also_stations=("fry",), ingredients=uses(bun=1)), held("wine", "bar"))
    tickets = world.tickets()
    assert [(count.name, count.quantity) for count in item_counts(tickets)] == [("Burger", 3), ("Wine", 1)]
    assert [(count.name, count.quantity) for count in item_counts(tickets, "fry")] == [("Burger", 3)]
    assert [(need.name, need.thousandths) for need in ingredient_counts(tickets)] == [("bun", 3_000)]
    assert [(need.name, need.thousandths) for need in ingredient_counts(tickets, "fry")] == [("bun", 3_000)]
    assert item_counts(tickets, "nowhere") == ingredient_counts(tickets, "bar") == ()


def test_two_tablets_that_used_one_id_for_lines_of_two_checks_hide_no_dish_from_the_count() -> None:
    world = scene()
    world.fired("a", held("chips", also_stations=("fry",), ingredients=uses(potato=2)))
    world.fired("b", held("chips", also_stations=("fry",), ingredients=uses(potato=2)))
    assert [count.quantity for count in item_counts(world.tickets())] == [2]
    assert [need.thousandths for need in ingredient_counts(world.tickets())] == [4_000]


def test_lines_of_the_first_release_are_counted_by_name() -> None:
    import msgspec

    world = scene()
    [ticket] = world.fired("a", held("steak#1"), held("steak#2"))
    old = msgspec.structs.replace(ticket, lines=tuple(msgspec.structs.replace(line, item_id="") for line in ticket.lines))
    [count] = item_counts([old])
    assert (count.item_id, count.name, count.quantity) == ("", "Steak", 2)


def test_ingredients_are_those_of_the_dish_and_of_what_was_chosen_halves_counted_as_halves() -> None:
    world = scene()
    world.fired("a", held(
        "pizza", quantity=3, ingredients=uses(dough=1, cheese=2),
        modifiers=(modifier("olives", "left", olive=5), modifier("extra cheese", cheese=1), modifier("no cheese here", "right", cheese=-2)),
    ))  # fmt: skip
    assert [(need.name, need.thousandths) for need in ingredient_counts(world.tickets())] == [
        ("olive", 7_500), ("cheese", 6_000), ("dough", 3_000),
    ]  # fmt: skip


def test_what_is_left_out_of_a_dish_is_missing_from_no_other() -> None:
    assert needs_of(1, uses(bun=1), [("whole", uses(bun=-1, lettuce=-1))]) == ()
    world = scene()
    world.fired("a", held("burger#1", ingredients=uses(bun=1), modifiers=(modifier("no bun", bun=-2),)))
    world.fired("b", held("burger#2", ingredients=uses(bun=1)))
    assert [(need.name, need.thousandths) for need in ingredient_counts(world.tickets())] == [("bun", 1_000)]


@given(
    st.integers(1, 9_999), st.integers(-1_000, 1_000),
    st.lists(st.tuples(st.sampled_from(["whole", "left", "right"]), st.integers(-1_000, 1_000)), max_size=50),
)  # fmt: skip
def test_thousandths_say_exactly_what_fractions_would(quantity: int, count: int, chosen: list[tuple[str, int]]) -> None:
    needs = needs_of(quantity, uses(x=count), [(portion, uses(x=each)) for portion, each in chosen])
    expected = quantity * max(
        Fraction(0), count + sum(each * (Fraction(1) if portion == "whole" else Fraction(1, 2)) for portion, each in chosen)
    )
    assert sum(Fraction(need.thousandths, 1_000) for need in needs) == expected
