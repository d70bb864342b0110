"""Sales and views: edge and hub add up the same checks with the same function."""

import contextlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.check import AddLine, Check, CloseCheck, PayCash, SendCheck, VoidLine
from shared.domain.check.books import NO_SALES, DayBook, Sales, TenderSum, booked, keep_books, sales_of
from shared.domain.check.paying import Pay
from shared.domain.check.refund_tenders import RefundApproval
from shared.domain.check.refunding import RefundAmount, RefundLines, RefundUnits, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.seating import ChangeCheck
from shared.domain.check.state import CHECK
from shared.domain.check.tipping import AdjustTip
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Key
from shared.domain.registry import evolve
from shared.domain.site import site_of
from shared.domain.views import CheckView, check_view, view_of
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, closed_for, external, priced
from tests.unit.shared.domain.world import World, begun, name_id


def a_lunch(name: str) -> World:
    world = begun()
    world.open(name)
    world.add("soup", name, quantity=2)
    wine = world.add("wine", name)
    world.do(VoidLine(check_id=name_id(name), line_id=wine))
    world.do(SendCheck(check_id=name_id(name)))
    return world


def test_a_check_counts_once_it_is_closed_and_voided_lines_never() -> None:
    world = a_lunch("a")
    assert sales_of(None) == sales_of(world.check()) == NO_SALES
    world.do(PayCash(check_id=name_id("a"), tendered_minor=1300))
    assert sales_of(world.check()) == NO_SALES
    world.do(CloseCheck(check_id=name_id("a")))
    assert sales_of(world.check()) == Sales(orders=1, lines=1, gross_minor=1300, net_minor=1215, tax_minor=85)


def test_a_rollup_can_take_back_what_it_has_added() -> None:
    one = Sales(orders=1, lines=2, gross_minor=3, net_minor=4, tax_minor=5)
    assert NO_SALES + one + one - one == one


def test_a_screen_is_shown_the_sums_worked_out() -> None:
    world = a_lunch("a")
    world.do(PayCash(check_id=name_id("a"), amount_minor=300, tendered_minor=500))
    view = check_view(world.check())
    assert (view.total_minor, view.paid_minor, view.due_minor) == (1300, 300, 1000)
    assert [line.amount_minor for line in view.lines] == [1300, 0]
    assert [group.tax_minor for group in view.tax_groups] == [85]


def test_screens_are_shown_checks_and_tickets_and_nothing_of_the_box() -> None:
    world = a_lunch("a")
    check, ticket = world.find(Check, "check", name_id("a")), world.tickets()[0]
    assert isinstance(view_of(check), CheckView)
    assert view_of(ticket) is ticket
    assert view_of(site_of(world)) is None


# --- tenders, days, and what does not count ---


def test_training_books_nothing_whatever_is_done_to_it() -> None:
    world = priced(1000, training=True, covers=2)
    cash(world, 1200, tip_minor=200)
    close(world)
    world.do(RefundAmount(check_id=A, amount_minor=100, reason="try"), role="manager")
    assert booked(world.check()) == {}
    assert not [state for state in world.states.values() if isinstance(state, DayBook)]


def test_what_is_left_in_the_drawer_is_what_went_in_and_out_of_it() -> None:
    world = priced(1002, 3000, covers=3)
    external(world, 2000, tip_minor=300)
    cash(world, 2500, tip_minor=100)
    close(world)
    world.do(RefundAmount(check_id=A, amount_minor=503, reason="cold"), role="manager")
    book = booked(world.check())["2026-03-02"]
    assert book.tenders["cash"] == TenderSum(count=1, amount_minor=2002, rounding_minor=-2 - 2, tip_minor=100, refund_minor=503)
    [payment] = [payment for payment in world.check().payments if payment.kind == "cash"]
    [refund] = world.check().refunds
    paid_out = sum(part.amount_minor + part.rounding_minor for part in refund.tenders)
    assert book.tenders["cash"].expected_minor == payment.tendered_minor - payment.change_minor - paid_out
    assert book.tenders["external"].expected_minor == 2300
    assert (book.sales.covers, book.sales.orders, book.sales.refund_minor) == (3, 1, 503)


def test_a_release_that_kept_no_closings_booked_on_the_checks_own_day() -> None:
    world = closed_for(1000)
    check = msgspec.structs.replace(world.check(), closings=())
    assert booked(check) == booked(world.check())


# --- whatever is done on whatever day ---

ACTS = ("add", "void", "cash", "card", "card", "tip", "settle", "settle", "refund", "units", "reopen", "return", "covers", "day")
moves = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.integers(1, 2000)), min_size=3, max_size=40)


def an_evening() -> World:
    """Two checks of guests and one of training, each with something to pay."""
    world = at_the_till()
    for name in "abc":
        priced(650, 803, name=name, world=world, training=name == "c", covers=2)
    return world


