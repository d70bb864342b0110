"""The rows that state comes to in the read models: pure, by the same sums as at the site (Law 8).

What lives here: which aggregate stands in which tables, the rows of tickets and of the books, and which rows a change replaces; those
of checks are made in check_rows.py. Storage and journals are not known here.

A table's rows of one aggregate are replaced as a set, and only where they changed: a payment touches no line.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from hub.project.check_rows import OF_CHECK, check_rows
from hub.records import Record
from hub.records.books import DaySales, DayTax, DayTender
from hub.records.kitchen import TicketRecord
from shared.domain.check.books import NO_SALES, DayBook, tax_of_key
from shared.domain.check.state import Check
from shared.domain.kernel import Aggregate
from shared.domain.kitchen.state import ItemStatus, Ticket
from shared.domain.registry import STATE_FORMAT

__all__ = ["FORMAT", "TABLES", "Owned", "Owner", "Replacement", "replacements", "rows_of"]

_ROWS_FORMAT = 1
"""Raise it with a release that makes other rows of the same state."""
FORMAT = STATE_FORMAT * 1_000 + _ROWS_FORMAT
"""The format of state and rows together. What was projected in a lower one is made anew (hub/db/project_store.py)."""

OF_TICKET = ("tickets",)
OF_DAY = ("daily_sales", "daily_tenders", "daily_taxes")
TABLES = (*OF_CHECK, *OF_TICKET, *OF_DAY)

Rows = tuple[Record, ...]


class Owner(NamedTuple):
    """What rows are of: a check or ticket by its id, a day's book by its currency; by the business date that they are filed under."""

    business_date: str
    id: str


class Owned(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The rows of one owner, for one table."""

    business_date: str
    owner: str
    rows: Rows


class Replacement(NamedTuple):
    """What becomes of a table: the rows of `gone` go, then `new` come."""

    gone: list[Owner]
    new: list[Owned]


def rows_of(aggregate: Aggregate | None) -> tuple[Owner | None, Mapping[str, Rows]]:
    """Whose rows they are, and the rows of an aggregate by table; none for one that stands in no read model.

    Raises ValueError for a check that no arithmetic can be done on.
    """
    make = _MAKERS.get(type(aggregate)) if aggregate is not None else None
    return make(aggregate) if make is not None else (None, {})


def replacements(changes: Iterable[tuple[Aggregate | None, Aggregate]]) -> dict[str, Replacement]:
    """By table, what the changes (before, after) replace; tables that stay as they are are left out."""
    found: dict[str, Replacement] = {}
    for before, after in changes:
        (old_owner, old), (owner, new) = rows_of(before), rows_of(after)
        for table in new:
            had, has = old.get(table, ()), new[table]
            if had == has and old_owner == owner:
                continue
            replacement = found.setdefault(table, Replacement([], []))
            if had and old_owner is not None:
                replacement.gone.append(old_owner)
            if has and owner is not None:
                replacement.new.append(Owned(business_date=owner.business_date, owner=owner.id, rows=has))
    return found


def _of_check(check: Check) -> tuple[Owner, Mapping[str, Rows]]:
    return Owner(check.business_date, check.check_id), check_rows(check)


# --- the kitchen ---------------------------------------------------------------------------------


def _of_ticket(ticket: Ticket) -> tuple[Owner, Mapping[str, Rows]]:
    voided = sum(line.status is ItemStatus.VOIDED for line in ticket.lines)
    record = TicketRecord(
        business_date=ticket.business_date, ticket_id=ticket.ticket_id, station=ticket.station, number=ticket.number, epoch=ticket.epoch,
        check_id=ticket.check_id, check_number=ticket.check_number, table_id=ticket.table_id, course=ticket.course, service=ticket.service,
        dining_option=ticket.dining_option, status=ticket.status, lines=len(ticket.lines) - voided, voided_lines=voided,
        priority=ticket.priority, recalls=ticket.recalls, adds_to=ticket.adds_to, awaits_expo=ticket.awaits_expo,
        served_early=ticket.served_early, created_at=ticket.created_at,
        due_at=min((line.fire_at or ticket.created_at for line in ticket.lines), default=ticket.created_at), ready_by=ticket.ready_by,
        printed_at=ticket.printed_at, shown_at=ticket.shown_at, started_at=ticket.started_at, bumped_at=ticket.bumped_at,
        served_at=ticket.served_at,
    )  # fmt: skip
    return Owner(ticket.business_date, ticket.ticket_id), {"tickets": (record,)}


# --- the books of each day -----------------------------------------------------------------------


def _of_day(book: DayBook) -> tuple[Owner, Mapping[str, Rows]]:
    day = {"business_date": book.business_date, "currency": book.currency}
    taxes: list[DayTax] = []
    for key, each in book.taxes.items():
        tax_id, rate, inclusive = tax_of_key(key)
        taxes.append(DayTax(**day, tax_id=tax_id, rate=rate, inclusive=inclusive, **msgspec.structs.asdict(each)))
    rows: tuple[Rows, ...] = (
        () if book.sales == NO_SALES else (DaySales(**day, **msgspec.structs.asdict(book.sales)),),
        tuple([DayTender(**day, tender=name, **msgspec.structs.asdict(each)) for name, each in book.tenders.items()]),
        tuple(taxes),
    )
    return Owner(book.business_date, book.currency), dict(zip(OF_DAY, rows, strict=True))


_MAKERS: Mapping[type[Any], Callable[[Any], tuple[Owner, Mapping[str, Rows]]]] = {Check: _of_check, Ticket: _of_ticket, DayBook: _of_day}
