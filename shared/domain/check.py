"""The check: what a table or guest orders and owes, from opening to close.

What lives here: the check's states, commands, events and state. Its decisions are in check_rules.py, arithmetic in
totals.py, kitchen tickets in ticket.py; screens, storage and transport are not known here.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from shared.domain.kernel import Aggregate, Command, Event
from shared.domain.text import Id, Note, ShortId
from shared.domain.totals import AppliedTax, TaxableLine, Totals, line_amount, totals
from shared.limits import AMOUNT_MINOR_MAX, COVERS_MAX, MODIFIERS_PER_LINE_MAX, QUANTITY_MAX

__all__ = [
    "AddLine", "Check", "CheckClosed", "CheckOpened", "CheckStatus", "ChosenModifier", "CloseCheck", "Line", "LineAdded",
    "LineModifier", "LineStatus", "LineVoided", "LinesSent", "OpenCheck", "PayCash", "Payment", "PaymentTaken", "SendCheck", "VoidLine",
    "check_totals", "due_minor",
]  # fmt: skip

CHECK = "check"


class CheckStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class LineStatus(StrEnum):
    HELD = "held"  # on the check, not yet in the kitchen
    SENT = "sent"
    VOIDED = "voided"


# What may follow what. A command that finds no arrow is refused with the present state.
CHECK_STATES: dict[tuple[CheckStatus, str], CheckStatus] = {
    (CheckStatus.OPEN, "add"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "void"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "send"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "pay"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "close"): CheckStatus.CLOSED,
}
LINE_STATES: dict[tuple[LineStatus, str], LineStatus] = {
    (LineStatus.HELD, "send"): LineStatus.SENT,
    (LineStatus.HELD, "void"): LineStatus.VOIDED,
}

# --- commands ----------------------------------------------------------------------------------


class OpenCheck(Command, frozen=True):
    """Open a check. `opened_at` is a local time of the site for checks that are imported (permission `import`)."""

    check_id: Id
    table_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    covers: Annotated[int, msgspec.Meta(ge=0, le=COVERS_MAX)] = 0
    opened_at: datetime | None = None


class ChosenModifier(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """A modifier as a device names it."""

    group_id: ShortId
    modifier_id: ShortId


class AddLine(Command, frozen=True):
    """Put an item on the check. `unit_price_minor` replaces the menu's price (permission `import`)."""

    check_id: Id
    line_id: Id
    item_id: ShortId
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    modifiers: Annotated[tuple[ChosenModifier, ...], msgspec.Meta(max_length=MODIFIERS_PER_LINE_MAX)] = ()
    note: Note = ""
    unit_price_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)] | None = None


class VoidLine(Command, frozen=True):
    """Take a line off the check before it is sent."""

    check_id: Id
    line_id: Id
    reason: Note = ""


class SendCheck(Command, frozen=True):
    """Send every held line to its kitchen station."""

    check_id: Id


class PayCash(Command, frozen=True):
    """Take cash for `amount_minor` of what is due (all of it when absent); change is given on `tendered_minor`."""

    check_id: Id
    tendered_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX)] | None = None


class CloseCheck(Command, frozen=True):
    """Close a check on which nothing is held and nothing is due."""

    check_id: Id


# --- events ------------------------------------------------------------------------------------


class LineModifier(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A modifier as it stood on the menu when the line was added."""

    group_id: str
    modifier_id: str
    name: str
    price_minor: int


class CheckOpened(Event, frozen=True):
    check_id: str
    number: int
    business_date: str
    currency: str
    table_id: str = ""
    covers: int = 0
    opened_at: datetime | None = None


class LineAdded(Event, frozen=True):
    check_id: str
    line_id: str
    item_id: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    station: str
    modifiers: tuple[LineModifier, ...] = ()
    taxes: tuple[AppliedTax, ...] = ()
    note: str = ""
    menu_version: str = ""


class LineVoided(Event, frozen=True):
    check_id: str
    line_id: str
    reason: str = ""


class LinesSent(Event, frozen=True):
    check_id: str
    line_ids: tuple[str, ...]


class PaymentTaken(Event, frozen=True):
    check_id: str
    payment_id: str
    tender: str
    amount_minor: int
    tendered_minor: int
    change_minor: int


class CheckClosed(Event, frozen=True):
    """The totals are stated for readers; they follow from the lines and are checked against them when projected."""

    check_id: str
    gross_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int


# --- state -------------------------------------------------------------------------------------


class Line(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    line_id: str
    item_id: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    station: str
    status: LineStatus
    modifiers: tuple[LineModifier, ...] = ()
    taxes: tuple[AppliedTax, ...] = ()
    note: str = ""

    @property
    def amount_minor(self) -> int:
        """(unit price + modifiers) x quantity; nothing for a voided line."""
        if self.status is LineStatus.VOIDED:
            return 0
        return line_amount(self.unit_price_minor, (modifier.price_minor for modifier in self.modifiers), self.quantity)


class Payment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    payment_id: str
    tender: str
    amount_minor: int
    tendered_minor: int
    change_minor: int


class Check(Aggregate, frozen=True):
    """One check. `number` runs by site and epoch; times are UTC."""

    check_id: str
    number: int
    epoch: int
    business_date: str
    currency: str
    status: CheckStatus
    opened_at: datetime
    table_id: str = ""
    covers: int = 0
    lines: tuple[Line, ...] = ()
    payments: tuple[Payment, ...] = ()
    closed_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.status is CheckStatus.OPEN

    def line(self, line_id: str) -> Line | None:
        return next((line for line in self.lines if line.line_id == line_id), None)


def check_totals(check: Check) -> Totals:
    """What the check comes to, voided lines left out. Minor units of `check.currency`."""
    return totals([
        TaxableLine(amount_minor=line.amount_minor, taxes=line.taxes) for line in check.lines if line.status is not LineStatus.VOIDED
    ])  # fmt: skip


def due_minor(check: Check) -> int:
    """Total less what is paid, in minor units."""
    return check_totals(check).total_minor - sum(payment.amount_minor for payment in check.payments)
