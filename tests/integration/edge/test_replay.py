"""Files of orders played into the real API, in this process, over a line that loses answers.

What lives here: what comes in, what is listed, and that nothing is doubled. Rows and plans by themselves are tested in
tests/unit/edge/replay; the program as a person starts it in test_replay_program.py.
"""

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from edge.api.app import create_app
from edge.main import running
from edge.replay.report import Progress, Report
from edge.replay.runner import Replay, replay
from edge.replay.site import SiteClient
from edge.settings import EdgeSettings
from shared.domain.menu import Menu, MenuItem, Tax
from shared.domain.menu.document import Course
from shared.domain.menu.floor import Station
from shared.domain.menu.rules import Promotion, SellingRules
from shared.operator_error import OperatorError
from tests.support.boxes import make_box
from tests.unit.edge.site_kit import ensure_whole

# The API runs in this process here, where warnings are errors; what Litestar 3 will ask of its routes is not the business of replay.

HEADER = "order_id,ordered_at,item,quantity,unit_price,modifiers"
MORNING = """\
a,2026-03-02T08:00:00,Latte,2,4.20,Oat milk; Extra shot +0.50
b,2026-03-02T08:05:00,Espresso,1,2.50,
a,2026-03-02T08:00:00,Croissant,1,2.80,
c,2026-03-03T02:00:00,Latte,1,4.20,
a,2026-03-02T08:00:00,Croissant,1,2.80,"""


class Line(httpx.AsyncBaseTransport):
    """Between replay and site: hands requests on, and loses what it is told to lose."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.sent = 0
        self.fail: Callable[[int], str] = lambda number: ""
        self.before: Callable[[int], Awaitable[None]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += request.url.path == "/v1/batches"
        fault = self.fail(self.sent) if request.url.path == "/v1/batches" else ""
        if self.before is not None and request.url.path == "/v1/batches":
            await self.before(self.sent)
        if fault == "request lost":
            raise httpx.ConnectError("no route")
        if fault == "busy":
            return httpx.Response(503, headers={"retry-after": "1"}, json={"code": "edge.busy"}, request=request)
        answer = await self._inner.handle_async_request(request)
        if fault == "answer lost":
            raise httpx.ReadError("connection reset")
        return answer


class Desk:
    """One site and one importing device beside it. Waiting costs no time here: `waited_s` adds it up."""

    def __init__(self, app: Any, directory: Path) -> None:
        box = httpx.ASGITransport(app=_on_the_unix_socket(app))
        self.box = httpx.AsyncClient(transport=box, base_url="http://box")
        self.line = Line(httpx.ASGITransport(app=app))
        self.directory = directory
        self.token = ""
        self.waited_s = 0.0
        self.journal = directory / "box" / "journal.db"

    async def add(self, role: str) -> str:
        return (await self.box.post("/v1/devices", json={"name": role, "role": role})).json()["token"]

    async def get(self, path: str) -> Any:
        return (await self.box.get(path)).json()

    async def play(self, *lines: str, menu: Menu | None = None, series: str = "", token: str | None = None, header: str = HEADER) -> Report:
        """Write the file and play it."""
        path = self.directory / "orders.csv"
        path.write_bytes("\n".join([header, *lines]).encode("utf-8", "surrogateescape"))
        headers = {"authorization": f"Bearer {self.token if token is None else token}"}
        async with httpx.AsyncClient(transport=Keep(self.line), base_url="http://127.0.0.1", headers=headers) as http:
            site = SiteClient(http, 60.0, self._sleep, lambda: self.waited_s)
            return await replay(Replay(path, menu, series), site, Progress(io.StringIO()))

    async def sales(self) -> dict[str, tuple[int, int, int]]:
        """(orders, lines, gross) by business date."""
        sales = await self.get("/v1/sales?from_date=2020-01-01&to_date=2030-01-01")
        return {day["business_date"]: (day["orders"], day["lines"], day["gross_minor"]) for day in sales["days"]}

    def entries(self) -> int:
        """Entries of the journal, after proving it whole."""
        connection = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)
        try:
            return len(ensure_whole(connection.execute("SELECT sequence, epoch, hash, entry FROM journal ORDER BY sequence").fetchall()))
        finally:
            connection.close()

    async def _sleep(self, seconds: float) -> None:
        self.waited_s += seconds
        await asyncio.sleep(0)


class Keep(httpx.AsyncBaseTransport):
    """Keeps a transport open when the client that used it is closed."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)


def _on_the_unix_socket(app: Any) -> Callable[..., Awaitable[None]]:
    async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, "server": ("/edge.sock", None)}, receive, send)

    return wrapped


