"""What the scene does in the house: tables of several guests, their kitchen, their bills and what is put right afterwards.

What lives here: acts that follow one another on one site. How a command is given, and which menu was there before, is in scene.py.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from edge.app.site import Device, Site
from shared.domain.check import AddLine, ChangeDiningOption, ChangeLine, CloseCheck, OpenCheck, PayCash, SendCheck, VoidLine
from shared.domain.check.bearing import LineWeights
from shared.domain.check.billing import ShowBill
from shared.domain.check.cards import HoldCard, RefundToCard, ReleaseCard, TakeCardPayment
from shared.domain.check.discounting import GiveDiscount
from shared.domain.check.evenly import SplitEvenly
from shared.domain.check.firing import FireCourse, FireLines
from shared.domain.check.merging import MergeChecks
from shared.domain.check.moving import MoveLines
from shared.domain.check.paying import Pay
from shared.domain.check.refund_tenders import CardGiven, RefundApproval
from shared.domain.check.refunding import RefundAmount, RefundLines, RefundUnits, ReturnOverpaid
from shared.domain.check.reopening import ReopenCheck
from shared.domain.check.seating import AssignCheck, ChangeCheck
from shared.domain.check.selection import ChosenComponent, ChosenModifier
from shared.domain.check.splitting import SplitCheck
from shared.domain.check.tabs import AuthorizeTab, ReleaseTab
from shared.domain.check.tipping import AdjustTip
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.kitchen.changes import MarkChangesSeen
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.recalling import RecallLast
from shared.domain.kitchen.serving import ServeTicket
from shared.domain.menu import menu_document, menu_version
from shared.domain.menu.overrides import EightySixItem, RestoreItem, SetCountdown, SetLocalPrice
from shared.domain.menu.schedule import ScheduleMenu, UnscheduleMenu
from shared.domain.registry import ROLES
from tests.corpus.house import HOUSE

__all__ = ["Stage", "play_evening"]

_CARDS = Device(device_id="reader", permissions=ROLES["manager"] | ROLES["box"])  # as the box records what a network said


class Stage(Protocol):
    """What an act needs of the scene."""

    def id(self, name: str) -> str: ...
    def do(self, site: Site, command: Command, device: Device | None = None) -> str: ...
    def wait(self, hours: int) -> None: ...


def play_evening(stage: Stage, site: Site) -> None:
    _new_menu(stage, site)
    _table_of_four(stage, site)
    _parted(stage, site)
    _afterthoughts(stage, site)
    _put_right(stage, site)
    _tabs(stage, site)
    _cards(stage, site)
    _training(stage, site)


def _new_menu(stage: Stage, site: Site) -> None:
    """A menu is scheduled for the next day, one is taken back, and the house says what it has run out of."""
    version = menu_version(HOUSE)
    site.put_menu(version, menu_document(HOUSE))
    stage.do(site, ScheduleMenu(version=version, effective_at=datetime(2026, 10, 31, 17, 0)))
    stage.do(site, ScheduleMenu(version=version, effective_at=datetime(2026, 12, 24, 17, 0)))
    stage.do(site, UnscheduleMenu(version=version, effective_at=datetime(2026, 12, 24, 17, 0)))
    stage.wait(hours=158)
    stage.do(site, EightySixItem(item_id="soup"))
    stage.do(site, RestoreItem(item_id="soup"))
    stage.do(site, SetCountdown(item_id="ribs", left=5))
    stage.do(site, SetLocalPrice(item_id="ribs", price_minor=2_290))


def _add(stage: Stage, site: Site, check: str, line: str, item: str, **fields: object) -> str:
    command = AddLine(check_id=stage.id(check), line_id=stage.id(line), item_id=item)
    stage.do(site, msgspec.structs.replace(command, **fields))
    return command.line_id


def _table_of_four(stage: Stage, site: Site) -> None:
    """Seats, courses, halves, weights, a combo; fired one after the other, and served by the pass."""
    check = stage.id("four")
    stage.do(site, OpenCheck(check_id=check, table_id="5", covers=4))
    _add(stage, site, "four", "four soup", "soup", seat=1)
    halves = (
        ChosenModifier(
            group_id="toppings", modifier_id="ham", portion="left", modifiers=(ChosenModifier(group_id="cut", modifier_id="thin"),)
        ),
        ChosenModifier(group_id="toppings", modifier_id="olives", portion="right"),
    )
    pizza = _add(stage, site, "four", "four pizza", "pizza", seat=2, modifiers=halves, note="cut in four")
    _add(stage, site, "four", "four fish", "fish", seat=3, weight="0.735")
    chosen = (ChosenComponent(slot_id="first", item_id="soup"), ChosenComponent(slot_id="second", item_id="ribs"))
    _add(stage, site, "four", "four lunch", "lunch", seat=4, components=chosen)
    _add(stage, site, "four", "four beers", "beer", quantity=3)
    stage.do(site, ChangeCheck(check_id=check, covers=6, name="Müller", price_level="staff"))
    stage.do(site, AssignCheck(check_id=check, owner_id="ben", device_id="tablet-2"))
    send = stage.do(site, SendCheck(check_id=check))
    stage.do(site, FireLines(check_id=check, line_ids=(pizza,)))
    stage.do(site, FireCourse(check_id=check, course="main"))
    cold = derived_id(send, 1)
    stage.do(site, MarkChangesSeen(ticket_id=cold))
    stage.do(site, BumpTicket(ticket_id=cold))
    stage.do(site, RecallLast(station="cold"))
    stage.do(site, ServeTicket(ticket_id=cold))
    stage.do(site, GiveDiscount(check_id=check, discount_id=stage.id("friends"), rule_id="friends"))
    stage.do(site, ShowBill(check_id=check))


def _afterthoughts(stage: Stage, site: Site) -> None:
    """What guests think of after they have ordered, before and after it is in the kitchen."""
    check, other = stage.id("late"), stage.id("later")
    stage.do(site, OpenCheck(check_id=check, table_id="6", covers=2))
    pizza, fish = _add(stage, site, "late", "late pizza", "pizza"), _add(stage, site, "late", "late fish", "fish", weight="0.5")
    ham = ChosenModifier(group_id="toppings", modifier_id="ham", modifiers=(ChosenModifier(group_id="cut", modifier_id="thick"),))
    stage.do(site, ChangeLine(check_id=check, line_id=pizza, modifiers=(ham,), course="first"))
    stage.do(site, ChangeLine(check_id=check, line_id=fish, weight="0.61"))
    ribs = _add(stage, site, "late", "late ribs", "ribs", hold=False)
    stage.do(site, ChangeLine(check_id=check, line_id=ribs, quantity=2))
    _add(stage, site, "late", "late soup", "soup", dining_option="take_away")
    stage.do(site, SendCheck(check_id=check))
    stage.do(site, AssignCheck(check_id=check, owner_id="clara"))
    stage.do(site, ChangeCheck(check_id=check, name="Zhang", covers=3))
    stage.do(site, ChangeLine(check_id=check, line_id=pizza, seat=2))
    stage.do(site, ChangeDiningOption(check_id=check, dining_option="take_away", line_ids=(ribs,)))
    stage.do(site, ChangeDiningOption(check_id=check, dining_option="take_away"))
    stage.do(site, OpenCheck(check_id=other))
    stage.do(site, MoveLines(check_id=check, to_check_id=other, line_ids=(pizza,)))
    stage.do(site, AuthorizeTab(check_id=other, amount_minor=2_000, approval_code="H-9"))
    stage.do(site, PayCash(check_id=other, tendered_minor=2_000))
    stage.do(site, CloseCheck(check_id=other))


def _parted(stage: Stage, site: Site) -> None:
    """By seats and by a share of the beers, together again, evenly; paid with a tip that is written later."""
    check, second, third = stage.id("four"), stage.id("four b"), stage.id("four c")
    beers = LineWeights(line_id=stage.id("four beers"), weights=(1, 1, 0))
    stage.do(site, SplitCheck(check_id=check, into=(second, third), seats=((1, 2), (3,), (4,)), assignments=(beers,)))
    paid = derived_id(stage.do(site, Pay(check_id=third, tender="external", approval_code="A-1", tip_minor=150)), 0)
    stage.do(site, AdjustTip(check_id=third, payment_id=paid, tip_minor=200))
    stage.do(site, AdjustTip(check_id=third, payment_id=paid, tip_minor=180, reason="misread"))
    stage.do(site, CloseCheck(check_id=third))
    approval = RefundApproval(payment_id=paid, approval_code="A-2")
    stage.do(site, RefundAmount(check_id=third, amount_minor=500, reason="slow", approval_codes=(approval,)))
    other, coffee = stage.id("five"), stage.id("six")
    for id in (other, coffee):
        stage.do(site, OpenCheck(check_id=id, table_id="6", covers=1))
    _add(stage, site, "five", "five beer", "beer", quantity=2)
    _add(stage, site, "six", "six cake", "cake", unit_price_minor=380)
    stage.do(site, MergeChecks(into_check_id=other, check_ids=(coffee,)))
    stage.do(site, SendCheck(check_id=other))
    stage.do(site, SplitEvenly(check_id=other, ways=3))
    for share in (1, 2, 3):
        stage.do(site, PayCash(check_id=other, tendered_minor=1_000, share=share))
    stage.do(site, CloseCheck(check_id=other))
    stage.do(site, PayCash(check_id=second, tendered_minor=10_000))
    stage.do(site, CloseCheck(check_id=second))


def _put_right(stage: Stage, site: Site) -> None:
    """After the closing: one check is reopened and corrected, of another something is given back. The first stays as it is."""
    check = stage.id("five")
    stage.do(site, ReopenCheck(check_id=check, reason="again"))
    stage.do(site, VoidLine(check_id=check, line_id=stage.id("five beer"), reason="cold"))
    stage.do(site, ReturnOverpaid(check_id=check, reason="one too many"))
    stage.do(site, CloseCheck(check_id=check))
    fish = RefundUnits(line_id=stage.id("four fish"))
    stage.do(site, RefundLines(check_id=stage.id("four b"), lines=(fish,), reason="bones"))


def _tabs(stage: Stage, site: Site) -> None:
    """A terminal holds one card and lets go of it, then another, which pays."""
    tab = stage.id("tab")
    stage.do(site, OpenCheck(check_id=tab, service="tab", name="Zoë"))
    stage.do(site, AuthorizeTab(check_id=tab, amount_minor=5_000, approval_code="H-1", reference="R-1"))
    stage.do(site, ReleaseTab(check_id=tab, reason="another card"))
    stage.do(site, AuthorizeTab(check_id=tab, amount_minor=5_000, approval_code="H-2", reference="R-2"))
    _add(stage, site, "tab", "tab beers", "beer", quantity=3)
    stage.do(site, SendCheck(check_id=tab))
    stage.do(site, Pay(check_id=tab, tender="external", approval_code="H-3", reference="R-2"))
    stage.do(site, CloseCheck(check_id=tab))


def _cards(stage: Stage, site: Site) -> None:
    """What the box writes down of a network: a card is held, released, held again and taken, and given some of it back."""
    check = stage.id("card")
    stage.do(site, OpenCheck(check_id=check, service="quick", dining_option="take_away"))
    _add(stage, site, "card", "card soup", "soup")
    stage.do(site, SendCheck(check_id=check))
    stage.do(site, HoldCard(check_id=check, amount_minor=2_000, approval_code="N-1", reference="N"), _CARDS)
    stage.do(site, ReleaseCard(check_id=check), _CARDS)
    held = derived_id(stage.do(site, HoldCard(check_id=check, amount_minor=2_000, approval_code="N-2", reference="N"), _CARDS), 0)
    take = TakeCardPayment(check_id=check, amount_minor=552, approval_code="N-3", reference="N", authorization_id=held)
    paid = derived_id(stage.do(site, take, _CARDS), 0)
    stage.do(site, CloseCheck(check_id=check))
    given = CardGiven(payment_id=paid, amount_minor=100, approval_code="N-4")
    refund = RefundAmount(check_id=check, amount_minor=100, reason="lukewarm")
    stage.do(site, RefundToCard(refund=refund, given=(given,)), _CARDS)


def _training(stage: Stage, site: Site) -> None:
    check = stage.id("training")
    stage.do(site, OpenCheck(check_id=check, training=True))
    _add(stage, site, "training", "training beer", "beer", hold=False)
    stage.do(site, SendCheck(check_id=check))
    stage.do(site, PayCash(check_id=check, tendered_minor=1_000))
    stage.do(site, CloseCheck(check_id=check))
