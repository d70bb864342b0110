"""What a check comes to: its state put before order arithmetic.

What lives here: the translation of lines, discounts, charges and exemption, and the sums, worked out once for each state. The
arithmetic itself is in shared/domain/arithmetic; commands and events are not known here.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Discount, ServiceCharge, Sums, Tax
from shared.domain.arithmetic.types import Line as SumLine
from shared.domain.check.state import Check, Figures, GivenDiscount, LineStatus
from shared.limits import RATES_CACHED_MAX

__all__ = ["due_minor", "figures_of", "money_changed", "noted", "sums_of"]

_SUMS = "_sums"


def sums_of(check: Check) -> Sums:
    """All sums of the check, minor units. Lines voided before fire stand nowhere, those voided after it in `void_minor`.

    Worked out once for an open check and kept beside the state, which never changes. Raises ValueError for what no check can hold.
    """
    kept: Sums | None = vars(check).get(_SUMS)
    if kept is None:
        kept = check.given if check.given is not None else _reckon(check)
        if check.is_live:  # closed ones are many, and hardly asked again
            vars(check)[_SUMS] = kept
    return kept


def due_minor(check: Check) -> int:
    """Total less what is paid, in minor units; below zero where a reopened check is overpaid. Nothing for a merged check."""
    return sums_of(check).total_minor - check.paid_minor


def figures_of(check: Check) -> Figures:
    """The sums as a closing keeps them."""
    sums = sums_of(check)
    return Figures(
        lines=len(check.kept_lines),
        gross_minor=sums.gross_minor,
        discount_minor=sums.discount_minor,
        comp_minor=sums.comp_minor,
        void_minor=sums.void_minor,
        service_minor=sums.service_minor,
        net_minor=sums.net_minor + sums.service_net_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
        taxes=sums.taxes,
    )


def noted(check: Check, **fields: Any) -> Check:
    """The check after a change that touches no sum."""
    after = msgspec.structs.replace(check, revision=check.revision + 1, **fields)
    if _SUMS in vars(check):
        vars(after)[_SUMS] = vars(check)[_SUMS]
    return after


def money_changed(check: Check, **fields: Any) -> Check:
    """The check after a change of what it comes to: what a split gave it, even shares and a bill are void, it is reckoned anew."""
    void: dict[str, Any] = {"given": None, "even_shares": ()}
    if check.bill is not None and not check.bill.outdated:
        void["bill"] = msgspec.structs.replace(check.bill, outdated=True)
    return msgspec.structs.replace(check, revision=check.revision + 1, **void | fields)


def _reckon(check: Check) -> Sums:
    exempt = check.exemption.tax_ids if check.exemption else None
    lines = [
        SumLine(
            id=line.line_id,
            amount_minor=line.menu_amount_minor,
            taxes=line.taxes if exempt is None else _exempted(line.taxes, exempt),
            seat=line.seat,
            voided=line.status is LineStatus.VOIDED,
            discountable=line.discountable,
        )
        for line in check.lines
        if line.status is not LineStatus.VOIDED or (line.void is not None and line.void.after_fire)
    ]
    return reckon(lines, _discounts(check.discounts), [
        ServiceCharge(id=charge.charge_id, rate=charge.rate, amount_minor=charge.amount_minor, taxable=charge.taxable)
        for charge in check.charges
    ])  # fmt: skip


def _discounts(given: Sequence[GivenDiscount]) -> list[Discount]:
    return [
        Discount(id=each.discount_id, scope=each.scope, rate=each.rate, amount_minor=each.amount_minor, line_ids=each.line_ids)
        for each in given
    ]


@lru_cache(maxsize=RATES_CACHED_MAX)
def _exempted(taxes: tuple[Tax, ...], ids: tuple[str, ...]) -> tuple[Tax, ...]:
    return tuple(msgspec.structs.replace(tax, exempt=True) if not ids or tax.id in ids else tax for tax in taxes)
