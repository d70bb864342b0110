"""The check, one module for each group of acts; `FEATURES` is all of them. The common names can be had here."""

from shared.domain.check import (
    billing,
    books,
    cards,
    changing,
    charging,
    closing,
    discounting,
    exempting,
    firing,
    lines,
    opening,
    papers,
    paying,
    refunding,
    reopening,
    rerating,
    settling,
    tabs,
    tipping,
    voiding,
)  # fmt: skip
from shared.domain.check.changing import ChangeLine, LineChanged
from shared.domain.check.charging import AddCharge, ChargeAdded, ChargeWaived, WaiveCharge
from shared.domain.check.closing import CheckClosed, CloseCheck
from shared.domain.check.discounting import CompLines, DiscountGiven, DiscountRemoved, GiveDiscount, RemoveDiscount
from shared.domain.check.exempting import ExemptionRemoved, ExemptTax, RemoveExemption, TaxExempted
from shared.domain.check.firing import LinesSent, SendCheck
from shared.domain.check.lines import AddLine, ChosenComponent, ChosenModifier, LineAdded
from shared.domain.check.opening import CheckOpened, OpenCheck
from shared.domain.check.paying import PayCash, PaymentTaken
from shared.domain.check.reckoning import due_minor, sums_of
from shared.domain.check.rerating import ChangeDiningOption, LinesRerated
from shared.domain.check.settling import ChargesApplied, PromotionsApplied
from shared.domain.check.state import CHECK, Check, CheckStatus, Line, LineModifier, LineStatus, Payment
from shared.domain.check.voiding import LineVoided, VoidLine

__all__ = [
    "CHECK", "FEATURES", "AddCharge", "AddLine", "ChangeDiningOption", "ChangeLine", "ChargeAdded", "ChargeWaived", "ChargesApplied",
    "Check", "CheckClosed", "CheckOpened", "CheckStatus", "ChosenComponent", "ChosenModifier", "CloseCheck", "CompLines",
    "DiscountGiven", "DiscountRemoved", "ExemptTax", "ExemptionRemoved", "GiveDiscount", "Line", "LineAdded", "LineChanged",
    "LineModifier", "LineStatus", "LineVoided", "LinesRerated", "LinesSent", "OpenCheck", "PayCash", "Payment", "PaymentTaken",
    "PromotionsApplied", "RemoveDiscount", "RemoveExemption", "SendCheck", "TaxExempted", "VoidLine", "WaiveCharge", "due_minor",
    "sums_of",
]  # fmt: skip

FEATURES = (
    opening.FEATURE,
    lines.FEATURE,
    changing.FEATURE,
    voiding.FEATURE,
    rerating.FEATURE,
    settling.FEATURE,
    discounting.FEATURE,
    charging.FEATURE,
    exempting.FEATURE,
    firing.FEATURE,
    paying.FEATURE,
    tipping.FEATURE,
    tabs.FEATURE,
    billing.FEATURE,
    papers.FEATURE,
    closing.FEATURE,
    reopening.FEATURE,
    refunding.FEATURE,
    cards.FEATURE,
    books.FEATURE,
)
