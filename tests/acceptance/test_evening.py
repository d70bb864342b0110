"""Five waiters and two cooks run an evening on one site through the API, and the box is killed ten times under them."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.sim.auditor import Auditor, Row
from tests.sim.ledger import Ledger
from tests.support.boxes import make_box
from tests.support.evening import MENU, Cook, Person, Waiter, codes_of
from tests.support.programs import EdgeBox, run
from tests.support.waiting import eventually

KILLS = 10
ACTS_BETWEEN_KILLS = 70  # accepted commands, of all devices together
SEED = 20_261_121


class _Disk:
    """The journal's file, read as anybody can."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def platter(self) -> list[Row]:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        try:
            return connection.execute("SELECT sequence, hash, entry FROM journal ORDER BY sequence").fetchall()
        finally:
            connection.close()


class _Site:
    """What the auditor looks at: a journal that no hub has seen."""

    def __init__(self, path: Path) -> None:
        self.name = "site"
        self.disk = _Disk(path)
        self.boxes = [self]
        self.present = self

    def set_aside(self) -> dict[str, str]:
        return {}

    def orphans(self) -> set[tuple[int, bytes]]:
        return set()

    def kept_by_tablets(self) -> set[str]:
        return set()

    def rows_at_hub(self, after: int = 0) -> list[Row]:
        return []

    def was_claim_forgotten(self) -> bool:
        return False

    def holes(self) -> list[tuple[int, int]]:
        return []

    def trimmed(self) -> int:
        return 0

    def backups(self) -> list[list[Row]]:
        return []

    def lost_backups(self, since: int = 0) -> list[list[Row]]:
        return []

    def mirrored(self) -> list[list[Row]]:
        return []

    def hub_incarnation(self) -> str:
        return "none-1"


WANTED = {
    "LineChanged", "LineVoided", "LinesHeld", "LinesReleased", "DiscountGiven", "DiscountRemoved", "PromotionsApplied", "ChargesApplied",
    "CheckSplit", "CheckSplitEvenly", "ChecksMerged", "LinesMoved", "CheckMoved", "CheckAssigned", "LinesRerated", "PaymentTaken",
    "TipAdjusted", "Refunded", "CheckReopened", "TicketChanged", "TicketRecalled", "TicketServed",
}  # fmt: skip
"""What must have happened in the evening for it to prove something."""


def _accepted(people: Sequence[Person]) -> int:
    return sum(len(person.answers) for person in people)


def _everybody_goes_on(people: Sequence[Person], box: EdgeBox) -> None:
    for _ in range(KILLS):
        before = _accepted(people)
        enough = eventually(
            lambda before=before: any(person.error for person in people) or _accepted(people) >= before + ACTS_BETWEEN_KILLS,
            "the evening goes on",
            deadline_s=90.0,
        )
        assert enough
        for person in people:
            if person.error is not None:
                raise person.error
        box.serve.kill()
        box.start_serve()


def _put_right(manager: Person) -> None:
    """What a manager does at the end of an evening: a tip that was forgotten, and an amount given back. The rarest acts are not left to
    chance."""
    with_payments = [check for check in manager.get("/v1/checks", status="closed", limit=200)["checks"] if check["payments"]]
    tips = (
        {
            "type": "AdjustTip",
            "check_id": check["check_id"],
            "payment_id": payment["payment_id"],
            "tip_minor": payment.get("tip_minor", 0) + 7,
        }
        for check in with_payments
        for payment in check["payments"]
    )
    assert any(manager.ask(tip) for tip in tips)
    refunds = (
        {"type": "RefundAmount", "check_id": check["check_id"], "amount_minor": 5, "reason": "cold", **codes_of(check)}
        for check in with_payments
    )
    assert any(manager.ask(refund) for refund in refunds)


