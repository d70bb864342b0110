"""What the site says of HQ's items: 86, countdown, a price of its own."""

import msgspec
import pytest

from shared.domain.errors import Refused
from shared.domain.kernel import Command
from shared.domain.menu.effective import price_of
from shared.domain.menu.overrides import (
    EightySixItem,
    ItemOverride,
    RestoreItem,
    SetCountdown,
    SetLocalPrice,
    given_back,
    override_of,
    taken,
)  # fmt: skip
from tests.unit.shared.domain.world import MENU, NOON, World, begun

HQ = msgspec.structs.replace(
    MENU, items=tuple(msgspec.structs.replace(item, local_price=item.id == "wine") for item in MENU.items)
)  # fmt: skip


def soup(world: World) -> ItemOverride:
    found = override_of(world, "soup")
    assert found is not None
    return found


def refused(world: World, command: Command, code: str, role: str = "manager") -> None:
    before = len(world.journal)
    with pytest.raises(Refused) as error:
        world.do(command, role=role)
    assert error.value.code == code
    assert len(world.journal) == before


def test_the_cook_finds_the_pot_empty_and_says_so_once() -> None:
    world = begun()
    world.do(EightySixItem(item_id="soup"), role="kds")
    assert soup(world) == ItemOverride(item_id="soup", is_86=True, by="tablet", at=NOON)
    assert soup(world).is_live
    refused(world, EightySixItem(item_id="soup"), "item.unchanged", role="pos")
    world.do(RestoreItem(item_id="soup"), role="pos")
    assert override_of(world, "soup") is None
    refused(world, RestoreItem(item_id="soup"), "item.unchanged", role="pos")


def test_what_nobody_sells_cannot_run_out() -> None:
    refused(begun(), EightySixItem(item_id="sushi"), "item.unknown")
    refused(begun(), RestoreItem(item_id="sushi"), "item.unknown")
    refused(begun(), SetCountdown(item_id="sushi", left=3), "item.unknown")
    refused(begun(), SetLocalPrice(item_id="sushi", price_minor=3), "item.unknown")


def test_an_item_that_left_the_menu_while_it_was_86_can_still_be_restored() -> None:
    world = begun()
    world.do(EightySixItem(item_id="soup"))
    world.menu = msgspec.structs.replace(MENU, items=())
    world.do(RestoreItem(item_id="soup"))
    assert override_of(world, "soup") is None


def test_a_countdown_goes_down_with_what_is_taken_and_up_with_what_comes_back() -> None:
    world = begun()
    world.do(SetCountdown(item_id="soup", left=3))
    world.states.update(taken(world, "soup", 3))
    assert soup(world).left == 0
    assert not soup(world).is_available
    world.states.update(taken(world, "soup", 1))  # as a follower may see it that has held back what gave one back
    assert soup(world).left == 0
    world.states.update(given_back(world, "soup", 2))
    assert soup(world).left == 2
    assert soup(world).is_available


def test_what_is_not_counted_is_taken_without_a_trace() -> None:
    world = begun()
    assert taken(world, "soup", 3) == {} == given_back(world, "soup", 3)
    world.do(EightySixItem(item_id="soup"))
    assert taken(world, "soup", 3) == {} == given_back(world, "soup", 3)
    world.do(SetCountdown(item_id="soup", left=5))
    assert taken(world, "soup", 0) == {} == given_back(world, "soup", 0)


def test_restoring_an_item_ends_a_countdown_that_stands_at_nothing_and_no_other() -> None:
    world = begun()
    world.do(SetCountdown(item_id="soup", left=0))
    world.do(RestoreItem(item_id="soup"))
    assert override_of(world, "soup") is None
    world.do(SetCountdown(item_id="soup", left=4))
    world.do(EightySixItem(item_id="soup"))
    world.do(RestoreItem(item_id="soup"))
    assert soup(world).left == 4


def test_a_countdown_is_set_and_ended_and_not_twice() -> None:
    world = begun()
    refused(world, SetCountdown(item_id="soup"), "item.unchanged", role="kds")
    world.do(SetCountdown(item_id="soup", left=8), role="kds")
    refused(world, SetCountdown(item_id="soup", left=8), "item.unchanged", role="kds")
    world.do(SetCountdown(item_id="soup"), role="kds")
    assert override_of(world, "soup") is None


def test_a_site_sets_a_price_only_where_hq_lets_it() -> None:
    world = begun(menu=HQ)
    refused(world, SetLocalPrice(item_id="soup", price_minor=700), "item.price_is_fixed")
    refused(world, SetLocalPrice(item_id="wine", price_minor=700), "permission.missing", role="pos")
    world.do(SetLocalPrice(item_id="wine", price_minor=700), role="manager")
    refused(world, SetLocalPrice(item_id="wine", price_minor=700), "item.unchanged")
    assert price_of(HQ, HQ.items_by_id["wine"], (), override_of(world, "wine")) == (700, "")


def test_a_local_price_that_hq_no_longer_allows_counts_no_more_and_can_be_taken_back() -> None:
    world = begun(menu=HQ)
    world.do(SetLocalPrice(item_id="wine", price_minor=700), role="manager")
    world.menu = MENU
    assert price_of(MENU, MENU.items_by_id["wine"], (), override_of(world, "wine")) == (800, "")
    world.do(SetLocalPrice(item_id="wine"), role="manager")
    assert override_of(world, "wine") is None


def test_a_follower_that_reads_the_journal_knows_the_same() -> None:
    world = begun(menu=HQ)
    world.do(EightySixItem(item_id="soup"))
    world.do(SetCountdown(item_id="pizza", left=12))
    world.do(SetLocalPrice(item_id="wine", price_minor=0), role="manager")
    world.do(RestoreItem(item_id="soup"))
    assert world.folded_anew().states == world.states
