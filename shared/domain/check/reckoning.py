"""What a check comes to: its state put before order arithmetic.

What lives here: the translation of lines, discounts, charges and exemption, and the sums, worked out once for each state. The
arithmetic itself is in shared/domain/arithmetic; commands and events are not known here.

States never change, so what was worked out of one is kept beside it, and what holds of the next one as well is handed on: a
check of fifty lines to which one is added is not translated anew. Only open checks keep it; closed ones are many.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from shared.domain.arithmetic.sums import reckon, totals
from shared.domain.arithmetic.types import Discount, ServiceCharge, Sums, Tax, Totals
from shared.domain.arithmetic.types import Line as SumLine
from shared.domain.check.state import Check, CheckStatus, Figures, GivenDiscount, Line, LineStatus
from shared.limits import RATES_CACHED_MAX

__all__ = ["VIEWS", "due_minor", "figures_of", "hand_on", "money_changed", "noted", "sums_of", "total_minor", "totals_of"]

_SUMS = "_sums"
_TOTALS = "_totals"
VIEWS = "_views"  # the lines as screens show them: view.py
_LINES = "_lines"
_OF_LINES = (_LINES, VIEWS)  # what is kept line by line, and is right for every line that is the same object
_OF_MONEY = (_SUMS, _TOTALS)
_Given = tuple[Sequence[SumLine], Sequence[Discount], Sequence[ServiceCharge]]


def sums_of(check: Check) -> Sums:
    """All sums of the check, minor units, with what each line bears. Lines voided before fire stand nowhere, those voided after
    it in `void_minor`; a merged check comes to nothing.

    Worked out once for an open check and kept beside the state, which never changes. Raises ValueError for what no check can hold.
    """
    kept: Sums | None = vars(check).get(_SUMS)
    if kept is None:
        kept = check.given if check.given is not None else reckon(*_put(check))
        if check.is_live:
            vars(check)[_SUMS] = kept
    return kept


def totals_of(check: Check) -> Totals:
    """The same without what each line bears: for decisions, which ask for no more, at a fraction of the time."""
    kept: Totals | None = vars(check).get(_TOTALS)
    if kept is None:
        sums: Sums | None = check.given if check.given is not None else vars(check).get(_SUMS)
        kept = totals(*_put(check)) if sums is None else _totals_of_sums(sums)
        if check.is_live:
            vars(check)[_TOTALS] = kept
    return kept


def total_minor(check: Check) -> int:
    """What the check comes to, in minor units."""
    return totals_of(check).total_minor


def due_minor(check: Check) -> int:
    """Total less what is paid, in minor units; below zero where a reopened check is overpaid. Nothing for a merged check."""
    return 0 if check.status is CheckStatus.MERGED else total_minor(check) - check.paid_minor


def figures_of(check: Check) -> Figures:
    """The sums as a closing keeps them."""
    sums = totals_of(check)
    return Figures(
        lines=len(check.kept_lines),
        gross_minor=sums.gross_minor,
        discount_minor=sums.discount_minor,
        comp_minor=sums.comp_minor,
        void_minor=sums.void_minor,
        service_minor=sums.service_minor,
        net_minor=sums.net_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
        taxes=sums.taxes,
    )


def noted(check: Check, **fields: Any) -> Check:
    """The check after a change that touches no sum."""
    after = msgspec.structs.replace(check, revision=check.revision + 1, **fields)
    return hand_on(check, after, _OF_LINES + _OF_MONEY)


def money_changed(check: Check, **fields: Any) -> Check:
    """The check after a change of what it comes to: what a split gave it, even shares and a bill are void, it is reckoned anew."""
    void: dict[str, Any] = {"given": None, "even_shares": ()}
    if check.bill is not None and not check.bill.outdated:
        void["bill"] = msgspec.structs.replace(check.bill, outdated=True)
    return hand_on(check, msgspec.structs.replace(check, revision=check.revision + 1, **void | fields), _OF_LINES)


def hand_on(check: Check, after: Check, kept: Sequence[str] = _OF_LINES) -> Check:
    """`after`, with what was kept beside the state before it and holds of it as well."""
    if after.is_live:
        known, new = vars(check), vars(after)
        for name in kept:
            if name in known:
                new[name] = known[name]
    return after


# --- the translation -------------------------------------------------------------------------------


def _put(check: Check) -> _Given:
    """What arithmetic is told of the check: nothing of a merged one, and no charge on one that nothing is left of."""
    if check.status is CheckStatus.MERGED:
        return (), (), ()
    lines = _lines(check)
    charges = check.charges if check.charges and any(not line.voided for line in lines) else ()
    return lines, _discounts(check.discounts, lines) if check.discounts else (), [
        ServiceCharge(id=charge.charge_id, rate=charge.rate, amount_minor=charge.amount_minor, taxable=charge.taxable)
        for charge in charges
    ]  # fmt: skip


def _lines(check: Check) -> list[SumLine]:
    """The lines as arithmetic knows them; one that was voided before fire it does not know."""
    exempt = check.exemption.tax_ids if check.exemption else None
    lines = check.lines
    before, was_exempt, put = vars(check).get(_LINES, ((), None, ()))
    known = len(before) if was_exempt == exempt else 0
    now = [put[place] if place < known and before[place] is line else _line(line, exempt) for place, line in enumerate(lines)]
    if check.is_live:
        vars(check)[_LINES] = (lines, exempt, now)
    return [line for line in now if line is not None]


def _line(line: Line, exempt: tuple[str, ...] | None) -> SumLine | None:
    is_voided = line.status is LineStatus.VOIDED
    if is_voided and (line.void is None or not line.void.after_fire):
        return None
    return SumLine(
        id=line.line_id,
        amount_minor=line.menu_amount_minor,
        taxes=line.taxes if exempt is None else _exempted(line.taxes, exempt),
        seat=line.seat,
        voided=is_voided,
        discountable=line.discountable,
    )


def _discounts(given: Sequence[GivenDiscount], lines: Sequence[SumLine]) -> list[Discount]:
    """The discounts, without the lines that were voided, moved or merged away; one whose lines are all gone takes nothing off."""
    here = {line.id for line in lines if not line.voided} if any(each.line_ids for each in given) else set[str]()
    put: list[Discount] = []
    for each in given:
        ids, amount, parts = each.line_ids, each.amount_minor, each.parts_minor
        if not here.issuperset(ids):
            kept = [place for place, id in enumerate(ids) if id in here]
            ids = tuple([ids[place] for place in kept])
            if parts:
                parts = tuple([parts[place] for place in kept])
                amount = sum(parts)
        if each.scope == "order" or (ids and (amount or each.rate)):
            put.append(
                Discount(id=each.discount_id, scope=each.scope, rate=each.rate, amount_minor=amount, line_ids=ids, parts_minor=parts)
            )
    return put


@lru_cache(maxsize=RATES_CACHED_MAX)
def _exempted(taxes: tuple[Tax, ...], ids: tuple[str, ...]) -> tuple[Tax, ...]:
    return tuple(msgspec.structs.replace(tax, exempt=True) if not ids or tax.id in ids else tax for tax in taxes)


def _totals_of_sums(sums: Sums) -> Totals:
    return Totals(
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
