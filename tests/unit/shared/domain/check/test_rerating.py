"""They take it home after all: a check, or lines of it, under another dining option."""

import msgspec
import pytest

from shared.domain.check import AddLine, ChangeDiningOption, LinesRerated, PayCash, SendCheck, VoidLine, sums_of
from shared.domain.check.state import Share
from shared.domain.errors import Refused
from shared.domain.menu.document import LevelPrice
from tests.unit.shared.domain.check.bistro import BEER, BISTRO, BURGER, COFFEE, at_the_bistro, mod, prices
from tests.unit.shared.domain.world import World, name_id

A = name_id("a")


def to(world: World, dining_option: str, *line_ids: str, **fields: object) -> LinesRerated:
    event = world.do(ChangeDiningOption(check_id=A, dining_option=dining_option, line_ids=line_ids, **fields))[0]
    assert isinstance(event, LinesRerated)
    return event


def refusal(world: World, dining_option: str, *line_ids: str, **fields: object) -> Refused:
    before = (dict(world.states), len(world.journal))
    with pytest.raises(Refused) as refused:
        to(world, dining_option, *line_ids, **fields)
    assert (world.states, len(world.journal)) == before
    return refused.value


def test_a_table_takes_everything_home_at_the_prices_and_taxes_of_that_and_back_again() -> None:
    world = at_the_bistro()
    world.add("coffee", quantity=2)
    world.add("pizza", modifiers=(mod("extras/rocket"),))
    world.do(SendCheck(check_id=A))
    before = sums_of(world.check())
    event = to(world, "take_away")
    assert [(line.unit_price_minor, line.modifiers_minor, line.price_level) for line in event.lines] == [
        (250, (), "away"), (1200, (120,), ""),
    ]  # fmt: skip
    assert (event.is_whole, event.kept) == (True, ())
    check = world.check()
    assert (check.dining_option, prices(world)) == ("take_away", [500, 1320])
    assert [[tax.id for tax in line.taxes] for line in check.lines] == [["food"], ["food"]]
    assert world.folded_anew().check() == check
    to(world, "dine_in")
    assert sums_of(world.check()) == before


def test_one_coffee_goes_with_the_guest_and_the_table_stays() -> None:
    world = at_the_bistro()
    stays, goes = world.add("coffee"), world.add("coffee")
    event = to(world, "take_away", goes)
    assert ([line.line_id for line in event.lines], event.is_whole) == ([goes], False)
    assert world.check().dining_option == "dine_in"
    assert [(line.dining_option, line.amount_minor) for line in world.check().lines] == [("", 300), ("take_away", 250)]
    to(world, "take_away")
    assert [(line.dining_option, line.amount_minor) for line in world.check().lines] == [("", 250), ("", 250)]
    to(world, "dine_in", stays)
    assert [(line.dining_option, line.amount_minor) for line in world.check().lines] == [("dine_in", 300), ("", 250)]


def test_the_cook_takes_a_box_instead_of_a_plate() -> None:
    world = at_the_bistro()
    soup, other = world.add("soup"), world.add("soup")
    world.do(SendCheck(check_id=A))
    to(world, "take_away", soup)
    [ticket] = world.tickets()
    assert (ticket.dining_option, [line.dining_option for line in ticket.lines]) == ("dine_in", ["take_away", ""])
    to(world, "take_away")
    [ticket] = world.tickets()
    assert (ticket.dining_option, [line.dining_option for line in ticket.lines]) == ("take_away", ["", ""])
    to(world, "dine_in", other)
    assert [line.dining_option for line in world.tickets()[0].lines] == ["", "dine_in"]
    assert world.folded_anew().states == world.states


def test_what_was_ordered_in_the_happy_hour_stays_so() -> None:
    world = at_the_bistro()
    world.wait(hours=5.5)  # 17:30
    world.add("beer")
    world.wait(hours=3)
    to(world, "take_away")
    assert prices(world) == [400]


def test_a_combo_is_divided_anew_and_keeps_what_was_extra() -> None:
    world = at_the_bistro()
    lunch = world.add("lunch", components=(BURGER, COFFEE, BEER))
    assert sum(prices(world)) == 1600
    to(world, "take_away", lunch)
    burger, beer, coffee = world.check().lines
    assert (burger.amount_minor + beer.amount_minor + coffee.amount_minor, beer.amount_minor > 100) == (1400, True)
    assert burger.combo is not None
    assert burger.combo.price_minor == 1300
    assert [tax.id for tax in coffee.taxes] == ["food"]
    assert {line.dining_option for line in world.check().lines} == {"take_away"}
    error = refusal(world, "dine_in", burger.line_id)
    assert (error.code, error.facts["combo_id"]) == ("combo.not_whole", lunch)