@pytest.fixture
async def desk(short_dir: Path) -> AsyncIterator[Desk]:
    make_box(short_dir / "box", currency="EUR", time_zone="Europe/Berlin")
    async with running(EdgeSettings(data_dir=short_dir / "box")) as edge:
        made = Desk(create_app(edge), short_dir)
        made.token = await made.add("import")
        try:
            yield made
        finally:
            await made.box.aclose()


async def test_orders_arrive_on_the_business_date_of_their_time_and_leave_nothing_open(desk: Desk) -> None:
    report = await desk.play(*MORNING.splitlines())
    assert (report.orders, report.lines, report.total_minor, report.currency, report.rejected) == (3, 5, 2_170, "EUR", [])
    assert await desk.sales() == {"2026-03-02": (3, 5, 2_170)}, "two in the morning belongs to the evening before"
    status = await desk.get("/v1/status")
    assert (status["open_checks"], status["open_tickets"]) == (0, 0)
    checks = (await desk.get("/v1/checks?status=closed&business_date=2026-03-02"))["checks"]
    latte = next(line for check in checks for line in check["lines"] if line["quantity"] == 2)
    assert [(modifier["name"], modifier["price_minor"]) for modifier in latte["modifiers"]] == [("Oat milk", 0), ("Extra shot", 50)]
    assert {check["opened_at"] for check in checks} == {"2026-03-02T07:00:00Z", "2026-03-02T07:05:00Z", "2026-03-03T01:00:00Z"}


async def test_played_again_the_file_writes_nothing_and_reports_the_same(desk: Desk) -> None:
    first = await desk.play(*MORNING.splitlines())
    entries = desk.entries()
    again = await desk.play(*MORNING.splitlines())
    assert desk.entries() == entries
    assert again.repeated_orders == 3
    assert msgspec.structs.replace(again, repeated_orders=0) == first


async def test_bad_rows_are_listed_and_the_rest_of_their_orders_goes_in(desk: Desk) -> None:
    report = await desk.play(
        "a,2026-03-02T08:00:00,Latte,1,4.20,", "a,2026-03-02T08:00:00,,1,4.20,", "b,2026-03-02T08:00:00,NULL,1,,", "", "c,x"
    )
    assert (report.orders, report.lines, report.total_minor) == (1, 1, 420)
    assert [(each.row, each.code) for each in report.rejected] == [(3, "item.missing"), (4, "item.missing"), (6, "row.too_few_fields")]


async def test_a_byte_order_mark_foreign_line_ends_and_a_stray_byte_cost_one_row_at_most(desk: Desk) -> None:
    header = "\ufeff" + HEADER.upper() + "\r"
    report = await desk.play("a,2026-03-02T08:00:00,Latte,1,4.20,\r", "b,2026-03-02T08:00:00,Caf\udce9,1,4.20,\r", header=header)
    assert (report.orders, [(each.row, each.code) for each in report.rejected]) == (1, [(3, "text.not_utf8")])


@pytest.mark.parametrize("fault", ["request lost", "answer lost", "busy"])
async def test_over_a_line_that_fails_every_other_time_nothing_is_lost_or_doubled(desk: Desk, fault: str) -> None:
    desk.line.fail = lambda number: fault if number % 2 else ""
    report = await desk.play(*MORNING.splitlines())
    assert (report.orders, report.lines, report.total_minor, report.repeated_orders) == (3, 5, 2_170, 0)
    assert await desk.sales() == {"2026-03-02": (3, 5, 2_170)}
    assert desk.waited_s > 0


async def test_a_line_that_dies_in_the_middle_ends_the_replay_and_the_next_one_brings_the_rest(desk: Desk) -> None:
    orders = [f"{number},2026-03-02T08:00:00,Latte,1,4.20," for number in range(40)]
    desk.line.fail = lambda number: "answer lost" if number > 20 else ""
    with pytest.raises(OperatorError, match=r"site\.unreachable.* of 40 orders are in\.") as error:
        await desk.play(*orders)
    assert "run the same command again" in error.value.hint
    desk.line.fail = lambda number: ""
    report = await desk.play(*orders)
    assert (report.orders, report.total_minor) == (40, 40 * 420)
    assert report.repeated_orders >= 20
    assert await desk.sales() == {"2026-03-02": (40, 40, 40 * 420)}


