"""From an order to the commands a tablet would send, with ids that are the same however often the file is played.

What lives here: pure functions. Every id derives from the site, the series, the order's id and the ordinal of a row within its order,
and from nothing else: not from the row's place in the file, nor from its values. So a file that was interrupted, mended or has grown is
played again without doubling: what is unchanged gets its first answer, what has changed under an id is noticed as such.
"""

from collections.abc import Iterable, Sequence

import msgspec

from edge.replay.catalogue import Catalogue, Choice
from edge.replay.codes import RowRejectedError
from edge.replay.rows import Row
from shared.domain.arithmetic.sums import reckon
from shared.domain.check import AddLine, CloseCheck, OpenCheck, PayCash, SendCheck
from shared.domain.ids import derived_id
from shared.domain.kernel import Command
from shared.domain.kitchen.making import BumpTicket
from shared.domain.kitchen.serving import ServeTicket
from shared.limits import AMOUNT_MINOR_MAX, BATCH_COMMANDS_MAX
from shared.protocol.session import Batch, Submit

__all__ = [
    "MadeTicket", "Plan", "PlannedCheck", "Step", "batches", "check_id_of", "late_check", "line_id_of", "plan", "send_id_of", "settle_up",
]  # fmt: skip


class PlannedCheck(msgspec.Struct, frozen=True):
    """The check that rows are to stand on."""

    check_id: str
    rows: tuple[Row, ...]


class Step(msgspec.Struct, frozen=True):
    """One command, and the row that it adds, if it adds one."""

    submit: Submit
    row: Row | None = None


class MadeTicket(msgspec.Struct, frozen=True):
    """A kitchen ticket that the order's send made, or will make."""

    ticket_id: str
    awaits_expo: bool


class Plan(msgspec.Struct, frozen=True):
    """The commands of one check in order, the rows they add, and those that the menu has no place for.

    `ordering` ends with the send. `settling` pays, closes and clears the kitchen as the menu lets it be foreseen; where the site
    knows better (promotions, a menu that moved) it refuses that, and `settle_up` plans it from what the site says.
    """

    ordering: tuple[Step, ...]
    settling: tuple[Step, ...]
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


def send_id_of(check_id: str) -> str:
    """The command that sends the order to the kitchen."""
    return derived_id(check_id, "send")


def plan(check: PlannedCheck, catalogue: Catalogue) -> Plan:
    """Open, add, send, pay, close, and clear every ticket that the send will make."""
    chosen: list[tuple[Row, Choice]] = []
    rejected: list[tuple[Row, RowRejectedError]] = []
    for row in check.rows:
        try:
            chosen.append((row, catalogue.choose(row)))
        except RowRejectedError as error:
            rejected.append((row, error))
    rows = tuple(row for row, _ in chosen)
    if not chosen:
        return Plan(ordering=(), settling=(), rows=(), rejected=tuple(rejected))
    due = reckon([catalogue.taxable(row, choice) for row, choice in chosen]).total_minor
    # A send makes its LinesSent and then a ticket for each station; an effect's id derives from (command id, ordinal): Law 3.
    stations = dict.fromkeys(station for _, choice in chosen for station in choice.stations)
    send_id = send_id_of(check.check_id)
    tickets = [MadeTicket(derived_id(send_id, ordinal), catalogue.has_expo) for ordinal in range(1, len(stations) + 1)]
    settling = settle_up(check.check_id, due, tickets)
    return Plan(ordering=tuple(_ordering(check.check_id, chosen, catalogue)), settling=settling, rows=rows, rejected=tuple(rejected))


def _ordering(check_id: str, chosen: list[tuple[Row, Choice]], catalogue: Catalogue) -> list[Step]:
    opened_at = min(row.ordered_at for row, _ in chosen)
    opening = OpenCheck(check_id=check_id, opened_at=opened_at, dining_option=catalogue.dining_option)
    steps = [_step(derived_id(check_id, "open"), opening)]
    for row, choice in chosen:
        line_id = line_id_of(check_id, row)
        line = AddLine(
            check_id=check_id,
            line_id=line_id,
            item_id=choice.item.id,
            quantity=row.quantity,
            modifiers=choice.modifiers,
            unit_price_minor=choice.unit_price_minor,
            hold=False if choice.waits else None,  # nobody fires the courses of a file
        )
        steps.append(_step(derived_id(line_id, "add"), line, row))
    return [*steps, _step(send_id_of(check_id), SendCheck(check_id=check_id))]


def settle_up(check_id: str, due_minor: int | None, tickets: Iterable[MadeTicket], payments: int = 0) -> tuple[Step, ...]:
    """Pay what is due and close, unless that is done (None), and let the kitchen hand over every ticket. The check has so many
    `payments` already."""
    steps: list[Step] = []
    if due_minor is not None:
        for number, first in enumerate(range(0, due_minor, AMOUNT_MINOR_MAX), start=payments):
            amount = min(AMOUNT_MINOR_MAX, due_minor - first)
            steps.append(_step(derived_id(check_id, "pay", number), PayCash(check_id=check_id, tendered_minor=amount, amount_minor=amount)))
        steps.append(_step(derived_id(check_id, "close"), CloseCheck(check_id=check_id)))
    for ticket in tickets:
        id = ticket.ticket_id
        steps.append(_step(derived_id(id, "bump"), BumpTicket(ticket_id=id)))
        if ticket.awaits_expo:
            steps.append(_step(derived_id(id, "serve"), ServeTicket(ticket_id=id)))
    return tuple(steps)


def _step(command_id: str, command: Command, row: Row | None = None) -> Step:
    return Step(submit=Submit(id=command_id, command=msgspec.Raw(msgspec.json.encode(command))), row=row)


def batches(steps: Sequence[Step]) -> list[Batch]:
    """The steps as atomic batches: one, unless the order is larger than a batch may be."""
    submits = [step.submit for step in steps]
    return [Batch(commands=tuple(submits[at : at + BATCH_COMMANDS_MAX])) for at in range(0, len(submits), BATCH_COMMANDS_MAX)]
