"""Sales of a site by business date.

What lives here: the report, the same for the API and the command line. The figures come from the read models, which are made
of the site's own entries by the same functions as at the site (Law 8).
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from hub.app.errors import HubRefused
from hub.app.ports import Control, ReadShard, Scope, Site
from hub.app.tenants import shard_of
from shared.domain.check.books import NO_SALES, Sales
from shared.domain.ids import is_id
from shared.limits import SALES_DAYS_MAX

__all__ = ["DaySales", "SalesReport", "find_site", "report_sales"]


class DaySales(msgspec.Struct, frozen=True, kw_only=True):
    """Closed checks of one business date (ISO), their lines, and minor units."""

    business_date: str
    orders: int
    lines: int
    gross_minor: int
    net_minor: int
    tax_minor: int


class SalesReport(msgspec.Struct, frozen=True, kw_only=True):
    """Sales of a site from one business date to another, inclusive; days without sales are left out."""

    site: Site
    first: str
    last: str
    days: tuple[DaySales, ...]
    total: Sales


async def find_site(control: Control, scope: Scope, site_id: str) -> Site:
    """The site, where the scope may see it. Raises HubRefused `site.unknown`, also for a site of somebody else."""
    site = await control.site(scope, site_id) if is_id(site_id) else None
    if site is None:
        raise HubRefused("site.unknown", f"There is no site {site_id[:64]!r}.")
    return site


async def report_sales(control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, first: str, last: str) -> SalesReport:
    """Sales of the site. Raises HubRefused."""
    first, last = _ensure_range(first, last)
    site = await find_site(control, scope, site_id)
    by_date = await shard_of(shards, site.shard).sales(site.org_id, site.site_id, site.currency, first, last)
    days = tuple(
        DaySales(
            business_date=day, orders=sales.orders, lines=sales.lines, gross_minor=sales.gross_minor, net_minor=sales.net_minor,
            tax_minor=sales.tax_minor,
        )
        for day, sales in sorted(by_date.items())
        if sales != NO_SALES
    )  # fmt: skip
    return SalesReport(site=site, first=first, last=last, days=days, total=sum(by_date.values(), NO_SALES))


def _ensure_range(first: str, last: str) -> tuple[str, str]:
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise HubRefused("sales.range_invalid", f"{first[:20]!r} or {last[:20]!r} is no ISO date.") from error
    if not 0 <= (end - begin).days < SALES_DAYS_MAX:
        raise HubRefused("sales.range_invalid", f"{begin} to {end} is no range of 1 to {SALES_DAYS_MAX} days.")
    return begin.isoformat(), end.isoformat()
