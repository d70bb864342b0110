"""Reading beside the writer: one moment for screens, and connections that survive whoever walks away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.journal.reader import Reader
from shared.domain.check import Check, OpenCheck
from shared.domain.kitchen.ticket import Ticket
from shared.limits import READERS_MAX
from tests.support.waiting import DEADLINE_S
from tests.unit.edge.site_kit import SiteKit, service
from tests.unit.shared.domain.world import name_id


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[SiteKit]:
    made = SiteKit(tmp_path)
    made.load_menu()
    yield made
    made.close()


@pytest.fixture
async def reader(kit: SiteKit) -> AsyncIterator[Reader]:
    made = Reader(kit.path)
    await made.open()
    yield made
    await made.close()


async def test_screens_show_what_is_live_and_the_head_it_belongs_to(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("closed", ("soup", "wine")))
    kit.one(OpenCheck(check_id=name_id("open")))
    head, found = await reader.screens(None, 100)
    assert head == kit.site.head
    assert found is not None
    assert [each.check_id for each in found if isinstance(each, Check)] == [name_id("open")]
    assert {each.station for each in found if isinstance(each, Ticket)} == {"kitchen", "bar"}


async def test_screens_after_a_cursor_show_each_changed_thing_once_closed_ones_included(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("before"))
    cursor = kit.site.head
    kit.batch(*service("after"))
    head, found = await reader.screens(cursor.sequence, 100)
    assert head == kit.site.head
    assert found is not None
    assert [each.check_id for each in found if isinstance(each, Check)] == [name_id("after")]


async def test_more_changes_than_fit_ask_for_a_snapshot_instead(kit: SiteKit, reader: Reader) -> None:
    for number in range(5):
        kit.one(OpenCheck(check_id=name_id(str(number))))
    _, found = await reader.screens(1, 4)
    assert found is None


async def test_what_nobody_finished_hides_nothing_new(kit: SiteKit, reader: Reader) -> None:
    for number in range(5):
        kit.one(OpenCheck(check_id=name_id(str(number))))
    assert [check.check_id for check in await reader.open_checks(3)] == [name_id("2"), name_id("3"), name_id("4")]
    _, found = await reader.screens(None, 2)
    assert found is not None
    assert [each.check_id for each in found if isinstance(each, Check)] == [name_id("3"), name_id("4")]


async def test_a_screen_that_goes_away_at_any_moment_leaves_no_connection_inside_a_transaction(kit: SiteKit, reader: Reader) -> None:
    """Cancelled between BEGIN and COMMIT, the connection used to go back to the pool with its transaction open: from then on it
    showed one old moment for ever, or failed, and kept the WAL from being checkpointed."""
    for step in range(60):
        asking = asyncio.ensure_future(reader.screens(None, 100))
        for _ in range(step % 20):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    kit.one(OpenCheck(check_id=name_id("later")))
    for _ in range(READERS_MAX):
        head, _ = await reader.screens(None, 100)
        assert head == kit.site.head
        assert await reader.entry(kit.site.head.sequence) is not None, "a plain read sees the present too"


async def test_every_connection_can_wait_and_none_is_lost(kit: SiteKit, reader: Reader) -> None:
    heads = await asyncio.gather(*(reader.screens(None, 10) for _ in range(READERS_MAX * 10)))
    assert {head for head, _ in heads} == {kit.site.head}


async def test_closed_checks_come_by_business_date_the_last_first(kit: SiteKit, reader: Reader) -> None:
    for name in ("monday", "monday late"):
        kit.batch(*service(name))
    kit.wait(days=1)
    kit.batch(*service("tuesday"))
    found = await reader.closed_checks("2026-03-02", "2026-03-02", 10)
    assert [each.check_id for each in found] == [name_id("monday late"), name_id("monday")]
    assert len(await reader.closed_checks("2026-03-01", "2026-03-31", 2)) == 2
    assert await reader.closed_checks("2026-03-02' OR 1=1 --", "2026-03-02", 10) == []


async def test_a_report_comes_in_pages_and_leaves_a_connection_to_screens(
    kit: SiteKit, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.reader.CHECKS_PAGE_MAX", 2)
    for number in range(5):
        kit.batch(*service(f"order {number}"))
    reports = [reader.closed_pages("2026-03-02", "2026-03-02", 100) for _ in range(READERS_MAX)]
    begun = [asyncio.ensure_future(anext(report)) for report in reports]
    await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
    async with asyncio.timeout(DEADLINE_S):
        assert (await reader.screens(None, 100))[0] == kit.site.head, "a report is under way, another waits, and screens are answered"
    sizes: list[int] = []
    for report, first in zip(reports, begun, strict=True):
        sizes += [len(await first), *[len(page) async for page in report]]
    assert sizes == [2, 2, 1] * READERS_MAX


async def test_entries_come_in_order_after_a_sequence(kit: SiteKit, reader: Reader) -> None:
    kit.batch(*service("a"))
    entries = await reader.entries(1, 3)
    assert [entry.sequence for entry in entries] == [2, 3, 4]
    assert await reader.entries(kit.site.head.sequence, 10) == []


async def test_a_reader_cannot_write(kit: SiteKit, reader: Reader) -> None:
    async with reader._connection() as connection:
        with pytest.raises(Exception, match="readonly"):
            await connection.execute("DELETE FROM journal")
