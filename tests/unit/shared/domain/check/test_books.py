"""Sales and views: edge and hub add up the same checks with the same function."""

from shared.domain.check import Check, CloseCheck, PayCash, SendCheck, VoidLine
from shared.domain.check.books import NO_SALES, Sales, sales_of
from shared.domain.site import site_of
from shared.domain.views import CheckView, check_view, view_of
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
