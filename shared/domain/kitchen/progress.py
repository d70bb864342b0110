"""How far the kitchen is with a check: one state for each line, whatever the number of stations that work on it.

What lives here: a pure function over tickets. Checks and screens are not known here.
"""

from collections.abc import Iterable

from shared.domain.kitchen.state import ItemStatus, Ticket

__all__ = ["kitchen_state"]

_ORDER = {status: place for place, status in enumerate(ItemStatus)}


def kitchen_state(tickets: Iterable[Ticket]) -> dict[str, ItemStatus]:
    """The state of every line on these tickets, all those of a check, by line id. A line of several stations is ready, or served, when
    it is so at all of them; it is started as soon as one has started; it is displayed when all stations have seen it."""
    found: dict[str, set[ItemStatus]] = {}
    for ticket in tickets:
        for line in ticket.lines:
            found.setdefault(line.line_id, set()).add(line.status)
    return {line_id: _altogether(states) for line_id, states in found.items()}


def _altogether(states: set[ItemStatus]) -> ItemStatus:
    live = sorted(states - {ItemStatus.VOIDED}, key=_ORDER.__getitem__)
    if not live:
        return ItemStatus.VOIDED
    if _ORDER[live[0]] < _ORDER[ItemStatus.STARTED] <= _ORDER[live[-1]]:
        return ItemStatus.STARTED
    return live[0]
