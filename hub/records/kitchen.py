"""Records of the kitchen: tickets with their times.

What lives here: types. How they come of state is in hub/project/rows.py.
"""

from datetime import datetime

from hub.records import Record

__all__ = ["TicketRecord"]


class TicketRecord(Record, frozen=True):
    """A ticket with its times, null for what has not happened. `due_at` is when the station was to begin: the earliest fire time of
    its lines. `lines` are still to be made or made, `voided_lines` not; after a recall the time of the bump is that of the last."""

    business_date: str
    ticket_id: str
    station: str
    number: int
    epoch: int
    check_id: str
    check_number: int
    table_id: str
    course: str
    service: str
    dining_option: str
    status: str
    lines: int
    voided_lines: int
    priority: int
    recalls: int
    adds_to: int
    awaits_expo: bool
    served_early: bool
    created_at: datetime
    due_at: datetime
    ready_by: datetime | None
    printed_at: datetime | None
    shown_at: datetime | None
    started_at: datetime | None
    bumped_at: datetime | None
    served_at: datetime | None
