"""The check, one module for each group of acts; `FEATURES` is all of them. The common names can be had here.

Where to look:

    what stands on a check              state
    what every act begins with          acts
    opening, seats, tables, owners      opening seating
    lines: choose, price, add, change   selection offering lines changing
    lines: fire, void, re-rate          firing voiding rerating
    money off and on                    discounting (discount_terms) promotions (promotion_rules) charging exempting settling
    what it comes to                    reckoning; screens: view; paper: papers (paper_lines) billing; the books: books
    apart and together                  splitting (bearing parts) evenly merging moving (joining)
    paying                              paying tenders cards tabs tipping closing
    afterwards                          refunding (refund_tenders giving_back) reopening
"""

from shared.domain.check import (
    billing,
    books,
    cards,
    changing,
    charging,
    closing,
    discounting,
    evenly,
    exempting,
    firing,
    lines,
    merging,
    moving,
    opening,
    papers,
    paying,
    refunding,
    reopening,
    rerating,
    seating,
    settling,
    splitting,
    tabs,
    tipping,
    voiding,
)  # fmt: skip
from shared.domain.check.changing import ChangeLine, LineChanged
from shared.domain.check.charging import AddCharge, ChargeAdded, ChargeWaived, WaiveCharge
from shared.domain.check.closing import CheckClosed, CloseCheck
from shared.domain.check.discounting import CompLines, DiscountGiven, DiscountRemoved, GiveDiscount, RemoveDiscount
from shared.domain.check.evenly import CheckSplitEvenly, SplitEvenly
from shared.domain.check.exempting import ExemptionRemoved, ExemptTax, RemoveExemption, TaxExempted
from shared.domain.check.firing import LinesSent, SendCheck
from shared.domain.check.lines import AddLine, ChosenComponent, ChosenModifier, LineAdded
from shared.domain.check.merging import ChecksMerged, MergeChecks
from shared.domain.check.moving import LinesMoved, MoveLines
from shared.domain.check.opening import CheckOpened, OpenCheck
from shared.domain.check.paying import PayCash, PaymentTaken
from shared.domain.check.reckoning import due_minor, sums_of
from shared.domain.check.rerating import ChangeDiningOption, LinesRerated
from shared.domain.check.seating import AssignCheck, ChangeCheck, CheckAssigned, CheckChanged, CheckMoved, MoveChecks
from shared.domain.check.settling import ChargesApplied, PromotionsApplied
from shared.domain.check.splitting import CheckSplit, LineWeights, SplitCheck
from shared.domain.check.state import CHECK, Check, CheckStatus, Line, LineModifier, LineStatus, Payment
from shared.domain.check.voiding import LineVoided, VoidLine

__all__ = [
    "CHECK", "FEATURES", "AddCharge", "AddLine", "AssignCheck", "ChangeCheck", "ChangeDiningOption", "ChangeLine", "ChargeAdded",
    "ChargeWaived", "ChargesApplied", "Check", "CheckAssigned", "CheckChanged", "CheckClosed", "CheckMoved", "CheckOpened",
    "CheckSplit", "CheckSplitEvenly", "CheckStatus", "ChecksMerged", "ChosenComponent", "ChosenModifier", "CloseCheck", "CompLines",
    "DiscountGiven", "DiscountRemoved", "ExemptTax", "ExemptionRemoved", "GiveDiscount", "Line", "LineAdded", "LineChanged",
    "LineModifier", "LineStatus", "LineVoided", "LineWeights", "LinesMoved", "LinesRerated", "LinesSent", "MergeChecks", "MoveChecks",
    "MoveLines", "OpenCheck", "PayCash", "Payment", "PaymentTaken", "PromotionsApplied", "RemoveDiscount", "RemoveExemption",
    "SendCheck", "SplitCheck", "SplitEvenly", "TaxExempted", "VoidLine", "WaiveCharge", "due_minor", "sums_of",
]  # fmt: skip

FEATURES = (
    opening.FEATURE,
    seating.FEATURE,
    splitting.FEATURE,
    evenly.FEATURE,
    merging.FEATURE,
    moving.FEATURE,
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