@pytest.mark.timeout(420)
def test_five_waiters_run_an_evening_while_the_box_is_killed_ten_times(short_dir: Path, make_edge: Callable[..., EdgeBox]) -> None:
    data_dir = short_dir / "box"
    make_box(data_dir, currency="EUR", time_zone="Europe/Berlin")
    box = make_edge(data_dir)
    box.start_serve()
    with box.box_client() as client:
        client.put("/v1/menu", content=msgspec.json.encode(MENU)).raise_for_status()
        tokens = {name: client.post("/v1/devices", json={"name": name, "role": "manager"}).json()["token"] for name in "12345ab"}
    waiters: list[Person] = [Waiter(f"waiter {name}", box.url, tokens[name], SEED) for name in "12345"]
    cooks: list[Person] = [Cook(f"cook {name}", box.url, tokens[name], SEED) for name in "ab"]
    people = [*waiters, *cooks]
    for person in people:
        person.start()
    try:
        _everybody_goes_on(people, box)
    finally:
        for person in waiters:
            person.end()
        for person in cooks:
            person.end()
    manager = Waiter("manager", box.url, tokens["1"], SEED)
    _put_right(manager)
    manager.leave()
    people.append(manager)
    _judge(box, people)


def _judge(box: EdgeBox, people: Sequence[Person]) -> None:
    site = _Site(box.data_dir / "journal.db")
    auditor = Auditor()
    for person in people:
        auditor.proposed(site, person.asked.items())
        auditor.acknowledged(site, site, list(person.answers.values()))
    ledger = auditor.audit(site)
    assert ledger.open_checks == set(), "every check was paid and closed"
    _everything_was_tried(site.disk.platter(), people)
    _every_check_is_right(box, ledger)
    _every_ticket_is_right(box, ledger)
    _every_total_is_right(box, ledger)
    box.stop()
    for command in ("verify", "rebuild"):
        done = run("edge", command, "--data-dir", box.data_dir, *(["--check"] if command == "rebuild" else []), "--json")
        assert done.returncode == 0, done.stdout + done.stderr


def _everything_was_tried(rows: Sequence[Row], people: Sequence[Person]) -> None:
    """The evening proves something only of what happened in it."""
    happened = {json.loads(entry)["event"]["type"] for _, _, entry in rows}
    assert happened >= WANTED, f"never happened: {sorted(WANTED - happened)}; refused: {[dict(person.refused) for person in people]}"


def _every_check_is_right(box: EdgeBox, ledger: Ledger) -> None:
    date = _get(box, "/v1/status")["business_date"]
    closed = {check["check_id"]: check for check in _get(box, "/v1/checks", status="closed", business_date=date, limit=500)["checks"]}
    assert _get(box, "/v1/checks")["checks"] == []
    assert set(closed) == ledger.closed_checks
    for check_id, check in closed.items():
        ours, paid = ledger.sum_of(check_id), ledger.paid_of(check_id)
        shown = [check[f"{name}_minor"] for name in ("gross", "net", "tax", "total", "paid", "due")]
        assert shown == [ours.gross, ours.net, ours.tax, ours.total, paid, 0], check_id
        assert ours.total == paid
        if ledger.is_reckoned(check_id):
            shown = [check[f"{name}_minor"] for name in ("discount", "comp", "void", "service")]
            assert shown == [ours.discount, ours.comp, ours.void, ours.service], check_id
    assert sum(map(ledger.is_reckoned, closed)) > len(closed) / 3, "the auditor had to believe too much"


def _every_ticket_is_right(box: EdgeBox, ledger: Ledger) -> None:
    assert {ticket["ticket_id"] for ticket in _get(box, "/v1/tickets")["tickets"]} == ledger.kitchen.open_ids == set()


def _every_total_is_right(box: EdgeBox, ledger: Ledger) -> None:
    days = _get(box, "/v1/sales")["days"]
    told = {day["business_date"]: tuple(day[name] for name in ("orders", "lines", "gross_minor", "net_minor", "tax_minor")) for day in days}
    assert told == ledger.sums()


def _get(box: EdgeBox, path: str, **params: Any) -> Any:
    return httpx.get(f"{box.url}{path}", params=params, timeout=30.0).raise_for_status().json()
