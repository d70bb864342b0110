"""What a check comes to: its state put before order arithmetic.

What lives here: the translation of lines, discounts, charges and exemption, and the sums, worked out once for each state. The
arithmetic itself is in shared/domain/arithmetic; commands and events are not known here.

States never change, so what was worked out of one is kept beside it, and what holds of the next one as well is handed on: a
check of fifty lines to which one is added is not put before arithmetic anew. Only open checks keep it; closed ones are many.
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

__all__ = ["Kept", "due_minor", "figures_of", "hand_on", "kept_of", "money_changed", "noted", "sums_of", "total_minor", "totals_of"]

_SUMS, _TOTALS, _KEPT = "_sums", "_totals", "_kept"
_Given = tuple[Sequence[SumLine], Sequence[Discount], Sequence[ServiceCharge]]


class Kept:
    """What was worked out of the lines of a check: each is a tuple of the lines, what else it hangs on, and a row for each line.

    States that follow one another share it, also those that a decision only tries. A row is used again for a line that is the same
    object, which never changes; so it does not matter which state wrote it. `put` is for arithmetic, `views` for screens (view.py),
    `offers` for promotions (promotions.py).
    """

    __slots__ = ("offers", "put", "views")

    def __init__(self) -> None:
        self.put: tuple[Sequence[Line], Any, Sequence[SumLine | None]] = ((), None, ())
        self.views: tuple[Sequence[Line], Any, Sequence[Any]] = ((), (), ())
        self.offers: tuple[Sequence[Line], Any, Sequence[Any]] = ((), None, ())


def kept_of(check: Check) -> Kept:
    """What is kept of the lines of an open check; nothing yet of another."""
    kept: Kept | None = vars(check).get(_KEPT)
    if kept is None:
        kept = Kept()
        if check.is_live:
            vars(check)[_KEPT] = kept
    return kept


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
    after = hand_on(check, msgspec.structs.replace(check, revision=check.revision + 1, **fields))
    if after.is_live:
        known = vars(check)
        vars(after).update({name: known[name] for name in (_SUMS, _TOTALS) if name in known})
    return after


def money_changed(check: Check, **fields: Any) -> Check:
    """The check after a change of what it comes to: what a split gave it, even shares and a bill are void, it is reckoned anew."""
    void: dict[str, Any] = {"given": None, "even_shares": ()}
    if check.bill is not None and not check.bill.outdated:
        void["bill"] = msgspec.structs.replace(check.bill, outdated=True)
    return hand_on(check, msgspec.structs.replace(check, revision=check.revision + 1, **void | fields))


def hand_on(check: Check, after: Check) -> Check:
    """`after`, with what is kept of the lines of the state before it."""
    if after.is_live:
        vars(after)[_KEPT] = kept_of(check)
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
    lines, kept = check.lines, kept_of(check)
    before, was_exempt, put = kept.put
    known = len(before) if was_exempt == exempt else 0
    now = [put[place] if place < known and before[place] is line else _line(line, exempt) for place, line in enumerate(lines)]
    kept.put = (lines, exempt, now)
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
