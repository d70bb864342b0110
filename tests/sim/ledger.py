"""The auditor's own books: what checks, tickets and money must look like after a run of entries.

What lives here: one rule for each event, over the books of single checks (ledger_checks.py) and of the kitchen (ledger_kitchen.py). It
imports nothing of the product.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.sim.ledger_checks import CheckBook, Line
from tests.sim.ledger_kitchen import Kitchen, Violation, must
from tests.sim.sums import Sum

__all__ = ["Ledger", "Violation"]


def _snake(name: str) -> str:
    """`LineAdded` as `line_added`."""
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


def _by_date(books: Iterable[Mapping[str, Sequence[int]]]) -> dict[str, tuple[int, int, int, int, int]]:
    days: dict[str, list[int]] = {}
    for each in books:
        for date, figures in each.items():
            day = days.setdefault(date, [0, 0, 0, 0, 0])
            for place, value in enumerate(figures):
                day[place] += value
    return {date: (day[0], day[1], day[2], day[3], day[4]) for date, day in days.items() if any(day)}


class Ledger:
    """Kept by `of`, entry after entry."""

    def __init__(self) -> None:
        self.checks: dict[str, CheckBook] = {}
        self.kitchen = Kitchen()
        self._numbers: dict[str, int] = defaultdict(int)
        self._touched: set[str] = set()
        self._countdowns: dict[str, int] = {}
        self._date = ""
        self._epoch = 0
        self._adopts = 0  # the epoch of the box whose orphaned entry this is, 0 for one of the journal's own
        self._used: set[tuple[str, int]] = set()
        self._at: datetime | None = None

    @classmethod
    def of(cls, entries: list[dict[str, Any]]) -> "Ledger":
        """The books after these entries. Raises Violation at the first that must not be."""
        ledger = cls()
        for entry in entries:
            event = entry["event"]
            is_new = event["type"] == "EpochStarted"
            must(is_new or entry["epoch"] == ledger._epoch, f"entry {entry['sequence']} is of epoch {entry['epoch']}, which has not begun")
            ledger._keep_time(event["type"], datetime.fromisoformat(entry["at"]))
            ledger._adopts = 0
            said = entry
            while event["type"] == "OrphanAdopted":  # perhaps by a box whose own entries became orphans
                must(event["epoch"] < said["epoch"], "an orphan was adopted that is of no earlier box")
                ledger._adopts = event["epoch"]
                said = {**entry, "epoch": event["epoch"], "date": event["date"], "at": event["at"]}
                event = event["event"]
            if said is not entry:
                ledger._mark_adopted(event)
            ledger._take(event, said)
            if entry["ordinal"] == entry["of"] - 1:
                ledger._close_command()
        return ledger

    def _mark_adopted(self, event: dict[str, Any]) -> None:
        check = self.checks.get(event.get("check_id", ""))
        if check is not None:
            check.is_adopted = True

    def _take(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        if event["type"].startswith("Ticket"):
            self.kitchen.on(event, entry, is_adopted=self._adopts > 0)
        else:
            getattr(self, f"_on_{_snake(event['type'])}")(event, entry)
            self._booked_rightly(event, entry)

    def _close_command(self) -> None:
        """What need not hold within a command holds at its end: promotions follow lines, tickets follow what was sent."""
        self.kitchen.close_command()
        for check_id in self._touched:
            self.checks[check_id].must_cover("a command")
        self._touched.clear()

    # --- what it comes to ---

    @property
    def open_checks(self) -> set[str]:
        return {id for id, check in self.checks.items() if check.status == "open"}

    @property
    def closed_checks(self) -> set[str]:
        return {id for id, check in self.checks.items() if check.status == "closed"}

    def sum_of(self, check_id: str) -> Sum:
        return self.checks[check_id].sums()

    def is_reckoned(self, check_id: str) -> bool:
        """Whether the sums of a check are the auditor's own, and not those that a split or a closing stated."""
        return self.checks[check_id].stated is None

    def paid_of(self, check_id: str) -> int:
        return self.checks[check_id].paid

    def sums(self) -> dict[str, tuple[int, int, int, int, int]]:
        """By business date: orders, lines, gross, net, tax of closed checks, refunds and corrections on the day they were made."""
        return _by_date(check.books() for check in self.checks.values())

    def sums_of(self, check_ids: Iterable[str]) -> dict[str, tuple[int, int, int, int, int]]:
        """The same of some checks, each figure without its sign: so much may be missing where these are not known."""
        books = (self.checks[id].books() for id in check_ids if id in self.checks)
        return _by_date({date: [abs(value) for value in figures] for date, figures in each.items()} for each in books)

    # --- helpers ---

    def _next_number(self, series: str, number: int) -> None:
        series = f"{series} of epoch {self._adopts or self._epoch}"
        must((series, number) not in self._used, f"{series} number {number} was given twice")
        self._used.add((series, number))
        if self._adopts:
            return  # what is set aside, or brought by a tablet, leaves gaps in the series of a box that is gone
        self._numbers[series] += 1
        must(number == self._numbers[series], f"{series} number {number} follows {self._numbers[series] - 1}")

    def _check(self, event: dict[str, Any], *states: str, field: str = "check_id") -> CheckBook:
        check = self.checks.get(event[field])
        wanted = states or ("open",)
        must(check is not None and check.status in wanted, f"{event['type']} on a check that is not {' or '.join(wanted)}")
        assert check is not None
        if check.status == "open":
            self._touched.add(check.id)
        return check

    def _booked_rightly(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        """What happens to a check books on its own date; after its first closing on the day it happens."""
        check = self.checks.get(event.get("check_id", ""))
        if check is not None and not self._adopts:
            date = self._date if (check.closings and event["type"] != "CheckClosed") or len(check.closings) > 1 else check.date
            must(entry["date"] == date, f"entry {entry['sequence']} ({event['type']}) is booked on {entry['date']}, not on {date}")

    def _keep_time(self, type_name: str, at: datetime) -> None:
        """Times go back only where a manager has accepted the clock."""
        must(
            type_name == "ClockAccepted" or self._at is None or at >= self._at,
            f"{type_name} stands at {at}, the entry before at {self._at}",
        )
        self._at = at

    def _count(self, item_id: str, units: int) -> None:
        """Units of an item that is counted down were taken; there are never fewer than none."""
        if units:
            self._countdowns[item_id] = self._countdowns.get(item_id, 0) - units
            must(self._countdowns[item_id] >= 0, f"more of {item_id} was sold than there was")

    # --- the site ---

    def _on_epoch_started(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        must(entry["epoch"] > self._epoch, f"epoch {entry['epoch']} began after epoch {self._epoch}")
        self._epoch = entry["epoch"]

    def _on_business_day_turned(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        must(event["business_date"] > self._date, f"the date went from {self._date} to {event['business_date']}")
        self._date = event["business_date"]

    def _on_menu_applied(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        must(len(event["version"]) == 64, "a menu without a version")

    def _on_clock_accepted(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        must(event["behind_s"] >= 0, "a clock that is behind by less than nothing")

    def _on_item_eighty_sixed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        pass

    _on_item_restored = _on_local_price_set = _on_menu_scheduled = _on_menu_unscheduled = _on_item_eighty_sixed

    def _on_countdown_set(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        self._countdowns[event["item_id"]] = event["left"]

    # --- lines ---

    def _on_check_opened(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        must(event["check_id"] not in self.checks, f"check {event['check_id']} was opened twice")
        must(
            self._adopts > 0 or event["business_date"] == self._date,
            f"a check was opened on {event['business_date']}, the date is {self._date}",
        )
        kind = "training check" if event["training"] else "check"
        self._next_number(kind, event["number"])
        if event["order_number"]:
            self._next_number(f"{kind} order {event['business_date']}", event["order_number"])
        self.checks[event["check_id"]] = CheckBook(event)

    def _on_line_added(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        must(event["line_id"] not in check.lines, f"line {event['line_id']} was added twice")
        self._count(event["item_id"], event.get("counted", 0))
        check.lines[event["line_id"]] = Line(event)
        check.changed()

    def _on_line_changed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        [line] = check.named([event["line_id"]])
        before = line.ordered
        line.set({name: value for name, value in event.items() if value is not None and name not in {"type", "check_id"}})
        if line.ordered != before:  # a note or a seat changes no sum, and so not the odd cent that a split dealt out either
            check.changed()

    def _on_line_voided(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        [line] = check.named([event["line_id"]])
        after_fire = event.get("after_fire", False)
        must(line.status == ("sent" if after_fire else "held"), f"a line was voided that is {line.status}")
        must(not after_fire or bool(event["reason"] and event["approved_by"]), "a fired line was voided without reason or approver")
        line.status, line.after_fire = "voided", after_fire
        if after_fire and not check.training:
            self.kitchen.voided(line.id)
        check.changed()

    def _on_lines_sent(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        for line in check.named(event["line_ids"]):
            must(line.status == "held", f"line {line.id} was sent and is {line.status}")
            line.status = "sent"
            if not check.training:
                self.kitchen.fired(line.id, line.stations)

    def _on_lines_held(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        must(all(line.status == "held" for line in self._check(event).named(event["line_ids"])), "a line was held that is in the kitchen")

    _on_lines_released = _on_lines_held

    def _on_lines_rerated(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        for rated in event["lines"]:
            [line] = check.named([rated["line_id"]])
            modifiers = [
                modifier | {"price_minor": price} for modifier, price in zip(line.said["modifiers"], rated["modifiers_minor"], strict=True)
            ]
            line.set({"unit_price_minor": rated["unit_price_minor"], "modifiers": modifiers, "taxes": rated["taxes"]})
        check.changed()

    # --- what comes off and on ---

    def _on_discount_given(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check, discount = self._check(event), event["discount"]
        must(discount["discount_id"] not in check.discounts, "a discount was given twice")
        check.named(discount["line_ids"])
        must(discount["scope"] != "comp" or bool(discount["reason"] and discount["approved_by"]), "a comp without reason or approver")
        check.discounts[discount["discount_id"]] = discount
        check.changed()

    def _on_discount_removed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        known = check.discounts.pop(event["discount_id"], None)
        must(known is not None or check.clouded, "a discount was removed that does not stand")
        check.changed()

    def _on_promotions_applied(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        check.promotions = list(event["promotions"])
        for promotion in check.promotions:
            must(promotion["scope"] == "promotion", "a promotion that is none")
            must(
                check.clouded or all(line.status != "voided" for line in check.named(promotion["line_ids"])), "a promotion on a voided line"
            )
        check.changed()

    def _on_charges_applied(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        check.automatic = list(event["charges"])
        check.changed()

    def _on_charge_added(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        check.charges[event["charge"]["charge_id"]] = event["charge"]
        check.changed()

    def _on_charge_waived(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        check.charges.pop(event["charge_id"], None)
        check.automatic = [charge for charge in check.automatic if charge["charge_id"] != event["charge_id"]]
        check.changed()

    def _on_tax_exempted(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        check.exemption = event
        check.changed()

    def _on_exemption_removed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        check.exemption = None
        check.changed()

    # --- apart and together ---

    def _on_check_split(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        parent = self._check(event)
        opened: dict[str, CheckBook] = {}
        for child in event["children"][1:]:
            must(child["check_id"] not in self.checks, "a check was split into one that exists")
            self._next_number("training check" if parent.training else "check", child["number"])
            opened[child["check_id"]] = CheckBook(
                {
                    "check_id": child["check_id"],
                    "business_date": event["business_date"],
                    "covers": child["covers"],
                    "training": parent.training,
                }
            )
        parent.covers = event["children"][0]["covers"]
        parent.split(event, opened)
        self.checks |= opened

    def _on_check_split_evenly(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        must(check.due is None or sum(event["shares_minor"]) == check.due, "the even shares are not what is due")
        must(max(event["shares_minor"]) - min(event["shares_minor"]) <= 1, "even shares that are not even")

    def _on_checks_merged(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        into = self._check(event)
        for id in event["from_check_ids"]:
            check = self.checks[id]
            must(check.status == "open" and not check.payments and not check.closings, f"check {id} was merged and may not be")
            into.take(check, list(check.lines.values()))
            into.covers += check.covers
            check.status = "merged"
            check.discounts, check.promotions, check.charges, check.automatic = {}, [], {}, []

    def _on_lines_moved(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check, into = self._check(event), self._check(event, field="to_check_id")
        into.take(check, check.named(event["line_ids"]))

    def _on_check_moved(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        self._check(event)

    _on_check_assigned = _on_bill_shown = _on_tab_authorized = _on_tab_released = _on_check_moved

    def _on_check_changed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        if event["covers"] is not None:
            check.covers = event["covers"]

    # --- paying ---

    def _on_payment_taken(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        self._check(event).pay(event)

    def _on_tip_adjusted(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        payment = self._check(event, "open", "closed").payments[event["payment_id"]]
        payment["tip"] += event["amount_minor"]
        must(payment["tip"] == event["tip_minor"] >= 0, "a tip is not what its changes come to")

    def _on_check_closed(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        check = self._check(event)
        self._next_number("training receipt" if check.training else "receipt", event["receipt_number"])
        check.close(entry["date"], event)

    def _on_check_reopened(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        self._check(event, "closed").status = "open"

    def _on_refunded(self, event: dict[str, Any], entry: dict[str, Any]) -> None:
        self._check(event, "open", "closed").refund(entry["date"], event)
