"""The auditor's own books of one check: its lines, what comes off and on, what was paid, and what it comes to.

What lives here: a second, plainer telling of the check's rules on dictionaries and integers. It imports nothing of the product.

A check is `clouded` once it was split, or joined with another, while discounts stood on it: what of them falls on which part is told by
no event, so its sums are believed as they are stated, and judged by what must hold of any.
"""

import hashlib
from collections.abc import Iterable
from copy import copy
from fractions import Fraction
from typing import Any

from tests.sim.ledger_kitchen import must
from tests.sim.sums import Sum, SumLine, half_up, reckon, share_out

__all__ = ["CheckBook", "Line", "derived_id"]


class Line:
    """A line as the event that brought it says."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.id: str = event["line_id"]
        self.status = "held"
        self.after_fire = False
        self.source = ""  # the line that this is a share of
        self.part = Fraction(1)
        self.share_minor: int | None = None
        self.set(event)

    def set(self, event: dict[str, Any]) -> None:
        self.said = dict(getattr(self, "said", {})) | event

    def shared(self, check_id: str, weights: list[int], place: int) -> "Line":
        """The share of this line that the check at `place` bears."""
        share = copy(self)
        share.said = dict(self.said)
        share.source = self.source or self.id
        share.id = derived_id(share.source, check_id)
        share.part = self.part * Fraction(weights[place], sum(weights))
        share.share_minor = share_out(self.amount, weights)[place]
        return share

    @property
    def alike(self) -> str:
        """Shares of one line that are alike become one where they meet."""
        said = {name: value for name, value in self.said.items() if name not in {"line_id", "check_id", "type"}}
        return repr((self.source, self.status, sorted(said.items(), key=str)))

    @property
    def combo(self) -> str:
        return (self.said.get("combo") or {}).get("combo_id", "")

    @property
    def stations(self) -> list[str]:
        return list(dict.fromkeys([self.said["station"], *self.said.get("also_stations", ())]))

    @property
    def ordered(self) -> tuple[object, ...]:
        """What of it says what it costs."""
        return self.said["quantity"], self.said.get("weight"), self.said["modifiers"]

    @property
    def amount(self) -> int:
        """At menu price, whatever became of it."""
        if self.share_minor is not None:
            return self.share_minor
        extras = sum(modifier["price_minor"] for modifier in self.said["modifiers"])
        base = self.said["unit_price_minor"]
        if self.said.get("weight"):
            return max(0, half_up(base * Fraction(self.said["weight"])) + extras)
        return max(0, (base + extras) * self.said["quantity"])


class CheckBook:
    """One check. `stated` are the sums that a split gave it, until something of it changes."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.id: str = event["check_id"]
        self.date: str = event["business_date"]
        self.covers: int = event.get("covers", 0)
        self.training: bool = event.get("training", False)
        self.status = "open"
        self.lines: dict[str, Line] = {}
        self.discounts: dict[str, dict[str, Any]] = {}
        self.promotions: list[dict[str, Any]] = []
        self.charges: dict[str, dict[str, Any]] = {}
        self.automatic: list[dict[str, Any]] = []
        self.exemption: dict[str, Any] | None = None
        self.stated: Sum | None = None
        self.clouded = False
        self.is_adopted = False  # something of it was adopted: what was taken for it stands, also where what it was for does not
        self.shares: list[int] = []
        self.payments: dict[str, dict[str, Any]] = {}
        self.returned = 0
        self.refunds: list[tuple[str, dict[str, Any]]] = []
        self.closings: list[tuple[str, int, Sum]] = []  # date, lines, sums

    # --- what it comes to ---

    def changed(self) -> None:
        """What it comes to may be another now."""
        self.stated = None
        self.shares = []

    @property
    def is_discounted(self) -> bool:
        return bool(self.discounts or self.promotions)

    def sums(self) -> Sum:
        if self.stated is not None:
            return self.stated
        lines = [line for line in self.lines.values() if line.status != "voided" or line.after_fire]
        sold = {line.id for line in lines if line.status != "voided"}
        discounts = [*self.promotions, *self.discounts.values()]
        return reckon(
            [
                SumLine(line.id, line.amount, self._taxes(line), line.status == "voided", line.said.get("discountable", True))
                for line in lines
            ],
            [each for each in (self._of_sold(each, sold) for each in discounts) if each is not None],
            [*self.charges.values(), *self.automatic] if sold else [],
        )

    @staticmethod
    def _of_sold(discount: dict[str, Any], sold: set[str]) -> dict[str, Any] | None:
        """A discount of lines that are gone applies to those that are left."""
        if discount["scope"] == "order":
            return discount
        ids = [id for id in discount.get("line_ids", ()) if id in sold]
        parts = [part for id, part in zip(discount.get("line_ids", ()), discount.get("parts_minor", ()), strict=False) if id in sold]
        return discount | {"line_ids": ids, "parts_minor": parts} if ids else None

    def _taxes(self, line: Line) -> list[dict[str, Any]]:
        taxes = list(line.said["taxes"])
        if self.exemption is None:
            return taxes
        ids = self.exemption.get("tax_ids") or [tax["id"] for tax in taxes]
        return [tax | {"exempt": True} if tax["id"] in ids else tax for tax in taxes]

    @property
    def kept(self) -> list[Line]:
        return [line for line in self.lines.values() if line.status != "voided"]

    @property
    def paid(self) -> int:
        return sum(payment["amount_minor"] for payment in self.payments.values()) - self.returned

    @property
    def due(self) -> int | None:
        """What is still to be paid; None where it cannot be known."""
        if self.status == "merged":
            return 0
        return None if self.clouded and self.stated is None else self.sums().total - self.paid

    # --- what happens to it ---

    def named(self, line_ids: Iterable[str]) -> list[Line]:
        """The lines of these ids, all of which must be there."""
        found = [self.lines.get(id) for id in line_ids]
        must(all(line is not None for line in found), f"an event names lines that check {self.id} does not have: {list(line_ids)}")
        return [line for line in found if line is not None]

    def must_cover(self, what: str) -> None:
        """Nothing but a correction may leave a check overpaid."""
        must(bool(self.closings) or self.due is None or self.due >= 0, f"{what} left check {self.id} overpaid")

    def pay(self, event: dict[str, Any]) -> None:
        must(event["payment_id"] not in self.payments, f"payment {event['payment_id']} was taken twice")
        due = self.due
        must(event["amount_minor"] > 0, "a payment of nothing")
        must(due is None or event["amount_minor"] <= due, f"{event['amount_minor']} were taken where {due} were due")
        rounding, change = event.get("rounding_minor", 0), event["change_minor"]
        whole = event["amount_minor"] + rounding + change
        if event.get("kind", "cash") == "cash":
            must(event["tendered_minor"] == whole + event.get("tip_minor", 0) and change >= 0, f"the change of {event} is wrong")
            settles = due is None or event["amount_minor"] == due or self.is_adopted  # it did on the box that took it
            must(rounding == 0 or settles, "cash was rounded that does not settle what is left")
        else:
            must(rounding == 0 and change == 0, "only cash is rounded and gives change")
        self.payments[event["payment_id"]] = {**event, "tip": event.get("tip_minor", 0)}

    def refund(self, date: str, event: dict[str, Any]) -> None:
        """What is given back was paid, by that payment, and is told apart into net and taxes without a rest."""
        total = event["total_minor"]
        # Rounded over its units, one unit of a dish of which little is left may come to nothing.
        must(total > 0 or (total == 0 and bool(event["lines"])), "a refund of nothing")
        must(sum(part["amount_minor"] for part in event["tenders"]) == total, "a refund's tenders do not add up to it")
        for part in event["tenders"]:
            payment = self.payments[part["payment_id"]]
            payment["given_back"] = payment.get("given_back", 0) + part["amount_minor"]
            must(payment["given_back"] <= payment["amount_minor"], "more was given back to a payment than it took")
        if event.get("correction"):
            self.returned += total
            must(self.due is None or self.due >= 0, "more was returned than the check was overpaid by")
            return
        taxes = sum(share["tax_minor"] for share in event["taxes"])
        must(event["net_minor"] + taxes == total, "a refund's net and taxes do not add up to it")
        self.refunds.append((date, event))
        given = sum(refund["total_minor"] for _, refund in self.refunds)
        must(given <= self.closings[-1][2].total, "more was refunded than the check came to")

    def close(self, date: str, event: dict[str, Any]) -> None:
        stated = tuple(event[f"{name}_minor"] for name in ("gross", "net", "tax", "total"))
        if self.clouded and self.stated is None:
            gross, net, tax, total = stated
            must(min(stated) >= 0 and net + tax == total, f"check {self.id} was closed at {stated}, which is no sum")
            self.stated = Sum(gross=gross, net=net, tax=tax)
        ours = self.sums()
        must(stated == (ours.gross, ours.net, ours.tax, ours.total), f"check {self.id} was closed at {stated}, its lines come to {ours}")
        must(self.due == 0, f"a check was closed with {self.due} due")
        must(all(line.status != "held" for line in self.lines.values()), "a check was closed with lines held")
        self.status = "closed"
        self.closings.append((date, len(self.kept), ours))

    # --- apart and together ---

    def split(self, event: dict[str, Any], opened: dict[str, "CheckBook"]) -> None:
        """Children add up to their parent; what each has of every line is worked out here."""
        ids = [child["check_id"] for child in event["children"]]
        whole = self.sums() if self.due is not None else None
        if whole is not None and not event["documents"]:
            for name, value in (("gross", whole.gross), ("net", whole.net), ("tax", whole.tax), ("total", whole.total)):
                parts = [child[f"{name}_minor"] for child in event["children"]]
                must(sum(parts) == value, f"check {self.id} of {name} {value} was split into {parts}")
        clouded = self.clouded or self.is_discounted
        weights = {line["line_id"]: line["weights"] for line in event["lines"]}
        lines = list(self.lines.values())
        self.lines = {}
        for place, child in enumerate(event["children"]):
            book = self if place == 0 else opened[child["check_id"]]
            for line in lines:
                own = weights.get(line.id, [1] + [0] * (len(ids) - 1))
                if line.status == "voided":
                    own = [1] + [0] * (len(ids) - 1)
                if own[place]:
                    here = line if sum(map(bool, own)) == 1 else line.shared(book.id, own, place)
                    book.lines[here.id] = here
            book.charges, book.automatic, book.exemption = dict(self.charges), list(self.automatic), self.exemption
            book.changed()
            book.clouded = clouded
            stated = Sum(gross=child["gross_minor"], net=child["net_minor"], tax=child["tax_minor"])
            must(stated.total == child["total_minor"], "a child's net and tax are not its total")
            if not clouded:
                own_gross = sum(line.amount for line in book.kept)
                must(stated.gross == own_gross, f"child {book.id} has a gross of {stated.gross}, its lines come to {own_gross}")
            stated.void = sum(line.amount for line in book.lines.values() if line.after_fire)
            book.stated = stated

    def take(self, giver: "CheckBook", lines: Iterable[Line]) -> None:
        """Lines come from another check; shares that meet become one."""
        moved = list(lines)
        self.clouded = self.clouded or giver.clouded or self._is_shuffled(giver, moved)
        for line in moved:
            del giver.lines[line.id]
            must(line.id not in self.lines or bool(line.source), f"check {self.id} has line {line.id} already")
        all_lines = [*self.lines.values(), *moved]
        self.lines = {}
        for line in all_lines:
            line.said = {"dining_option": "", **line.said}
        groups: dict[str, list[Line]] = {}
        for line in all_lines:
            key = line.alike if line.source and line.status != "voided" else line.id
            groups.setdefault(key, []).append(line)
        for group in groups.values():
            one = group[0] if len(group) == 1 else _one_of(group)
            self.lines[one.id] = one
        giver.changed()
        self.changed()

    def _is_shuffled(self, giver: "CheckBook", moved: list[Line]) -> bool:
        ids = {line.id for line in moved}
        touched = any(ids & set(each.get("line_ids", ())) for each in [*giver.discounts.values(), *giver.promotions])
        return touched or (self.is_discounted and any(line.source for line in moved))

    def books(self) -> dict[str, list[int]]:
        """By date: orders, lines, gross, net, tax. A later closing books what differs from the one before."""
        days: dict[str, list[int]] = {}
        if self.training or self.status == "merged":
            return days
        before = [0, 0, 0, 0, 0]
        for date, lines, sums in self.closings:
            now = [1, lines, sums.gross, sums.net, sums.tax]
            day = days.setdefault(date, [0, 0, 0, 0, 0])
            for place, (new, old) in enumerate(zip(now, before, strict=True)):
                day[place] += new - old
            before = now
        for date, refund in self.refunds:
            day = days.setdefault(date, [0, 0, 0, 0, 0])
            day[3] -= refund["net_minor"]
            day[4] -= sum(share["tax_minor"] for share in refund["taxes"])
        return days


def _one_of(shares: list[Line]) -> Line:
    """Shares of one line that have met: all of them are the line again."""
    one = shares[0]
    amount = sum(share.amount for share in shares)
    one.part = sum((share.part for share in shares), Fraction(0))
    one.share_minor = amount
    if one.part == 1:
        one.share_minor = None
        if one.amount == amount:
            one.id, one.source = one.source, ""
        else:
            one.share_minor = amount
    return one


def derived_id(*parts: str) -> str:
    """The id of what follows from others: a UUIDv8 of their SHA-256."""
    value = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:16], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
