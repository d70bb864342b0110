"""The rules of the check: which command is accepted, and what each event changes.

What lives here: decisions and evolution over the tables and types of check.py. Screens, storage and transport are not
known here.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC

import msgspec

from shared.domain.check import (
    CHECK,
    CHECK_STATES,
    LINE_STATES,
    AddLine,
    Check,
    CheckClosed,
    CheckOpened,
    CheckStatus,
    ChosenModifier,
    CloseCheck,
    Line,
    LineAdded,
    LineModifier,
    LinesSent,
    LineStatus,
    LineVoided,
    OpenCheck,
    PayCash,
    Payment,
    PaymentTaken,
    SendCheck,
    VoidLine,
    check_totals,
    due_minor,
)  # fmt: skip
from shared.domain.day import business_date_of_local
from shared.domain.errors import ErrorInfo, Refused
from shared.domain.ids import derived_id, is_id
from shared.domain.kernel import Aggregate, Context, Event, Feature, Key, Meta, View
from shared.domain.menu import MenuItem
from shared.domain.site import next_number, numbered
from shared.domain.text import ensure_text
from shared.domain.ticket import TicketLine, tickets_for
from shared.domain.totals import AppliedTax, line_amount
from shared.limits import AMOUNT_MINOR_MAX, CHECK_LINES_MAX, CHECK_PAYMENTS_MAX, CLOCK_BEHIND_MAX_S

__all__ = ["FEATURE"]

_IMPORT_YEAR_MIN = 1970  # no till wrote a file before

# --- decisions ---------------------------------------------------------------------------------


def _find(view: View, check_id: str) -> Check:
    check = view.find(Check, CHECK, check_id)
    if check is None:
        raise Refused("check.unknown", f"There is no check {check_id}.")
    return check


def _allow(check: Check, act: str) -> None:
    if (check.status, act) not in CHECK_STATES:
        raise Refused("check.closed", f"Check {check.number} is {check.status}.", status=check.status)


def _ensure_id(*ids: str) -> None:
    for id in ids:
        if not is_id(id):
            raise Refused("id.malformed", f"{id!r} is no UUID in canonical lower-case form.")


def _open(view: View, command: OpenCheck, context: Context) -> Iterable[Event]:
    _ensure_id(command.check_id)
    ensure_text(command.table_id)
    if view.find(Check, CHECK, command.check_id) is not None:
        raise Refused("check.already_open", f"Check {command.check_id} has been opened.")
    date = context.today
    if command.opened_at is not None:
        if "import" not in context.permissions:
            raise Refused("permission.missing", "Opening a check in the past needs the permission 'import'.", permission="import")
        if command.opened_at.tzinfo is not None:
            raise Refused("check.opened_at_zone", "opened_at is a local time of the site and carries no zone.")
        if command.opened_at.year < _IMPORT_YEAR_MIN or business_date_of_local(command.opened_at, context.cut_over_minutes) > context.today:
            raise Refused("check.opened_at_range", f"{command.opened_at} lies before {_IMPORT_YEAR_MIN} or in the future.")
        date = business_date_of_local(command.opened_at, context.cut_over_minutes)
    elif context.head_at is not None and (context.head_at - context.now).total_seconds() > CLOCK_BEHIND_MAX_S:
        raise Refused("clock.behind", f"The clock says {context.now.isoformat()}, the last entry is of {context.head_at.isoformat()}.")
    yield CheckOpened(
        check_id=command.check_id,
        number=next_number(view, context.epoch, "check"),
        business_date=date,
        currency=context.currency,
        table_id=command.table_id,
        covers=command.covers,
        opened_at=command.opened_at.replace(tzinfo=context.zone).astimezone(UTC) if command.opened_at else None,
    )


def _add(view: View, command: AddLine, context: Context) -> Iterable[Event]:
    check = _find(view, command.check_id)
    _allow(check, "add")
    _ensure_id(command.line_id)
    ensure_text(command.note)
    if check.line(command.line_id) is not None:
        raise Refused("line.already_added", f"Line {command.line_id} stands on check {check.number}.")
    if len(check.lines) >= CHECK_LINES_MAX:
        raise Refused("check.too_many_lines", f"Check {check.number} has {CHECK_LINES_MAX} lines.", maximum=CHECK_LINES_MAX)
    item = context.menu.items_by_id.get(command.item_id)
    if item is None:
        raise Refused("item.unknown", f"The menu {context.menu.name!r} has no item {command.item_id!r}.", item_id=command.item_id)
    price = item.price_minor
    if command.unit_price_minor is not None:
        if "import" not in context.permissions:
            raise Refused("permission.missing", "A price other than the menu's needs the permission 'import'.", permission="import")
        price = command.unit_price_minor
    modifiers = _choose_modifiers(item, command.modifiers, context)
    if line_amount(price, (modifier.price_minor for modifier in modifiers), command.quantity) > AMOUNT_MINOR_MAX:
        raise Refused("amount.too_large", "The line comes to more than a check can hold.", maximum_minor=AMOUNT_MINOR_MAX)
    yield LineAdded(
        check_id=command.check_id,
        line_id=command.line_id,
        item_id=item.id,
        name=item.name,
        category=item.category,
        quantity=command.quantity,
        unit_price_minor=price,
        station=item.station,
        modifiers=modifiers,
        taxes=tuple(
            AppliedTax(id=tax.id, name=tax.name, rate=tax.rate, inclusive=tax.inclusive, rounding=tax.rounding)
            for tax in (context.menu.taxes_by_id[id] for id in item.tax_ids)
        ),
        note=command.note,
        menu_version=context.menu_version,
    )


def _choose_modifiers(item: MenuItem, chosen: tuple[ChosenModifier, ...], context: Context) -> tuple[LineModifier, ...]:
    """The chosen modifiers with name and price, in the order of choice; each group's bounds are kept."""
    counts = dict.fromkeys(item.modifier_group_ids, 0)
    found: list[LineModifier] = []
    for choice in chosen:
        group = context.menu.groups_by_id.get(choice.group_id) if choice.group_id in counts else None
        modifier = next((m for m in group.modifiers if m.id == choice.modifier_id), None) if group else None
        if modifier is None:
            raise Refused("modifier.unknown", f"{item.name} has no modifier {choice.modifier_id!r} in {choice.group_id!r}.")
        counts[choice.group_id] += 1
        found.append(LineModifier(group_id=choice.group_id, modifier_id=modifier.id, name=modifier.name, price_minor=modifier.price_minor))
    for group_id, count in counts.items():
        group = context.menu.groups_by_id[group_id]
        if count < group.minimum:
            raise Refused("modifier.too_few", f"{group.name}: choose at least {group.minimum}.", group_id=group_id, minimum=group.minimum)
        if count > group.maximum:
            raise Refused("modifier.too_many", f"{group.name}: choose at most {group.maximum}.", group_id=group_id, maximum=group.maximum)
    return tuple(found)


