"""The site that something is asked of, and the shard it lives on.

What lives here: finding both. What is asked is not known here.
"""

from collections.abc import Mapping
from typing import NamedTuple

from hub.app.errors import HubRefused
from hub.app.ports import Control, ReadShard, Scope, Site
from hub.app.tenants import shard_of
from shared.domain.ids import is_id

__all__ = ["Asked", "ask", "find_site"]


class Asked(NamedTuple):
    """A site, its shard, and whether the read models of it have everything that has arrived: looked up before they are read."""

    site: Site
    shard: ReadShard
    is_current: bool


async def find_site(control: Control, scope: Scope, site_id: str) -> Site:
    """The site, where the scope may see it. Raises HubRefused `site.unknown`, also for a site of somebody else."""
    site = await control.site(scope, site_id) if is_id(site_id) else None
    if site is None:
        raise HubRefused("site.unknown", f"There is no site {site_id[:64]!r}.")
    return site


async def ask(control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str) -> Asked:
    """The site and where to read of it. Raises HubRefused."""
    site = await find_site(control, scope, site_id)
    shard = shard_of(shards, site.shard)
    return Asked(site, shard, await shard.is_current(site.org_id, site.site_id))
