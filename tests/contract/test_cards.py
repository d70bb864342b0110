"""One suite for the `CardPort` of the edge: the network of the tests, and the adapter of a box that has none."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from edge.app.ports import (
    CardApproval,
    CardCharge,
    CardDeclinedError,
    CardKeyReusedError,
    CardOutcomeUnknownError,
    CardPort,
    CardsUnreachableError,
)
from edge.offline_cards import OfflineCards
from shared.limits import CARD_DEADLINE_S, CARD_REFUSAL_S
from tests.support.card_network import CardNetwork

Question = Callable[[CardPort, CardCharge], Coroutine[Any, Any, CardApproval]]
QUESTIONS: dict[str, Question] = {
    "authorise": lambda port, charge: port.authorise(charge),
    "preauthorise": lambda port, charge: port.preauthorise(charge),
    "capture": lambda port, charge: port.capture(charge, "held"),
    "refund": lambda port, charge: port.refund(charge, "paid"),
}


def charge(key: str = "k", amount: int = 1000) -> CardCharge:
    return CardCharge(key=key, amount_minor=amount, currency="EUR", deadline_s=CARD_DEADLINE_S)


async def out_of_reach(port: CardPort) -> None:
    if isinstance(port, CardNetwork):
        port.reachable = False


async def with_a_guest(port: CardNetwork) -> None:
    """Something that can be captured, and something that can be refunded."""
    await port.preauthorise(charge("held"))
    await port.authorise(charge("paid"))


@pytest.fixture(params=[OfflineCards, CardNetwork])
def port(request: pytest.FixtureRequest) -> CardPort:
    return request.param()


@pytest.fixture
def network() -> CardNetwork:
    return CardNetwork()


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_network_that_is_out_of_reach_is_called_so_in_time_and_has_done_nothing(port: CardPort, name: str) -> None:
    """Law 7: what cannot says so within two seconds."""
    await out_of_reach(port)
    async with asyncio.timeout(CARD_REFUSAL_S):
        with pytest.raises(CardsUnreachableError):
            await QUESTIONS[name](port, charge())
    if isinstance(port, CardNetwork):
        assert port.asked == {}


async def test_what_was_never_asked_can_be_cancelled(port: CardPort) -> None:
    await port.cancel("never", CARD_DEADLINE_S)
    await port.cancel("never", CARD_DEADLINE_S)


# --- of networks that can be reached ---


@pytest.mark.parametrize("name", QUESTIONS)
async def test_the_same_key_asks_for_the_same_thing_and_it_happens_once(network: CardNetwork, name: str) -> None:
    await with_a_guest(network)
    first = await QUESTIONS[name](network, charge())
    assert await QUESTIONS[name](network, charge()) == first
    assert network.amounts(name).count(1000) == (1 if name in ("capture", "refund") else 2)
    with pytest.raises(CardKeyReusedError):
        await QUESTIONS[name](network, charge(amount=999))


@pytest.mark.parametrize("name", QUESTIONS)
async def test_who_lost_the_answer_asks_again_and_finds_out(network: CardNetwork, name: str) -> None:
    await with_a_guest(network)
    network.loses_answers = 1
    with pytest.raises(CardOutcomeUnknownError):
        await QUESTIONS[name](network, charge())
    done = len(network.asked)
    await QUESTIONS[name](network, charge())
    assert len(network.asked) == done


@pytest.mark.parametrize("name", ["authorise", "preauthorise"])
async def test_what_was_cancelled_is_declined_when_it_is_asked_again(network: CardNetwork, name: str) -> None:
    await QUESTIONS[name](network, charge())
    await network.cancel("k", CARD_DEADLINE_S)
    assert (network.charged, network.held) == ([], [])
    with pytest.raises(CardDeclinedError):
        await QUESTIONS[name](network, charge())


async def test_what_is_cancelled_before_it_was_asked_never_happens(network: CardNetwork) -> None:
    """The question may still be on its way when the box has given up."""
    await network.cancel("k", CARD_DEADLINE_S)
    with pytest.raises(CardDeclinedError):
        await network.authorise(charge())
    assert network.charged == []


async def test_a_card_that_is_declined_has_paid_nothing(network: CardNetwork) -> None:
    network.declines = "insufficient funds"
    with pytest.raises(CardDeclinedError) as declined:
        await network.authorise(charge())
    assert declined.value.reason == "insufficient funds"
    assert network.charged == []


async def test_what_is_held_is_taken_once_and_what_was_paid_given_back_once(network: CardNetwork) -> None:
    await with_a_guest(network)
    await network.capture(charge("taken", 800), "held")
    assert (network.held, network.charged) == ([], [1000, 800])
    await network.refund(charge("back", 600), "paid")
    with pytest.raises(CardDeclinedError):
        await network.refund(charge("more", 401), "paid")
    with pytest.raises(CardDeclinedError):
        await network.refund(charge("other"), "never")
    with pytest.raises(CardDeclinedError):
        await network.capture(charge("nothing"), "never")
