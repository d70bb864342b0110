"""The check: what a table or guest orders and owes, from opening to close, as immutable state.

What lives here: the states as tables, and the types of lines, payments, discounts and what else stands on a check. Its rules
are in the modules beside this one, its sums in reckoning.py, kitchen tickets in shared/domain/kitchen; screens, storage and
transport are not known here. Amounts are minor units of the check's currency; times are UTC; fields are only ever added, with
defaults that mean "as it was before the field existed" (Law 10).
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from shared.domain.arithmetic.lines import line_amount, weighed_amount
from shared.domain.arithmetic.types import Sums, Tax, TaxSums
from shared.domain.kernel import Aggregate
from shared.domain.menu.document import IngredientUse
from shared.domain.menu.floor import DINE_IN

__all__ = [
    "CHECK", "CHECK_STATES", "LINE_STATES", "Authorization", "BillMark", "Check", "CheckStatus", "Closing", "ComboPart", "Exemption", "Figures",
    "GivenCharge", "GivenDiscount", "Line", "LineModifier", "LineStatus", "Payment", "Refund", "RefundedLine", "RefundedTax",
    "Reopening", "Share", "TenderPart", "TipChange", "Voiding",
]  # fmt: skip

CHECK = "check"


class CheckStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"  # its lines stand on another check, where they count; it owes nothing


class LineStatus(StrEnum):
    HELD = "held"  # on the check, not yet in the kitchen
    SENT = "sent"
    VOIDED = "voided"


# What may follow what. A command that finds no arrow is refused with the present state.
CHECK_STATES: dict[tuple[CheckStatus, str], CheckStatus] = {
    (CheckStatus.OPEN, "add"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "change"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "void"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "send"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "discount"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "split"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "move"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "merge"): CheckStatus.MERGED,
    (CheckStatus.OPEN, "bill"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "pay"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "secure"): CheckStatus.OPEN,  # a card held for a tab, and let go
    (CheckStatus.OPEN, "tip"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "return"): CheckStatus.OPEN,
    (CheckStatus.OPEN, "close"): CheckStatus.CLOSED,
    (CheckStatus.CLOSED, "tip"): CheckStatus.CLOSED,
    (CheckStatus.CLOSED, "refund"): CheckStatus.CLOSED,
    (CheckStatus.CLOSED, "reopen"): CheckStatus.OPEN,
}
LINE_STATES: dict[tuple[LineStatus, str], LineStatus] = {
    (LineStatus.HELD, "change"): LineStatus.HELD,
    (LineStatus.HELD, "hold"): LineStatus.HELD,
    (LineStatus.HELD, "send"): LineStatus.SENT,
    (LineStatus.HELD, "void"): LineStatus.VOIDED,
    (LineStatus.SENT, "void_fired"): LineStatus.VOIDED,  # golden rule 9
}


class LineModifier(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A modifier as it stood on the menu when the line was added; `price_minor` is what it costs here, included and half ones
    considered. `depth` is how deep it is nested: it belongs to the nearest one before it of a smaller depth."""

    group_id: str
    modifier_id: str
    name: str
    price_minor: int
    portion: Literal["whole", "left", "right"] = "whole"
    depth: int = 0
    ingredients: tuple[IngredientUse, ...] = ()