def _void(view: View, command: VoidLine, context: Context) -> Iterable[Event]:
    check = _find(view, command.check_id)
    _allow(check, "void")
    ensure_text(command.reason)
    line = check.line(command.line_id)
    if line is None:
        raise Refused("line.unknown", f"Check {check.number} has no line {command.line_id}.")
    if (line.status, "void") not in LINE_STATES:
        raise Refused(f"line.already_{line.status}", f"{line.name} on check {check.number} is {line.status}.", status=line.status)
    paid = sum(payment.amount_minor for payment in check.payments)
    left = [kept for kept in check.lines if kept.line_id != line.line_id]
    if paid > check_totals(msgspec.structs.replace(check, lines=tuple(left))).total_minor:
        raise Refused("check.overpaid", f"Check {check.number} would come to less than the {paid} paid on it.", paid_minor=paid)
    yield LineVoided(check_id=command.check_id, line_id=command.line_id, reason=command.reason)


def _send(view: View, command: SendCheck, context: Context) -> Iterable[Event]:
    check = _find(view, command.check_id)
    _allow(check, "send")
    held = [line for line in check.lines if (line.status, "send") in LINE_STATES]
    if not held:
        raise Refused("check.nothing_held", f"Everything on check {check.number} has been sent.")
    yield LinesSent(check_id=command.check_id, line_ids=tuple(line.line_id for line in held))
    yield from tickets_for(
        view, context, 1, check.check_id, check.number, check.table_id,
        [
            (line.station, TicketLine(
                line_id=line.line_id, name=line.name, quantity=line.quantity,
                modifiers=tuple(modifier.name for modifier in line.modifiers), note=line.note,
            ))
            for line in held
        ],
    )  # fmt: skip


