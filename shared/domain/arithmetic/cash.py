"""Cash: rounding to the smallest coin (golden rule 6), and change.

What lives here: the settling of what is left, after all other tenders. Taxes and lines are not known here: cash rounding
comes after everything else and changes none of it.
"""

import msgspec

from shared.domain.arithmetic.rates import round_ratio

__all__ = ["CashSettlement", "cash_payable", "settle_cash"]


class CashSettlement(msgspec.Struct, frozen=True, kw_only=True):
    """What some cash did. `settled_minor` of what was left is settled; `rounding_minor` is a line of its own on the receipt.

    `settled + rounding + change = tendered`.
    """

    settled_minor: int
    rounding_minor: int
    change_minor: int


def cash_payable(left_minor: int, step_minor: int = 1) -> int:
    """What is left, to the nearest multiple of the smallest coin (`step_minor`), halves away from zero; symmetric for a payout."""
    if step_minor < 1:
        raise ValueError(f"a smallest coin of {step_minor} is none")
    return round_ratio(left_minor, step_minor) * step_minor


def settle_cash(left_minor: int, tendered_minor: int, step_minor: int = 1) -> CashSettlement:
    """Take cash for what is left of a check.

    Cash that reaches the rounded amount settles everything, with rounding and change. Decided here: cash that reaches only
    what is exactly left settles it without rounding (the guest had the coins), and less is a part payment, which is never
    rounded because cash does not settle what is left. Raises ValueError for amounts below zero.
    """
    if left_minor < 0 or tendered_minor < 0:
        raise ValueError("what is left and what is given must not be negative")
    payable = cash_payable(left_minor, step_minor)
    if tendered_minor >= payable:
        return CashSettlement(settled_minor=left_minor, rounding_minor=payable - left_minor, change_minor=tendered_minor - payable)
    settled = min(tendered_minor, left_minor)
    return CashSettlement(settled_minor=settled, rounding_minor=0, change_minor=tendered_minor - settled)
