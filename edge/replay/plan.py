"""From an order to the commands a tablet would send, with ids that are the same however often the file is played.

What lives here: pure functions. Every id derives from the site, the series, the order's id and the ordinal of a row within its order,
and from nothing else: not from the row's place in the file, nor from its values. So a file that was interrupted, mended or has grown is
played again without doubling: what is unchanged gets its first answer, what has changed under an id is noticed as such.
"""

import msgspec

from edge.replay.catalogue import Catalogue, Choice
from edge.replay.codes import RowRejectedError
from edge.replay.rows import Row
from shared.domain.arithmetic.sums import reckon
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.kitchen.ticket import BumpTicket
from shared.limits import AMOUNT_MINOR_MAX, BATCH_COMMANDS_MAX
from shared.protocol.session import Batch, Submit

__all__ = ["PlannedCheck", "Plan", "Step", "batches", "check_id_of", "late_check", "line_id_of", "plan"]


class PlannedCheck(msgspec.Struct, frozen=True):
    """The check that rows are to stand on."""

    check_id: str
    rows: tuple[Row, ...]


class Step(msgspec.Struct, frozen=True):
    """One command, and the row that it adds, if it adds one."""

    submit: Submit
    row: Row | None = None


class Plan(msgspec.Struct, frozen=True):
    """The commands of one check in order, the rows they add, and those that the menu has no place for."""

    steps: tuple[Step, ...]
    rows: tuple[Row, ...]
    rejected: tuple[tuple[Row, RowRejectedError], ...]


def check_id_of(site_id: str, series: str, order_id: str) -> str:
    """The check of an order."""
    return derived_id(site_id, "replay", series, order_id)


def line_id_of(check_id: str, row: Row) -> str:
    """The line of a row on its order's check."""
    return derived_id(check_id, "row", row.ordinal)


def late_check(check_id: str, row: Row) -> PlannedCheck:
    """The check of a row that was mended after its order had been closed: one of its own, since a closed check takes no line."""
    return PlannedCheck(check_id=derived_id(line_id_of(check_id, row), "late"), rows=(row,))


def plan(check: PlannedCheck, catalogue: Catalogue) -> Plan:
    """Open, add, send, pay, close, and bump every ticket that the send will make."""
    chosen: list[tuple[Row, Choice]] = []
    rejected: list[tuple[Row, RowRejectedError]] = []
    for row in check.rows:
        try:
            chosen.append((row, catalogue.choose(row)))
        except RowRejectedError as error:
            rejected.append((row, error))
    steps = _steps(check.check_id, chosen, catalogue) if chosen else []
    return Plan(steps=tuple(steps), rows=tuple(row for row, _ in chosen), rejected=tuple(rejected))


def _steps(check_id: str, chosen: list[tuple[Row, Choice]], catalogue: Catalogue) -> list[Step]:
    opened_at = min(row.ordered_at for row, _ in chosen)
    steps = [_step(derived_id(check_id, "open"), OpenCheck(check_id=check_id, opened_at=opened_at))]
    for row, choice in chosen:
        line_id = line_id_of(check_id, row)
        line = AddLine(
            check_id=check_id,
            line_id=line_id,
            item_id=choice.item.id,
            quantity=row.quantity,
            modifiers=choice.modifiers,
            unit_price_minor=choice.unit_price_minor,
        )
        steps.append(_step(derived_id(line_id, "add"), line, row))
    send_id = derived_id(check_id, "send")
    steps.append(_step(send_id, SendCheck(check_id=check_id)))
    due = reckon([catalogue.taxable(row, choice) for row, choice in chosen]).total_minor
    for number, first in enumerate(range(0, due, AMOUNT_MINOR_MAX)):
        amount = min(AMOUNT_MINOR_MAX, due - first)
        steps.append(_step(derived_id(check_id, "pay", number), PayCash(check_id=check_id, tendered_minor=amount, amount_minor=amount)))
    steps.append(_step(derived_id(check_id, "close"), CloseCheck(check_id=check_id)))
    # A send makes its LinesSent and then a ticket for each station; an effect's id derives from (command id, ordinal): Law 3.
    stations = dict.fromkeys(choice.item.station for _, choice in chosen)
    tickets = [derived_id(send_id, ordinal) for ordinal in range(1, len(stations) + 1)]
    steps += [_step(derived_id(ticket_id, "bump"), BumpTicket(ticket_id=ticket_id)) for ticket_id in tickets]
    return steps


def _step(command_id: str, command: Command, row: Row | None = None) -> Step:
    return Step(submit=Submit(id=command_id, command=msgspec.Raw(msgspec.json.encode(command))), row=row)


def batches(steps: tuple[Step, ...]) -> list[Batch]:
    """The steps as atomic batches: one, unless the order is larger than a batch may be."""
    submits = [step.submit for step in steps]
    return [Batch(commands=tuple(submits[at : at + BATCH_COMMANDS_MAX])) for at in range(0, len(submits), BATCH_COMMANDS_MAX)]
