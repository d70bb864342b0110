"""The judgement at the end of a timed demo: did everything arrive, and do the figures agree to the cent?

What lives here: comparing what the boxes say with what the hub says. It trusts neither: it only holds one against the other,
and both against what the players did.
"""

from datetime import date, timedelta
from typing import Any

import httpx
import msgspec

from provisioning.demo.home import DemoState
from provisioning.demo.plan import SITES, Ports
from provisioning.demo.status import SiteStatus
from shared.domain.money import format_amount
from shared.limits import HTTP_TIMEOUT_S, SALES_DAYS_MAX

__all__ = ["Sales", "edge_sales", "has_arrived", "problems_of", "sales_of_all", "totals_line"]


class _Day(msgspec.Struct, frozen=True):
    business_date: str
    orders: int
    lines: int
    gross_minor: int
    net_minor: int
    tax_minor: int


class Sales(msgspec.Struct, frozen=True):
    """A site's sales by business date; minor units of the site's currency."""

    days: list[_Day]

    @property
    def orders(self) -> int:
        return sum(day.orders for day in self.days)

    @property
    def lines(self) -> int:
        return sum(day.lines for day in self.days)

    @property
    def gross_minor(self) -> int:
        return sum(day.gross_minor for day in self.days)


def has_arrived(site: SiteStatus) -> bool:
    """Whether the hub has the whole journal of the box, by position and hash, and has read it."""
    return bool(site.position) and site.position == site.in_cloud and site.projected_sequence >= site.sequence


async def edge_sales(client: httpx.AsyncClient, ports: Ports, key: str, today: date) -> Sales:
    """What the box says it has sold, up to `today` and as far back as a report goes."""
    return await _sales(client, f"http://127.0.0.1:{ports.edge(key)}/v1/sales", today, "")


async def sales_of_all(state: DemoState, today: date) -> dict[str, tuple[Sales, Sales]]:
    """(box's, hub's) sales of every site, by key. Raises httpx.HTTPError."""
    ports = Ports(state.port_base)
    found: dict[str, tuple[Sales, Sales]] = {}
    async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as client:
        for site in SITES:
            url = f"http://127.0.0.1:{ports.hub}/v1/sites/{state.sites[site.key].site_id}/sales"
            found[site.key] = (await edge_sales(client, ports, site.key, today), await _sales(client, url, today, state.token))
    return found


async def _sales(client: httpx.AsyncClient, url: str, today: date, token: str) -> Sales:
    last = today + timedelta(days=1)  # somewhere it is tomorrow
    dates = {"from_date": (last - timedelta(days=SALES_DAYS_MAX - 1)).isoformat(), "to_date": last.isoformat()}
    answer = await client.get(url, params=dates, headers={"Authorization": f"Bearer {token}"} if token else {})
    return msgspec.json.decode(answer.raise_for_status().content, type=Sales)


def problems_of(site: SiteStatus, box: Sales, hub: Sales, closed_before: int, closed_by_us: int) -> list[str]:
    """What is wrong with a site, a sentence each; nothing when all is well."""
    problems: list[str] = []
    if site.position != site.in_cloud or not site.position:
        problems.append(f"{site.name}: the box stands at {site.position or 'nothing'}, the hub at {site.in_cloud or 'nothing'}")
    if site.projected_sequence < site.sequence:
        problems.append(f"{site.name}: the hub has read up to {site.projected_sequence} of {site.sequence}")
    problems += [f"{site.name}: {difference}" for difference in _differences(box, hub)]
    if box.orders != closed_before + closed_by_us:
        problems.append(f"{site.name}: the box counts {box.orders} closed checks, {closed_before} before and {closed_by_us} closed now")
    if closed_by_us == 0:
        problems.append(f"{site.name}: no check was closed in all this time")
    return problems


def _differences(box: Sales, hub: Sales) -> list[str]:
    ours, theirs = ({day.business_date: day for day in sales.days if day.orders} for sales in (box, hub))
    return [
        f"sales of {day} differ: box {_told(ours.get(day))}, hub {_told(theirs.get(day))}"
        for day in sorted(ours.keys() | theirs.keys())
        if ours.get(day) != theirs.get(day)
    ]


def _told(day: Any) -> str:
    return (
        "none"
        if day is None
        else f"{day.orders} checks, {day.lines} lines, gross {day.gross_minor}, net {day.net_minor}, tax {day.tax_minor}"
    )


def totals_line(sales: dict[str, Sales]) -> str:
    """Gross by currency, such as `EUR 1204.50, USD 830.10`."""
    by_currency: dict[str, int] = {}
    for site in SITES:
        by_currency[site.currency] = by_currency.get(site.currency, 0) + sales[site.key].gross_minor
    return ", ".join(f"{currency} {format_amount(amount, currency)}" for currency, amount in sorted(by_currency.items()))
