"""The auditor's own books of the kitchen: that every fired line is cooked once at each of its stations, and told of what becomes of it.

What lives here: a second, plainer telling of the kitchen's rules on dictionaries. It imports nothing of the product.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Kitchen", "Violation", "must"]

BLOCKING = {"added", "voided", "noted"}


class Violation(AssertionError):
    """Something that must never be."""


def must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)


@dataclass
class _Ticket:
    station: str
    check: str
    lines: dict[str, str]  # line id -> waiting | ready | served | voided
    at: str
    awaits_expo: bool
    status: str = "open"
    changes: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)  # kind, lines, seen

    def unseen(self, line_id: str = "") -> bool:
        return any(kind in BLOCKING and not seen and (not line_id or line_id in lines) for kind, lines, seen in self.changes)


class Kitchen:
    """Kept by `on`, event after event; `close_command` at the end of each command."""

    def __init__(self) -> None:
        self.tickets: dict[str, _Ticket] = {}
        self._numbers: dict[str, int] = defaultdict(int)
        self._owed: dict[str, set[str]] = {}  # line -> stations that have not been told of its fire
        self._to_strike: set[tuple[str, str]] = set()  # (ticket, line) that the void of this command must take off
        self._fired: set[tuple[str, str]] = set()  # (line, station)

    # --- what the checks say ---

    def fired(self, line_id: str, stations: list[str]) -> None:
        """A line was sent: each of its stations must hear of it within the same command."""
        self._owed[line_id] = set(stations)

    def voided(self, line_id: str) -> None:
        """A line that the kitchen has was voided: every ticket that it stands on must say so within the same command."""
        self._to_strike |= {
            (id, line_id) for id, ticket in self.tickets.items() if ticket.lines.get(line_id, "voided") not in {"voided", "gone"}
        }

    def close_command(self) -> None:
        must(not any(self._owed.values()), f"lines were sent and no kitchen was told: {self._owed}")
        must(not self._to_strike, f"lines were voided and stand on tickets as if they were not: {self._to_strike}")
        self._owed.clear()

    @property
    def open_ids(self) -> set[str]:
        """The tickets that a screen still has to show."""
        return {id for id, ticket in self.tickets.items() if ticket.status == "open" or (ticket.status == "bumped" and self._waits(ticket))}

    @staticmethod
    def _waits(ticket: _Ticket) -> bool:
        return ticket.awaits_expo and (
            any(not seen for _, _, seen in ticket.changes) or any(state != "voided" for state in ticket.lines.values())
        )

    # --- one rule for each event ---

    def on(self, event: dict[str, Any], entry: dict[str, Any], *, is_adopted: bool = False) -> None:
        name = event["type"].removeprefix("Ticket").lower()
        if event["type"] == "TicketCreated":
            self._created(event, entry, is_adopted)
            return
        ticket = self.tickets.get(event["ticket_id"])
        must(ticket is not None, f"{event['type']} of a ticket that was never created")
        assert ticket is not None
        getattr(self, f"_{name}")(ticket, event)

    def _created(self, event: dict[str, Any], entry: dict[str, Any], is_adopted: bool) -> None:
        must(event["ticket_id"] not in self.tickets, f"ticket {event['ticket_id']} was created twice")
        series = event["station"], entry["date"], entry["epoch"]
        if not is_adopted:  # those of a box that is gone have gaps
            self._numbers[repr(series)] += 1
            must(
                event["number"] == self._numbers[repr(series)],
                f"ticket {event['number']} of {series} follows {self._numbers[repr(series)] - 1}",
            )
        for line in event["lines"]:
            id, station = line["line_id"], event["station"]
            must(station in self._owed.get(id, ()), f"line {id} is cooked at {station}, wanted at {self._owed.get(id)}")
            must((id, station) not in self._fired, f"line {id} is cooked twice at {station}")
            self._owed[id].discard(station)
            self._fired.add((id, station))
        self.tickets[event["ticket_id"]] = _Ticket(
            event["station"], event["check_id"], {line["line_id"]: "waiting" for line in event["lines"]}, entry["at"], event["awaits_expo"]
        )

    def _changed(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        ids = tuple(event["line_ids"])
        if event["kind"] == "voided":
            for id in ids:
                must(ticket.lines.get(id, "voided") != "voided", f"line {id} is struck off a ticket that has it not")
                ticket.lines[id] = "voided"
                self._to_strike.discard((event["ticket_id"], id))
        if event["kind"] == "added":
            must(event["added_ticket_id"] in self.tickets, "an addition names a ticket that is none")
        ticket.changes.append((event["kind"], ids, False))

    def _changesseen(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(0 < event["count"] <= len(ticket.changes), "more changes were seen than there are")
        ticket.changes = [(kind, ids, seen or place < event["count"]) for place, (kind, ids, seen) in enumerate(ticket.changes)]

    def _relabelled(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        pass  # a label says where a dish goes, not what is cooked

    def _linesmoved(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(set(event["line_ids"]) <= set(ticket.lines), "lines moved that stand on another ticket")

    def _bumped(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.status == "open", f"ticket {event['ticket_id']} was bumped and is {ticket.status}")
        ticket.status = "bumped"
        ticket.lines = {id: "ready" if state == "waiting" else state for id, state in ticket.lines.items()}

    def _itemstarted(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.lines[event["line_id"]] == "waiting", "an item was started that is not waiting")

    def _itembumped(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.status == "open", "an item was bumped on a ticket that is not open")
        must(ticket.lines[event["line_id"]] == "waiting", "an item was bumped that is not waiting")
        ticket.lines[event["line_id"]] = "ready"

    def _recalled(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.status != "open", "an open ticket was recalled")
        ticket.status = "open"
        ticket.lines = {id: state if state == "voided" else "waiting" for id, state in ticket.lines.items()}

    def _itemrecalled(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.lines[event["line_id"]] in {"ready", "served"}, "an item was recalled that was not made")
        ticket.lines[event["line_id"]] = "waiting"
        ticket.status = "open"

    def _prioritized(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.status == "open", "a ticket was put first that is not open")

    def _shown(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        pass

    def _printed(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        pass

    def _served(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        must(ticket.status != "served", "a ticket was served twice")
        ticket.status = "served"
        ticket.lines = {id: state if state == "voided" else "served" for id, state in ticket.lines.items()}

    def _itemsserved(self, ticket: _Ticket, event: dict[str, Any]) -> None:
        for id in event["line_ids"]:
            must(ticket.lines[id] in {"waiting", "ready"}, f"line {id} was served and is {ticket.lines[id]}")
            ticket.lines[id] = "served"
