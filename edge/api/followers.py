"""Followers that tell of themselves (a mirror, a standby): what they are seen to do, and what is wrong with them.

What lives here: views of what they told. The routes by which they tell are in box.py; what the link tells is in link.py.
"""

from datetime import datetime, timedelta

import msgspec

from edge.api.state import Edge
from edge.app.followers import OWN, FollowerRow
from shared.limits import FOLLOWER_SILENT_ALARM_S
from shared.protocol.entry import Position

__all__ = ["FollowerInfo", "FollowerStatus", "follower_statuses", "unhealthy"]


class FollowerInfo(msgspec.Struct, frozen=True):
    """What a follower tells beside its position: an alarm code, or none."""

    alarm: str = ""


class FollowerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A follower of the journal: where it stands, how many entries it is behind, when it last told so (UTC) and how long ago that is."""

    name: str
    position: str
    behind_entries: int
    told_at: datetime
    age_s: float
    alarm: str = ""


def follower_statuses(edge: Edge) -> tuple[FollowerStatus, ...]:
    """Of every follower but the link, by name."""
    return tuple([_status(edge, name, row) for name in edge.told.names if name not in OWN and (row := edge.told.find(name))])


def _status(edge: Edge, name: str, row: FollowerRow) -> FollowerStatus:
    sequence = Position.parse(row.position).sequence if row.position else 0
    return FollowerStatus(
        name=name, position=row.position, behind_entries=max(0, edge.feed.head.sequence - sequence), told_at=row.at,
        age_s=max(0.0, (edge.now() - row.at).total_seconds()), alarm=_info(row).alarm,
    )  # fmt: skip


def _info(row: FollowerRow) -> FollowerInfo:
    return msgspec.json.decode(row.info, type=FollowerInfo) if row.info else FollowerInfo()


def unhealthy(edge: Edge) -> tuple[str, ...]:
    """Alarms of followers: what they say of themselves, and `<name>.silent` of one that is behind and says nothing any more. Whoever
    takes a follower away for good says so: `DELETE /v1/followers/<name>`."""
    found: list[str] = []
    for each in follower_statuses(edge):
        if each.alarm:
            found.append(each.alarm)
        if each.behind_entries and edge.now() - each.told_at > timedelta(seconds=FOLLOWER_SILENT_ALARM_S):
            found.append(f"{each.name}.silent")
    return tuple(found)
