"""Parts of a check: whatever stands on it, they add up to it, and are checks that can be reckoned anew."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.check import Check, sums_of
from shared.domain.check.reckoning import money_changed
from shared.domain.menu.rules import SellingRules
from tests.unit.shared.domain.check.parties import at, copy_of, ensure_followed, prices, split, standing, taxed, totals, weights
from tests.unit.shared.domain.world import MENU, World

SOME = settings(max_examples=120)
DOCUMENTS = msgspec.structs.replace(MENU, rules=SellingRules(split_documents=True))


@st.composite
def splits(draw: st.DrawFn, menu: Any = MENU) -> tuple[Check, World, list[Check]]:
    """A check, and the world after it was split some ways by any weights, with its parts."""
    parent = draw(standing().filter(lambda check: bool(check.kept_lines)))
    ways = draw(st.integers(2, 4))
    world = at(parent, menu=menu)
    split(world, "bcd"[: ways - 1], *weights(draw, parent, ways))
    return parent, world, [world.check(name) for name in "abcd"[:ways]]


@SOME
@given(splits())
def test_the_parts_are_the_check_in_every_sum_and_every_tax(case: tuple[Check, World, list[Check]]) -> None:
    parent, _, children = case
    assert totals(*children) == totals(parent)
    assert taxed(*children) == taxed(parent)
    assert sum(child.covers for child in children) == parent.covers


@SOME
@given(splits(), st.data())
def test_a_part_that_is_split_again_comes_apart_to_the_cent_as_well(case: tuple[Check, World, list[Check]], data: st.DataObject) -> None:
    parent, world, children = case
    split(world, "e", *weights(data.draw, children[1], 2), name="b")
    again = [world.check(name) for name in [*"abcd"[: len(children)], "e"]]
    assert totals(*again) == totals(parent)
    assert taxed(*again) == taxed(parent)


@SOME
@given(splits())
def test_a_part_that_is_reckoned_anew_has_the_same_prices(case: tuple[Check, World, list[Check]]) -> None:
    for child in case[2]:
        assert child.given is not None
        assert prices(sums_of(money_changed(child))) == prices(child.given)
        assert sums_of(money_changed(child)).void_minor == child.given.void_minor


@SOME
@given(splits(DOCUMENTS))
def test_documents_of_their_own_are_what_they_come_to_alone(case: tuple[Check, World, list[Check]]) -> None:
    parent, _, children = case
    for name in ("gross", "discount", "comp", "void"):
        assert totals(*children)[name] == totals(parent)[name]
    for child in children:
        if not any(charge.amount_minor and charge.taxable for charge in child.charges):  # whose part of each group was allocated
            assert totals(money_changed(child)) == totals(child)


@settings(max_examples=40)
@given(splits(), st.data())
def test_a_follower_has_every_part_as_the_site_has_it(case: tuple[Check, World, list[Check]], data: st.DataObject) -> None:
    _, world, children = case
    before = copy_of(world)
    split(world, "e", *weights(data.draw, children[0], 2))
    ensure_followed(before, world)