async def test_a_row_mended_after_its_order_was_played_arrives_and_doubles_nothing(desk: Desk) -> None:
    broken = MORNING.replace("a,2026-03-02T08:00:00,Croissant,1,2.80,", "a,2026-03-02T08:00:00,Croissant,1,free,", 1).splitlines()
    first = await desk.play(*broken)
    assert (first.lines, first.total_minor, len(first.rejected)) == (4, 1_890, 1)
    for _ in range(2):
        mended = await desk.play(*MORNING.splitlines())
        assert (mended.orders, mended.lines, mended.total_minor, mended.late_rows, mended.rejected) == (3, 5, 2_170, 1, [])
        assert await desk.sales() == {"2026-03-02": (4, 5, 2_170)}, "the late row has a check of its own"
    assert (await desk.play(*MORNING.splitlines())).repeated_orders == 3


async def test_a_row_whose_values_changed_is_refused_and_the_site_keeps_what_it_has(desk: Desk) -> None:
    await desk.play(*MORNING.splitlines())
    entries = desk.entries()
    report = await desk.play(*MORNING.replace("2.50", "2.60").splitlines())
    assert [(each.row, each.code) for each in report.rejected] == [(3, "row.differs")]
    assert (report.orders, report.total_minor) == (2, 2_170 - 250)
    assert desk.entries() == entries


async def test_rows_put_in_before_others_are_played_and_the_others_found_again(desk: Desk) -> None:
    await desk.play(*MORNING.splitlines())
    report = await desk.play("a,2026-03-02T08:00:00,Juice,1,3.00,", "z,2026-03-02T09:00:00,Juice,1,3.00,", *MORNING.splitlines())
    assert (report.orders, report.lines, report.total_minor, report.late_rows, report.rejected) == (4, 7, 2_770, 1, [])
    assert await desk.sales() == {"2026-03-02": (5, 7, 2_770)}


async def test_another_order_under_the_same_id_needs_a_series_of_its_own(desk: Desk) -> None:
    await desk.play("1,2026-03-02T08:00:00,Latte,1,4.20,")
    other = "1,2025-03-02T08:00:00,Latte,1,4.20,"
    assert [each.code for each in (await desk.play(other)).rejected] == ["order.differs"]
    assert (await desk.play(other, series="2025")).orders == 1
    assert await desk.sales() == {"2025-03-02": (1, 1, 420), "2026-03-02": (1, 1, 420)}


async def test_a_table_of_a_whole_wedding_goes_in_as_several_batches_and_only_once(desk: Desk) -> None:
    rows = ["w,2026-03-02T20:00:00,Menu,1,95.00,"] * 450
    desk.line.fail = lambda number: "answer lost" if number == 2 else ""
    for repeated in (0, 1):
        report = await desk.play(*rows)
        assert (report.orders, report.lines, report.repeated_orders) == (1, 450, repeated)
        assert await desk.sales() == {"2026-03-02": (1, 450, 450 * 9_500)}


async def test_taxes_and_stations_are_those_of_the_menu_and_what_it_lacks_is_rejected(desk: Desk) -> None:
    menu = Menu(
        name="Bar", currency="EUR", taxes=(Tax(id="vat", name="VAT", rate="19%"),),
        items=(MenuItem(id="beer", name="Beer", category="Drinks", price_minor=450, station="bar", tax_ids=("vat",)),),
    )  # fmt: skip
    report = await desk.play(
        "a,2026-03-02T08:00:00,beer,1,4.00,", "a,2026-03-02T08:00:00,Wine,1,5.00,", "b,2026-03-02T08:00:00,BEER,3,4.10,Ice", menu=menu
    )
    assert [(each.row, each.code) for each in report.rejected] == [(3, "item.unknown"), (4, "modifier.unknown")]
    total = (await desk.get("/v1/sales?from_date=2026-03-02"))["total"]
    assert (report.total_minor, total["gross_minor"], total["tax_minor"]) == (400, 400, 76)
    assert (await desk.get("/v1/menu"))["menu"] == msgspec.json.decode(msgspec.json.encode(menu))


async def test_a_menu_that_is_changed_in_the_middle_is_noticed(desk: Desk) -> None:
    first = Menu(name="Bar", currency="EUR", items=(MenuItem(id="beer", name="Beer", category="Drinks", price_minor=450),))
    taxed = Menu(
        name="Bar", currency="EUR", taxes=(Tax(id="vat", name="VAT", rate="19%"),),
        items=(
            MenuItem(id="beer", name="Beer", category="Drinks", price_minor=450, station="bar", tax_ids=("vat",)),
            MenuItem(id="olives", name="Olives", category="Snacks", price_minor=300),
        ),
    )  # fmt: skip

    async def change(number: int) -> None:
        if number == 20:
            (await desk.box.put("/v1/menu", content=msgspec.json.encode(taxed))).raise_for_status()

    desk.line.before = change
    report = await desk.play(*[f"{number},2026-03-02T08:00:00,Beer,1,4.00," for number in range(60)], menu=first)
    assert (report.orders, report.rejected) == (60, [])
    total = (await desk.get("/v1/sales?from_date=2026-03-02"))["total"]
    assert (total["orders"], total["gross_minor"]) == (60, 24_000)
    assert 0 < total["tax_minor"] < 60 * 76
    status = await desk.get("/v1/status")
    assert (status["open_checks"], status["open_tickets"]) == (0, 0)
    again = await desk.play(*[f"{number},2026-03-02T08:00:00,Beer,1,4.00," for number in range(60)], menu=taxed)
    assert (again.orders, again.repeated_orders, again.rejected) == (60, 60, [])


