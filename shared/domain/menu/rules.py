"""The part of the menu document that says by which rules the site sells: discounts, promotions, charges, tenders, reasons.

What lives here: types only; the rules themselves are in shared/domain/check. HQ owns them, as it owns prices.
"""

from typing import Annotated, Literal

import msgspec

from shared.domain.text import Name, ShortId
from shared.limits import AMOUNT_MINOR_MAX, CASH_STEP_MINOR_MAX, COVERS_MAX, QUANTITY_MAX

__all__ = ["DiscountRule", "Promotion", "Reason", "SellingRules", "ServiceChargeRule", "TenderRule"]

Amount = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX, description="minor units")]
Ids = tuple[ShortId, ...]


class DiscountRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A discount that a waiter may give by name: a `rate` ("10%") or an `amount_minor`, off a line or the whole check.

    With `needs_approval` only a device with the permission `approve` gives it.
    """

    id: ShortId
    name: Name
    scope: Literal["item", "order"] = "order"
    rate: str = ""
    amount_minor: Amount = 0
    needs_approval: bool = False


class Promotion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A discount that gives itself, by rule, before all others (golden rule 2).

    buy_get: for every `buy` units among `item_ids` and `category_ids`, the next `get` (the cheapest ones) are off by `rate`: the
    units are counted from the dearest down in groups of `buy + get`. happy_hour: what is added within `daypart_ids` is off by
    `rate`. bundle: one unit of each of `item_ids` together costs `amount_minor`, without modifiers. A category is named with all
    below it; who names neither items nor categories means all. A unit takes part in one promotion at most; those listed first
    come first.
    """

    id: ShortId
    name: Name
    kind: Literal["buy_get", "happy_hour", "bundle"]
    item_ids: Ids = ()
    category_ids: tuple[Name, ...] = ()
    daypart_ids: Ids = ()
    buy: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    get: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    rate: str = "100%"
    amount_minor: Amount = 0


class ServiceChargeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service charge: by itself for `from_covers` guests and more (0: never by itself) and for these dining options (none: all)."""

    id: ShortId
    name: Name
    rate: str = ""
    amount_minor: Amount = 0
    taxable: bool = False
    from_covers: Annotated[int, msgspec.Meta(ge=0, le=COVERS_MAX)] = 0
    dining_options: Ids = ()


class TenderRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to pay. `cash` gives change and is rounded, `external` is a terminal that says an approval code, `card` goes through
    the box's own card port, `other` is noted (a voucher on paper)."""

    id: ShortId
    name: Name
    kind: Literal["cash", "external", "card", "other"]
    takes_tips: bool = False


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something was voided, comped, discounted, refunded, reopened, waived (a service charge) or exempt (of tax). Where a kind
    has reasons, one of them must be named."""

    id: ShortId
    name: Name
    kind: Literal["void", "comp", "discount", "refund", "reopen", "waive", "exempt"]


DEFAULT_TENDERS = (
    TenderRule(id="cash", name="Cash", kind="cash"),
    TenderRule(id="card", name="Card", kind="card", takes_tips=True),
    TenderRule(id="external", name="Card terminal", kind="external", takes_tips=True),
)


class SellingRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`cash_step_minor` is the smallest coin. With `split_documents` each child of a split is a fiscal document of its own and
    its taxes are computed anew; else children add up to their parent to the cent (golden rule 7)."""

    discounts: Annotated[tuple[DiscountRule, ...], msgspec.Meta(max_length=200)] = ()
    promotions: Annotated[tuple[Promotion, ...], msgspec.Meta(max_length=100)] = ()
    service_charges: Annotated[tuple[ServiceChargeRule, ...], msgspec.Meta(max_length=20)] = ()
    tenders: Annotated[tuple[TenderRule, ...], msgspec.Meta(max_length=50)] = DEFAULT_TENDERS
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=200)] = ()
    cash_step_minor: Annotated[int, msgspec.Meta(ge=1, le=CASH_STEP_MINOR_MAX, description="minor units")] = 1
    split_documents: bool = False
