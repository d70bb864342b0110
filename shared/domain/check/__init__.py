"""The check, one module for each group of acts; `FEATURES` is all of them. The common names can be had here."""

from shared.domain.check import books, closing, firing, lines, opening, paying
from shared.domain.check.closing import CheckClosed, CloseCheck
from shared.domain.check.firing import LinesSent, SendCheck
from shared.domain.check.lines import AddLine, ChosenModifier, LineAdded, LineVoided, VoidLine
from shared.domain.check.opening import CheckOpened, OpenCheck
from shared.domain.check.paying import PayCash, PaymentTaken
from shared.domain.check.reckoning import due_minor, sums_of
from shared.domain.check.state import CHECK, Check, CheckStatus, Line, LineModifier, LineStatus, Payment

__all__ = [
    "CHECK", "FEATURES", "AddLine", "Check", "CheckClosed", "CheckOpened", "CheckStatus", "ChosenModifier", "CloseCheck", "Line", "LineAdded",
    "LineModifier", "LineStatus", "LineVoided", "LinesSent", "OpenCheck", "PayCash", "Payment", "PaymentTaken", "SendCheck", "VoidLine",
    "due_minor", "sums_of",
]  # fmt: skip

FEATURES = (opening.FEATURE, lines.FEATURE, firing.FEATURE, paying.FEATURE, closing.FEATURE, books.FEATURE)
