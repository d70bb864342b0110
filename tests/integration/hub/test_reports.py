"""What the API tells of an evening: the books of the site to the cent, checks with everything on them, the kitchen's times."""

import statistics
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from hub.project.rows import rows_of
from provisioning.keys import new_user
from shared.domain.check.books import NO_SALES, DayBook, TaxSum, TenderSum
from shared.domain.check.state import Check
from shared.domain.kitchen.state import Ticket
from tests.integration.hub.asking import bearer, client_of, ensure_problem
from tests.integration.hub.comparing import books_in_memory
from tests.integration.hub.evenings import Evenings
from tests.support.boxes import new_id
from tests.support.hub_rig import HubRig
from tests.support.journals import SiteJournal

RANGE = {"from_date": "2026-03-01", "to_date": "2026-03-31"}
FIGURES = set(NO_SALES.__struct_fields__)


class Desk:
    """A desk at headquarters: a token of the site's organisation, and the site's own state to compare with."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str], site: SiteJournal) -> None:
        self.client, self.headers, self.site = client, headers, site
        self.states = list(site.memory.state.values())

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(f"/v1/sites/{self.site.address.site_id}/{path}", params=query, headers=self.headers)

    async def told(self, path: str, **query: Any) -> Any:
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def books(self) -> list[DayBook]:
        return sorted(books_in_memory(self.site).values(), key=lambda book: book.business_date)

    @property
    def checks(self) -> list[Check]:
        found = [each for each in self.states if isinstance(each, Check)]
        return sorted(found, key=lambda each: (each.business_date, each.epoch, each.number, each.check_id))


@pytest_asyncio.fixture
async def client(rig: HubRig) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(rig) as made:
        yield made


@pytest_asyncio.fixture
async def desk(rig: HubRig, client: httpx.AsyncClient, tmp_path: Path) -> Desk:
    """Of a site with two days and the beginning of a third."""
    site = await rig.add_site(currency="EUR")
    Evenings(tmp_path, site, seed=11).run(days=2, acts=70).close()
    await rig.send_all(site)
    await rig.project()
    return Desk(client, await bearer(rig, site.address.org_id), site)


def as_json(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


# --- the books ---------------------------------------------------------------------------------------


async def test_sales_tenders_and_taxes_are_those_of_the_sites_own_books(desk: Desk) -> None:
    sales, tenders, taxes = [await desk.told(path, **RANGE) for path in ("sales", "tenders", "taxes")]
    assert sales["days"] == [
        {"business_date": book.business_date, "currency": "EUR"} | as_json(book.sales) for book in desk.books if book.sales != NO_SALES
    ]
    by_tender = {(day["business_date"], day["tender"]): day for day in tenders["days"]}
    expected = {(book.business_date, name): sums for book in desk.books for name, sums in book.tenders.items()}
    assert by_tender.keys() == expected.keys()
    for key, sums in expected.items():
        assert {name: by_tender[key][name] for name in TenderSum.__struct_fields__} == as_json(sums)
        assert by_tender[key]["expected_minor"] == sums.expected_minor
    by_tax = {(day["business_date"], day["tax_id"], day["rate"], day["inclusive"]): day for day in taxes["days"]}
    assert len(by_tax) == len(taxes["days"])
    for book in desk.books:
        for key, sums in book.taxes.items():
            tax_id, rate, kind = key.rsplit("|", 2)
            day = by_tax.pop((book.business_date, tax_id, rate, kind == "inclusive"))
            assert {name: day[name] for name in TaxSum.__struct_fields__} == as_json(sums)
    assert by_tax == {}


async def test_totals_are_the_sums_of_the_days(desk: Desk) -> None:
    total = DayBook(business_date="", currency="EUR")
    for book in desk.books:
        total = total.plus(book)
    sales, tenders, taxes = [await desk.told(path, **RANGE) for path in ("sales", "tenders", "taxes")]
    assert sales["total"] == as_json(total.sales)
    assert sales["totals"] == [{"currency": "EUR"} | as_json(total.sales)]
    assert {each["tender"]: each["expected_minor"] for each in tenders["totals"]} == {
        name: sums.expected_minor for name, sums in total.tenders.items()
    }
    told = {
        f"{each['tax_id']}|{each['rate']}|{'inclusive' if each['inclusive'] else 'exclusive'}": each["tax_minor"]
        for each in taxes["totals"]
    }
    assert {key: minor for key, minor in told.items() if minor} == {
        key: sums.tax_minor for key, sums in total.taxes.items() if sums.tax_minor
    }
    assert sales["total"]["tax_minor"] == sum(each["tax_minor"] for each in taxes["totals"])


async def test_a_day_is_asked_for_by_itself(desk: Desk) -> None:
    first = desk.books[0]
    told = await desk.told("sales", from_date=first.business_date)
    assert [day["business_date"] for day in told["days"]] == [first.business_date]
    assert told["total"] == as_json(first.sales)


async def test_figures_of_a_currency_that_the_site_had_before_are_told_apart(rig: HubRig, client: httpx.AsyncClient) -> None:
    """Release 0.1 left them out of every report."""
    site = await rig.add_site(currency="EUR")  # the present one; the journal begins in dollars
    site.order("2026-03-01")
    before = len(site.entries)
    await rig.send_all(site)
    site.key, site.currency = new_user(), "EUR"
    site.epoch = await rig.claim(site)
    site.begin().orders(2, "2026-03-02")
    await rig.make_applier().apply([site.message(before + 1, len(site.entries))])  # one that has not remembered the boxes of the site
    await rig.project()
    desk = Desk(client, await bearer(rig), site)
    told = await desk.told("sales", **RANGE)
    assert [(day["business_date"], day["currency"], day["orders"]) for day in told["days"]] == [
        ("2026-03-01", "USD", 1), ("2026-03-02", "EUR", 2),
    ]  # fmt: skip
    assert (told["currency"], told["total"]["orders"]) == ("EUR", 2)
    assert {each["currency"]: each["gross_minor"] for each in told["totals"]} == {"EUR": 2 * 1547, "USD": 1547}
    tenders = await desk.told("tenders", **RANGE)
    assert {(each["currency"], each["tender"], each["count"]) for each in tenders["totals"]} == {("EUR", "cash", 2), ("USD", "cash", 1)}


async def test_reports_say_when_more_has_arrived_than_is_in_them(rig: HubRig, client: httpx.AsyncClient) -> None:
    site = await rig.add_site()
    desk = Desk(client, await bearer(rig), site)
    assert (await desk.told("sales", **RANGE))["is_current"], "nothing has arrived"
    site.order()
    await rig.send_all(site)
    for path in ("sales", "tenders", "taxes", "checks", "ticket-times"):
        assert not (await desk.told(path, **RANGE))["is_current"], path
    await rig.project()
    for path in ("sales", "tenders", "taxes", "checks", "ticket-times"):
        assert (await desk.told(path, **RANGE))["is_current"], path


@pytest.mark.parametrize("path", ["sales", "tenders", "taxes", "checks", "ticket-times"])
async def test_a_range_that_ends_before_it_begins_is_refused(rig: HubRig, client: httpx.AsyncClient, path: str) -> None:
    desk = Desk(client, await bearer(rig), await rig.add_site())
    for query in ({"from_date": "2026-03-02", "to_date": "2026-03-01"}, {"from_date": "March"}, RANGE | {"from_date": "2020-01-01"}):
        ensure_problem(await desk.get(path, **query), 422, "sales.range_invalid")
    ensure_problem(await desk.get(path), 400, "request.malformed")


async def test_nobody_is_told_of_the_site_of_somebody_else(rig: HubRig, client: httpx.AsyncClient, desk: Desk) -> None:
    stranger = Desk(client, await bearer(rig, (await rig.add_site()).address.org_id), desk.site)
    for path in ("sales", "tenders", "taxes", "checks", "ticket-times"):
        ensure_problem(await stranger.get(path, **RANGE), 404, "site.unknown")
    ensure_problem(await stranger.get(f"checks/{desk.checks[0].check_id}"), 404, "site.unknown")


# --- checks ------------------------------------------------------------------------------------------


async def test_checks_are_told_page_by_page_in_the_order_of_their_numbers(desk: Desk) -> None:
    found: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = await desk.told("checks", **RANGE, limit=7, **after)
        found += page["checks"]
        if page["next"] is None:
            break
        assert len(page["checks"]) == 7
        after = {"after": page["next"]}
    assert found == [as_json(rows_of(check)[1]["guest_checks"][0]) for check in desk.checks]


async def test_checks_are_chosen_by_status_table_and_training(desk: Desk) -> None:
    for status in ("open", "closed", "merged"):
        told = await desk.told("checks", **RANGE, status=status)
        assert [each["check_id"] for each in told["checks"]] == [each.check_id for each in desk.checks if each.status == status]
    told = await desk.told("checks", **RANGE, training=True)
    assert [each["check_id"] for each in told["checks"]] == [each.check_id for each in desk.checks if each.training]
    assert all(each["training"] for each in told["checks"])
    table = next(each.table_id for each in desk.checks if each.table_id)
    told = await desk.told("checks", **RANGE, table_id=table, training=False)
    assert [each["check_id"] for each in told["checks"]] == [e.check_id for e in desk.checks if e.table_id == table and not e.training]


async def test_a_check_is_told_with_everything_on_it(desk: Desk) -> None:
    for check in desk.checks:
        told = await desk.told(f"checks/{check.check_id}")
        rows = rows_of(check)[1]
        assert told["check"] == as_json(rows["guest_checks"][0])
        for name in ("lines", "discounts", "charges", "payments", "refunds"):
            assert told[name] == as_json(rows[f"check_{name}"]), name
        assert sorted(told["taxes"], key=repr) == sorted(as_json(rows["check_taxes"]), key=repr)
        tickets = [
            as_json(rows_of(each)[1]["tickets"][0]) for each in desk.states if isinstance(each, Ticket) and each.check_id == check.check_id
        ]
        assert sorted(told["tickets"], key=repr) == sorted(tickets, key=repr)


async def test_a_check_that_is_not_there_is_named(desk: Desk) -> None:
    for check_id in (new_id(), "table 12", "%00"):
        ensure_problem(await desk.get(f"checks/{check_id}"), 404, "check.unknown")


@pytest.mark.parametrize(
    "after", ["", "x", "2026-03-01.1.1", "2026-02-30.1.1.0197f2c4-8a00-7000-8000-000000000001", "2026-03-01.1.1." + "-" * 36]
)
async def test_a_place_that_no_answer_gave_is_refused(desk: Desk, after: str) -> None:
    answer = await desk.get("checks", **RANGE, after=after)
    ensure_problem(answer, 422, "sales.range_invalid" if after.startswith("2026-02-30") else "page.malformed")


# --- the kitchen -------------------------------------------------------------------------------------


def seconds(tickets: list[Ticket], begin: str, end: str) -> list[float]:
    found: list[float] = []
    for ticket in tickets:
        at: datetime | None = getattr(ticket, end)
        since = ticket.created_at if begin == "created" else min(line.fire_at or ticket.created_at for line in ticket.lines)
        if at is not None:
            found.append(max(at - since, timedelta()).total_seconds())
    return found


async def test_speed_of_service_is_told_by_station_and_day(desk: Desk) -> None:
    tickets = [each for each in desk.states if isinstance(each, Ticket) and any(line.status != "voided" for line in each.lines)]
    told = await desk.told("ticket-times", **RANGE)
    groups = [(lambda t, d=d: (t.business_date, t.station) == (d["business_date"], d["station"]), d) for d in told["days"]]
    groups += [(lambda t, s=s: t.station == s["station"], s) for s in told["stations"]]
    assert {(d["business_date"], d["station"]) for d in told["days"]} == {(t.business_date, t.station) for t in tickets}
    for is_of, times in groups:
        own = [ticket for ticket in tickets if is_of(ticket)]
        assert times["tickets"] == len(own)
        assert times["bumped"] == sum(ticket.bumped_at is not None for ticket in own)
        assert times["served"] == sum(ticket.served_at is not None for ticket in own)
        assert times["recalled"] == sum(ticket.recalls > 0 for ticket in own)
        assert times["late"] == sum(bool(t.bumped_at and t.ready_by and t.bumped_at > t.ready_by) for t in own)
        for name, begin in (("shown", "created"), ("started", "due"), ("bumped", "due"), ("served", "due")):
            known = seconds(own, begin, f"{name}_at")
            median = times[f"{name}_median_s"]
            assert median == (pytest.approx(statistics.median(known), abs=0.05) if known else None), name
            if len(known) > 1:
                nine_of_ten = statistics.quantiles(known, n=10, method="inclusive")[8]
                assert times[f"{name}_p90_s"] == pytest.approx(nine_of_ten, abs=0.06), name
