"""What a discount or comp may be: how much comes off, and off what.

What lives here: what is refused of a discount whatever it is called, and the lines that are meant. Commands and events are not
known here.
"""

from collections.abc import Iterable

from shared.domain.arithmetic.rates import ratio
from shared.domain.check.state import Check, GivenDiscount, LineStatus
from shared.domain.errors import Refused

__all__ = ["ensure_not_twice", "ensure_rate_or_amount", "lines_in_scope", "lines_meant"]


def ensure_rate_or_amount(check: Check, rate: str, amount_minor: int) -> None:
    """Raises Refused `discount.malformed` unless there is one of an exact rate in (0, 1] and an amount."""
    if bool(rate) == bool(amount_minor):
        raise Refused("discount.malformed", "A discount is either a rate or an amount.", check_id=check.check_id)
    if rate:
        try:
            numerator, denominator = ratio(rate)
        except ValueError as error:
            raise Refused("discount.malformed", f"The rate cannot be read: {error}.", check_id=check.check_id) from error
        if not 0 < numerator <= denominator:
            raise Refused("discount.malformed", f"The rate {rate} is not above 0% and up to 100%.", check_id=check.check_id)


def lines_in_scope(check: Check, scope: str, line_ids: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that a discount of the scope is on, none for the whole check. Raises Refused `discount.malformed` where what is named
    does not fit the scope, `line.not_discountable`, and as `lines_meant`."""
    if scope == "order":
        if line_ids:
            raise Refused("discount.malformed", "A discount of the whole check names no lines.", check_id=check.check_id)
        return ()
    if not line_ids:
        raise Refused("discount.malformed", "A discount of lines has to name them.", check_id=check.check_id)
    ids = lines_meant(check, line_ids)
    firm = next((line for line in check.lines if line.line_id in ids and not line.discountable), None)
    if firm is not None:
        detail = f"{firm.name} on check {check.number} is sold at its price."
        raise Refused("line.not_discountable", detail, check_id=check.check_id, line_id=firm.line_id)
    return ids


def lines_meant(check: Check, line_ids: Iterable[str]) -> tuple[str, ...]:
    """The lines named, components in place of their combo. Raises Refused `line.unknown` or `line.already_voided`."""
    found = check.lines_named(line_ids)
    known = {line.line_id for line in found}.union(line.combo.combo_id for line in found if line.combo)
    if unknown := [id for id in line_ids if id not in known]:
        raise Refused("line.unknown", f"Check {check.number} has no line {unknown[0]}.", check_id=check.check_id)
    if voided := next((line for line in found if line.status is LineStatus.VOIDED), None):
        detail = f"{voided.name} on check {check.number} is voided."
        raise Refused("line.already_voided", detail, check_id=check.check_id, line_id=voided.line_id)
    return tuple([line.line_id for line in found])


def ensure_not_twice(check: Check, given: GivenDiscount) -> None:
    """Raises Refused `discount.repeated` for a percentage of one rule, or all of a comp, on what has it already: two waiters gave
    the staff discount. A voucher of an amount may come twice."""
    ids = set(given.line_ids)
    for each in check.discounts:
        is_same = each.rule_id == given.rule_id != "" or given.scope == "comp"
        if given.rate and is_same and (each.scope, each.rate) == (given.scope, given.rate) and (not ids or ids.intersection(each.line_ids)):
            detail = f"{given.name} of {given.rate} is on check {check.number} already."
            raise Refused("discount.repeated", detail, check_id=check.check_id, discount_id=each.discount_id)