HOUSE_RULES = Menu(
    name="House", currency="EUR", courses=(Course(id="later", name="Later", waits=True),), default_station="hot",
    stations=(Station(id="hot", name="Hot"), Station(id="cold", name="Cold"), Station(id="pass", name="Pass", kind="expo")),
    items=(
        MenuItem(id="beer", name="Beer", category="Drinks", price_minor=450, station="", also_stations=("cold",)),
        MenuItem(id="steak", name="Steak", category="Mains", price_minor=2_503, station="", course="later"),
    ),
    rules=SellingRules(promotions=(Promotion(id="round", name="Third is free", kind="buy_get", item_ids=("beer",), buy=2),), cash_step_minor=5),
)  # fmt: skip
ROUNDS = [f"{number},2026-03-02T20:00:00,{sold}," for number in range(30) for sold in ("Beer,3,4.00", "Steak,1,25.03")]


async def test_where_rules_of_the_house_have_a_say_what_the_site_asks_for_is_paid(desk: Desk) -> None:
    """Promotions come off, courses wait, cash is rounded, a pass hands over: of all that the file knows nothing."""
    report = await desk.play(*ROUNDS, menu=HOUSE_RULES)
    assert (report.orders, report.lines, report.rejected, report.total_minor) == (30, 60, [], 30 * (1_200 + 2_503))
    total = (await desk.get("/v1/sales?from_date=2026-03-02"))["total"]
    assert (total["gross_minor"], total["net_minor"]) == (30 * 3_703, 30 * 3_303), "every third beer is free"
    status = await desk.get("/v1/status")
    assert (status["open_checks"], status["open_tickets"]) == (0, 0)
    entries = desk.entries()
    again = await desk.play(*ROUNDS, menu=HOUSE_RULES)
    assert (again.orders, again.repeated_orders, again.rejected) == (30, 30, [])
    assert desk.entries() == entries


async def test_an_order_that_was_left_between_ordering_and_paying_is_paid_by_the_next_replay(desk: Desk) -> None:
    desk.line.fail = lambda number: "request lost" if number > 20 else ""
    with pytest.raises(OperatorError):
        await desk.play(*ROUNDS, menu=HOUSE_RULES)
    assert (await desk.get("/v1/status"))["open_checks"] > 0, "the line was cut too late to prove anything"
    desk.line.fail = lambda number: ""
    report = await desk.play(*ROUNDS, menu=HOUSE_RULES)
    assert (report.orders, report.rejected) == (30, [])
    assert await desk.sales() == {"2026-03-02": (30, 60, 30 * 3_703)}
    status = await desk.get("/v1/status")
    assert (status["open_checks"], status["open_tickets"]) == (0, 0)


async def test_what_the_site_refuses_is_listed_with_its_code(desk: Desk) -> None:
    assert (await desk.get("/v1/status"))["business_date"] == "", "a new site has no date yet, so only it can tell what is in the future"
    coming = datetime.now(UTC).date() + timedelta(days=2)
    huge = "a,2026-03-02T08:00:00,Gold,9999,9999999999.99,"
    report = await desk.play(huge, "a,2026-03-02T08:00:00,Latte,1,4.20,", f"b,{coming}T12:00:00,Latte,1,4.20,")
    assert [(each.row, each.code) for each in report.rejected] == [(2, "amount.too_large"), (4, "check.opened_at_range")]
    assert (report.orders, report.total_minor) == (1, 420)


@pytest.mark.parametrize(("role", "code"), [("", "device.unknown"), ("pos", "permission.missing"), ("manager", "permission.missing")])
async def test_without_the_permission_nothing_is_written_and_the_way_to_it_told(desk: Desk, role: str, code: str) -> None:
    token = await desk.add(role) if role else "nonsense"
    entries = desk.entries()
    with pytest.raises(OperatorError) as error:
        await desk.play(*MORNING.splitlines(), token=token)
    assert error.value.code == code
    assert "comanda edge device add" in error.value.hint
    assert desk.entries() == entries
    assert (await desk.get("/v1/menu"))["menu"] is None
