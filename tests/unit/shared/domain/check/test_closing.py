"""Closing: the receipt's number, what must be done before, and a card that is still held."""

from shared.domain.check import CheckClosed, CheckStatus, CloseCheck, PayCash, VoidLine
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.tabs import AuthorizeTab, TabReleased
from tests.unit.shared.domain.check.till import A, at_the_till, cash, close, closed_for, priced, refused
from tests.unit.shared.domain.world import World, name_id


def numbers(world: World) -> list[int]:
    return [event.receipt_number for event, _ in world.journal if isinstance(event, CheckClosed)]


def sold(world: World, name: str, **fields: object) -> None:
    priced(1000, name=name, world=world, **fields)
    cash(world, 1000, name)
    close(world, name)


def test_receipts_are_numbered_without_a_gap_in_the_order_of_closing() -> None:
    world = at_the_till()
    for name in ("b", "c"):
        priced(1000, name=name, world=world)
    sold(world, "d")
    for name in ("c", "b"):
        cash(world, 1000, name)
        close(world, name)
    assert numbers(world) == [1, 2, 3]
    assert [world.check(name).closings[-1].receipt_number for name in "dcb"] == [1, 2, 3]


def test_a_new_box_numbers_from_one_and_the_epoch_tells_them_apart() -> None:
    world = at_the_till()
    sold(world, "old")
    world.epoch = 2
    sold(world, "new")
    assert [(each.epoch, each.receipt_number) for name in ("old", "new") for each in world.check(name).closings] == [(1, 1), (2, 1)]


def test_training_leaves_no_gap_among_receipts() -> None:
    world = at_the_till()
    sold(world, "one")
    sold(world, "lesson", training=True)
    sold(world, "two")
    assert [world.check(name).closings[-1].receipt_number for name in ("one", "lesson", "two")] == [1, 1, 2]


def test_a_check_that_was_reopened_gets_a_new_receipt_that_refers_to_its_first() -> None:
    world = closed_for(1000)
    sold(world, "other")
    for _ in range(2):
        world.do(ReopenCheck(check_id=A, reason="wrong table"), role="manager")
        world.epoch += 1
        [closed] = close(world)
        assert isinstance(closed, CheckClosed)
        assert (closed.corrects_epoch, closed.corrects_number) == (1, 1)
    assert [(each.epoch, each.receipt_number) for each in world.check().closings] == [(1, 1), (2, 1), (3, 1)]
    assert world.folded_anew().states == world.states


def test_a_card_that_is_still_held_is_let_go_and_the_closing_says_so() -> None:
    world = priced(1000)
    world.do(AuthorizeTab(check_id=A, amount_minor=5000, approval_code="H1"))
    cash(world, 1000)
    released, closed = close(world)
    assert isinstance(released, TabReleased)
    assert released.by_closing
    assert isinstance(closed, CheckClosed)
    check = world.check()
    assert check.status is CheckStatus.CLOSED
    assert check.authorization is not None
    assert check.authorization.status == "released"


def test_what_is_not_done_yet_is_refused_with_what_is_missing() -> None:
    world = priced(1000, sent=False)
    assert refused(world, CloseCheck(check_id=A)).code == "check.lines_held"
    world = priced(1000)
    refusal = refused(world, CloseCheck(check_id=A))
    assert (refusal.code, refusal.facts["due_minor"]) == ("check.not_paid", 1000)
    cash(world, 1000)
    assert refused(world, CloseCheck(check_id=A, revision=1)).code == "check.changed"
    world.do(CloseCheck(check_id=A, revision=world.check().revision))
    assert refused(world, CloseCheck(check_id=A)).code == "check.closed"


def test_a_check_that_is_overpaid_is_not_closed_before_the_rest_is_given_back() -> None:
    world = at_the_till()
    priced(1000, sent=False, world=world)
    line = world.check().lines[0].line_id
    world.do(PayCash(check_id=A, tendered_minor=1000))
    assert refused(world, VoidLine(check_id=A, line_id=line)).code == "check.overpaid"
    world = closed_for(1000)
    world.do(ReopenCheck(check_id=A, reason="wrong"), role="manager")
    world.do(VoidLine(check_id=A, line_id=name_id("a/0"), reason="never came"), role="manager")
    refusal = refused(world, CloseCheck(check_id=A))
    assert (refusal.code, refusal.facts["due_minor"]) == ("check.return_due", -1000)
