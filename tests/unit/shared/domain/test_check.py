"""The check, from opening to close: what waiters did, and what became of it."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import (
    AddLine,
    CheckStatus,
    ChosenModifier,
    CloseCheck,
    LineStatus,
    LineVoided,
    OpenCheck,
    PayCash,
    PaymentTaken,
    SendCheck,
    VoidLine,
    due_minor,
    sums_of,
)
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.menu import EMPTY_MENU
from shared.domain.menu.floor import DiningOption
from tests.unit.shared.domain.world import MENU, NOON, World, begun, name_id

BIG = ChosenModifier(group_id="size", modifier_id="big")
OLIVES = ChosenModifier(group_id="extras", modifier_id="olives")


def with_soup_and_wine() -> World:
    world = begun()
    world.open(table_id="1", covers=2)
    world.add("soup", quantity=2)
    world.add("wine")
    return world


def test_a_table_orders_eats_pays_and_leaves() -> None:
    world = with_soup_and_wine()
    world.do(SendCheck(check_id=name_id("a")))
    [paid] = world.do(PayCash(check_id=name_id("a"), tendered_minor=5000), command_id=name_id("pay"))
    assert isinstance(paid, PaymentTaken)
    assert (paid.amount_minor, paid.change_minor, paid.payment_id) == (2100, 2900, derived_id(name_id("pay"), 0))
    world.do(CloseCheck(check_id=name_id("a")))
    check = world.check()
    assert check.status is CheckStatus.CLOSED
    assert not check.is_live
    assert check.closed_at == NOON
    assert due_minor(check) == 0


def test_two_waiters_add_to_one_check_and_neither_line_is_lost() -> None:
    world = begun()
    world.open()
    lines = [world.add("soup"), world.add("wine"), world.add("soup")]
    assert [line.line_id for line in world.check().lines] == lines


def test_a_line_keeps_the_price_and_tax_it_was_added_at() -> None:
    world = begun()
    world.open()
    world.add("pizza", modifiers=(BIG, OLIVES, OLIVES), quantity=3, note="no basil")
    world.menu = EMPTY_MENU
    [line] = world.check().lines
    assert line.amount_minor == (1250 + 175 + 80 + 80) * 3 == 4755
    assert [tax.rate for tax in line.taxes] == ["7%"]
    assert [modifier.name for modifier in line.modifiers] == ["Big", "Olives", "Olives"]


def test_a_line_taken_off_before_it_was_sent_is_neither_cooked_nor_paid() -> None:
    world = with_soup_and_wine()
    wine = world.check().lines[1]
    world.do(VoidLine(check_id=name_id("a"), line_id=wine.line_id, reason="guest changed their mind"))
    world.do(SendCheck(check_id=name_id("a")))
    assert [ticket.station for ticket in world.tickets()] == ["kitchen"]
    assert sums_of(world.check()).total_minor == 1300
    assert [line.status for line in world.check().lines] == [LineStatus.SENT, LineStatus.VOIDED]


def test_a_second_round_sends_only_the_second_round() -> None:
    world = with_soup_and_wine()
    world.do(SendCheck(check_id=name_id("a")))
    late = world.add("wine")
    sent, ticket, _added = world.do(SendCheck(check_id=name_id("a")))
    assert sent.line_ids == (late,)
    assert [line.line_id for line in ticket.lines] == [late]


def test_three_friends_pay_in_parts_and_only_the_last_gets_change() -> None:
    world = with_soup_and_wine()
    world.do(SendCheck(check_id=name_id("a")))
    for amount in (700, 700):
        world.do(PayCash(check_id=name_id("a"), amount_minor=amount, tendered_minor=amount))
    [last] = world.do(PayCash(check_id=name_id("a"), tendered_minor=1000))
    assert (last.amount_minor, last.change_minor) == (700, 300)
    world.do(CloseCheck(check_id=name_id("a")))


def test_a_check_opened_by_mistake_closes_at_nothing() -> None:
    world = begun()
    world.open()
    [closed] = world.do(CloseCheck(check_id=name_id("a")))
    assert closed.total_minor == 0


@given(st.integers(1, 30))
def test_check_numbers_run_without_a_gap(count: int) -> None:
    world = begun()
    for index in range(count):
        world.open(str(index))
    assert [world.check(str(index)).number for index in range(count)] == list(range(1, count + 1))


def test_a_new_epoch_numbers_from_one_and_the_epoch_tells_them_apart() -> None:
    world = begun()
    world.open("old")
    world.epoch = 2
    world.open("new")
    assert [(world.check(name).epoch, world.check(name).number) for name in ("old", "new")] == [(1, 1), (2, 1)]


# --- imports ---


def test_a_file_from_years_ago_is_booked_on_its_own_days() -> None:
    world = begun()
    check_id = name_id("a")
    world.do(OpenCheck(check_id=check_id, opened_at=datetime(2016, 10, 31, 1, 30)), role="import")
    world.do(AddLine(check_id=check_id, line_id=name_id("l"), item_id="soup", unit_price_minor=199), role="import")
    check = world.check()
    assert check.business_date == "2016-10-30"
    assert check.opened_at == datetime(2016, 10, 31, 0, 30, tzinfo=UTC)
    assert sums_of(check).total_minor == 199
    assert {meta.date for event, meta in world.journal if getattr(event, "check_id", "") == check_id} == {"2016-10-30"}


def test_an_import_is_told_in_utc_so_that_every_reader_sees_the_same_instant() -> None:
    """A local time in the hour that is lived twice never equals itself once it has been through JSON."""
    world = begun()
    world.do(OpenCheck(check_id=name_id("a"), opened_at=datetime(2016, 10, 30, 2, 30)), role="import")
    assert world.check().opened_at.tzinfo is UTC
    assert world.folded_anew().check() == world.check()


def test_an_import_goes_on_although_the_clock_is_behind() -> None:
    world = begun()
    world.wait(hours=-1)
    world.do(OpenCheck(check_id=name_id("a"), opened_at=datetime(2016, 1, 1, 12)), role="import")


# --- whatever was done, relations hold ---


moves = st.lists(
    st.tuples(st.sampled_from(["add", "void", "send", "pay", "close"]), st.integers(0, 5), st.integers(1, 4000)), min_size=1, max_size=25
)


@given(moves)
def test_whatever_a_waiter_tries_money_adds_up_and_a_follower_sees_the_same(tried: list[tuple[str, int, int]]) -> None:
    from shared.domain.errors import Refused

    world = begun()
    world.open()
    check_id = name_id("a")
    for act, pick, amount in tried:
        lines = world.check().lines
        line_id = lines[pick % len(lines)].line_id if lines else name_id("none")
        before = (dict(world.states), len(world.journal))
        try:
            match act:
                case "add":
                    world.add(("soup", "wine")[pick % 2], quantity=pick + 1)
                case "void":
                    world.do(VoidLine(check_id=check_id, line_id=line_id))
                case "send":
                    world.do(SendCheck(check_id=check_id))
                case "pay":
                    world.do(PayCash(check_id=check_id, amount_minor=amount, tendered_minor=amount))
                case _:
                    world.do(CloseCheck(check_id=check_id))
        except Refused:
            assert (world.states, len(world.journal)) == before
    check = world.check()
    paid = sum(payment.amount_minor for payment in check.payments)
    assert 0 <= paid <= sums_of(check).total_minor
    if check.status is CheckStatus.CLOSED:
        assert paid == sums_of(check).total_minor
        assert all(line.status is not LineStatus.HELD for line in check.lines)
    cooked = [line.line_id for ticket in world.tickets() for line in ticket.lines]
    assert sorted(cooked) == sorted(line.line_id for line in check.lines if line.status is LineStatus.SENT)
    assert world.folded_anew().states == world.states


# --- events that no decision made ---


def evolve_again(world: World, index: int) -> None:
    from shared.domain.registry import evolve

    event, meta = world.journal[index]
    evolve(world, event, meta)


@pytest.mark.parametrize("index", range(1, 9))
def test_an_event_applied_twice_is_noticed_and_not_counted_twice(index: int) -> None:
    """A follower quarantines what does not fit the state before it."""
    world = with_soup_and_wine()  # entries 1 to 3
    world.do(SendCheck(check_id=name_id("a")))  # 4 to 6
    world.do(PayCash(check_id=name_id("a"), tendered_minor=5000))  # 7
    world.do(CloseCheck(check_id=name_id("a")))  # 8
    with pytest.raises((LookupError, ValueError)):
        evolve_again(world, index)


def test_a_payment_applied_twice_on_an_open_check_is_noticed() -> None:
    world = with_soup_and_wine()
    world.do(PayCash(check_id=name_id("a"), amount_minor=100, tendered_minor=100))
    with pytest.raises(ValueError, match="taken twice"):
        evolve_again(world, len(world.journal) - 1)


def test_an_event_that_names_lines_nobody_added_is_noticed() -> None:
    from shared.domain.registry import evolve

    world = with_soup_and_wine()
    with pytest.raises(LookupError):
        evolve(world, LineVoided(check_id=name_id("a"), line_id=name_id("ghost")), world.journal[-1][1])
    with pytest.raises(LookupError):
        evolve(world, LineVoided(check_id=name_id("ghost"), line_id=name_id("ghost")), world.journal[-1][1])


def test_a_close_whose_stated_sums_are_wrong_is_noticed() -> None:
    from shared.domain.check import CheckClosed
    from shared.domain.registry import evolve

    world = with_soup_and_wine()
    with pytest.raises(ValueError, match="its lines come to"):
        evolve(world, CheckClosed(check_id=name_id("a"), gross_minor=1, net_minor=1, tax_minor=0, total_minor=1), world.journal[-1][1])


def test_an_order_is_taken_only_by_a_dining_option_that_the_menu_lists() -> None:
    options = (DiningOption(id="dine_in", name="Eat in"), DiningOption(id="take_away", name="Take away"))
    world = begun(menu=msgspec.structs.replace(MENU, dining_options=options))
    with pytest.raises(Refused) as refused:
        world.open(dining_option="drive_in")
    assert refused.value.code == "dining_option.unknown"
    world.open(dining_option="take_away", service="quick")
    assert (world.check().dining_option, world.check().order_number) == ("take_away", 1)
