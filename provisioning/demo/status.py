"""How the demo is: each site as its box and as the hub see it.

What lives here: asking over HTTP and putting side by side. Judging is in verdict.py, printing in cli.py.
"""

import asyncio
from typing import Any

import httpx
import msgspec

from provisioning.demo.home import DemoState
from provisioning.demo.plan import SITES, Ports
from shared.limits import DEMO_CONTROL_TIMEOUT_S

__all__ = ["DemoStatus", "HubSite", "SiteStatus", "look", "look_sync"]


class _Position(msgspec.Struct):
    epoch: int = 0
    sequence: int = 0
    hash: str = ""

    def __str__(self) -> str:
        return f"{self.epoch}.{self.sequence}.{self.hash}"


class HubSite(msgspec.Struct):
    """A site as the hub's API tells of it."""

    site_id: str
    position: _Position
    lag_entries: int | None = None
    projected_sequence: int | None = None
    last_contact_at: str | None = None


class SiteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One site. `position` is the head of its box's journal, `in_cloud` what the hub has committed, both
    `epoch.sequence.hash`; empty where nobody answers. `lag_entries` is how far the hub is behind the box."""

    site: str
    name: str
    organisation: str
    org_id: str
    site_id: str
    url: str
    position: str = ""
    in_cloud: str = ""
    sequence: int = 0
    cloud_sequence: int = 0
    projected_sequence: int = 0
    lag_entries: int | None = None
    open_checks: int = 0
    open_tickets: int = 0
    link: str = ""
    cut: bool = False


class DemoStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole demo. `token` opens the hub's API."""

    running: bool
    pid: int | None
    hub_url: str
    hub_ready: bool
    token: str
    sites: list[SiteStatus]


async def look(state: DemoState, pid: int | None, cut: list[str]) -> DemoStatus:
    """Ask every box and the hub, at once."""
    ports = Ports(state.port_base)
    hub_url = f"http://127.0.0.1:{ports.hub}"
    async with httpx.AsyncClient(timeout=DEMO_CONTROL_TIMEOUT_S) as client:
        headers = {"Authorization": f"Bearer {state.token}"}
        boxes, hub = await asyncio.gather(
            asyncio.gather(*(_get(client, f"http://127.0.0.1:{ports.edge(site.key)}/v1/status") for site in SITES)),
            _get(client, f"{hub_url}/v1/sites", headers),
        )
    known = {site.site_id: site for site in hub_sites(hub)}
    sites = []
    for plan, box in zip(SITES, boxes, strict=True):
        ids = state.sites[plan.key]
        sites.append(_site(plan.key, state, ports, box or {}, known.get(ids.site_id), plan.key in cut))
    return DemoStatus(running=pid is not None, pid=pid, hub_url=hub_url, hub_ready=hub is not None, token=state.token, sites=sites)


def look_sync(state: DemoState, pid: int | None, cut: list[str]) -> DemoStatus:
    """The same from a command line."""
    return asyncio.run(look(state, pid, cut))


def hub_sites(answer: Any) -> list[HubSite]:
    """The sites in the hub's answer, which may be a list or stand under `sites`."""
    if answer is None:
        return []
    return msgspec.convert(answer["sites"] if isinstance(answer, dict) else answer, list[HubSite], strict=False)


async def _get(client: httpx.AsyncClient, url: str, headers: dict[str, str] | None = None) -> Any:
    """The JSON there; None when nobody answers."""
    try:
        answer = await client.get(url, headers=headers)
        return answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return None


def _site(key: str, state: DemoState, ports: Ports, box: dict[str, Any], hub: HubSite | None, is_cut: bool) -> SiteStatus:
    plan = next(site for site in SITES if site.key == key)
    sequence = int(box.get("sequence", 0))
    in_cloud = hub.position if hub else _Position()
    return SiteStatus(
        site=key,
        name=plan.name,
        organisation=plan.organisation,
        org_id=state.sites[key].org_id,
        site_id=state.sites[key].site_id,
        url=f"http://127.0.0.1:{ports.edge(key)}",
        position=str(box.get("head", "")),
        in_cloud=str(in_cloud) if hub else "",
        sequence=sequence,
        cloud_sequence=in_cloud.sequence,
        projected_sequence=(hub.projected_sequence or 0) if hub else 0,
        lag_entries=max(0, sequence - in_cloud.sequence) if box and hub else None,
        open_checks=int(box.get("open_checks", 0)),
        open_tickets=int(box.get("open_tickets", 0)),
        link=str(box.get("cloud", {}).get("link", "")),
        cut=is_cut,
    )