def try_one(world: World, act: str, pick: int, amount: int) -> None:
    """One act of a manager on one of three checks; what is refused has not happened."""
    name = "abc"[pick % 3]
    check = world.find(Check, CHECK, name_id(name))
    id = name_id(name)
    lines = check.lines if check else ()
    payments = check.payments if check else ()
    line_id = lines[pick % len(lines)].line_id if lines else name_id("none")
    payment_id = payments[pick % len(payments)].payment_id if payments else name_id("none")
    codes = tuple(RefundApproval(payment_id=each.payment_id, approval_code="R") for each in payments)
    commands: dict[str, list[Command]] = {
        "add": [
            AddLine(check_id=id, line_id=derived_id(name, len(world.journal)), item_id=("soup", "wine")[pick % 2], quantity=1 + pick % 3),
            SendCheck(check_id=id),
        ],
        "void": [VoidLine(check_id=id, line_id=line_id, reason="cold")],
        "cash": [PayCash(check_id=id, tendered_minor=10**5, tip_minor=pick, amount_minor=amount if pick > 3 else None)],
        "card": [Pay(check_id=id, tender="external", approval_code="A", amount_minor=amount, tip_minor=pick)],
        "tip": [AdjustTip(check_id=id, payment_id=payment_id, tip_minor=amount, reason="slip")],
        "settle": [PayCash(check_id=id, tendered_minor=10**5), CloseCheck(check_id=id)],
        "refund": [RefundAmount(check_id=id, amount_minor=amount, reason="cold", approval_codes=codes)],
        "units": [RefundLines(check_id=id, lines=(RefundUnits(line_id=line_id),), reason="cold", approval_codes=codes)],
        "reopen": [ReopenCheck(check_id=id, reason="wrong")],
        "return": [ReturnOverpaid(check_id=id, reason="wrong", approval_codes=codes)],
        "covers": [ChangeCheck(check_id=id, covers=amount % 10)],
    }
    if act == "day":
        world.wait(days=1)
    for command in commands.get(act, []):
        with contextlib.suppress(Refused):
            world.do(command, role="manager")


def books_of(world: World) -> dict[str, DayBook]:
    return {state.business_date: state for state in world.states.values() if isinstance(state, DayBook) and not state.is_empty}


def added_up(world: World) -> dict[str, DayBook]:
    found: dict[str, DayBook] = {}
    for state in world.states.values():
        for date, book in booked(state).items() if isinstance(state, Check) else ():
            found[date] = found[date].plus(book) if date in found else book
    return {date: book for date, book in found.items() if not book.is_empty}


def ensure_the_books_are_true(world: World) -> None:
    """Over all dates, sales are what the closed checks come to less what was refunded, and so is what is in the tills less tips."""
    checks = [state for state in world.states.values() if isinstance(state, Check) and not state.training]
    total = sum((book.sales for book in books_of(world).values()), NO_SALES)
    come_to = sum(check.closings[-1].figures.total_minor for check in checks if check.closings)
    refunds = [refund for check in checks for refund in check.refunds]
    given_back = sum(refund.total_minor for refund in refunds if not refund.correction)
    assert total.net_minor + total.tax_minor == come_to - given_back
    assert total.refund_minor == given_back
    assert total.orders == sum(1 for check in checks if check.closings)
    assert total.covers == sum(check.closings[-1].covers for check in checks if check.closings)
    tenders = [tender for book in books_of(world).values() for tender in book.tenders.values()]
    payments = [payment for check in checks for payment in check.payments]
    went_in = sum(payment.amount_minor + payment.rounding_minor + payment.tip_minor for payment in payments)
    went_out = sum(part.amount_minor + part.rounding_minor for refund in refunds for part in refund.tenders)
    assert sum(tender.expected_minor for tender in tenders) == went_in - went_out


@given(moves)
def test_the_books_of_all_days_are_what_the_checks_booked_and_no_day_changes_once_it_is_over(tried: list[tuple[str, int, int]]) -> None:
    world = an_evening()
    over: dict[str, DayBook] = {}
    for act, pick, amount in tried:
        if act == "day":
            over = {
                date: book
                for date, book in books_of(world).items()
                if not any(
                    check.business_date == date and not check.closings for check in world.states.values() if isinstance(check, Check)
                )
            }
        try_one(world, act, pick, amount)
    books = books_of(world)
    assert books == added_up(world)
    assert {date: books[date] for date in over} == over
    ensure_the_books_are_true(world)
    assert world.folded_anew().states == world.states


@given(moves, st.integers(1, 12))
def test_however_many_entries_are_folded_at_once_the_books_are_the_same(tried: list[tuple[str, int, int]], size: int) -> None:
    """The hub folds in batches: of a check that changed ten times in one, only the first and the last state book."""
    world = an_evening()
    for act, pick, amount in tried:
        try_one(world, act, pick, amount)
    other = World(menu=world.menu)
    kept: dict[Key, Aggregate] = {}
    for first in range(0, len(world.journal), size):
        before = dict(other.states)
        for event, meta in world.journal[first : first + size]:
            other.states.update(evolve(other, event, meta))
        for key, state in other.states.items():
            if isinstance(state, Check) and state is not before.get(key):
                known = before.get(key)
                other_books = World(states=kept)
                kept.update(keep_books(other_books, (known if isinstance(known, Check) else None, state)))
    assert {state.business_date: state for state in kept.values() if isinstance(state, DayBook) and not state.is_empty} == books_of(world)