class ComboPart(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The combo that a line is a component of. All lines of one `combo_id` come and go together; `price_minor` is the combo's, and
    `extra_minor` what the component costs on top of its part of that. `counted` is what was taken off the combo's own countdown,
    on its first component."""

    combo_id: str
    item_id: str
    name: str
    slot_id: str
    price_minor: int
    extra_minor: int = 0
    counted: int = 0


class Share(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The line is a part ("1/3") of a line that was split; the kitchen knows it as `source_line_id`. `amount_minor` is its menu price."""

    source_line_id: str
    part: str
    amount_minor: int


class Voiding(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a line was voided. After fire it has a reason and an approver, and is waste (golden rule 9)."""

    reason: str = ""
    after_fire: bool = False
    approved_by: str = ""
    at: datetime | None = None


class Line(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`station` cooks it and `also_stations` work on it; `course` is a course's id, "" for none; `seat` 0 is the whole table.

    `counted` units were taken from a countdown. With `own_price` the unit price was said when it was added, and no menu changes it.
    `revision` counts the changes of the line.
    """

    line_id: str
    item_id: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    station: str
    status: LineStatus
    modifiers: tuple[LineModifier, ...] = ()
    taxes: tuple[Tax, ...] = ()
    note: str = ""
    seat: int = 0
    course: str = ""
    on_hold: bool = False
    also_stations: tuple[str, ...] = ()
    prep_s: int = 0
    weight: str = ""
    weight_unit: str = ""
    combo: ComboPart | None = None
    share: Share | None = None
    void: Voiding | None = None
    discountable: bool = True
    dining_option: str = ""
    price_level: str = ""
    own_price: bool = False
    allergens: tuple[str, ...] = ()
    ingredients: tuple[IngredientUse, ...] = ()
    counted: int = 0
    added_at: datetime | None = None
    sent_at: datetime | None = None
    revision: int = 0

    @property
    def menu_amount_minor(self) -> int:
        """(unit price + modifiers) x quantity, or price x weight + modifiers (golden rule 1), whatever became of the line."""
        if self.share is not None:
            return self.share.amount_minor
        extras = [modifier.price_minor for modifier in self.modifiers] if self.modifiers else ()
        if self.weight:
            return weighed_amount(self.unit_price_minor, self.weight, extras)
        return line_amount(self.unit_price_minor, extras, self.quantity)

    @property
    def amount_minor(self) -> int:
        """The same; nothing for a voided line."""
        return 0 if self.status is LineStatus.VOIDED else self.menu_amount_minor


class GivenDiscount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A discount, comp or promotion on the check: a `rate` or an `amount_minor`, off `line_ids`, or off all for the scope order.

    `rule_id` names the rule of the menu it came from, "" for one that somebody made up. `parts_minor`, where given, is what of
    `amount_minor` comes off each of `line_ids` (a promotion knows the units it is for; a split knows what each line was
    granted). A promotion that is `granted` stands as it is, whatever the rules say: a split gave it.
    """

    discount_id: str
    name: str
    scope: Literal["promotion", "item", "comp", "order"]
    rate: str = ""
    amount_minor: int = 0
    line_ids: tuple[str, ...] = ()
    rule_id: str = ""
    reason: str = ""
    given_by: str = ""
    approved_by: str = ""
    parts_minor: tuple[int, ...] = ()
    granted: bool = False


class GivenCharge(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A service charge on the check; `automatic` ones come and go with the rule of the menu, `rule_id`. What a split gives its
    children is not automatic: it stands, and as long as it does its rule adds no other."""

    charge_id: str
    name: str
    rate: str = ""
    amount_minor: int = 0
    taxable: bool = False
    automatic: bool = False
    rule_id: str = ""


class Exemption(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The guest does not owe these taxes (none named: all). `certificate` is the proof that was shown."""

    tax_ids: tuple[str, ...] = ()
    reason: str = ""
    certificate: str = ""
    approved_by: str = ""


class TipChange(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a tip grew by (or shrank), booked on `date`."""

    amount_minor: int
    date: str
    at: datetime
    actor_id: str = ""


class Payment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was paid on the check: `amount_minor` of it is settled. `amount + rounding + tip + change = tendered` (golden rule 6),
    with the tip that came with it.

    `kind` is that of the tender's rule. Tips hang on the payment and are no part of the amount (golden rule 5). `share` is the
    number of the even share that it pays, 0 for none. `date` is the business date it was taken on.
    """

    payment_id: str
    tender: str
    amount_minor: int
    tendered_minor: int
    change_minor: int
    kind: str = "cash"
    rounding_minor: int = 0
    approval_code: str = ""
    reference: str = ""
    share: int = 0
    tips: tuple[TipChange, ...] = ()
    date: str = ""
    at: datetime | None = None
    actor_id: str = ""
    device_id: str = ""

    @property
    def tip_minor(self) -> int:
        """The tip as it is now."""
        return sum(tip.amount_minor for tip in self.tips)


class TenderPart(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What of a refund goes to which payment's tender, of which `kind`; `rounding_minor` on top where it is paid out in cash."""

    payment_id: str
    tender: str
    amount_minor: int
    rounding_minor: int = 0
    approval_code: str = ""
    kind: str = ""


class RefundedLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Units of a line that were given back (of a weighed line or a share: its one unit)."""

    line_id: str
    units: int
    total_minor: int


class RefundedTax(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a refund gives back of a tax, and takes off what it was raised on and what exempt guests did not owe of it."""

    tax: Tax
    tax_minor: int
    base_minor: int = 0
    relieved_minor: int = 0


class Refund(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`total = net + all taxes = all tenders`. Booked on `date`, the day it was given. Without `lines` it is of an amount. A
    `correction` gives back what a reopened check was overpaid by; its sums come with the next closing, so net and taxes are nothing.

    `number` runs in the series "refund" by `epoch`; a correction has none, since the receipt of the next closing is its document.
    """

    refund_id: str
    total_minor: int
    net_minor: int
    taxes: tuple[RefundedTax, ...] = ()
    lines: tuple[RefundedLine, ...] = ()
    tenders: tuple[TenderPart, ...] = ()
    correction: bool = False
    reason: str = ""
    approved_by: str = ""
    date: str = ""
    at: datetime | None = None
    number: int = 0
    epoch: int = 0


class Authorization(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A card that a tab is secured by: up to `amount_minor`, with what the terminal said. `source` is the tender, `kind` that of its
    rule; once captured, `payment_id` is the payment that took it."""

    authorization_id: str
    amount_minor: int
    source: str
    approval_code: str
    reference: str = ""
    status: Literal["held", "captured", "released"] = "held"
    kind: str = "external"
    payment_id: str = ""


class BillMark(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A bill was shown to the guest: which one it was, and what it said. It is no document; the receipt is. One that is `outdated`
    no longer says what the check comes to: show another."""

    count: int
    total_minor: int
    at: datetime
    outdated: bool = False


class Figures(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a check came to when it was closed: see `arithmetic.types.Sums`. `lines` are those that are not voided."""

    lines: int
    gross_minor: int
    discount_minor: int
    comp_minor: int
    void_minor: int
    service_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    taxes: tuple[TaxSums, ...] = ()


class Closing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One closing. A check that is reopened gets another, and what differs is booked on its date; history stays. The receipt's
    number runs by `epoch`; 0 is of a release that gave none."""

    date: str
    at: datetime
    figures: Figures
    receipt_number: int = 0
    epoch: int = 0
    covers: int = 0


class Reopening(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Why a closed check was opened again, and who approved it."""

    reason: str
    approved_by: str
    date: str
    at: datetime


class Check(Aggregate, frozen=True, dict=True, gc=True):
    """One check. `number` runs by site and epoch.

    `revision` counts its changes. `given` are the sums that a split gave this check: they stand until something of the check
    changes what it comes to, then it is reckoned anew. `even_shares` are the parts of an even split, likewise. `closings` is
    the history of closes; a reopened check is open and has some. A `training` check touches no figure, series or kitchen.
    `changed_epoch` is the epoch of its last change (see shared/domain/adopting.py).
    """

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
    service: Literal["table", "quick", "tab"] = "table"
    order_number: int = 0
    name: str = ""
    dining_option: str = DINE_IN
    price_level: str = ""
    owner_id: str = ""
    device_id: str = ""
    training: bool = False
    revision: int = 0
    discounts: tuple[GivenDiscount, ...] = ()
    charges: tuple[GivenCharge, ...] = ()
    waived_charges: tuple[str, ...] = ()
    exemption: Exemption | None = None
    authorization: Authorization | None = None
    given: Sums | None = None
    even_shares: tuple[int, ...] = ()
    bill: BillMark | None = None
    refunds: tuple[Refund, ...] = ()
    closings: tuple[Closing, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    split_from: str = ""
    merged_into: str = ""
    changed_epoch: int = 0

    @property
    def is_live(self) -> bool:
        return self.status is CheckStatus.OPEN

    @property
    def kept_lines(self) -> list[Line]:
        """The lines that are not voided."""
        return [line for line in self.lines if line.status is not LineStatus.VOIDED]

    @property
    def paid_minor(self) -> int:
        """What its payments settle, less what was returned of them while it was corrected."""
        returned = sum(refund.total_minor for refund in self.refunds if refund.correction)
        return sum(payment.amount_minor for payment in self.payments) - returned

    def line(self, line_id: str) -> Line | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def lines_named(self, line_ids: Iterable[str]) -> list[Line]:
        """The lines of these ids; the id of a combo names all of its components."""
        ids = set(line_ids)
        return [line for line in self.lines if line.line_id in ids or (line.combo is not None and line.combo.combo_id in ids)]
