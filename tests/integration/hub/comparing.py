"""What a hub holds of a site beside what the site itself comes to.

What lives here: reading both as the same values, so that tests compare them whole. The site's side is what its own entries fold to.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from hub.project.rows import TABLES, Owner, rows_of
from hub.records import Record, books, checks, kitchen
from shared.domain.check.books import NO_SALES, DayBook, Sales
from shared.domain.kernel import Aggregate, Key
from shared.domain.registry import AGGREGATES
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal

__all__ = ["aggregates", "books_in_memory", "ensure_equal", "rows_in_memory", "rows_kept", "rows_read", "sales_in_memory"]


def books_in_memory(site: SiteJournal) -> dict[Key, DayBook]:
    """The books as the site itself keeps them."""
    return {key: each for key, each in site.memory.state.items() if isinstance(each, DayBook) and not each.is_empty}


def sales_in_memory(site: SiteJournal) -> dict[str, Sales]:
    return {book.business_date: book.sales for book in books_in_memory(site).values() if book.sales != NO_SALES}


async def aggregates(rig: HubRig, site: SiteJournal) -> dict[tuple[str, str], Any]:
    rows = await rig.look_as(site, "select kind, id, state::text as state from aggregates where site_id = $1::text::uuid")
    return {(row["kind"], row["id"]): msgspec.json.decode(row["state"], type=AGGREGATES[row["kind"]]) for row in rows}


# By table: the column by which its rows are owned, and what they are read back as.
TABLE_RECORDS: dict[str, tuple[str, type[Record]]] = {
    "guest_checks": ("check_id", checks.CheckSummary),
    "check_lines": ("check_id", checks.LineRecord),
    "check_discounts": ("check_id", checks.DiscountRecord),
    "check_charges": ("check_id", checks.ChargeRecord),
    "check_taxes": ("check_id", checks.TaxRecord),
    "check_payments": ("check_id", checks.PaymentRecord),
    "check_refunds": ("check_id", checks.RefundRecord),
    "tickets": ("ticket_id", kitchen.TicketRecord),
    "daily_sales": ("currency", books.DaySales),
    "daily_tenders": ("currency", books.DayTender),
    "daily_taxes": ("currency", books.DayTax),
}


def rows_in_memory(states: Iterable[Aggregate]) -> dict[str, list[Any]]:
    """The rows of every table, made of the state that the site itself comes to."""
    found: dict[str, list[Any]] = {table: [] for table in TABLES}
    for aggregate in states:
        owner, tables = rows_of(aggregate)
        for table, rows in tables.items():
            found[table] += [(owner, row) for row in rows]
    return {table: sorted(rows, key=repr) for table, rows in found.items()}


async def rows_kept(rig: HubRig, site: SiteJournal) -> dict[str, list[Any]]:
    """The rows of every table as they were kept, read back as what they were made of."""
    return await rows_read(lambda query: rig.look_as(site, f"{query} where t.site_id = $1::text::uuid"))


async def rows_read(look: Callable[[str], Awaitable[list[Any]]]) -> dict[str, list[Any]]:
    """The same, by whoever runs a query over a table that it calls `t`."""
    found: dict[str, list[Any]] = {}
    for table, (owner, record) in TABLE_RECORDS.items():
        rows = await look(f"select t.business_date::text, t.{owner}::text as owner, row_to_json(t)::text as row from {table} t")
        found[table] = sorted(
            [(Owner(row["business_date"], row["owner"]), msgspec.json.decode(row["row"], type=record)) for row in rows], key=repr
        )
    return found


async def ensure_equal(rig: HubRig, site: SiteJournal) -> None:
    """State, rows and books are those of the fold in memory."""
    assert await aggregates(rig, site) == site.memory.state
    assert await rig.books(site) == books_in_memory(site)
    assert await rows_kept(rig, site) == rows_in_memory(site.memory.state.values())
