"""Alarms: codes of what a person should look at.

What lives here: which of them hold now. What is done about them stands in docs/operations.md; who is told, in the feed and the link.
"""

import shutil

from edge.api.menu import menu_overdue
from edge.api.state import Edge
from shared.domain.kitchen.timing import UNSHOWN, unshown
from shared.limits import DISK_FREE_ALARM_BYTES, LIVE_AGGREGATES_MAX

__all__ = ["alarms", "look"]


def alarms(edge: Edge) -> tuple[str, ...]:
    """Those that hold now; what has to be read from the journal, as it was last looked at."""
    free = shutil.disk_usage(edge.settings.data_dir).free
    own = {"storage.low": free < DISK_FREE_ALARM_BYTES, "menu.overdue": menu_overdue(edge), UNSHOWN: edge.is_unshown}
    return (*(code for code, holds in own.items() if holds), *([edge.cloud.alarm] if edge.cloud.alarm else []))


async def look(edge: Edge) -> tuple[str, ...]:
    """The same, after a look at the kitchen: has any ticket been shown by nobody for too long?"""
    edge.is_unshown = bool(unshown(await edge.reader.live_tickets(LIVE_AGGREGATES_MAX), edge.now()))
    return alarms(edge)
