"""Tax exemption: a guest who does not owe some taxes, or any.

What lives here: ExemptTax, RemoveExemption, their events and rules. What an exempt tax comes to is order arithmetic's: one on top
is not raised, one in the price is taken out of it (golden rule 4).
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.check.acts import (
    before,
    changed,
    ensure_approved,
    ensure_not_overpaid,
    ensure_reason,
    ensure_unchanged,
    find_check,
)  # fmt: skip
from shared.domain.check.reckoning import money_changed
from shared.domain.check.state import Check, Exemption
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id, Note, ShortId, ensure_text
from shared.limits import NAME_LENGTH_MAX, TAXES_MAX

__all__ = ["FEATURE", "ExemptTax", "ExemptionRemoved", "RemoveExemption", "TaxExempted"]


class ExemptTax(Command, frozen=True):
    """The guest does not owe the taxes named, or any where none is named; `certificate` is the proof that was shown. It holds
    for the whole check, also for lines that are still to come, and takes the place of an exemption that stands."""

    check_id: Id
    tax_ids: Annotated[tuple[ShortId, ...], msgspec.Meta(max_length=TAXES_MAX)] = ()
    reason: Note = ""
    certificate: Annotated[str, msgspec.Meta(max_length=NAME_LENGTH_MAX)] = ""
    revision: int | None = None


class RemoveExemption(Command, frozen=True):
    """The guest owes all taxes again."""

    check_id: Id
    revision: int | None = None


class TaxExempted(Event, frozen=True):
    check_id: str
    tax_ids: tuple[str, ...] = ()
    reason: str = ""
    certificate: str = ""
    approved_by: str = ""


class ExemptionRemoved(Event, frozen=True):
    check_id: str


def _exempt(view: View, command: ExemptTax, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "discount")
    ensure_unchanged(check, command.revision)
    approver = ensure_approved(context, "A tax exemption")
    ensure_reason(context, "exempt", command.reason)
    ensure_text(command.certificate)
    tax_ids = tuple(dict.fromkeys(command.tax_ids))
    known = set(context.menu.taxes_by_id).union(tax.id for line in check.lines for tax in line.taxes)
    if unknown := [id for id in tax_ids if id not in known]:
        raise Refused("tax.unknown", f"There is no tax {unknown[0]!r}.", check_id=check.check_id, taxes=sorted(known))
    event = TaxExempted(
        check_id=check.check_id, tax_ids=tax_ids, reason=command.reason, certificate=command.certificate, approved_by=approver
    )
    if check.exemption is not None and check.exemption == _exemption(event):
        raise Refused("exemption.already_given", f"Check {check.number} is exempt of that.", check_id=check.check_id)
    ensure_not_overpaid(_exempted(check, event))
    yield event


def _remove(view: View, command: RemoveExemption, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "discount")
    ensure_unchanged(check, command.revision)
    if check.exemption is None:
        raise Refused("exemption.not_given", f"Check {check.number} is exempt of no tax.", check_id=check.check_id)
    yield ExemptionRemoved(check_id=check.check_id)


def _exemption(event: TaxExempted) -> Exemption:
    return Exemption(tax_ids=event.tax_ids, reason=event.reason, certificate=event.certificate, approved_by=event.approved_by)


def _exempted(check: Check, event: TaxExempted) -> Check:
    return money_changed(check, exemption=_exemption(event))


def _was_exempted(view: View, event: TaxExempted, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(_exempted(before(view, event.check_id, "discount"), event))


def _removed(view: View, event: ExemptionRemoved, meta: Meta) -> Mapping[Key, Aggregate]:
    return changed(money_changed(before(view, event.check_id, "discount"), exemption=None))


FEATURE = Feature(
    name="check.exempting",
    deciders={ExemptTax: ("order", _exempt), RemoveExemption: ("order", _remove)},
    evolvers={TaxExempted: _was_exempted, ExemptionRemoved: _removed},
    errors={
        "tax.unknown": ErrorInfo(422, "There is no such tax.", "Name a tax of the menu, or none for all."),
        "exemption.already_given": ErrorInfo(409, "The check is exempt of that.", "Nothing needs to be done."),
        "exemption.not_given": ErrorInfo(409, "The check is exempt of no tax.", "Nothing needs to be done."),
    },
)
