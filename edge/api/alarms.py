"""Alarms: codes of what a person should look at.

What lives here: which of them hold now. What is done about them stands in docs/operations.md; who is told, in the feed and the link.
"""

import asyncio
import shutil
from datetime import datetime, timedelta

from edge.api.followers import unhealthy
from edge.api.menu import menu_overdue
from edge.api.state import Edge
from shared.domain.kitchen.timing import UNSHOWN, unshown
from shared.limits import (
    CLOUD_BEHIND_ALARM_S,
    CLOUD_NEVER_ALARM_S,
    DISK_CRITICAL_BYTES_MAX,
    DISK_CRITICAL_BYTES_MIN,
    DISK_CRITICAL_SHARE,
    DISK_LOW_BYTES_MAX,
    DISK_LOW_BYTES_MIN,
    DISK_LOW_SHARE,
    LIVE_AGGREGATES_MAX,
)
from shared.protocol.entry import decode_entry

__all__ = ["alarms", "look", "oldest_pending_at", "say_box"]


def alarms(edge: Edge) -> tuple[str, ...]:
    """Those that hold now; what has to be read from the journal, as it was last looked at."""
    own = {
        _disk_alarm(edge): True, "menu.overdue": menu_overdue(edge), UNSHOWN: edge.is_unshown, "epoch.fenced": edge.fence.is_fenced,
        "cloud.behind": edge.is_behind, edge.cloud.alarm: True, "handin.refused": bool(edge.refused_hand_ins.open),
    }  # fmt: skip
    return (*(code for code, holds in own.items() if holds and code), *unhealthy(edge))


def _disk_alarm(edge: Edge) -> str:
    """The worse of the two alarms about space that holds, or nothing: told long before a command is refused for it."""
    disk = shutil.disk_usage(edge.settings.data_dir)
    if disk.free < min(max(round(disk.total * DISK_CRITICAL_SHARE), DISK_CRITICAL_BYTES_MIN), DISK_CRITICAL_BYTES_MAX):
        return "storage.critical"
    return "storage.low" if disk.free < min(max(round(disk.total * DISK_LOW_SHARE), DISK_LOW_BYTES_MIN), DISK_LOW_BYTES_MAX) else ""


async def look(edge: Edge) -> tuple[str, ...]:
    """The same, after a look at the journal: has any ticket been shown by nobody for too long, has any entry waited too long?"""
    await asyncio.to_thread(edge.refused_hand_ins.refresh)
    edge.is_unshown = bool(unshown(await edge.reader.live_tickets(LIVE_AGGREGATES_MAX), edge.now()))
    oldest = await oldest_pending_at(edge)
    patience_s = CLOUD_NEVER_ALARM_S if edge.cloud.link == "never" else CLOUD_BEHIND_ALARM_S
    edge.is_behind = oldest is not None and edge.now() - oldest > timedelta(seconds=patience_s)
    return alarms(edge)


async def oldest_pending_at(edge: Edge) -> datetime | None:
    """When the oldest entry that the hub does not have was written (UTC); None when it has all."""
    sequence = edge.safe_sequence + 1
    if sequence > edge.feed.head.sequence:
        return None
    held = edge.feed.entry(sequence) or await edge.reader.entry(sequence)
    return decode_entry(held.entry).at if held else None


def say_box(edge: Edge) -> None:
    """Tell every screen at once how the box stands: it was fenced, or has begun or ended its recovery."""
    edge.feed.say_box(edge.fence.state, alarms(edge))
