"""The auditor's own books: what checks, tickets and money must look like after a run of entries.

What lives here: a second, plainer telling of the rules, on dictionaries and integers. It imports nothing of the product.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

__all__ = ["Ledger", "Violation"]


class Violation(AssertionError):
    """Something that must never be."""


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)


def _half_up(over: int, under: int) -> int:
    return (2 * over + under) // (2 * under)


def _rate(text: str) -> tuple[int, int]:
    """`"8.875%"` as (8875, 100000)."""
    whole, _, decimals = text.removesuffix("%").partition(".")
    return int(whole + decimals), 100 * 10 ** len(decimals)


class _Line:
    def __init__(self, event: dict[str, Any]) -> None:
        self.amount = (event["unit_price_minor"] + sum(modifier["price_minor"] for modifier in event["modifiers"])) * event["quantity"]
        self.taxes = [(tax["id"], tax["rate"], tax["inclusive"]) for tax in event["taxes"]]
        self.station = event["station"]
        self.status = "held"


class _Check:
    def __init__(self, date: str) -> None:
        self.date = date
        self.lines: dict[str, _Line] = {}
        self.paid = 0
        self.is_open = True

    def sums(self) -> tuple[int, int, int]:
        """gross, net, tax. Every line of the simulated menu has one tax at most."""
        groups: dict[tuple[str, str, bool], int] = defaultdict(int)
        gross = 0
        for line in self.lines.values():
            if line.status != "voided":
                gross += line.amount
                for tax in line.taxes:
                    groups[tax] += line.amount
        inside = outside = 0
        for (_, rate, is_inclusive), base in groups.items():
            over, under = _rate(rate)
            if is_inclusive:
                inside += _half_up(base * over, under + over)
            else:
                outside += _half_up(base * over, under)
        return gross, gross - inside, inside + outside

    def due(self) -> int:
        _, net, tax = self.sums()
        return net + tax - self.paid


class Ledger:
    """Kept by `of`, entry after entry."""

    def __init__(self) -> None:
        self._checks: dict[str, _Check] = {}
        self._tickets: dict[str, bool] = {}
        self._cooked: set[str] = set()
        self._awaiting_tickets: dict[str, str] = {}
        self._numbers: dict[str, int] = defaultdict(int)
        self._date = ""
        self._at: datetime | None = None

    @classmethod
    def of(cls, entries: list[dict[str, Any]]) -> "Ledger":
        """The books after these entries. Raises Violation at the first that must not be."""
        ledger = cls()
        for entry in entries:
            event = entry["event"]
            ledger._close_send(event["type"])
            ledger._keep_time(event["type"], datetime.fromisoformat(entry["at"]))
            getattr(ledger, f"_on_{event['type']}")(event, entry)
            if "check_id" in event and event["type"] != "TicketCreated":
                check = ledger._checks[event["check_id"]]
                _must(entry["date"] == check.date, f"entry {entry['sequence']} is booked on {entry['date']}, its check on {check.date}")
        ledger._close_send("")
        return ledger

    def sums(self) -> dict[str, tuple[int, int, int, int, int]]:
        """By business date: orders, lines, gross, net, tax of closed checks."""
        days: dict[str, list[int]] = {}
        for check in self._checks.values():
            if not check.is_open:
                day = days.setdefault(check.date, [0, 0, 0, 0, 0])
                gross, net, tax = check.sums()
                kept = sum(line.status != "voided" for line in check.lines.values())
                for index, value in enumerate((1, kept, gross, net, tax)):
                    day[index] += value
        return {date: (day[0], day[1], day[2], day[3], day[4]) for date, day in days.items()}

    def _next_number(self, series: str, number: int) -> None:
        self._numbers[series] += 1
        _must(number == self._numbers[series], f"{series} number {number} follows {self._numbers[series] - 1}")

    def _open_check(self, event: dict[str, Any]) -> _Check:
        check = self._checks.get(event["check_id"])
        _must(check is not None and check.is_open, f"{event['type']} on a check that is not open")
        assert check is not None
        return check

    def _close_send(self, next_type: str) -> None:
        """After a send, tickets follow until every line that was sent is on one."""
        _must(
            not self._awaiting_tickets or next_type == "TicketCreated",
            f"lines {list(self._awaiting_tickets)} were sent and no kitchen was told",
        )

    def _keep_time(self, type_name: str, at: datetime) -> None:
        """Times go back only where a manager has accepted the clock."""
        _must(
            type_name == "ClockAccepted" or self._at is None or at >= self._at,
            f"{type_name} stands at {at}, the entry before at {self._at}",
        )
        self._at = at

    # --- one rule for each event ---

    def _on_EpochStarted(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(entry["sequence"] == 1, "the epoch began in the middle of the journal")

    def _on_BusinessDayTurned(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(event["business_date"] > self._date, f"the date went from {self._date} to {event['business_date']}")
        self._date = event["business_date"]

    def _on_MenuApplied(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(len(event["version"]) == 64, "a menu without a version")

    def _on_ClockAccepted(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(event["behind_s"] >= 0, "a clock that is behind by less than nothing")

    def _on_CheckOpened(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(event["check_id"] not in self._checks, f"check {event['check_id']} was opened twice")
        _must(event["business_date"] == self._date, f"a check was opened on {event['business_date']}, the date is {self._date}")
        self._next_number("check", event["number"])
        self._checks[event["check_id"]] = _Check(event["business_date"])

    def _on_LineAdded(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        check = self._open_check(event)
        _must(event["line_id"] not in check.lines, f"line {event['line_id']} was added twice")
        check.lines[event["line_id"]] = _Line(event)

    def _on_LineVoided(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        check = self._open_check(event)
        line = check.lines[event["line_id"]]
        _must(line.status == "held", f"a line was voided that is {line.status}")
        line.status = "voided"
        _must(check.due() >= 0, "a void left a check overpaid")

    def _on_LinesSent(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        check = self._open_check(event)
        held = [line_id for line_id, line in check.lines.items() if line.status == "held"]
        _must(event["line_ids"] == held, f"{event['line_ids']} were sent where {held} were held")
        for line_id in held:
            check.lines[line_id].status = "sent"
            self._awaiting_tickets[line_id] = check.lines[line_id].station

    def _on_TicketCreated(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(event["ticket_id"] not in self._tickets, f"ticket {event['ticket_id']} was created twice")
        self._tickets[event["ticket_id"]] = True
        self._next_number(f"ticket {event['station']}", event["number"])
        for line in event["lines"]:
            _must(line["line_id"] not in self._cooked, f"line {line['line_id']} is cooked twice")
            station = self._awaiting_tickets.pop(line["line_id"], None)
            _must(station == event["station"], f"line {line['line_id']} is cooked at {event['station']}, wanted at {station}")
            self._cooked.add(line["line_id"])

    def _on_TicketBumped(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        _must(self._tickets.get(event["ticket_id"], False), f"ticket {event['ticket_id']} was bumped and is not open")
        self._tickets[event["ticket_id"]] = False

    def _on_PaymentTaken(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        check = self._open_check(event)
        _must(0 < event["amount_minor"] <= check.due(), f"{event['amount_minor']} were taken where {check.due()} were due")
        _must(event["tendered_minor"] - event["amount_minor"] == event["change_minor"] >= 0, "the change is wrong")
        check.paid += event["amount_minor"]

    def _on_CheckClosed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:  # noqa: N802
        check = self._open_check(event)
        _must(check.due() == 0, f"a check was closed with {check.due()} due")
        _must(all(line.status != "held" for line in check.lines.values()), "a check was closed with lines held")
        gross, net, tax = check.sums()
        stated = tuple(event[f"{name}_minor"] for name in ("gross", "net", "tax", "total"))
        _must(stated == (gross, net, tax, net + tax), f"a check was closed at {stated}, its lines come to {(gross, net, tax, net + tax)}")
        check.is_open = False