def test_what_has_left_the_menu_keeps_its_price_and_the_journal_says_so() -> None:
    world = at_the_bistro()
    soup, coffee, lunch = world.add("soup"), world.add("coffee"), world.add("lunch", components=(BURGER, COFFEE))
    parts = [line.line_id for line in world.check().lines[2:]]
    world.menu = msgspec.structs.replace(BISTRO, items=tuple(item for item in BISTRO.items if item.id in ("coffee", "lunch")))
    event = to(world, "take_away")
    assert ([line.line_id for line in event.lines], event.kept) == ([coffee], (soup, *parts))
    assert prices(world) == [650, 250, 1235, 265]
    assert lunch


def test_a_price_that_was_said_is_not_unsaid() -> None:
    world = at_the_bistro()
    world.add("fish", unit_price_minor=2350)
    world.do(AddLine(check_id=A, line_id=name_id("l"), item_id="coffee", unit_price_minor=111), role="import")
    world.do(AddLine(check_id=A, line_id=name_id("m"), item_id="lunch", components=(BURGER, BEER), unit_price_minor=1000), role="import")
    to(world, "take_away")
    assert [prices(world)[0], prices(world)[1], sum(prices(world)[2:])] == [2350, 111, 1100]


def test_a_steak_keeps_its_weight() -> None:
    steak = msgspec.structs.replace(BISTRO.items_by_id["steak"], prices=(LevelPrice(level="away", price_minor=7_000),))
    world = at_the_bistro(msgspec.structs.replace(BISTRO, items=(steak,)))
    world.add("steak", weight="0.5", modifiers=(mod("extras/rocket"),))
    to(world, "take_away")
    assert prices(world) == [3500 + 120]


def test_an_empty_check_is_simply_to_take_away() -> None:
    world = at_the_bistro()
    assert to(world, "take_away").lines == ()
    world.add("coffee")
    assert prices(world) == [250]


def test_what_is_so_already_is_refused() -> None:
    world = at_the_bistro()
    coffee = world.add("coffee", dining_option="take_away")
    assert refusal(world, "take_away", coffee).code == "dining_option.unchanged"
    to(world, "take_away")
    assert refusal(world, "take_away").code == "dining_option.unchanged"
    assert refusal(world, "drive_in").code == "dining_option.unknown"


def test_lines_that_are_not_there_voided_or_shared_are_not_re_rated() -> None:
    world = at_the_bistro()
    soup, beer = world.add("soup"), world.add("beer")
    assert refusal(world, "take_away", name_id("ghost")).code == "line.unknown"
    world.do(VoidLine(check_id=A, line_id=soup))
    assert refusal(world, "take_away", soup).code == "line.already_voided"
    check = world.check()
    share = Share(source_line_id=name_id("source"), part="1/2", amount_minor=250)
    lines = tuple(msgspec.structs.replace(line, share=share) if line.line_id == beer else line for line in check.lines)
    world.states["check", A] = msgspec.structs.replace(check, lines=lines)
    assert refusal(world, "take_away").code == "line.is_share"


def test_a_check_that_another_waiter_has_changed_is_looked_at_first() -> None:
    world = at_the_bistro()
    seen = world.check().revision
    world.add("coffee")
    assert refusal(world, "take_away", revision=seen).code == "check.changed"
    to(world, "take_away", revision=seen + 1)


def test_what_is_paid_does_not_become_cheaper() -> None:
    world = at_the_bistro()
    world.add("coffee")
    world.do(PayCash(check_id=A, tendered_minor=300))
    assert refusal(world, "take_away").code == "check.overpaid"


def test_a_re_rate_that_names_lines_nobody_added_is_noticed() -> None:
    from shared.domain.registry import evolve

    world = at_the_bistro()
    world.add("coffee")
    with pytest.raises(LookupError):
        evolve(world, LinesRerated(check_id=A, dining_option="take_away", kept=(name_id("ghost"),)), world.journal[-1][1])
