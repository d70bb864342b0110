"""Reports of the box: made of the books of each day, whole or refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.api.reports import SalesAnswer, TaxSales, TenderSales, sales_answer, taxes_of
from edge.journal.reader import Reader
from shared.domain.check import Check, OpenCheck
from shared.domain.check.books import NO_SALES, DayBook, TaxSum, sales_of
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import name_id


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[SiteKit]:
    """Two checks on Monday, one on Tuesday, 650 each, and one that is still open."""
    made = SiteKit(tmp_path)
    made.load_menu()
    for name in ("monday", "monday late"):
        made.batch(*service(name))
    made.wait(days=1)
    made.batch(*service("tuesday"))
    made.one(OpenCheck(check_id=name_id("open")))
    yield made
    made.close()


@pytest.fixture
async def reader(kit: SiteKit) -> AsyncIterator[Reader]:
    made = Reader(kit.path)
    await made.open()
    yield made
    await made.close()


async def answer(reader: Reader, first: str, last: str) -> SalesAnswer:
    return sales_answer("EUR", await reader.books(first, last, 100))


async def test_sales_are_told_by_business_date_and_add_up(reader: Reader) -> None:
    told = await answer(reader, "2026-03-01", "2026-03-31")
    assert [(day.business_date, day.orders, day.gross_minor) for day in told.days] == [("2026-03-02", 2, 1300), ("2026-03-03", 1, 650)]
    assert (told.total.orders, told.total.gross_minor, told.total.net_minor + told.total.tax_minor) == (3, 1950, 1950)
    assert (await answer(reader, "2026-03-03", "2026-03-03")).total.orders == 1


async def test_tenders_and_taxes_add_up_to_the_sales(reader: Reader) -> None:
    told = await answer(reader, "2026-03-01", "2026-03-31")
    cash = TenderSales(tender="cash", count=3, amount_minor=1950, rounding_minor=0, tip_minor=0, refund_minor=0, expected_minor=1950)
    assert told.tenders == (cash,)
    assert [day.tenders[0].amount_minor for day in told.days] == [1300, 650]
    assert [(tax.tax_id, tax.rate, tax.inclusive, tax.tax_minor) for tax in told.taxes] == [("food", "7%", True, told.total.tax_minor)]


async def test_the_books_say_what_the_checks_say_one_by_one(kit: SiteKit, reader: Reader) -> None:
    """The report is kept as entries come; adding every check up anew must give the same."""
    states = [kit.site.find(Check, "check", name_id(name)) for name in ("monday", "monday late", "tuesday", "open")]
    told = await answer(reader, "2026-03-01", "2026-03-31")
    assert told.total == sum((sales_of(check) for check in states), NO_SALES)


async def test_days_on_which_nothing_was_booked_are_left_out(reader: Reader) -> None:
    told = await answer(reader, "2026-04-01", "2026-04-30")
    assert (told.days, told.total, told.tenders, told.taxes) == ((), NO_SALES, (), ())


def test_another_currency_is_never_added_to_the_sites_own() -> None:
    euro, dollar = (DayBook(business_date="2026-03-02", currency=name, sales=NO_SALES + NO_SALES) for name in ("EUR", "USD"))
    assert sales_answer("EUR", [euro, dollar]).days == (), "empty books say nothing"


def test_a_tax_whose_id_holds_the_separator_is_told_apart() -> None:
    found = taxes_of({"a|b|7%|inclusive": TaxSum(base_minor=1, tax_minor=2, relieved_minor=3)})
    assert found == (TaxSales(tax_id="a|b", rate="7%", inclusive=True, base_minor=1, tax_minor=2, relieved_minor=3),)
