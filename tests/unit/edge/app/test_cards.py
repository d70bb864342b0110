"""Cards at the box: paid once, whatever fails between the network and the journal."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from edge.app.card_asks import CardHold, CardPayment, CardRefund, CardRelease
from edge.app.cards import CardDesk
from edge.app.fence import Fence
from edge.app.site import Outcome, Request, Site
from edge.offline_cards import OfflineCards
from shared.domain.check import CHECK, AddLine, Check, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.check.refunding import AnyRefund, RefundAmount, RefundLines, RefundUnits
from shared.domain.errors import Refused
from shared.domain.ids import derived_id
from shared.limits import CARDS_ASKED_MAX
from tests.support.card_network import CardNetwork
from tests.support.waiting import eventually_async
from tests.unit.edge.site_kit import POS, FailingStore, SiteKit, device
from tests.unit.shared.domain.world import name_id

A = name_id("a")
MANAGER = device("manager")
T = TypeVar("T")


class PowerCut(BaseException):
    """The box goes dark."""


class Door:
    """The way to a site without a thread; it can be shut by a power cut before the next record."""

    def __init__(self, kit: SiteKit) -> None:
        self.kit = kit
        self.cut_before_record = False
        self.refusal: Refused | None = None

    async def submit(self, request: Request) -> Outcome:
        if self.cut_before_record:
            raise PowerCut
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        outcomes, _ = self.kit.site.execute([request])
        return outcomes[0]

    async def call(self, job: Callable[[Site, Any], T]) -> T:
        return job(self.kit.site, self.kit.store)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[SiteKit]:
    """A site with a menu, and a check of two soups (13.00) in the kitchen."""
    made = SiteKit(tmp_path)
    made.load_menu()
    line = AddLine(check_id=A, line_id=name_id("soup"), item_id="soup", quantity=2)
    made.batch(OpenCheck(check_id=A, service="tab", name="Ann"), line, SendCheck(check_id=A))
    yield made
    made.close()


@pytest.fixture
def network() -> CardNetwork:
    return CardNetwork()


@pytest.fixture
def door(kit: SiteKit) -> Door:
    return Door(kit)


@pytest.fixture
def desk(network: CardNetwork, door: Door) -> CardDesk:
    return CardDesk(network, door)


def ask(amount: int = 1300, name: str = "card", **fields: Any) -> CardPayment:
    return CardPayment(id=name_id(name), check_id=A, amount_minor=amount, **fields)


def check(kit: SiteKit) -> Check:
    found = kit.site.find(Check, CHECK, A)
    assert found is not None
    return found


def entries(kit: SiteKit) -> int:
    return len(kit.entries())


async def refused(answer: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await answer
    msgspec.json.encode(caught.value.facts)
    return caught.value


# --- without a network ---


@pytest.mark.parametrize(
    "question",
    [
        lambda desk: desk.take(POS, ask()),
        lambda desk: desk.hold(POS, CardHold(id=name_id("hold"), check_id=A, amount_minor=5000)),
    ],
)
async def test_a_box_without_a_network_says_so_and_what_can_be_done_instead(kit: SiteKit, door: Door, question: Any) -> None:
    before = entries(kit)
    refusal = await refused(question(CardDesk(OfflineCards(), door)))
    assert refusal.code == "card.offline"
    assert refusal.facts["check_id"] == A
    assert refusal.facts["instead"] == [
        {"act": "PayCash", "tender": "cash", "kind": "cash", "name": "Cash"},
        {"act": "Pay", "tender": "external", "kind": "external", "name": "Card terminal"},
        {"act": "keep_open"},
    ]
    assert entries(kit) == before


async def test_what_the_check_would_not_take_is_refused_before_any_card_is_asked(
    desk: CardDesk, network: CardNetwork, kit: SiteKit
) -> None:
    before = entries(kit)
    for wrong, code in [
        (ask(1301), "payment.exceeds_due"), (ask(tender="cash"), "card.no_card_tender"), (ask(share=2), "payment.share_unknown"),
        (ask(revision=0), "check.changed"), (ask(authorization_id="x"), "tab.not_authorized"),
    ]:  # fmt: skip
        assert (await refused(desk.take(POS, wrong))).code == code
    assert (await refused(desk.take(POS, CardPayment(id=A, check_id=name_id("ghost"), amount_minor=1)))).code == "check.unknown"
    assert (network.questions, entries(kit)) == (0, before)


async def test_only_who_may_take_payment_asks_for_a_card(desk: CardDesk, network: CardNetwork) -> None:
    assert (await refused(desk.take(device("kds"), ask()))).code == "permission.missing"
    assert (await refused(desk.take(POS, msgspec.structs.replace(ask(), id="x" * 36)))).code == "id.malformed"
    assert network.questions == 0


# --- a payment ---


async def test_a_card_pays_and_the_payment_is_keyed_by_the_request(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    accepted = await desk.take(POS, ask(tip_minor=200, actor_id="ann"))
    [payment] = check(kit).payments
    assert (payment.kind, payment.amount_minor, payment.tip_minor, payment.approval_code) == ("card", 1300, 200, "N-1")
    assert (payment.device_id, payment.actor_id) == (POS.device_id, "ann")
    assert network.asked == {payment.payment_id: ("authorise", 1500, "EUR", "")}
    assert payment.payment_id == derived_id(accepted.command_id, 0)


async def test_a_tablet_that_lost_the_answer_gets_it_again_although_the_network_is_gone(desk: CardDesk, network: CardNetwork) -> None:
    first = await desk.take(POS, ask())
    network.reachable = False
    assert await desk.take(POS, ask()) == first
    assert network.questions == 1


async def test_another_request_under_the_same_id_is_a_conflict(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    await desk.take(POS, ask(600))
    assert (await refused(desk.take(POS, ask(700)))).code == "command.id_reused"
    assert (await refused(desk.hold(POS, CardHold(id=name_id("card"), check_id=A, amount_minor=600)))).code == "command.id_reused"
    assert network.charged == [600]


async def test_a_declined_card_leaves_nothing_and_another_may_be_tried(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    network.declines = "insufficient funds"
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["reason"]) == ("card.declined", "insufficient funds")
    network.declines = ""
    await desk.take(POS, ask(name="another"))
    assert len(check(kit).payments) == 1


async def test_two_tablets_with_one_request_ask_the_network_once(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    answers = await asyncio.gather(*(desk.take(POS, ask()) for _ in range(5)))
    assert len(set(map(msgspec.json.encode, answers))) == 1
    assert (network.questions, len(check(kit).payments)) == (1, 1)


async def test_a_tablet_that_goes_away_does_not_stop_the_guest_at_the_reader(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    at_the_reader = asyncio.Event()
    network.meanwhile = at_the_reader.wait  # type: ignore[assignment] - what it returns is not looked at
    tablet = asyncio.create_task(desk.take(POS, ask()))
    await eventually_async(lambda: network.questions == 1)
    tablet.cancel()
    other = asyncio.create_task(desk.take(POS, ask(100)))
    with pytest.raises(Refused) as caught:
        await other
    assert caught.value.code == "command.id_reused"
    at_the_reader.set()
    await eventually_async(lambda: len(check(kit).payments) == 1)


async def test_no_more_cards_are_asked_for_at_once_than_the_desk_holds(desk: CardDesk, network: CardNetwork) -> None:
    forever = asyncio.Event()

    async def wait() -> None:
        network.meanwhile = wait
        await forever.wait()

    network.meanwhile = wait
    asked = [asyncio.create_task(desk.take(POS, ask(1, name=str(place)))) for place in range(CARDS_ASKED_MAX)]
    await eventually_async(lambda: network.questions == CARDS_ASKED_MAX)
    assert (await refused(desk.take(POS, ask(1, name="one more")))).code == "edge.busy"
    forever.set()
    await asyncio.gather(*asked)


# --- crashes, and answers that are lost ---


async def test_the_box_goes_dark_between_the_card_and_the_journal_and_the_card_pays_once(
    door: Door, network: CardNetwork, kit: SiteKit
) -> None:
    """The tablet still has its request, and sends it again when the box is back."""
    door.cut_before_record = True
    with pytest.raises(PowerCut):
        await CardDesk(network, door).take(POS, ask())
    assert (network.charged, check(kit).payments) == ([1300], ())
    again = Door(kit.restart())
    await CardDesk(network, again).take(POS, ask())
    assert network.charged == [1300]
    assert [payment.amount_minor for payment in check(again.kit).payments] == [1300]
    again.kit.close()


async def test_the_box_goes_dark_and_the_guest_pays_in_cash_meanwhile(door: Door, network: CardNetwork, kit: SiteKit) -> None:
    door.cut_before_record = True
    with pytest.raises(PowerCut):
        await CardDesk(network, door).take(POS, ask())
    door.cut_before_record = False
    kit.one(PayCash(check_id=A, tendered_minor=1300))
    desk = CardDesk(network, door)
    network.reachable = False
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["card"]) == ("payment.nothing_due", "unknown")
    network.reachable = True
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, "card" in refusal.facts) == ("payment.nothing_due", False)
    assert network.charged == []


async def test_nobody_knows_whether_the_card_paid_and_asking_again_finds_out(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    network.loses_answers = 1
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["id"]) == ("card.unknown", name_id("card"))
    await desk.take(POS, ask())
    assert (network.charged, len(check(kit).payments)) == ([1300], 1)


async def test_a_network_that_never_answers_is_given_up_at_the_deadline(door: Door, network: CardNetwork) -> None:
    network.meanwhile = asyncio.Event().wait  # type: ignore[assignment] - what it returns is not looked at
    assert (await refused(CardDesk(network, door, deadline_s=0.01).take(POS, ask()))).code == "card.unknown"


async def pays_cash(kit: SiteKit) -> None:
    kit.one(PayCash(check_id=A, tendered_minor=1000, amount_minor=1000))


async def test_a_check_that_another_tablet_pays_meanwhile_cancels_the_card(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    network.meanwhile = lambda: pays_cash(kit)
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["due_minor"], refusal.facts["card"]) == ("payment.exceeds_due", 300, "cancelled")
    assert network.charged == []
    assert (await refused(desk.take(POS, ask(name="card")))).code == "payment.exceeds_due"


async def test_a_box_that_was_replaced_asks_no_card(network: CardNetwork, door: Door, kit: SiteKit) -> None:
    fence = Fence(kit.identity)
    desk = CardDesk(network, door, ensure_open=fence.ensure_open)
    fence.obey(2)
    assert (await refused(desk.take(POS, ask()))).code == "box.fenced"
    assert network.asked == {}


async def test_a_box_that_is_replaced_while_the_guest_is_at_the_reader_cancels_the_card(
    desk: CardDesk, network: CardNetwork, door: Door
) -> None:
    door.refusal = Refused("box.fenced", "This box was replaced.")
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["card"], network.charged) == ("box.fenced", "cancelled", [])


async def test_a_card_that_could_not_be_cancelled_is_cancelled_when_the_request_comes_again(
    desk: CardDesk, network: CardNetwork, kit: SiteKit
) -> None:
    async def pays_cash_and_pulls_the_cable() -> None:
        await pays_cash(kit)
        network.reachable = False

    network.meanwhile = pays_cash_and_pulls_the_cable
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["refused"]) == ("card.not_cancelled", "payment.exceeds_due")
    assert network.charged == [1300]
    network.reachable = True
    assert (await refused(desk.take(POS, ask()))).code == "payment.exceeds_due"
    assert network.charged == []


async def test_a_request_that_was_cancelled_is_declined_for_good(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    network.meanwhile = lambda: pays_cash(kit)
    await refused(desk.take(POS, ask()))
    kit.one(AddLine(check_id=A, line_id=name_id("more"), item_id="soup", quantity=2))
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["reason"]) == ("card.declined", "cancelled")


@pytest.mark.parametrize("fails", [FailingStore.lose_power_before_commit, FailingStore.commit_and_fail_to_say_so])
async def test_a_commit_that_fails_leaves_the_card_to_be_found_out(desk: CardDesk, network: CardNetwork, kit: SiteKit, fails: Any) -> None:
    """Law 1: if the commit itself fails the answer is "unknown, ask again"; the card stays, since the payment may be on disk."""
    kit.store.fail = fails
    refusal = await refused(desk.take(POS, ask()))
    assert refusal.code == "card.unknown"
    await desk.take(POS, ask())
    assert (network.charged, len(check(kit).payments)) == ([1300], 1)


async def test_a_disk_that_is_full_has_written_nothing_so_the_card_is_cancelled(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    kit.store.fail = FailingStore.run_full
    refusal = await refused(desk.take(POS, ask()))
    assert (refusal.code, refusal.facts["card"]) == ("storage.full", "cancelled")
    assert network.charged == []


async def test_a_box_that_is_busy_when_the_card_has_paid_is_asked_again(
    desk: CardDesk, door: Door, network: CardNetwork, kit: SiteKit
) -> None:
    door.refusal = Refused("edge.busy", "1024 requests are waiting.")
    assert (await refused(desk.take(POS, ask()))).code == "card.unknown"
    await desk.take(POS, ask())
    assert (network.charged, len(check(kit).payments)) == ([1300], 1)


# --- tabs ---


def hold(amount: int = 5000, name: str = "hold") -> CardHold:
    return CardHold(id=name_id(name), check_id=A, amount_minor=amount)


async def test_a_tab_holds_a_card_and_takes_it_when_the_guest_leaves(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    await desk.hold(POS, hold())
    card = check(kit).authorization
    assert card is not None
    assert (network.held, card.kind, card.status, card.approval_code) == ([5000], "card", "held", "N-1")
    taken = ask(tip_minor=150, authorization_id=card.authorization_id)
    await desk.take(POS, taken)
    await desk.take(POS, taken)
    assert (network.held, network.charged) == ([], [1450])
    card = check(kit).authorization
    assert card is not None
    assert card.status == "captured"
    kit.one(CloseCheck(check_id=A))


async def test_a_second_card_is_not_held_for_a_tab(desk: CardDesk, network: CardNetwork) -> None:
    await desk.hold(POS, hold())
    assert (await refused(desk.hold(POS, hold(name="another")))).code == "tab.already_authorized"
    assert network.held == [5000]


async def test_a_card_is_let_go_at_the_network_first(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    await desk.hold(POS, hold())
    release = CardRelease(id=name_id("release"), check_id=A)
    network.reachable = False
    refusal = await refused(desk.release(POS, release))
    assert (refusal.code, refusal.facts["instead"]) == ("card.offline", [{"act": "CloseCheck"}, {"act": "ask_later"}])
    assert network.held == [5000]
    network.reachable = True
    first = await desk.release(POS, release)
    assert network.held == []
    network.reachable = False
    assert await desk.release(POS, release) == first
    assert (await refused(desk.release(POS, CardRelease(id=name_id("again"), check_id=A)))).code == "tab.not_authorized"


# --- refunds ---


async def paid_by_card(desk: CardDesk, kit: SiteKit, *amounts: int) -> list[str]:
    for place, amount in enumerate(amounts):
        await desk.take(POS, ask(amount, name=f"paid {place}"))
    kit.one(CloseCheck(check_id=A))
    return [payment.payment_id for payment in check(kit).payments]


def back(refund: AnyRefund, name: str = "back") -> CardRefund:
    return CardRefund(id=name_id(name), refund=refund)


async def test_a_soup_is_given_back_to_the_card_that_paid_it(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    await paid_by_card(desk, kit, 1300)
    one_soup = back(RefundLines(check_id=A, lines=(RefundUnits(line_id=name_id("soup")),), reason="cold"))
    first = await desk.refund(MANAGER, one_soup)
    network.reachable = False
    assert await desk.refund(MANAGER, one_soup) == first
    assert network.amounts("refund") == [650]
    [refund] = check(kit).refunds
    [part] = refund.tenders
    assert (refund.total_minor, part.kind, part.approval_code, refund.approved_by) == (650, "card", "N-2", MANAGER.device_id)
    another = back(RefundAmount(check_id=A, amount_minor=1, reason="cold"))
    assert (await refused(desk.refund(MANAGER, another))).code == "command.id_reused"


async def test_who_may_not_approve_a_refund_asks_no_network(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    await paid_by_card(desk, kit, 1300)
    assert (await refused(desk.refund(POS, back(RefundAmount(check_id=A, reason="cold"))))).code == "approval.missing"
    assert network.amounts("refund") == []


async def test_a_refund_without_a_network_says_what_else_there_is(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    await paid_by_card(desk, kit, 1300)
    network.reachable = False
    before = entries(kit)
    refusal = await refused(desk.refund(MANAGER, back(RefundAmount(check_id=A, reason="cold"))))
    assert (refusal.code, refusal.facts["instead"]) == ("card.offline", [{"act": "ask_later"}])
    assert entries(kit) == before


async def test_a_refund_without_a_network_may_go_to_what_else_paid_the_check(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    kit.one(PayCash(check_id=A, tendered_minor=300, amount_minor=300))
    in_cash, _ = await paid_by_card(desk, kit, 1000)
    network.reachable = False
    refusal = await refused(desk.refund(MANAGER, back(RefundAmount(check_id=A, amount_minor=200, reason="cold"))))
    instead = {"act": "RefundAmount", "payment_id": in_cash, "tender": "cash", "left_minor": 300}
    assert refusal.facts["instead"] == [instead, {"act": "ask_later"}]
    kit.one(RefundAmount(check_id=A, amount_minor=200, payment_id=in_cash, reason="cold"), by=MANAGER)


async def test_two_cards_are_given_back_each_by_itself(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    first, second = await paid_by_card(desk, kit, 600, 700)
    refusal = await refused(desk.refund(MANAGER, back(RefundAmount(check_id=A, reason="cold"))))
    assert refusal.code == "card.several_payments"
    assert refusal.facts["payments"] == [
        {"payment_id": second, "tender": "card", "amount_minor": 700}, {"payment_id": first, "tender": "card", "amount_minor": 600},
    ]  # fmt: skip
    for place, (payment_id, amount) in enumerate([(first, 600), (second, 700)]):
        refund = RefundAmount(check_id=A, amount_minor=amount, payment_id=payment_id, reason="cold")
        await desk.refund(MANAGER, back(refund, str(place)))
    assert network.amounts("refund") == [600, 700]


async def test_a_refund_to_cash_needs_no_network(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    kit.one(PayCash(check_id=A, tendered_minor=1300))
    kit.one(CloseCheck(check_id=A))
    network.reachable = False
    await desk.refund(MANAGER, back(RefundAmount(check_id=A, reason="cold")))
    assert check(kit).refunds[0].tenders[0].tender == "cash"


async def test_a_refund_whose_answer_was_lost_is_given_once(desk: CardDesk, door: Door, network: CardNetwork, kit: SiteKit) -> None:
    await paid_by_card(desk, kit, 1300)
    whole = back(RefundAmount(check_id=A, reason="cold"))
    network.loses_answers = 1
    assert (await refused(desk.refund(MANAGER, whole))).code == "card.unknown"
    door.cut_before_record = True
    with pytest.raises(PowerCut):
        await desk.refund(MANAGER, whole)
    door.cut_before_record = False
    kit.store.fail = FailingStore.run_full
    assert (await refused(desk.refund(MANAGER, whole))).code == "card.unknown"
    await desk.refund(MANAGER, whole)
    assert (network.amounts("refund"), len(check(kit).refunds)) == ([1300], 1)


async def test_a_refund_that_the_check_no_longer_takes_is_told_to_a_person(desk: CardDesk, network: CardNetwork, kit: SiteKit) -> None:
    """Money that a network has given back does not come again: a manager has to see it."""
    kit.one(PayCash(check_id=A, tendered_minor=650, amount_minor=650))
    in_cash, by_card = await paid_by_card(desk, kit, 650)

    async def another_manager_gives_back_cash() -> None:
        kit.one(RefundAmount(check_id=A, amount_minor=650, payment_id=in_cash, reason="cold"), by=MANAGER)

    network.meanwhile = another_manager_gives_back_cash
    soup = RefundLines(check_id=A, lines=(RefundUnits(line_id=name_id("soup")),), payment_id=by_card, reason="cold")
    refusal = await refused(desk.refund(MANAGER, back(soup)))
    assert (refusal.code, refusal.facts["refused"]) == ("card.not_recorded", "refund.card_differs")