def _pay_cash(view: View, command: PayCash, context: Context) -> Iterable[Event]:
    check = _find(view, command.check_id)
    _allow(check, "pay")
    due = due_minor(check)
    amount = due if command.amount_minor is None else command.amount_minor
    if len(check.payments) >= CHECK_PAYMENTS_MAX:
        raise Refused("check.too_many_payments", f"Check {check.number} has {CHECK_PAYMENTS_MAX} payments.", maximum=CHECK_PAYMENTS_MAX)
    if due <= 0:
        raise Refused("payment.nothing_due", f"Nothing is due on check {check.number}.", due_minor=due)
    if amount > due:
        raise Refused("payment.exceeds_due", f"Only {due} is due on check {check.number}.", due_minor=due)
    if command.tendered_minor < amount:
        raise Refused("payment.tendered_too_little", f"{command.tendered_minor} is less than the {amount} to be paid.", amount_minor=amount)
    yield PaymentTaken(
        check_id=command.check_id,
        payment_id=derived_id(context.command_id, 0),
        tender="cash",
        amount_minor=amount,
        tendered_minor=command.tendered_minor,
        change_minor=command.tendered_minor - amount,
    )


def _close(view: View, command: CloseCheck, context: Context) -> Iterable[Event]:
    check = _find(view, command.check_id)
    _allow(check, "close")
    held = sum(line.status is LineStatus.HELD for line in check.lines)
    if held:
        raise Refused("check.lines_held", f"{held} lines of check {check.number} have not been sent.", held=held)
    due = due_minor(check)
    if due != 0:
        raise Refused("check.not_paid", f"{due} is due on check {check.number}.", due_minor=due)
    sums = check_totals(check)
    yield CheckClosed(
        check_id=command.check_id,
        gross_minor=sums.gross_minor,
        net_minor=sums.net_minor,
        tax_minor=sums.tax_minor,
        total_minor=sums.total_minor,
    )


# --- evolution ---------------------------------------------------------------------------------


def _before(view: View, check_id: str, act: str) -> Check:
    """The check before an event that does `act` to it. What no decision allows, no journal may hold."""
    check = view.find(Check, CHECK, check_id)
    if check is None:
        raise LookupError(f"an event names the unknown check {check_id}")
    if (check.status, act) not in CHECK_STATES:
        raise ValueError(f"an event would {act} on check {check_id}, which is {check.status}")
    return check


def _set_lines(check: Check, line_ids: Iterable[str], act: str) -> Check:
    ids = set(line_ids)
    if unknown := ids - {line.line_id for line in check.lines}:
        raise LookupError(f"an event names lines that check {check.check_id} does not have: {sorted(unknown)}")
    lines = tuple(
        msgspec.structs.replace(line, status=LINE_STATES[line.status, act]) if line.line_id in ids else line for line in check.lines
    )
    return msgspec.structs.replace(check, lines=lines)


def _opened(view: View, event: CheckOpened, meta: Meta) -> Mapping[Key, Aggregate]:
    if view.find(Check, CHECK, event.check_id) is not None:
        raise ValueError(f"check {event.check_id} was opened twice")
    check = Check(
        check_id=event.check_id,
        number=event.number,
        epoch=meta.epoch,
        business_date=event.business_date,
        currency=event.currency,
        status=CheckStatus.OPEN,
        opened_at=event.opened_at or meta.at,
        table_id=event.table_id,
        covers=event.covers,
    )
    return {(CHECK, event.check_id): check, **numbered(meta.epoch, "check", event.number)}


def _added(view: View, event: LineAdded, meta: Meta) -> Mapping[Key, Aggregate]:
    check = _before(view, event.check_id, "add")
    if check.line(event.line_id) is not None:
        raise ValueError(f"line {event.line_id} was added twice to check {event.check_id}")
    line = Line(
        line_id=event.line_id,
        item_id=event.item_id,
        name=event.name,
        category=event.category,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        station=event.station,
        status=LineStatus.HELD,
        modifiers=event.modifiers,
        taxes=event.taxes,
        note=event.note,
    )
    return {(CHECK, event.check_id): msgspec.structs.replace(check, lines=(*check.lines, line))}


def _voided(view: View, event: LineVoided, meta: Meta) -> Mapping[Key, Aggregate]:
    return {(CHECK, event.check_id): _set_lines(_before(view, event.check_id, "void"), [event.line_id], "void")}


