"""Tabs: a card is held at the terminal, and taken, released, or let go when the guest pays otherwise."""

import msgspec
import pytest

from shared.domain.check.paying import Pay
from shared.domain.check.state import Authorization
from shared.domain.check.tabs import AuthorizeTab, ReleaseTab
from shared.domain.registry import evolve
from tests.unit.shared.domain.check.till import A, cash, close, external, priced, refused
from tests.unit.shared.domain.world import World


def a_tab() -> World:
    world = priced(2000, service="tab", guest="Ann")
    world.do(AuthorizeTab(check_id=A, amount_minor=10_000, approval_code="H1", reference="T-5"))
    return world


def held(world: World) -> Authorization:
    found = world.check().authorization
    assert found is not None
    return found


def test_a_tab_is_secured_by_a_card_and_the_check_says_by_which() -> None:
    card = held(a_tab())
    assert (card.amount_minor, card.source, card.kind, card.approval_code, card.status) == (10_000, "external", "external", "H1", "held")


@pytest.mark.parametrize("fields", [{"approval_code": "C2", "reference": "T-5"}, {"approval_code": "H1"}])
def test_a_payment_that_names_the_held_card_takes_it(fields: dict[str, str]) -> None:
    world = a_tab()
    paid = external(world, 2000, tip_minor=300, **fields)
    assert paid.authorization_id == held(world).authorization_id
    assert (held(world).status, held(world).payment_id) == ("captured", paid.payment_id)
    assert refused(world, ReleaseTab(check_id=A)).code == "tab.not_authorized"
    assert len(close(world)) == 1


def test_a_payment_with_another_card_leaves_the_held_one_held() -> None:
    world = a_tab()
    assert external(world, 500, approval_code="X9", reference="T-6").authorization_id == ""
    assert external(world, 500, tender="voucher", approval_code="H1").authorization_id == ""
    assert held(world).status == "held"


def test_a_second_payment_with_the_same_slip_is_a_payment_like_any_other() -> None:
    world = a_tab()
    external(world, 500, approval_code="H1")
    assert external(world, 500, approval_code="H1").authorization_id == ""


def test_a_card_is_let_go_and_another_may_be_held() -> None:
    world = a_tab()
    assert refused(world, AuthorizeTab(check_id=A, amount_minor=1, approval_code="H2")).code == "tab.already_authorized"
    world.do(ReleaseTab(check_id=A, reason="guest pays in cash"))
    assert held(world).status == "released"
    world.do(AuthorizeTab(check_id=A, amount_minor=1, approval_code="H2"))
    assert held(world).approval_code == "H2"
    assert world.folded_anew().states == world.states


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"tender": "cash"}, "tab.no_card"),
        ({"tender": "card"}, "card.not_this_way"),
        ({"tender": "shells"}, "tender.unknown"),
        ({"approval_code": " "}, "payment.approval_missing"),
        ({"revision": 0}, "check.changed"),
    ],
)
def test_what_secures_no_tab_is_refused(fields: dict[str, object], code: str) -> None:
    command = AuthorizeTab(**{"check_id": A, "amount_minor": 1, "approval_code": "H"} | fields)  # type: ignore[arg-type]
    assert refused(priced(1000), command).code == code


def test_nothing_is_let_go_that_is_not_held() -> None:
    assert refused(priced(1000), ReleaseTab(check_id=A)).code == "tab.not_authorized"


def test_events_about_a_card_that_is_not_held_are_noticed() -> None:
    world = a_tab()
    authorized, meta = world.journal[-1]
    with pytest.raises(ValueError, match="second card"):
        evolve(world, authorized, meta)
    [released] = world.do(ReleaseTab(check_id=A))
    with pytest.raises(ValueError, match="not held"):
        evolve(world, released, meta)
    paid = cash(world, 100, amount_minor=100)
    with pytest.raises(ValueError, match="not held"):
        evolve(world, msgspec.structs.replace(paid, payment_id="other", authorization_id=held(world).authorization_id), meta)


def test_a_tab_is_taken_by_the_terminal_that_holds_it_and_by_no_other() -> None:
    world = a_tab()
    assert refused(world, Pay(check_id=A, tender="external", reference="T-5")).code == "payment.approval_missing"
