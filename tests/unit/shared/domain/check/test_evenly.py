"""An even split: parts of what is due, paid one by one, until something changes what the check comes to."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import CheckSplitEvenly, PayCash, SplitEvenly
from shared.domain.check.seating import MoveChecks
from shared.domain.kernel import Meta
from shared.domain.registry import evolve
from shared.limits import SPLIT_WAYS_MAX
from tests.unit.shared.domain.check.till import cash, close, priced, refused
from tests.unit.shared.domain.world import NOON, World, name_id

A = name_id("a")


def evenly(world: World, ways: int, **fields: int) -> tuple[int, ...]:
    world.do(SplitEvenly(check_id=A, ways=ways, **fields))
    return world.check().even_shares


def test_three_guests_pay_a_third_each_and_the_check_closes() -> None:
    world = priced(1_000, step=1)
    assert evenly(world, 3) == (334, 333, 333)
    for share in (2, 1, 3):
        cash(world, 500, share=share)
    assert [payment.amount_minor for payment in world.check().payments] == [333, 334, 333]
    close(world)
    assert world.folded_anew().states == world.states


@given(st.integers(1, 10**9), st.integers(2, SPLIT_WAYS_MAX))
def test_the_parts_are_what_is_due(price: int, ways: int) -> None:
    world = priced(price)
    if price < ways:
        assert refused(world, SplitEvenly(check_id=A, ways=ways)).code == "split.too_little_due"
        return
    shares = evenly(world, ways)
    assert sum(shares) == price
    assert max(shares) - min(shares) <= 1


def test_what_was_paid_before_is_not_split() -> None:
    world = priced(1_000)
    cash(world, 100, amount_minor=100)
    assert evenly(world, 2) == (450, 450)


def test_one_guest_has_paid_and_the_others_split_the_rest_another_way() -> None:
    world = priced(1_000)
    evenly(world, 4)
    cash(world, 250, share=1)
    assert evenly(world, 2) == (375, 375)
    cash(world, 375, share=1)
    cash(world, 375, share=2)
    close(world)


def test_a_round_that_comes_late_undoes_the_split_and_moving_to_the_bar_does_not() -> None:
    world = priced(1_000)
    evenly(world, 2)
    world.do(MoveChecks(check_ids=(A,), table_id="bar"))
    assert world.check().even_shares == (500, 500)
    world.add("wine")
    assert world.check().even_shares == ()
    assert refused(world, PayCash(check_id=A, share=1, tendered_minor=500)).code == "payment.share_unknown"


def test_the_guests_change_their_minds_and_one_pays_it_all() -> None:
    world = priced(1_000)
    evenly(world, 2)
    assert evenly(world, 1) == ()
    assert refused(world, SplitEvenly(check_id=A, ways=1)).code == "split.not_even"


def test_a_check_that_changed_meanwhile_is_looked_at_again() -> None:
    world = priced(1_000)
    seen = world.check().revision
    world.add("wine")
    assert refused(world, SplitEvenly(check_id=A, ways=2, revision=seen)).code == "check.changed"


def test_nothing_is_due_and_nothing_is_split() -> None:
    world = priced(1_000)
    cash(world, 1_000)
    found = refused(world, SplitEvenly(check_id=A, ways=2))
    assert (found.code, found.facts["due_minor"]) == ("split.too_little_due", 0)
    close(world)
    assert refused(world, SplitEvenly(check_id=A, ways=2)).code == "check.closed"


def test_a_follower_does_not_take_parts_of_another_sum() -> None:
    world = priced(1_000)
    event = CheckSplitEvenly(check_id=A, shares_minor=(500, 501))
    meta = Meta(at=NOON, date="2026-03-02", command_id=A, ordinal=0, epoch=1, sequence=1, device_id="", actor_id="")
    with pytest.raises(ValueError, match="due"):
        evolve(world, event, meta)
    assert evolve(world, msgspec.structs.replace(event, shares_minor=(500, 500)), meta)
