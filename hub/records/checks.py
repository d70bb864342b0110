"""Records of checks: the check itself, and what stands on it.

What lives here: types. How they come of state is in hub/project/check_rows.py.
"""

from datetime import datetime

from hub.records import Record

__all__ = [
    "ChargeRecord", "CheckSummary", "DiscountRecord", "LineRecord", "ModifierRecord", "PaymentRecord", "RefundRecord", "RefundedLineRecord",
    "RefundedTenderRecord", "TaxRecord",
]  # fmt: skip


class CheckSummary(Record, frozen=True):
    """A check and what it comes to, minor units. `net` (service charges within) and `tax` are what is left after discounts and
    comps; `total = net + tax`. `refund` was given back later and is not taken off the total; `void` was voided after fire.

    `lines` counts those that are not voided, `reopenings` how often it was opened again after it was closed; `receipt_number` is
    that of its last closing, 0 before. A `training` check stands in no figure; one that is `merged` has its lines on `merged_into`.
    """

    business_date: str
    check_id: str
    number: int
    epoch: int
    order_number: int
    receipt_number: int
    status: str
    reopenings: int
    training: bool
    service: str
    dining_option: str
    table_id: str
    covers: int
    owner_id: str
    device_id: str
    currency: str
    opened_at: datetime
    closed_at: datetime | None
    revision: int
    lines: int
    gross_minor: int
    discount_minor: int
    comp_minor: int
    void_minor: int
    service_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    due_minor: int
    tip_minor: int
    refund_minor: int
    split_from: str | None
    merged_into: str | None


class ModifierRecord(Record, frozen=True):
    """A modifier of a line: what it costs here, and on which half. `depth` is how deep it is nested below the one before it."""

    group_id: str
    modifier_id: str
    name: str
    price_minor: int
    portion: str
    depth: int


class LineRecord(Record, frozen=True):
    """A line in the order of the check, with what it bears of discounts and taxes. `price = gross - discount - comp`, inclusive tax
    within; `net` is the price without any tax. `weight` is an exact decimal in `weight_unit`, "" for what is not weighed.

    What was voided before fire comes to nothing; what was voided after fire is waste: its menu price stands in `void_minor`, with
    reason and approver. `share` ("1/3") is the part of the line `share_of` that a split gave this check.
    """

    line_id: str
    position: int
    item_id: str
    name: str
    category: str
    seat: int
    course: str
    station: str
    quantity: int
    weight: str
    weight_unit: str
    dining_option: str
    price_level: str
    status: str
    unit_price_minor: int
    gross_minor: int
    discount_minor: int
    comp_minor: int
    price_minor: int
    net_minor: int
    tax_minor: int
    void_minor: int
    voided_after_fire: bool
    void_reason: str
    void_approved_by: str
    combo_id: str
    combo_item_id: str
    share: str
    share_of: str
    modifiers: tuple[ModifierRecord, ...]
    added_at: datetime | None
    sent_at: datetime | None


class DiscountRecord(Record, frozen=True):
    """A discount, comp or promotion: by which rule of the menu (`rule_id`, "" for none), why, by whom, and what came off."""

    discount_id: str
    position: int
    scope: str
    name: str
    rule_id: str
    rate: str
    reason: str
    given_by: str
    approved_by: str
    applied_minor: int
    unapplied_minor: int


class ChargeRecord(Record, frozen=True):
    """A service charge and what it comes to, inclusive tax within."""

    charge_id: str
    position: int
    name: str
    rule_id: str
    rate: str
    automatic: bool
    taxable: bool
    amount_minor: int


class TaxRecord(Record, frozen=True):
    """One tax of a check: what it is raised on (without it), what it comes to, and what an exempt guest does not owe of it."""

    tax_id: str
    rate: str
    inclusive: bool
    name: str
    base_minor: int
    tax_minor: int
    relieved_minor: int


class PaymentRecord(Record, frozen=True):
    """What was paid: `amount` of the check is settled; `amount + rounding + change`, and the tip that came with it, were tendered.
    `tip` is as it is now. Booked on `paid_on`, which may be later than the check's date. `share` is the even share it paid, 0 for none."""

    payment_id: str
    position: int
    tender: str
    kind: str
    amount_minor: int
    tendered_minor: int
    change_minor: int
    rounding_minor: int
    tip_minor: int
    share: int
    approval_code: str
    reference: str
    paid_on: str
    paid_at: datetime | None
    actor_id: str
    device_id: str


class RefundedLineRecord(Record, frozen=True):
    """Units of a line that were given back."""

    line_id: str
    units: int
    total_minor: int


class RefundedTenderRecord(Record, frozen=True):
    """What of a refund went to which payment's tender, `rounding` on top where it was cash."""

    payment_id: str
    tender: str
    amount_minor: int
    rounding_minor: int
    approval_code: str


class RefundRecord(Record, frozen=True):
    """What was given back, `total = net + tax`, booked on `refunded_on`. Without `lines` it is of an amount. A `correction` gives
    back what a reopened check was overpaid by, and has neither net nor tax: those come with the next closing."""

    refund_id: str
    position: int
    number: int
    epoch: int
    correction: bool
    total_minor: int
    net_minor: int
    tax_minor: int
    reason: str
    approved_by: str
    refunded_on: str
    refunded_at: datetime | None
    lines: tuple[RefundedLineRecord, ...]
    tenders: tuple[RefundedTenderRecord, ...]
