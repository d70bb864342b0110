"""Tabs: a check secured by a card that is held until the guest leaves.

What lives here: AuthorizeTab and ReleaseTab for cards that an external terminal holds, the events of every hold, and their
rules. Holds that the box itself asks a card network for are recorded in cards.py; taking the card is a payment.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from shared.domain.check.acts import before, changed, ensure_unchanged, find_check
from shared.domain.check.paying import Code, Revision
from shared.domain.check.reckoning import noted
from shared.domain.check.state import Authorization, Check
from shared.domain.check.tenders import ensure_approval_code, tender_of
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id
from shared.domain.kernel import Aggregate, Command, Context, Event, Feature, Key, Meta, View
from shared.domain.text import Id, Note, ShortId, ensure_text
from shared.limits import AMOUNT_MINOR_MAX

__all__ = ["FEATURE", "AuthorizeTab", "HoldAmount", "ReleaseTab", "TabAuthorized", "TabReleased", "ensure_no_hold", "held_card"]

HoldAmount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX, description="minor units that the card is held for")]


class AuthorizeTab(Command, frozen=True):
    """Secure the check by a card that an external terminal holds for `amount_minor`, with the approval code that it said."""

    check_id: Id
    amount_minor: HoldAmount
    approval_code: Code
    tender: ShortId = "external"
    reference: Code = ""
    revision: Revision | None = None


class ReleaseTab(Command, frozen=True):
    """Let go of the card that an external terminal holds for the check."""

    check_id: Id
    reason: Note = ""


class TabAuthorized(Event, frozen=True):
    """See `Authorization`."""

    check_id: str
    authorization_id: str
    amount_minor: int
    source: str
    approval_code: str
    reference: str = ""
    kind: str = "external"


class TabReleased(Event, frozen=True):
    """The card is held no longer; `by_closing` because the check was closed and paid otherwise."""

    check_id: str
    authorization_id: str
    reason: str = ""
    by_closing: bool = False


def ensure_no_hold(check: Check) -> None:
    """Raises Refused `tab.already_authorized` where a card is held for the check."""
    held = check.authorization
    if held is not None and held.status == "held":
        detail = f"A card is held for check {check.number} for {held.amount_minor} already."
        raise Refused("tab.already_authorized", detail, check_id=check.check_id, amount_minor=held.amount_minor)


def held_card(check: Check) -> Authorization:
    """The card that is held for the check. Raises Refused `tab.not_authorized`."""
    held = check.authorization
    if held is None or held.status != "held":
        raise Refused("tab.not_authorized", f"No card is held for check {check.number}.", check_id=check.check_id)
    return held


def _authorize(view: View, command: AuthorizeTab, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "secure")
    ensure_text(command.approval_code, command.reference)
    ensure_unchanged(check, command.revision)
    rule = tender_of(context.menu.rules, check, command.tender)
    if rule.kind == "card":
        raise Refused("card.not_this_way", f"{rule.name} goes through the box's own card network.", check_id=check.check_id)
    if rule.kind != "external":
        raise Refused("tab.no_card", f"{rule.name} is no card terminal.", check_id=check.check_id, tender=rule.id)
    ensure_no_hold(check)
    ensure_approval_code(command.approval_code, check, "A card that a terminal holds")
    yield TabAuthorized(
        check_id=command.check_id,
        authorization_id=derived_id(context.command_id, 0),
        amount_minor=command.amount_minor,
        source=rule.id,
        approval_code=command.approval_code,
        reference=command.reference,
    )


def _release(view: View, command: ReleaseTab, context: Context) -> Iterable[Event]:
    check = find_check(view, command.check_id, "secure")
    ensure_text(command.reason)
    held = held_card(check)
    if held.kind == "card":
        raise Refused("card.not_this_way", "The box's own card network holds that card.", check_id=check.check_id)
    yield TabReleased(check_id=command.check_id, authorization_id=held.authorization_id, reason=command.reason)


def _authorized(view: View, event: TabAuthorized, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "secure")
    if check.authorization is not None and check.authorization.status == "held":
        raise ValueError(f"a second card would be held for check {event.check_id}")
    held = Authorization(
        authorization_id=event.authorization_id,
        amount_minor=event.amount_minor,
        source=event.source,
        approval_code=event.approval_code,
        reference=event.reference,
        kind=event.kind,
    )
    return changed(noted(check, authorization=held))


def _released(view: View, event: TabReleased, meta: Meta) -> Mapping[Key, Aggregate]:
    check = before(view, event.check_id, "secure")
    held = check.authorization
    if held is None or held.authorization_id != event.authorization_id or held.status != "held":
        raise ValueError(f"an event lets go of a card that is not held for check {event.check_id}")
    return changed(noted(check, authorization=msgspec.structs.replace(held, status="released")))


FEATURE = Feature(
    name="check.tabs",
    deciders={AuthorizeTab: ("pay", _authorize), ReleaseTab: ("pay", _release)},
    evolvers={TabAuthorized: _authorized, TabReleased: _released},
    errors={
        "tab.already_authorized": ErrorInfo(409, "A card is held for the check already.", "Take it, or release it first."),
        "tab.not_authorized": ErrorInfo(409, "No card is held for the check.", "Take payment as for any other check."),
        "tab.no_card": ErrorInfo(422, "That tender holds no cards.", "Choose the tender of a card terminal."),
    },
)
