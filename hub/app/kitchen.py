"""The kitchen's times: how long a site's stations take.

What lives here: the report. Medians are worked out where the tickets are.
"""

from collections.abc import Mapping

import msgspec

from hub.app.dates import ensure_range
from hub.app.errors import HubRefused
from hub.app.ports import Control, ReadShard, Scope, StationTimes
from hub.app.sites import ask
from shared.limits import TICKET_STATIONS_MAX

__all__ = ["DayTimes", "TicketTimes", "report_ticket_times"]


class DayTimes(StationTimes, frozen=True, kw_only=True):
    """The times of one station on one business date."""

    business_date: str


class TicketTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Speed of service: by business date and station, and by station over all dates. Tickets of which every line was voided do not
    count. Not `is_current`: more has arrived than is in it yet."""

    site_id: str
    is_current: bool
    days: tuple[DayTimes, ...]
    stations: tuple[StationTimes, ...]


async def report_ticket_times(
    control: Control, shards: Mapping[str, ReadShard], scope: Scope, site_id: str, first: str, last: str
) -> TicketTimes:
    """The times of the site's stations. Raises HubRefused."""
    first, last = ensure_range(first, last)
    site, shard, is_current = await ask(control, shards, scope, site_id)
    found = await shard.ticket_times(site.org_id, site.site_id, first, last, TICKET_STATIONS_MAX + 1)
    if len(found) > TICKET_STATIONS_MAX:
        raise HubRefused("sales.range_invalid", f"More than {TICKET_STATIONS_MAX} stations and dates are in {first} to {last}.")
    return TicketTimes(
        site_id=site.site_id,
        is_current=is_current,
        days=tuple([DayTimes(business_date=date, **msgspec.structs.asdict(times)) for date, times in found if date]),
        stations=tuple([times for date, times in found if not date]),
    )
