"""Reports of the box: a sum is whole or refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.api.reads import sales_by_day
from edge.journal.reader import Reader
from shared.domain.errors import Refused
from tests.unit.edge.site_kit import SiteKit, service


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    """Two checks on Monday, one on Tuesday, 650 each."""
    kit = SiteKit(tmp_path)
    kit.load_menu()
    for name in ("monday", "monday late"):
        kit.batch(*service(name))
    kit.wait(days=1)
    kit.batch(*service("tuesday"))
    made = Reader(kit.path)
    await made.open()
    yield made
    await made.close()
    kit.close()


async def test_sales_are_added_up_by_business_date(reader: Reader) -> None:
    days = await sales_by_day(reader, "2026-03-01", "2026-03-31")
    assert {day: sales.orders for day, sales in days.items()} == {"2026-03-02": 2, "2026-03-03": 1}
    assert days["2026-03-02"].gross_minor == 2 * days["2026-03-03"].gross_minor


async def test_a_report_that_is_too_large_is_refused_and_never_cut_short(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.api.reads.SALES_CHECKS_MAX", 2)
    assert (await sales_by_day(reader, "2026-03-02", "2026-03-02"))["2026-03-02"].orders == 2
    with pytest.raises(Refused) as refused:
        await sales_by_day(reader, "2026-03-01", "2026-03-31")
    assert refused.value.code == "report.too_large"
    assert (await sales_by_day(reader, "2026-03-03", "2026-03-03"))["2026-03-03"].orders == 1, "the next report is not held up"
