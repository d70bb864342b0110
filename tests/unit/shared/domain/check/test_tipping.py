"""Tips that are written on the slip when the guest has gone."""

import msgspec
import pytest

from shared.domain.check.books import booked
from shared.domain.check.tipping import AdjustTip
from shared.domain.registry import evolve
from shared.limits import AMOUNT_MINOR_MAX, TIP_CHANGES_MAX
from tests.unit.shared.domain.check.till import A, cash, close, external, priced, refused
from tests.unit.shared.domain.world import World, name_id


def with_a_card_slip() -> tuple[World, str]:
    world = priced(2000)
    paid = external(world, 2000, tip_minor=100)
    return world, paid.payment_id


def adjust(payment_id: str, tip: int, **fields: object) -> AdjustTip:
    return AdjustTip(check_id=A, payment_id=payment_id, tip_minor=tip, **fields)  # type: ignore[arg-type]


def test_a_tip_on_yesterdays_slip_books_today_and_yesterdays_book_stays() -> None:
    world, payment_id = with_a_card_slip()
    close(world)
    yesterday = booked(world.check())["2026-03-02"]
    world.wait(days=1)
    [adjusted] = world.do(adjust(payment_id, 350))
    assert (adjusted.amount_minor, adjusted.tip_minor) == (250, 350)
    books = booked(world.check())
    assert books["2026-03-02"] == yesterday
    assert books["2026-03-03"].tenders["external"].tip_minor == 250
    assert world.check().payments[0].tip_minor == 350
    assert world.folded_anew().states == world.states


def test_a_tip_is_lowered_with_a_reason_only() -> None:
    world, payment_id = with_a_card_slip()
    refusal = refused(world, adjust(payment_id, 0))
    assert (refusal.code, refusal.facts["tip_minor"]) == ("tip.reason_missing", 100)
    world.do(adjust(payment_id, 0, reason="typed in twice"))
    assert world.check().payments[0].tip_minor == 0
    assert "external" in booked(world.check())["2026-03-02"].tenders


def test_what_changes_no_tip_is_refused() -> None:
    world, payment_id = with_a_card_slip()
    assert refused(world, adjust(payment_id, 100)).code == "tip.unchanged"
    assert refused(world, adjust(name_id("ghost"), 200)).code == "payment.unknown"
    assert refused(world, adjust(payment_id, 200, revision=0)).code == "check.changed"


def test_a_voucher_takes_no_tip_and_a_tender_that_the_menu_has_dropped_does_if_it_was_a_card() -> None:
    world, payment_id = with_a_card_slip()
    world.add("soup")
    voucher = external(world, 100, tender="voucher").payment_id
    assert refused(world, adjust(voucher, 100)).code == "tip.not_taken"
    cashed = cash(world, 100, amount_minor=100).payment_id
    world.do(adjust(cashed, 5))
    world.menu = msgspec.structs.replace(world.menu, rules=msgspec.structs.replace(world.menu.rules, tenders=()))
    world.do(adjust(payment_id, AMOUNT_MINOR_MAX))
    assert refused(world, adjust(cashed, 6)).code == "tip.not_taken"


def test_a_tip_is_not_changed_without_end() -> None:
    world, payment_id = with_a_card_slip()
    for tip in range(101, 100 + TIP_CHANGES_MAX):
        world.do(adjust(payment_id, tip))
    assert refused(world, adjust(payment_id, 1000)).code == "tip.too_many_changes"


def test_a_change_that_does_not_fit_the_tip_is_noticed() -> None:
    world, payment_id = with_a_card_slip()
    [adjusted] = world.do(adjust(payment_id, 350))
    meta = world.journal[-1][1]
    with pytest.raises(ValueError, match="make no"):
        evolve(world, adjusted, meta)
    with pytest.raises(LookupError):
        evolve(world, msgspec.structs.replace(adjusted, payment_id="ghost"), meta)