def _sent(view: View, event: LinesSent, meta: Meta) -> Mapping[Key, Aggregate]:
    return {(CHECK, event.check_id): _set_lines(_before(view, event.check_id, "send"), event.line_ids, "send")}


def _paid(view: View, event: PaymentTaken, meta: Meta) -> Mapping[Key, Aggregate]:
    check = _before(view, event.check_id, "pay")
    if any(payment.payment_id == event.payment_id for payment in check.payments):
        raise ValueError(f"payment {event.payment_id} was taken twice on check {event.check_id}")
    payment = Payment(
        payment_id=event.payment_id,
        tender=event.tender,
        amount_minor=event.amount_minor,
        tendered_minor=event.tendered_minor,
        change_minor=event.change_minor,
    )
    return {(CHECK, event.check_id): msgspec.structs.replace(check, payments=(*check.payments, payment))}


def _closed(view: View, event: CheckClosed, meta: Meta) -> Mapping[Key, Aggregate]:
    check = _before(view, event.check_id, "close")
    closed = msgspec.structs.replace(check, status=CHECK_STATES[check.status, "close"], closed_at=meta.at)
    stated = event.gross_minor, event.net_minor, event.tax_minor, event.total_minor
    sums = check_totals(closed)
    if stated != (sums.gross_minor, sums.net_minor, sums.tax_minor, sums.total_minor):
        raise ValueError(f"check {event.check_id} was closed at {stated}, its lines come to {sums}")
    return {(CHECK, event.check_id): closed}


FEATURE = Feature(
    name="check",
    deciders={
        OpenCheck: ("order", _open),
        AddLine: ("order", _add),
        VoidLine: ("order", _void),
        SendCheck: ("order", _send),
        PayCash: ("pay", _pay_cash),
        CloseCheck: ("pay", _close),
    },
    evolvers={
        CheckOpened: _opened,
        LineAdded: _added,
        LineVoided: _voided,
        LinesSent: _sent,
        PaymentTaken: _paid,
        CheckClosed: _closed,
    },
    aggregates={CHECK: Check},
    errors={
        "check.unknown": ErrorInfo(404, "There is no such check.", "Load the open checks again."),
        "check.already_open": ErrorInfo(409, "A check of that id exists.", "Give every new check an id of its own."),
        "check.closed": ErrorInfo(409, "The check is closed.", "Open a new check."),
        "check.too_many_lines": ErrorInfo(409, "The check is full.", "Open a second check for the table."),
        "check.too_many_payments": ErrorInfo(409, "The check has as many payments as it can hold.", "Ask a manager."),
        "check.nothing_held": ErrorInfo(409, "Nothing on the check waits to be sent.", "Add lines first."),
        "check.lines_held": ErrorInfo(409, "Lines of the check have not been sent.", "Send or void them, then close."),
        "check.not_paid": ErrorInfo(409, "The check is not fully paid.", "Take payment for what is due, then close."),
        "check.overpaid": ErrorInfo(409, "More would be paid than the check comes to.", "Leave the line on the check."),
        "check.opened_at_zone": ErrorInfo(422, "opened_at carries a time zone.", "Send the local time of the site without an offset."),
        "check.opened_at_range": ErrorInfo(422, "opened_at is no time at which a check can have been opened.", "Send a time in the past."),
        "line.unknown": ErrorInfo(404, "The check has no such line.", "Load the check again."),
        "line.already_added": ErrorInfo(409, "A line of that id stands on the check.", "Give every new line an id of its own."),
        "line.already_sent": ErrorInfo(409, "The line is in the kitchen.", "Nothing that was sent is taken off; speak to the kitchen."),
        "line.already_voided": ErrorInfo(409, "The line has been voided already.", "Nothing needs to be done."),
        "amount.too_large": ErrorInfo(422, "The amount is larger than a check can hold.", "Check price and quantity."),
        "payment.nothing_due": ErrorInfo(409, "Nothing is due on the check.", "Close the check."),
        "payment.exceeds_due": ErrorInfo(409, "The amount is more than what is due.", "Pay what is due; the rest is change."),
        "payment.tendered_too_little": ErrorInfo(422, "The cash given is less than the amount.", "Take more cash, or pay less of it."),
    },
)  # fmt: skip
